// `tributary table read` with conditions, columns and a limit, on tables of the reference.
import { expect, it } from 'vitest';
import { golden } from '../support/golden.ts';
import { runCli } from '../support/spawn-cli.ts';

function read(name: string, ...args: readonly string[]) {
  return runCli(['table', 'read', '--warehouse', golden(name).warehouse, '--table', 'db.t', ...args]);
}

it('prints so many rows with those columns, of rows that meet the condition', async () => {
  const found = golden('parquet-row-groups').latest();
  const rows = found.kind === 'rows' ? found.rows : [];
  const [first, second] = Object.keys(rows[0]);
  const columns = `${second},${first}`;
  const filter = ['--filter', first, 'notnull', ''];
  const { stdout } = await read('parquet-row-groups', '--columns', columns, '--limit', '7', ...filter);
  const lines = stdout.trimEnd().split('\n');
  const all = rows.map((row) => JSON.stringify({ [second]: row[second], [first]: row[first] }));
  expect(lines).toHaveLength(7);
  expect(lines.filter((line) => !all.includes(line))).toEqual([]);
});

it('refuses a limit that is no number and columns that are not there', async () => {
  expect((await read('append-unaware', '--limit', 'x')).stderr).toContain('E6200');
  expect((await read('append-unaware', '--columns', 'nosuch')).stderr).toContain('E3400');
});
