// Rows with ids: given by commits, kept by compactions, read, asked for, and told apart from rows that lost them.
import { describe, expect, it } from 'vitest';
import { trackingColumn, writtenSchema } from '../../../src/paimon/lsm/written-columns.ts';
import { fsck } from '../../../src/paimon/maintenance/fsck.ts';
import type { RowObject } from '../../../src/paimon/format/row-objects.ts';
import { Lake } from '../../../src/paimon/lake.ts';
import type { ReadOptions } from '../../../src/paimon/scan/scan.ts';
import { ROW_ID_FIELD, SEQUENCE_FIELD } from '../../../src/paimon/schema/system-fields.ts';
import type { Table } from '../../../src/paimon/table.ts';
import { TableSession } from '../../../src/paimon/table-session.ts';
import { MemoryFileStore } from '../../../src/storage/memory/memory-file-store.ts';
import { dataFile } from '../../support/data-files.ts';

function newTable(options: Readonly<Record<string, string>> = {}): Promise<Table> {
  return new Lake(new MemoryFileStore()).createTable('db.t', {
    columns: { id: 'INT', v: 'STRING' },
    options: { bucket: '-1', 'row-tracking.enabled': 'true', 'compaction.min.file-num': '2', ...options },
  });
}

async function rowsOf(table: Table, options: ReadOptions = {}): Promise<RowObject[]> {
  const rows: RowObject[] = [];
  for await (const row of table.rows(options)) rows.push(row);
  return rows.toSorted((a, b) => Number(a['id']) - Number(b['id']));
}

const TRACKED = { columns: ['id', '_ROW_ID', '_SEQUENCE_NUMBER'] };

describe('a table with row tracking', () => {
  it.each(['parquet', 'avro'])('gives ids in the order of commits, which compactions keep: %s', async (format) => {
    const table = await newTable({ 'file.format': format });
    const first = await TableSession.open(table, { user: 'a' });
    const second = await TableSession.open(table, { user: 'b' });
    // The second one does not know of the first one's commit when it makes its own.
    await first.write([{ id: 1, v: 'x' }, { id: 2 }]);
    await second.write([{ id: 3 }]);
    await first.commit();
    expect(await second.commit()).toMatchObject({ id: 2n, nextRowId: 3n });
    const expected = [
      { id: 1, _ROW_ID: 0n, _SEQUENCE_NUMBER: 1n },
      { id: 2, _ROW_ID: 1n, _SEQUENCE_NUMBER: 1n },
      { id: 3, _ROW_ID: 2n, _SEQUENCE_NUMBER: 2n },
    ];
    expect(await rowsOf(table, TRACKED)).toEqual(expected);
    expect(await first.compact({ full: true })).toMatchObject({ outcome: 'committed', filesAfter: 1 });
    expect(await rowsOf(table, TRACKED)).toEqual(expected);
    expect((await rowsOf(table)).map((row) => row['v'])).toEqual(['x', null, null]);
    await second.write([{ id: 4 }]);
    expect(await second.commit()).toMatchObject({ id: 4n, nextRowId: 4n });
    await second.compact({ full: true });
    expect(await rowsOf(table, TRACKED)).toEqual([...expected, { id: 4, _ROW_ID: 3n, _SEQUENCE_NUMBER: 4n }]);
    expect((await table.latestSnapshot())?.nextRowId).toBe(4n);
    expect((await fsck(table)).problems).toEqual([]);
  });

  it('finds rows by their ids without opening other files', async () => {
    const table = await newTable();
    const session = await TableSession.open(table, { user: 'a' });
    for (const id of [1, 2, 3]) {
      await session.write([{ id }, { id: 10 * id }]);
      await session.commit();
    }
    const where = [table.condition('_ROW_ID', '=', 3n)];
    expect((await table.plan({ where })).splits.flatMap(({ files }) => files)).toHaveLength(1);
    expect((await rowsOf(table, { where })).map((row) => row['id'])).toEqual([20]);
    const recent = [table.condition('_SEQUENCE_NUMBER', '>', 2n)];
    expect((await table.plan({ where: recent })).splits.flatMap(({ files }) => files)).toHaveLength(1);
    await session.compact({ full: true });
    expect((await rowsOf(table, { where })).map((row) => row['id'])).toEqual([20]);
    expect(await table.count({ where: recent })).toBe(2);
    expect((await table.plan({ where: [table.condition('_ROW_ID', '>', 9n)] })).splits).toEqual([]);
  });

  it('is shown as row_tracking, and other tables are not', async () => {
    const table = await newTable();
    const session = await TableSession.open(table, { user: 'a' });
    await session.write([{ id: 1 }]);
    await session.commit();
    const { fields } = await table.openSystemTable('row_tracking');
    expect(fields.map(({ name }) => name)).toEqual(['id', 'v', '_ROW_ID', '_SEQUENCE_NUMBER']);
    const plain = await newTable({ 'row-tracking.enabled': 'false' });
    await expect(plain.openSystemTable('row_tracking')).rejects.toMatchObject({ code: 'E3403' });
    await expect(rowsOf(plain, TRACKED)).rejects.toMatchObject({ code: 'E3400' });
  });
});

describe('ids of rows', () => {
  const file = { ...dataFile({ firstRowId: 2n ** 32n - 2n, maxSequenceNumber: 7n }), rowCount: 4 };
  const rows = { file, firstRow: 0, rowCount: 4 };
  const stored = (values: readonly number[], validity: readonly number[] | null) => ({
    kind: 'i64' as const,
    length: values.length,
    values: Int32Array.from(values.flatMap((value) => [value, 0])),
    validity: validity === null ? null : Uint8Array.from(validity),
  });
  const numbers = (vector: ReturnType<typeof trackingColumn>) =>
    vector.kind === 'i64' ? [...new BigInt64Array(vector.values.slice().buffer)] : [];

  it('follow from the metadata, across 32 bits', () => {
    const first = 2n ** 32n - 2n;
    expect(numbers(trackingColumn(ROW_ID_FIELD, null, rows))).toEqual([0n, 1n, 2n, 3n].map((row) => first + row));
    expect(numbers(trackingColumn(ROW_ID_FIELD, null, { ...rows, firstRow: 9, rowCount: 1 }))).toEqual([first + 9n]);
    expect(numbers(trackingColumn(SEQUENCE_FIELD, null, rows))).toEqual([7n, 7n, 7n, 7n]);
  });

  it('are those in the file, and where it has none those of the metadata', () => {
    expect(numbers(trackingColumn(ROW_ID_FIELD, stored([5, 6, 9, 1], null), rows))).toEqual([5n, 6n, 9n, 1n]);
    const some = stored([5, 0, 9, 0], [0, 1, 0, 1]);
    expect(numbers(trackingColumn(SEQUENCE_FIELD, some, rows))).toEqual([5n, 7n, 9n, 7n]);
  });

  it('are refused where nothing tells them', () => {
    const lost = { ...rows, file: dataFile({ firstRowId: null }) };
    expect(() => trackingColumn(ROW_ID_FIELD, null, lost)).toThrow(expect.objectContaining({ code: 'E3380' }));
  });

  it('do not hide a column that the schema of a file does not have', async () => {
    const { schema } = await newTable();
    const names = ['v', '_ROW_ID'];
    expect(writtenSchema(schema, dataFile({ writeCols: names })).fields.map(({ name }) => name)).toEqual(names);
    expect(() => writtenSchema(schema, dataFile({ writeCols: ['w'] }))).toThrow(
      expect.objectContaining({ code: 'E3353' }),
    );
  });
});
