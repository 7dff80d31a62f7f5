// Golden cases replayed by our verbs: compactions make the snapshots that the reference's make, with the same rows in
// each and the same changes, wherever the sizes of files do not decide what is compacted.
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fsck } from '../../src/paimon/maintenance/fsck.ts';
import { type GoldenCase, canonicalRows, golden, goldenNames, type GoldenRow } from '../support/golden.ts';
import { REPLAY_SIZES_DECIDE } from '../support/golden-differences.ts';
import { replay } from '../support/golden-replay.ts';
import { LsmInvariants } from '../support/lsm-invariants.ts';
import { changesByKey, openReplayed, replayedChanges, replayedRows } from '../support/replayed-table.ts';
import { tempDir } from '../support/temp-dir.ts';

const VERBS: readonly string[] = ['create', 'write', 'compact', 'expire-snapshots', 'expect', 'remove-orphan'];
const CASES = goldenNames().filter(
  (name) =>
    /^(bucket-postpone|cp-|dv-|dedup-|first-row|write-only-compact|manifest-|expire)/.test(name) &&
    golden(name).steps.every(({ args }) => VERBS.includes(args[0] ?? '')),
);

interface KnownSnapshot {
  readonly id: bigint;
  readonly kind: string;
  readonly commit: string;
  readonly rowCount: string;
}

function rowsOf(found: GoldenCase, file: string): readonly GoldenRow[] {
  const answer = found.expected(file);
  if (answer.kind === 'error') throw new Error(answer.error);
  return answer.rows;
}

function theirSnapshots(found: GoldenCase): readonly KnownSnapshot[] {
  return rowsOf(found, 'sys-snapshots.ndjson').map((row) => ({
    id: BigInt(row['snapshot_id'] as string),
    kind: row['commit_kind'] as string,
    commit: row['commit_identifier'] as string,
    rowCount: row['total_record_count'] as string,
  }));
}

/** The last snapshot of each commit. */
function byCommit(snapshots: readonly KnownSnapshot[]): ReadonlyMap<string, bigint> {
  return new Map(snapshots.map(({ commit, id }) => [commit, id]));
}

function withoutCommit({ id, kind, rowCount }: KnownSnapshot) {
  return { id, kind, rowCount };
}

describe('compactions of replayed cases', () => {
  it('are compared for these cases', () => expect(CASES.length).toBeGreaterThan(20));

  it.each(CASES)('%s', async (name) => {
    const found = golden(name);
    const warehouse = join(tempDir(), 'warehouse');
    expect(await replay(found, warehouse)).toBeNull();
    const table = await openReplayed(warehouse);
    await new LsmInvariants(() => openReplayed(warehouse)).check();
    const theirs = theirSnapshots(found);
    const ours: KnownSnapshot[] = [];
    for (const id of await table.snapshots.ids()) {
      const { commitKind: kind, commitIdentifier, totalRecordCount } = await table.snapshot(id);
      ours.push({ id, kind, commit: String(commitIdentifier), rowCount: String(totalRecordCount) });
    }
    const sizesDecide = REPLAY_SIZES_DECIDE.has(name);
    expect(sizesDecide ? [...byCommit(ours).keys()] : ours.map(withoutCommit)).toEqual(
      sizesDecide ? [...byCommit(theirs).keys()] : theirs.map(withoutCommit),
    );
    const pairs = sizesDecide
      ? [...byCommit(ours)].map(([commit, id]) => [id, byCommit(theirs).get(commit) as bigint] as const)
      : ours.map(({ id }) => [id, id] as const);
    for (const [our, their] of pairs) {
      const rows = await replayedRows(table, { at: { kind: 'snapshot', id: our as never } });
      expect({ snapshot: their, rows }).toEqual({
        snapshot: their,
        rows: canonicalRows(rowsOf(found, `read-snapshot-${their}.ndjson`)),
      });
    }
    const changes = rowsOf(found, 'changelog.ndjson');
    const spans = sizesDecide
      ? [{ after: 0n, upTo: ours.length }]
      : pairs.map(([id]) => ({ after: id - 1n, upTo: id }));
    for (const { after, upTo } of spans) {
      const within = changes.filter(({ snapshot }) => Number(snapshot) > after && Number(snapshot) <= upTo);
      expect(await replayedChanges(table, { after, upTo: BigInt(upTo) })).toEqual(
        changesByKey(within, table.schema.primaryKeys),
      );
    }
    expect((await fsck(table)).problems).toEqual([]);
  });
});
