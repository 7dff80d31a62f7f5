// Keys that move between partitions: what each merge engine makes of it, by whatever writer, and what is refused.
import { describe, expect, test } from 'vitest';
import { seededRandom } from '../../../../src/base/random.ts';
import { cellAt } from '../../../../src/paimon/format/cell.ts';
import { InlineRunner } from '../../../../src/paimon/lsm/task-runner.ts';
import { fsck } from '../../../../src/paimon/maintenance/fsck.ts';
import type { DataType } from '../../../../src/paimon/schema/data-type.ts';
import { MemoryFileStore } from '../../../../src/storage/memory/memory-file-store.ts';
import { CommittedTable } from '../../../support/committed-table.ts';
import { EagerClock } from '../../../support/eager-clock.ts';
import { batchOf, type Change, plain, text } from '../../../support/written-table.ts';

const INT: DataType = { kind: 'INT', nullable: true };
const STRING: DataType = { kind: 'VARCHAR', length: 2147483647, nullable: true };

function create(options: Readonly<Record<string, string>> = {}, parts: { path?: string; bucket?: string } = {}) {
  const store = new MemoryFileStore(new EagerClock());
  return CommittedTable.create(store, parts.path ?? 'db.t', {
    columns: { p: STRING, id: INT, v: INT, w: INT },
    primaryKeys: ['id'],
    partitionKeys: ['p'],
    options: { bucket: parts.bucket ?? '-1', 'dynamic-bucket.target-row-num': '2', ...options },
  });
}

const row = (p: string | null, id: number, v: number | null, w: number | null = null): Change => [
  '+I',
  p === null ? null : text(p),
  id,
  v,
  w,
];

async function rowsOf({ table }: CommittedTable): Promise<readonly unknown[]> {
  const rows: unknown[] = [];
  for await (const { rowCount, columns, fields } of table.read()) {
    for (let at = 0; at < rowCount; at++) {
      rows.push(columns.map((column, index) => plain(cellAt(fields[index].type, column, at))));
    }
  }
  return rows.sort((a, b) => String(a).localeCompare(String(b)));
}

/** The number of keys of each batch that an index would be made from. */
async function keyCounts({ table }: CommittedTable, createdFromMs?: number): Promise<readonly number[]> {
  const counts: number[] = [];
  for await (const { rowCount } of table.presentKeys({ createdFromMs })) counts.push(rowCount);
  return counts;
}

/** The rows of the table, which is sound and has no index files. */
async function finalRows(table: CommittedTable): Promise<readonly unknown[]> {
  expect((await fsck(table.table)).problems).toEqual([]);
  expect(await table.table.indexEntries()).toEqual([]);
  return rowsOf(table);
}

describe('a key that comes with another partition', () => {
  test('is taken away from where it was', async () => {
    const table = await create();
    await table.commit([row('a', 1, 1), row('a', 2, 1), row('b', 2, 2), row('b', 3, 3)]);
    expect(await finalRows(table)).toEqual([
      ['a', 1, 1, null],
      ['b', 2, 2, null],
      ['b', 3, 3, null],
    ]);
    table.reopen();
    await table.commit([row(null, 1, 4), row('a', 3, 5), row('a', 3, 6), row('c', 3, 7), row('b', 2, 8)]);
    expect(await finalRows(table)).toEqual([
      [null, 1, 4, null],
      ['b', 2, 8, null],
      ['c', 3, 7, null],
    ]);
    await table.commit([['-D', text('c'), 1, 9, null]]);
    expect(await finalRows(table)).toHaveLength(2);
  });

  test('fills gaps that others have left', async () => {
    const table = await create();
    await table.commit([row('a', 1, 1), row('a', 2, 1), row('a', 3, 1)]);
    await table.commit([row('b', 1, 1), row('a', 4, 1), row('a', 5, 1), row('a', 6, 1)]);
    const live = (await table.table.liveFiles()).entries();
    const rowsOfBuckets = new Map<string, number>();
    for (const { partition, bucket, file } of live) {
      const key = `${Buffer.from(partition).toString('latin1').slice(12, 13)}${bucket}`;
      rowsOfBuckets.set(key, (rowsOfBuckets.get(key) ?? 0) + file.rowCount - (file.deleteRowCount ?? 0));
    }
    // Bucket a0 had two keys, of which one went to b0 and another came; a1 was filled up; a2 was opened for the last.
    expect(Object.fromEntries(rowsOfBuckets)).toEqual({ a0: 3, a1: 2, a2: 1, b0: 1 });
  });

  test('is merged where it is, with partial-update and aggregation', async () => {
    const partial = await create({ 'merge-engine': 'partial-update' });
    await partial.commit([row('a', 1, 1, 1)]);
    partial.reopen();
    await partial.commit([row('b', 1, null, 2), row('c', 1, 3), row('b', 2, 1)]);
    expect(await finalRows(partial)).toEqual([
      ['a', 1, 3, 2],
      ['b', 2, 1, null],
    ]);
    const sum = await create({ 'merge-engine': 'aggregation', 'fields.v.aggregate-function': 'sum' });
    await sum.commit([row('a', 1, 1), row('b', 1, 10)]);
    await sum.commit([row(null, 1, 100)]);
    expect(await finalRows(sum)).toEqual([['a', 1, 111, null]]);
  });

  test('is left out with first-row', async () => {
    const table = await create({ 'merge-engine': 'first-row' });
    await table.commit([row('a', 1, 1), row('b', 1, 2)]);
    table.reopen();
    await table.commit([row('c', 1, 3), row('c', 2, 3)]);
    expect(await keyCounts(table)).toEqual([1, 1]);
  });

  test('takes its kind from a column, and the row that goes says so, too', async () => {
    const table = await CommittedTable.create(new MemoryFileStore(new EagerClock()), 'db.t', {
      columns: { p: INT, id: INT, kind: STRING },
      primaryKeys: ['id'],
      partitionKeys: ['p'],
      options: { bucket: '-1', 'rowkind.field': 'kind' },
    });
    await table.commit([['+I', 1, 1, text('+I')]], [['+I', 2, 1, text('+U')]]);
    expect(await rowsOf(table)).toEqual([[2, 1, '+U']]);
  });
});

describe('an index of keys', () => {
  test('is that of the rows that are there, level 0 included, deleted ones left out', async () => {
    const table = await create({ 'deletion-vectors.enabled': 'true' });
    await table.commit([row('a', 1, 1), row('a', 2, 1)]);
    await table.commit([['-D', text('a'), 1, 1, null]]);
    expect(await keyCounts(table)).toEqual([1]);
  });

  test('forgets a truncated table', async () => {
    const table = await create();
    await table.commit([row('a', 1, 1)]);
    await table.truncate();
    await table.commit([row('b', 1, 2)]);
    expect(await finalRows(table)).toEqual([['b', 1, 2, null]]);
  });

  test('leaves old files out where the table says so', async () => {
    const table = await create({ 'cross-partition-upsert.index-ttl': '1 d' });
    await table.commit([row('a', 1, 1)]);
    expect(await keyCounts(table, 0)).toEqual([1]);
    expect(await keyCounts(table, Number.MAX_SAFE_INTEGER)).toEqual([]);
    table.reopen();
    await table.commit([row('b', 1, 2)]);
    expect(await finalRows(table)).toEqual([['b', 1, 2, null]]);
  });
});

describe('refused is', () => {
  test('a move where the table ignores deletes, but not a row that stays', async () => {
    const table = await create({ 'ignore-delete': 'true' });
    await table.commit([row('a', 1, 1), row('a', 1, 2), ['-D', text('b'), 1, 3, null]]);
    expect(await finalRows(table)).toEqual([['a', 1, 2, null]]);
    await expect(table.commit([row('b', 1, 4)])).rejects.toMatchObject({ code: 'E3316' });
  });

  test('a table in which a key is twice', async () => {
    const table = await create();
    await table.commit([row('a', 1, 1)]);
    await table.overwrite([], [row('b', 1, 2)]);
    await expect(table.commit([row('b', 1, 3)])).rejects.toMatchObject({ code: 'E3317' });
  });

  test('an overwrite that brings keys which other partitions keep', async () => {
    const table = await create();
    await table.commit([row('a', 1, 1), row('b', 2, 1)]);
    const { store, schema } = table.table;
    const parts = { clock: new EagerClock(), random: seededRandom(1), runner: new InlineRunner(store) };
    const writer = table.table.openOverwriter(parts);
    writer.write(batchOf(schema, [row('b', 1, 2)]));
    await writer.prepareCommit();
    await expect(writer.requireApart(table.table.presentKeys())).rejects.toMatchObject({ code: 'E3318' });
    const isB = (partition: Uint8Array): boolean => Buffer.from(partition).includes('b');
    await writer.requireApart(table.table.presentKeys({ inPartition: isB }));
    await writer.abort();
  });
});

test('with a fixed number of buckets a key is one of its partition', async () => {
  const table = await create({}, { bucket: '2' });
  await table.commit([row('a', 1, 1), row('b', 1, 2)]);
  expect(await finalRows(table)).toEqual([
    ['a', 1, 1, null],
    ['b', 1, 2, null],
  ]);
});
