// Dynamic buckets: a key stays where it was put, by whatever writer, and the index says so.
import { describe, expect, test } from 'vitest';
import { seededRandom } from '../../../../src/base/random.ts';
import { cellAt } from '../../../../src/paimon/format/cell.ts';
import { readHashes } from '../../../../src/paimon/lsm/hash-index-file.ts';
import { PartitionBuckets } from '../../../../src/paimon/lsm/partition-buckets.ts';
import { LiveFiles } from '../../../../src/paimon/lsm/live-files.ts';
import { InlineRunner } from '../../../../src/paimon/lsm/task-runner.ts';
import { fsck } from '../../../../src/paimon/maintenance/fsck.ts';
import type { IndexManifestEntry } from '../../../../src/paimon/meta/manifest-entry.ts';
import type { DataType } from '../../../../src/paimon/schema/data-type.ts';
import { MemoryFileStore } from '../../../../src/storage/memory/memory-file-store.ts';
import { CommittedTable } from '../../../support/committed-table.ts';
import { EagerClock } from '../../../support/eager-clock.ts';
import { type Change, plain, type TableSpec } from '../../../support/written-table.ts';

const INT: DataType = { kind: 'INT', nullable: true };
const RANDOM = seededRandom(7);

describe('the buckets of a partition', () => {
  const limits = { targetRowCount: 3, bucketsMax: -1 };

  test('fill up one after the other, and known keys stay', () => {
    const buckets = new PartitionBuckets();
    const assigned = Array.from({ length: 8 }, (_, hash) => buckets.assign(hash * 7919, limits, RANDOM));
    expect(assigned).toEqual([0, 0, 0, 1, 1, 1, 2, 2]);
    expect(buckets.assign(7919, limits, RANDOM)).toBe(0);
    expect([...buckets.takeChanged()].map(([bucket, hashes]) => [bucket, hashes.length])).toEqual([
      [0, 3],
      [1, 3],
      [2, 2],
    ]);
    buckets.assign(-1, limits, RANDOM);
    expect([...buckets.takeChanged().keys()]).toEqual([2]);
  });

  test('that were loaded get what they have room for, and gaps between them are filled', () => {
    const buckets = new PartitionBuckets();
    buckets.load(2, Int32Array.of(10, 11, 12));
    buckets.load(1, Int32Array.of(20, 21));
    const assigned = [1, 2, 3, 4, 5].map((hash) => buckets.assign(hash, limits, RANDOM));
    expect(assigned).toEqual([1, 0, 0, 0, 3]);
  });

  test('take more than their share where no more are allowed', () => {
    const buckets = new PartitionBuckets();
    const assigned = Array.from({ length: 200 }, (_, hash) =>
      buckets.assign(hash, { targetRowCount: 3, bucketsMax: 2 }, RANDOM),
    );
    expect(assigned.slice(0, 6)).toEqual([0, 0, 0, 1, 1, 1]);
    expect(new Set(assigned)).toEqual(new Set([0, 1]));
    expect(buckets.assign(100, limits, RANDOM)).toBe(assigned[100]);
  });

  test('remember many hashes, negative ones too', () => {
    const buckets = new PartitionBuckets();
    const hashes = Array.from({ length: 50_000 }, () => Math.floor(RANDOM.unit() * 4294967296) | 0);
    const first = hashes.map((hash) => buckets.assign(hash, { ...limits, targetRowCount: 5000 }, RANDOM));
    expect(hashes.map((hash) => buckets.assign(hash, { ...limits, targetRowCount: 1 }, RANDOM))).toEqual(first);
    const indexed = [...buckets.takeChanged().values()].flatMap((taken) => [...taken]);
    expect(new Set(indexed)).toEqual(new Set(hashes));
    expect(indexed).toHaveLength(new Set(hashes).size);
  });
});

const SPEC: TableSpec = {
  columns: { p: INT, id: INT, v: INT },
  primaryKeys: ['p', 'id'],
  partitionKeys: ['p'],
  options: { bucket: '-1', 'dynamic-bucket.target-row-num': '4' },
};

function changes(p: number, ids: readonly number[], v: number): readonly Change[] {
  return ids.map((id): Change => ['+U', p, id, v]);
}

async function rowsOf({ table }: CommittedTable): Promise<readonly unknown[]> {
  const rows: unknown[] = [];
  for await (const { rowCount, columns, fields } of table.read()) {
    for (let row = 0; row < rowCount; row++) {
      rows.push(columns.map((column, index) => plain(cellAt(fields[index].type, column, row))));
    }
  }
  return rows.sort((a, b) => String(a).localeCompare(String(b), 'en', { numeric: true }));
}

/** The number of hashes of each bucket, by partition and bucket. */
async function indexOf({ table }: CommittedTable): Promise<readonly unknown[]> {
  const entries = await table.indexEntries();
  const place = (entry: IndexManifestEntry): string =>
    `${Buffer.from(entry.partition).readInt32LE(12)}/${entry.bucket}`;
  const counts: [string, number][] = [];
  for (const entry of entries) {
    counts.push([place(entry), (await readHashes(table.store, table.paths.index(entry.fileName), entry)).length]);
  }
  return counts.sort(([a], [b]) => (a < b ? -1 : 1));
}

const range = (from: number, to: number): readonly number[] =>
  Array.from({ length: to - from }, (_, index) => from + index);

describe('a table with dynamic buckets', () => {
  test('keeps every key in one bucket, over commits and writers', async () => {
    const table = await CommittedTable.create(new MemoryFileStore(new EagerClock()), 'db.t', SPEC);
    await table.commit([...changes(1, range(0, 6), 1), ...changes(2, range(0, 2), 1)]);
    await table.commit(changes(1, range(3, 9), 2));
    table.reopen();
    await table.commit(changes(1, range(0, 12), 3), changes(2, [1, 5], 3));
    expect(await rowsOf(table)).toEqual([...range(0, 12).map((id) => [1, id, 3]), [2, 0, 1], [2, 1, 3], [2, 5, 3]]);
    expect(await indexOf(table)).toEqual([
      ['1/0', 4],
      ['1/1', 4],
      ['1/2', 4],
      ['2/0', 3],
    ]);
  });

  test('writes no index where no key is new', async () => {
    const table = await CommittedTable.create(new MemoryFileStore(new EagerClock()), 'db.t', SPEC);
    await table.commit(changes(1, [1, 2], 1));
    const first = await table.table.latestSnapshot();
    await table.commit(changes(1, [2, 1], 2));
    expect((await table.table.latestSnapshot())?.indexManifest).toBe(first?.indexManifest);
  });

  test('forgets a truncated table', async () => {
    const table = await CommittedTable.create(new MemoryFileStore(new EagerClock()), 'db.t', SPEC);
    await table.commit(changes(1, range(0, 6), 1), changes(2, [0], 1));
    await table.truncate();
    await table.commit(changes(1, [5], 2));
    expect(await indexOf(table)).toEqual([['1/0', 1]]);
    table.reopen();
    await table.commit(changes(1, [0, 5], 3));
    expect(await rowsOf(table)).toEqual([
      [1, 0, 3],
      [1, 5, 3],
    ]);
  });

  test('an overwrite of a partition replaces its index and leaves the others', async () => {
    const table = await CommittedTable.create(new MemoryFileStore(new EagerClock()), 'db.t', SPEC);
    await table.commit(changes(1, range(0, 6), 1), changes(2, [0], 1));
    await table.overwrite([], changes(1, [5, 7], 2));
    expect(await indexOf(table)).toEqual([
      ['1/0', 2],
      ['2/0', 1],
    ]);
    await table.commit(changes(1, [5, 6], 3), changes(2, [0], 3));
    expect(await rowsOf(table)).toEqual([
      [1, 5, 3],
      [1, 6, 3],
      [1, 7, 2],
      [2, 0, 3],
    ]);
  });

  test('knows its keys after compactions and after snapshots have expired', async () => {
    const table = await CommittedTable.create(new MemoryFileStore(new EagerClock()), 'db.t', SPEC);
    for (const v of [1, 2, 3]) await table.commit(changes(1, range(v, v + 6), v));
    const { store } = table.table;
    const parts = { clock: new EagerClock(), random: seededRandom(5), runner: new InlineRunner(store) };
    const committer = await table.table.committer(parts);
    const liveFiles = new LiveFiles(committer.liveEntries());
    const compactor = await table.table.openCompactor({ ...parts, liveFiles }, { committer, commitUser: 'compactor' });
    await compactor.compact({ full: true });
    await table.table.expireSnapshots({ retention: { countMin: 1, countMax: 1, timeMs: 0 } });
    expect(await indexOf(table)).toEqual([
      ['1/0', 4],
      ['1/1', 4],
    ]);
    const other = await CommittedTable.open(store, 'db.t');
    await other.commit(changes(1, range(1, 10), 4));
    expect(await rowsOf(other)).toEqual(range(1, 10).map((id) => [1, id, 4]));
    expect((await fsck(other.table)).problems).toEqual([]);
    expect(await indexOf(other)).toEqual([
      ['1/0', 4],
      ['1/1', 4],
      ['1/2', 1],
    ]);
  });

  test('goes back to the keys of the snapshot that it is rolled back to', async () => {
    const table = await CommittedTable.create(new MemoryFileStore(new EagerClock()), 'db.t', SPEC);
    await table.commit(changes(1, range(0, 3), 1));
    await table.commit(changes(1, range(3, 9), 1));
    await table.table.rollbackTo({ snapshot: 1n });
    const other = await CommittedTable.open(table.table.store, 'db.t');
    await other.commit(changes(1, [8, 7, 0], 2));
    expect(await rowsOf(other)).toEqual([
      [1, 0, 2],
      [1, 1, 1],
      [1, 2, 1],
      [1, 7, 2],
      [1, 8, 2],
    ]);
    expect(await indexOf(other)).toEqual([
      ['1/0', 4],
      ['1/1', 1],
    ]);
  });

  test('an index that does not fit its entry is refused', async () => {
    const store = new MemoryFileStore(new EagerClock());
    const table = await CommittedTable.create(store, 'db.t', SPEC);
    await table.commit(changes(1, [1], 1));
    const [{ fileName }] = await table.table.indexEntries();
    await store.replace(table.table.paths.index(fileName), new Uint8Array(3));
    table.reopen();
    await expect(table.commit(changes(1, [2], 1))).rejects.toMatchObject({ code: 'E3311' });
  });
});
