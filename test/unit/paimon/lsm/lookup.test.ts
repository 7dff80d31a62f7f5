// Lookups in files of several row groups and in files of older schema versions.
import { describe, expect, test } from 'vitest';
import type { FileStore } from '../../../../src/storage/file-store.ts';
import { Int32Builder, Int64Builder } from '../../../../src/column/builder.ts';
import { lookUp } from '../../../../src/paimon/lsm/lookup.ts';
import { openLookupFile } from '../../../../src/paimon/lsm/lookup-file.ts';
import { tableLayout } from '../../../../src/paimon/lsm/key-value-file.ts';
import type { DataField } from '../../../../src/paimon/schema/data-type.ts';
import { WrittenTable } from '../../../support/written-table.ts';

const ROWS = 300_000;
/** Keys 0, 2, 4 … */
const STEP = 2;

/** A table of one file with three row groups: key, and five times the key. */
async function bigTable(): Promise<WrittenTable> {
  const table = new WrittenTable({
    columns: { id: { kind: 'BIGINT', nullable: false }, value: { kind: 'INT', nullable: true } },
    primaryKeys: ['id'],
  });
  const ids = new Int64Builder();
  const values = new Int32Builder();
  for (let row = 0; row < ROWS; row++) {
    ids.reserve(row);
    values.reserve(row);
    ids.setNumber(row, STEP * row);
    values.values[row] = 10 * row;
  }
  const columns = [ids.finish(ROWS), values.finish(ROWS)];
  const kinds = new Uint8Array(ROWS);
  table.writer.write({ rowCount: ROWS, columns, kinds, beforeImages: false, hasMissing: false, sizeBytes: 20 * ROWS });
  await table.commit();
  return table;
}

/** Looks keys up in the table's one file; gives the values found and the bytes that were read. */
async function find(
  table: WrittenTable,
  wanted: readonly number[],
  fields: readonly DataField[] = table.schema.fields,
) {
  const [entry] = table.liveFiles.entries();
  const { file } = entry;
  let bytesRead = 0;
  const store: Pick<FileStore, 'readRange'> = {
    readRange: (path, offset, sizeBytes) => {
      bytesRead += sizeBytes;
      return table.store.readRange(path, offset, sizeBytes);
    },
  };
  const keys = new Int64Builder();
  for (const [row, key] of wanted.entries()) {
    keys.reserve(row);
    keys.setNumber(row, key);
  }
  const layout = { ...tableLayout(table.schema), fields };
  const path = `db.db/t/bucket-0/${file.fileName}`;
  const request = { path, file, fileSchema: table.schema, fields: [table.schema.fields[0]] };
  const result = await lookUp({
    deletedRows: async () => null,
    layout,
    files: [file],
    keys: [keys.finish(wanted.length)],
    rows: Uint32Array.from(wanted, (_, row) => row),
    columns: [1],
    openFile: () => openLookupFile(store as FileStore, request),
  });
  const column = result.columns?.[0];
  const values = [...result.found].map((row) => {
    if (row < 0 || column?.kind !== 'i32') return null;
    return column.validity === null || column.validity[row] === 0 ? column.values[row] : `flag ${column.validity[row]}`;
  });
  return { values, bytesRead, sizeBytes: file.fileSize };
}

describe('lookUp', () => {
  test('finds keys in every row group, and none between or beyond them', async () => {
    const table = await bigTable();
    const last = STEP * (ROWS - 1);
    const wanted = [-5, 0, 1, 2, 262_142, 262_144, 262_145, 524_288, 524_290, last, last + 1];
    const { values } = await find(table, wanted);
    expect(values).toEqual(wanted.map((key) => (key >= 0 && key <= last && key % 2 === 0 ? 5 * key : null)));
  });

  test('reads only the row groups that can hold a key', async () => {
    const table = await bigTable();
    const one = await find(table, [STEP * (ROWS - 10)]);
    expect(one.values).toEqual([5 * STEP * (ROWS - 10)]);
    expect(one.bytesRead).toBeLessThan(one.sizeBytes / 3);
    const none = await find(table, [-1]);
    expect(none.bytesRead).toBe(0);
  });

  test('a column that the file does not have yet is NULL there, never missing', async () => {
    const table = await bigTable();
    const added: DataField = { id: 9, name: 'added', type: { kind: 'INT', nullable: true } };
    const { values } = await find(table, [2], [table.schema.fields[0], added]);
    expect(values).toEqual(['flag 1']);
  });
});
