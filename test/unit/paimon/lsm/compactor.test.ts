// Compaction through the public way in: content stays, deletes go, levels hold, conflicts leave nothing behind.
import { describe, expect, it } from 'vitest';
import { bytesSource, openParquet } from '../../../../src/paimon/format/parquet/parquet-reader.ts';
import { fsck } from '../../../../src/paimon/maintenance/fsck.ts';
import type { DataType } from '../../../../src/paimon/schema/data-type.ts';
import { RealTable } from '../../../support/real-table.ts';
import type { Change } from '../../../support/written-table.ts';

const INT: DataType = { kind: 'INT', nullable: true };
const KEY: DataType = { kind: 'INT', nullable: false };
const COLUMNS = { id: KEY, v: INT };
const SPEC = { columns: COLUMNS, primaryKeys: ['id'] };

async function levels(table: RealTable): Promise<string[]> {
  const files = (await table.table.liveFiles()).entries().map(({ file }) => file);
  return files.map((file) => `L${file.level}:${file.rowCount}`).sort();
}

async function dataFileCount(table: RealTable): Promise<number> {
  return (await table.store.list('db.db/t/bucket-0')).length;
}

function insert(id: number, v: number): Change {
  return ['+I', id, v];
}

describe('Compactor', () => {
  it('has nothing to do below the trigger, and compacts at it', async () => {
    const table = await RealTable.create(SPEC);
    for (let commit = 1; commit <= 4; commit++) {
      await table.commit([insert(commit, commit), insert(0, commit)]);
      expect(await table.compact()).toBeNull();
    }
    await table.commit([insert(5, 5), insert(0, 5)]);
    expect(table.compactor.runCountMax(table.table.schema)).toBe(5);
    const report = await table.compact();
    expect(report).toMatchObject({
      outcome: 'committed',
      bucketCount: 1,
      filesBefore: 5,
      filesAfter: 1,
      writtenRows: 6,
    });
    expect(await levels(table)).toEqual(['L5:6']);
    expect(await table.rows()).toEqual([0, 1, 2, 3, 4, 5].map((id) => [id, id === 0 ? 5 : id]));
    expect((await table.table.latestSnapshot())?.commitKind).toBe('COMPACT');
    expect((await table.table.latestSnapshot())?.totalRecordCount).toBe(6n);
  });

  it('keeps the content at every snapshot, and drops deletes only where no older row is left', async () => {
    const table = await RealTable.create(SPEC);
    await table.commit([insert(1, 1), insert(2, 2)]);
    await table.compact({ full: true });
    await table.commit([['-D', 1, null]]);
    expect(await levels(table)).toEqual(['L0:1', 'L5:2']);
    expect(await table.rows()).toEqual([[2, 2]]);
    await table.compact({ full: true });
    expect(await levels(table)).toEqual(['L5:1']);
    expect(await table.rows()).toEqual([[2, 2]]);
    expect(await table.rows({ at: { kind: 'snapshot', id: 1n as never } })).toEqual([
      [1, 1],
      [2, 2],
    ]);
  });

  it('raises a single file without writing it again', async () => {
    const table = await RealTable.create(SPEC);
    await table.commit([insert(1, 1)]);
    const filesBefore = await dataFileCount(table);
    expect(await table.compact({ full: true })).toMatchObject({ writtenRows: 0, filesAfter: 1 });
    expect(await dataFileCount(table)).toBe(filesBefore);
    expect(await levels(table)).toEqual(['L5:1']);
    expect(await table.compact({ full: true })).toBeNull();
  });

  it('puts small files together as the bytes that they are, and reads only rows that meet others', async () => {
    // Row groups of one row are worth keeping; written anew, four rows would be in one.
    const table = await RealTable.create({ ...SPEC, options: { 'file.block-size': '100 b' } });
    const path = (name: string): string => `db.db/t/bucket-0/${name}`;
    await table.commit([insert(1, 1), insert(2, 2)]);
    await table.commit([insert(5, 5), insert(6, 6)]);
    await table.commit([insert(6, 7), ['-D', 7, null]]);
    await table.commit([insert(9, 9)]);
    const before = (await table.table.liveFiles()).entries().map(({ file }) => file);
    const { store } = table;
    const first = await store.read(path(before[0].fileName));
    const source = await openParquet(bytesSource('first', first));
    expect(await table.compact({ full: true })).toMatchObject({
      filesBefore: 4,
      filesAfter: 1,
      writtenRows: 5,
    });
    const [{ file }] = (await table.table.liveFiles()).entries();
    const written = await store.read(path(file.fileName));
    const { rowGroups } = await openParquet(bytesSource('whole', written));
    expect(rowGroups.map(({ rowCount }) => rowCount)).toEqual([2, 2, 1]);
    const end = source.rowGroups[0].columns.reduce((sum, chunk) => sum + chunk.compressedBytes, 4);
    expect(Buffer.compare(written.subarray(0, end), first.subarray(0, end))).toBe(0);
    expect(file).toMatchObject({ minSequenceNumber: 0n, maxSequenceNumber: 6n, deleteRowCount: 0 });
    expect(await table.rows()).toEqual([1, 2, 5, 6, 9].map((id) => [id, id === 6 ? 7 : id]));
    expect((await fsck(table.table)).problems).toEqual([]);
  });

  it('merges rows alone where lookups do, in small files too: a group without a sequence is NULL then', async () => {
    const options = {
      'merge-engine': 'partial-update',
      'fields.s.sequence-group': 'v',
      'changelog-producer': 'lookup',
      'file.block-size': '1 b',
    };
    const table = await RealTable.create({ ...SPEC, columns: { ...COLUMNS, s: INT }, options });
    await table.commit([['+I', 1, 1, null]]);
    await table.compact({ full: true });
    expect(await table.rows()).toEqual([[1, 1, null]]);
    await table.commit([['+I', 2, 2, 2]]);
    await table.compact({ full: true });
    expect(await table.rows()).toEqual([
      [1, null, null],
      [2, 2, 2],
    ]);
  });

  it('leaves rows out that have expired, in small files too, whatever is known of them', async () => {
    const options = {
      'record-level.expire-time': '1 h',
      'record-level.time-field': 'v',
      'metadata.stats-mode': 'none',
      'file.block-size': '1 b',
    };
    const table = await RealTable.create({ ...SPEC, options });
    await table.commit([insert(1, 1000)]);
    await table.commit([insert(2, 2_000_000_000)]);
    await table.compact({ full: true });
    expect(await table.rows()).toEqual([[2, 2_000_000_000]]);
  });

  it('leaves an empty table when everything is deleted', async () => {
    const table = await RealTable.create(SPEC);
    await table.commit([insert(1, 1)]);
    await table.commit([['-D', 1, null]]);
    expect(await table.compact({ full: true })).toMatchObject({ filesBefore: 2, filesAfter: 0 });
    expect(await levels(table)).toEqual([]);
    expect(await table.rows()).toEqual([]);
  });

  it('gives way to another compaction of the same files, and goes on from what it left', async () => {
    const table = await RealTable.create(SPEC);
    await table.commit([insert(1, 1)]);
    await table.commit([insert(1, 2)]);
    const other = await RealTable.open(table.store, 2);
    await other.compact({ full: true });
    const filesBefore = await dataFileCount(table);
    expect(await table.compact({ full: true })).toMatchObject({ outcome: 'conflict' });
    expect(await dataFileCount(table)).toBe(filesBefore);
    expect(await table.compact({ full: true })).toBeNull();
    await table.commit([insert(2, 2)]);
    await table.compact({ full: true });
    expect(await table.rows()).toEqual([
      [1, 2],
      [2, 2],
    ]);
  });

  it('gives way where the files that another compaction has replaced are gone', async () => {
    const table = await RealTable.create(SPEC);
    await table.commit([insert(1, 1)]);
    await table.commit([insert(1, 2)]);
    const stale = (await table.table.liveFiles()).entries();
    await (await RealTable.open(table.store, 2)).compact({ full: true });
    for (const { file } of stale) await table.store.delete(`db.db/t/bucket-0/${file.fileName}`);
    expect(await table.compactor.compact({ full: true })).toMatchObject({ outcome: 'conflict', bucketCount: 0 });
    expect(await table.compactor.compact({ full: true })).toBeNull();
    expect(await table.rows()).toEqual([[1, 2]]);
  });

  it('fails where a file that the table has is gone, again and again', async () => {
    const table = await RealTable.create(SPEC);
    await table.commit([insert(1, 1)]);
    await table.commit([insert(1, 2)]);
    const [{ file }] = (await table.table.liveFiles()).entries();
    await table.store.delete(`db.db/t/bucket-0/${file.fileName}`);
    await expect(table.compact({ full: true })).rejects.toMatchObject({ code: 'E3001' });
    await expect(table.compact({ full: true })).rejects.toMatchObject({ code: 'E3001' });
  });

  it('lets the writer commit while it works', async () => {
    const table = await RealTable.create({ ...SPEC, options: { 'num-sorted-run.compaction-trigger': '2' } });
    await table.commit([insert(1, 1)]);
    await table.commit([insert(1, 2)]);
    const [report] = await Promise.all([table.compact(), table.commit([insert(1, 3), insert(9, 9)])]);
    expect(report).toMatchObject({ outcome: 'committed' });
    expect(await table.rows()).toEqual([
      [1, 3],
      [9, 9],
    ]);
    await table.compact({ full: true });
    expect(await levels(table)).toEqual(['L2:2']);
  });
});
