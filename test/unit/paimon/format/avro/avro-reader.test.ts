// Avro data files whose rows are a union with NULL, as Paimon wrote them up to release 0.9: found where Spark with that
// release had written to a table of ours.
import { describe, expect, test } from 'vitest';
import { openAvro } from '../../../../../src/paimon/format/avro/avro-reader.ts';
import { bytesSource } from '../../../../../src/paimon/format/parquet/parquet-reader.ts';
import { cellAt } from '../../../../../src/paimon/format/cell.ts';
import { parseDataType } from '../../../../../src/paimon/schema/data-type-text.ts';

const INT = parseDataType('INT NOT NULL');
const RECORD = { type: 'record', name: 'record', fields: [{ name: 'c', type: 'int' }] };

/** A container of one block; all lengths are below 64, or are given two bytes. */
function container(schema: unknown, rowCount: number, rows: readonly number[]): Uint8Array {
  const length = (size: number): readonly number[] =>
    size < 64 ? [2 * size] : [((2 * size) & 0x7f) | 0x80, (2 * size) >> 7];
  const text = (value: string): readonly number[] => [...length(value.length), ...Buffer.from(value)];
  const sync = Array.from({ length: 16 }, (_, index) => index);
  const header = [...Buffer.from('Obj\x01'), 2, ...text('avro.schema'), ...text(JSON.stringify(schema)), 0];
  return Uint8Array.from([...header, ...sync, 2 * rowCount, ...length(rows.length), ...rows, ...sync]);
}

async function read(bytes: Uint8Array, rowCount: number): Promise<readonly unknown[]> {
  const file = await openAvro(bytesSource('t.avro', bytes), rowCount);
  const batch = await file.openRowGroup(0, [{ name: 'c', type: INT }]).next(10);
  if (batch === null) return [];
  return Array.from({ length: batch.rowCount }, (_, row) => cellAt(INT, batch.columns[0], row));
}

describe('rows that are a union with NULL', () => {
  test.each([
    ['after it', ['null', RECORD], [2, 14, 2, 1]],
    ['before it', [RECORD, 'null'], [0, 14, 0, 1]],
    ['alone', [RECORD], [0, 14, 0, 1]],
  ])('the record %s', async (_, schema, rows) => {
    expect(await read(container(schema, 2, rows), 2)).toEqual([7, -1]);
  });

  test('a row that is NULL is refused', async () => {
    await expect(read(container(['null', RECORD], 2, [2, 14, 0]), 2)).rejects.toMatchObject({ code: 'E3200' });
  });

  test.each([
    ['two records', [RECORD, { ...RECORD, name: 'other' }]],
    ['no record', ['null', 'int']],
    ['a number', 'int'],
  ])('%s are refused', async (_, schema) => {
    await expect(read(container(schema, 1, [0, 2]), 1)).rejects.toMatchObject({ code: 'E3201' });
  });
});
