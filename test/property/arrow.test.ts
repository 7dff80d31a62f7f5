// Arrow batches hold the cells that our vectors hold, for every type and any slice, after a trip through the IPC format.
import { type Data, Table, tableFromIPC, tableToIPC } from 'apache-arrow';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { isTributaryError } from '../../src/base/errors.ts';
import { sliceVector } from '../../src/column/take.ts';
import { type Cell, vectorOf } from '../../src/paimon/format/cell.ts';
import type { DataField, DataType } from '../../src/paimon/schema/data-type.ts';
import { arrowSchema, toRecordBatch } from '../../src/query/arrow.ts';
import { anyType, cellOf } from '../support/arbitrary-columns.ts';

const INT: DataType = { kind: 'INT', nullable: false };
const BYTES: DataType = { kind: 'VARBINARY', length: 1, nullable: false };

/** Reads a value straight from Arrow's buffers, by the layout of the Arrow specification. */
function arrowCell(type: DataType, data: Data, row: number): unknown {
  if (!data.getValid(row)) return null;
  const values = data.values as Uint8Array;
  const range = <Item>(item: (at: number) => Item): Item[] => {
    const { valueOffsets } = data as { valueOffsets: Int32Array };
    return Array.from({ length: valueOffsets[row + 1] - valueOffsets[row] }, (_, at) => item(valueOffsets[row] + at));
  };
  const entries = (key: DataType, value: DataType): unknown[] =>
    range((at) => [
      arrowCell(key, data.children[0].children[0], at),
      arrowCell(value, data.children[0].children[1], at),
    ]);
  switch (type.kind) {
    case 'BOOLEAN':
      return ((values[row >> 3] >> (row & 7)) & 1) === 1;
    case 'DECIMAL': {
      const words = Array.from({ length: 4 }, (_, at) => BigInt(values[4 * row + at]) << BigInt(32 * at));
      return BigInt.asIntN(
        128,
        words.reduce((sum, word) => sum | word),
      );
    }
    case 'CHAR':
    case 'VARCHAR':
    case 'BINARY':
    case 'VARBINARY':
      return Buffer.from(range((at) => values[at])).toString('hex');
    case 'ARRAY':
      return range((at) => arrowCell(type.element, data.children[0], at));
    case 'MAP':
      return entries(type.key, type.value);
    case 'MULTISET':
      return entries(type.element, INT);
    case 'ROW':
      return type.fields.map((field, at) => arrowCell(field.type, data.children[at], row));
    case 'VARIANT':
      return data.children.map((child) => arrowCell(BYTES, child, row));
    default:
      return values[row];
  }
}

/** A cell in the same form. */
function wanted(cell: Cell): unknown {
  if (cell instanceof Uint8Array) return Buffer.from(cell).toString('hex');
  return Array.isArray(cell) ? (cell as readonly Cell[]).map(wanted) : cell;
}

const columns = fc.array(anyType, { minLength: 1, maxLength: 3 }).chain((types) =>
  fc.record({
    types: fc.constant(types),
    rows: fc.array(fc.tuple(...types.map(cellOf)), { minLength: 1, maxLength: 20 }),
    from: fc.nat(5),
  }),
);

it('every type comes back from Arrow', () => {
  let compared = 0;
  fc.assert(
    fc.property(columns, ({ types, rows, from }) => {
      const fields: DataField[] = types.map((type, id) => ({ id, name: `c${id}`, type }));
      const start = Math.min(from, rows.length - 1);
      const vectors = types.map((type, at) => {
        const whole = vectorOf(
          type,
          rows.map((row) => row[at]),
        );
        return sliceVector(whole, start, rows.length);
      });
      const schema = arrowSchema(fields);
      const rowCount = rows.length - start;
      try {
        const batch = toRecordBatch(schema, fields, { rowCount, columns: vectors });
        const [read] = tableFromIPC(tableToIPC(new Table(schema, [batch]))).batches;
        const found = types.map((type, at) =>
          Array.from({ length: rowCount }, (_, row) => arrowCell(type, read.data.children[at], row)),
        );
        expect(found).toEqual(types.map((_, at) => rows.slice(start).map((row) => wanted(row[at]))));
        compared++;
      } catch (error) {
        // Nanoseconds of most years do not fit Arrow.
        if (!isTributaryError(error, 'E6010') || !/"precision":[789]/.test(JSON.stringify(types))) throw error;
      }
    }),
    { numRuns: 300 },
  );
  expect(compared).toBeGreaterThan(100);
});
