// `tributary table changelog --mode`: what a stream of changes begins with, as the reference prints it.
import { describe, expect, it } from 'vitest';
import { canonicalRows, golden, type GoldenRow } from '../support/golden.ts';
import { runCli } from '../support/spawn-cli.ts';

function changelog(name: string, ...args: readonly string[]) {
  return runCli(['table', 'changelog', '--warehouse', golden(name).warehouse, '--table', 'db.t', ...args]);
}

function linesOf(text: string): readonly GoldenRow[] {
  const lines = text.split('\n').filter((line) => line !== '');
  return lines.map((line) => JSON.parse(line) as GoldenRow);
}

describe('table changelog --mode', () => {
  it.each(['cp-lookup', 'cp-full-compaction', 'dv-basic'])('latest-full of %s', async (name) => {
    const expected = golden(name).expected('changelog-latest-full.ndjson');
    const { stdout } = await changelog(name, '--mode', 'latest-full');
    expect({ kind: 'rows', rows: canonicalRows(linesOf(stdout)) }).toEqual({
      ...expected,
      rows: canonicalRows(expected.kind === 'rows' ? expected.rows : []),
    });
  });

  it('from-snapshot-full gives the rows of a snapshot, then the changes after it', async () => {
    const changes = golden('cp-lookup').expected('changelog.ndjson');
    const later = changes.kind === 'rows' ? changes.rows.filter(({ snapshot }) => Number(snapshot) > 4) : [];
    const { stdout } = await changelog('cp-lookup', '--mode', 'from-snapshot-full', '--from-snapshot', '4');
    const lines = linesOf(stdout);
    const state = golden('cp-lookup').expected('read-snapshot-4.ndjson');
    const rows = state.kind === 'rows' ? state.rows : [];
    expect(canonicalRows(lines.slice(0, rows.length).map(({ row }) => row as GoldenRow))).toEqual(canonicalRows(rows));
    expect(canonicalRows(lines.slice(rows.length))).toEqual(canonicalRows(later));
  });

  it('latest gives nothing of what is there; others are refused', async () => {
    expect(await changelog('cp-lookup', '--mode', 'latest')).toMatchObject({ code: 0, stdout: '' });
    expect((await changelog('cp-lookup', '--mode', 'oldest')).stderr).toContain('E6200');
  });
});
