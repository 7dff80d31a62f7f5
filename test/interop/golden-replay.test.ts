// What we write, the reference reads: the steps of every golden case, run through our verbs, make a table from which the
// reference reads at each snapshot, tag and branch what it read from its own, and in which its fsck finds nothing.
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  canonicalRows,
  type GoldenAnswer,
  type GoldenCase,
  golden,
  goldenNames,
  type GoldenRow,
} from '../support/golden.ts';
import { REPLAY_CORRECTED, REPLAY_SIZES_DECIDE } from '../support/golden-differences.ts';
import { replay } from '../support/golden-replay.ts';
import { Refused } from '../support/line-process.ts';
import { type Reference, reference, type ReferenceRead } from '../support/reference.ts';
import { tempDir } from '../support/temp-dir.ts';

const java = await reference();
const REFUSAL = 'refused';

/** What an expected read of the case is of; null for files that are no reads. */
function readOf(file: string): ReferenceRead | null {
  const [, kind, name = ''] = /^read-(snapshot|tag|branch)-(.+)\.ndjson$/.exec(file) ?? [];
  if (kind === 'snapshot') return { snapshot: BigInt(name) };
  if (kind === 'tag') return { tag: name };
  return kind === 'branch' ? { branch: name } : null;
}

function rowsOf(answer: GoldenAnswer, name: string): readonly string[] | typeof REFUSAL {
  if (answer.kind === 'error') return REFUSAL;
  const [theirs, ours] = REPLAY_CORRECTED.get(name) ?? ['', ''];
  return canonicalRows(answer.rows).map((row) => (theirs === '' ? row : row.replaceAll(theirs, ours)));
}

/** Our snapshots by those of the case: the same ids, or where sizes decide how many there are, the last of each commit. */
async function snapshotsLike(client: Reference, found: GoldenCase, warehouse: string) {
  if (!REPLAY_SIZES_DECIDE.has(found.name)) return (id: bigint): bigint | null => id;
  const lastOf = (rows: readonly GoldenRow[]) =>
    new Map(rows.map((row) => [row['commit_identifier'] as string, BigInt(row['snapshot_id'] as string)]));
  const answer = found.expected('sys-snapshots.ndjson');
  const theirs = lastOf(answer.kind === 'rows' ? answer.rows : []);
  const ours = lastOf(await client.systable({ warehouse, table: 'db.t' }, 'snapshots'));
  const pairs = new Map([...theirs].map(([commit, id]) => [id, ours.get(commit) ?? null]));
  return (id: bigint): bigint | null => pairs.get(id) ?? null;
}

/** The read of our snapshot; null where we have none like it. */
function withSnapshot(read: ReferenceRead | null, ours: (id: bigint) => bigint | null): ReferenceRead | null {
  if (read?.snapshot === undefined) return read;
  const snapshot = ours(BigInt(read.snapshot));
  return snapshot === null ? null : { snapshot };
}

/** What the reference reads from the replayed table, by the file of the expectation, beside what it should be. */
async function reads(client: Reference, found: GoldenCase, warehouse: string) {
  const seen: Record<string, unknown> = {};
  const wanted: Record<string, unknown> = {};
  const ours = await snapshotsLike(client, found, warehouse);
  for (const file of found.expectedNames) {
    const read = withSnapshot(readOf(file), ours);
    if (read === null) continue;
    wanted[file] = rowsOf(found.expected(file), found.name);
    seen[file] = await client.read({ warehouse, table: 'db.t' }, read).then(canonicalRows, (error: unknown) => {
      if (error instanceof Refused) return wanted[file] === REFUSAL ? REFUSAL : error.message;
      throw error;
    });
  }
  return { seen, wanted };
}

describe.skipIf(java === null)('the reference reads what our verbs made of the golden cases', () => {
  const client = java as Reference;

  test.each(goldenNames())('%s', async (name) => {
    const found = golden(name);
    const warehouse = join(tempDir(), 'warehouse');
    expect(await replay(found, warehouse)).toBeNull();
    const { seen, wanted } = await reads(client, found, warehouse);
    expect(seen).toEqual(wanted);
    expect(Object.keys(wanted).length).toBeGreaterThan(0);
    const isPoisoned = Object.values(wanted).includes(REFUSAL);
    const { problems } = await client.fsck({ warehouse, table: 'db.t' });
    expect(isPoisoned ? [] : problems).toEqual([]);
  });
});
