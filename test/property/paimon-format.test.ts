// Any value of any type survives its binary row, its JSON and its vectors; the order of keys is the order of values.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseJson } from '../../src/base/json-text.ts';
import { builderFor } from '../../src/column/builder.ts';
import {
  compareBinaryRows,
  createRowEncoder,
  decodeCells,
  decodeRows,
  encodeCells,
} from '../../src/paimon/format/binary-row.ts';
import { createBucketer } from '../../src/paimon/format/bucket.ts';
import { type Cell, cellAt, vectorOf } from '../../src/paimon/format/cell.ts';
import { createRowPrinter, createRowReader } from '../../src/paimon/format/row-json.ts';
import { type DataField, type DataType, MAX_LENGTH, shapeOf } from '../../src/paimon/schema/data-type.ts';
import { dataTypeToJson, parseDataType } from '../../src/paimon/schema/data-type-text.ts';

const SECONDS = Number(process.env['PROPERTY_SECONDS'] ?? '2');
const LIMIT = { numRuns: SECONDS * 100 };

function simple(kind: 'BOOLEAN' | 'TINYINT' | 'SMALLINT' | 'INT' | 'BIGINT' | 'FLOAT' | 'DOUBLE' | 'DATE'): DataType {
  return { kind, nullable: true };
}

const scalarType: fc.Arbitrary<DataType> = fc.oneof(
  fc
    .constantFrom(...(['BOOLEAN', 'TINYINT', 'SMALLINT', 'INT', 'BIGINT', 'FLOAT', 'DOUBLE', 'DATE'] as const))
    .map(simple),
  fc.constant<DataType>({ kind: 'VARCHAR', length: MAX_LENGTH, nullable: true }),
  fc.constant<DataType>({ kind: 'VARBINARY', length: MAX_LENGTH, nullable: true }),
  fc.constant<DataType>({ kind: 'TIME', precision: 3, nullable: true }),
  fc.constantFrom(0, 3, 4, 6, 7, 9).map((precision): DataType => ({ kind: 'TIMESTAMP', precision, nullable: true })),
  fc
    .integer({ min: 1, max: 38 })
    .chain((precision) => fc.tuple(fc.constant(precision), fc.integer({ min: 0, max: precision })))
    .map(([precision, scale]): DataType => ({ kind: 'DECIMAL', precision, scale, nullable: true })),
);

const anyType: fc.Arbitrary<DataType> = fc.letrec<{ type: DataType }>((tie) => ({
  type: fc.oneof(
    { maxDepth: 2, withCrossShrink: true },
    scalarType,
    tie('type').map((element): DataType => ({ kind: 'ARRAY', element, nullable: true })),
    fc.tuple(scalarType, tie('type')).map(([key, value]): DataType => ({ kind: 'MAP', key, value, nullable: true })),
    fc.array(tie('type'), { minLength: 1, maxLength: 3 }).map(
      (types): DataType => ({
        kind: 'ROW',
        fields: types.map((type, index) => ({ id: index, name: `f${index}`, type })),
        nullable: true,
      }),
    ),
  ),
})).type;

/** Values of a type; NULL among them unless `present`. */
function cellOf(type: DataType, present = false): fc.Arbitrary<Cell> {
  const value = presentCellOf(type);
  return present ? value : fc.option(value, { freq: 5, nil: null });
}

function presentCellOf(type: DataType): fc.Arbitrary<Cell> {
  switch (type.kind) {
    case 'BOOLEAN':
      return fc.boolean();
    case 'TINYINT':
      return fc.integer({ min: -128, max: 127 });
    case 'SMALLINT':
      return fc.integer({ min: -32768, max: 32767 });
    case 'INT':
    case 'DATE':
      return fc.integer();
    case 'TIME':
      return fc.integer({ min: 0, max: 86_399_999 });
    case 'BIGINT':
      return fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
    case 'FLOAT':
      return fc.float();
    case 'DOUBLE':
      return fc.double();
    case 'DECIMAL':
      return fc.bigInt({ min: 1n - 10n ** BigInt(type.precision), max: 10n ** BigInt(type.precision) - 1n });
    case 'TIMESTAMP':
    case 'TIMESTAMP_LTZ': {
      const perMilli = type.precision <= 3 ? 1n : type.precision <= 6 ? 1000n : 1_000_000n;
      const yearTenThousand = 253_402_300_800_000n;
      return fc.bigInt({ min: -62_135_596_800_000n * perMilli, max: yearTenThousand * perMilli - 1n });
    }
    case 'CHAR':
    case 'VARCHAR':
      return fc.string({ unit: 'binary', maxLength: 20 }).map((text) => new TextEncoder().encode(text));
    case 'ARRAY':
      return fc.array(cellOf(type.element), { maxLength: 40 });
    case 'MAP':
      return fc.array(fc.tuple(cellOf(type.key, true), cellOf(type.value)), { maxLength: 5 });
    case 'ROW':
      return fc.tuple(...type.fields.map((field) => cellOf(field.type)));
    default:
      return fc.uint8Array({ maxLength: 20 });
  }
}

const rowsOfTypes = fc.array(anyType, { minLength: 1, maxLength: 5 }).chain((types) =>
  fc.record({
    types: fc.constant(types),
    rows: fc.array(fc.tuple(...types.map((type) => cellOf(type))) as fc.Arbitrary<readonly Cell[]>, {
      minLength: 1,
      maxLength: 5,
    }),
  }),
);

test('rows survive binary rows, and one encoder gives what fresh ones give', () => {
  const property = fc.property(rowsOfTypes, ({ types, rows }) => {
    const columns = types.map((type, index) =>
      vectorOf(
        type,
        rows.map((cells) => cells[index]),
      ),
    );
    const encoder = createRowEncoder(types);
    const encoded = rows.map((_cells, row) => encoder.encodeRow(columns, row));
    expect(encoded.map((bytes) => decodeCells(types, bytes))).toEqual(rows);
    expect(encoded).toEqual(rows.map((cells) => encodeCells(types, cells)));
    expect(encoded.every((bytes) => (bytes.length - 4) % 8 === 0)).toBe(true);
    const decoded = decodeRows(types, encoded);
    expect(rows.map((_cells, row) => types.map((type, index) => cellAt(type, decoded[index], row)))).toEqual(rows);
  });
  fc.assert(property, LIMIT);
});

test('rows survive JSON', () => {
  const property = fc.property(rowsOfTypes, ({ types, rows }) => {
    const fields = types.map((type, index): DataField => ({ id: index, name: `c${index}`, type }));
    const print = createRowPrinter(fields);
    const read = createRowReader(fields);
    const builders = types.map((type) => builderFor(shapeOf(type)));
    const columns = types.map((type, index) =>
      vectorOf(
        type,
        rows.map((cells) => cells[index]),
      ),
    );
    const texts = rows.map((_cells, row) => print(columns, row));
    texts.forEach((text, row) => read(parseJson(text), builders, row));
    const again = builders.map((builder) => builder.finish(rows.length));
    expect(rows.map((_cells, row) => types.map((type, index) => cellAt(type, again[index], row)))).toEqual(rows);
  });
  fc.assert(property, LIMIT);
});

test('types survive their JSON', () => {
  const property = fc.property(anyType, (type) => {
    expect(parseDataType(dataTypeToJson(type))).toEqual(type);
  });
  fc.assert(property, LIMIT);
});

test('serialized text keys are ordered as their UTF-8 bytes', () => {
  const type: DataType = { kind: 'VARCHAR', length: MAX_LENGTH, nullable: false };
  const text = fc.string({ unit: 'binary' });
  const property = fc.property(text, text, (a, b) => {
    const [first, second] = [Buffer.from(a), Buffer.from(b)];
    const order = compareBinaryRows([type], encodeCells([type], [first]), encodeCells([type], [second]));
    expect(Math.sign(order)).toBe(Buffer.compare(first, second));
  });
  fc.assert(property, LIMIT);
});

test('buckets are within their number, and `mod` is the floor modulus', () => {
  const long = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
  const property = fc.property(fc.array(long), fc.integer({ min: 1, max: 100_000 }), (values, bucketCount) => {
    const types = [simple('BIGINT')];
    const columns = [vectorOf(types[0], values)];
    const rule = { columns: [0], types, bucketCount };
    const hashed = createBucketer({ ...rule, bucketFunction: 'default' })(columns, values.length);
    expect(hashed.every((bucket) => bucket >= 0 && bucket < bucketCount)).toBe(true);
    const count = BigInt(bucketCount);
    const expected = values.map((value) => Number(((value % count) + count) % count));
    expect([...createBucketer({ ...rule, bucketFunction: 'mod' })(columns, values.length)]).toEqual(expected);
  });
  fc.assert(property, LIMIT);
});
