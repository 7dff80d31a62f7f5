// Arbitrary columns of every type that a data file can hold, as cells (src/paimon/format/cell.ts).
import fc from 'fast-check';
import type { Cell } from '../../src/paimon/format/cell.ts';
import { type DataField, type DataType, MAX_LENGTH } from '../../src/paimon/schema/data-type.ts';

const nullable = fc.boolean();

const scalarType: fc.Arbitrary<DataType> = fc.oneof(
  fc.record({
    kind: fc.constantFrom(...(['BOOLEAN', 'TINYINT', 'SMALLINT', 'INT', 'BIGINT', 'FLOAT', 'DOUBLE', 'DATE'] as const)),
    nullable,
  }),
  fc.record({
    kind: fc.constantFrom(...(['VARCHAR', 'CHAR', 'BINARY', 'VARBINARY'] as const)),
    length: fc.constant(MAX_LENGTH),
    nullable,
  }),
  fc.record({
    kind: fc.constantFrom(...(['TIMESTAMP', 'TIMESTAMP_LTZ'] as const)),
    precision: fc.integer({ min: 0, max: 9 }),
    nullable,
  }),
  fc.record({ kind: fc.constant('TIME' as const), precision: fc.constant(3), nullable }),
  fc.record({
    kind: fc.constant('DECIMAL' as const),
    precision: fc.integer({ min: 1, max: 38 }),
    scale: fc.constant(0),
    nullable,
  }),
);

/** Any type, nested up to three deep; NOT NULL at any depth. */
export const anyType: fc.Arbitrary<DataType> = fc.letrec<{ type: DataType }>((tie) => ({
  type: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    { arbitrary: scalarType, weight: 4 },
    { arbitrary: fc.record({ kind: fc.constant('ARRAY' as const), element: tie('type'), nullable }), weight: 1 },
    {
      arbitrary: fc.record({ kind: fc.constant('MAP' as const), key: scalarType, value: tie('type'), nullable }),
      weight: 1,
    },
    { arbitrary: fc.record({ kind: fc.constant('MULTISET' as const), element: scalarType, nullable }), weight: 1 },
    { arbitrary: fc.record({ kind: fc.constant('VARIANT' as const), nullable }), weight: 1 },
    {
      arbitrary: fc.record({
        kind: fc.constant('ROW' as const),
        fields: fc
          .array(tie('type'), { minLength: 1, maxLength: 3 })
          .map((types): DataField[] => types.map((type, index) => ({ id: 100 + index, name: `f${index}`, type }))),
        nullable,
      }),
      weight: 1,
    },
  ),
})).type;

/** Values of a type: NULL among them where it may be. */
export function cellOf(type: DataType): fc.Arbitrary<Cell> {
  const value = presentCellOf(type);
  return type.nullable ? fc.option(value, { freq: 4, nil: null }) : value;
}

const bytes = fc.uint8Array({ maxLength: 40 });
/** Few distinct values, so that dictionaries are written, and many, so that they are not. */
const text = fc
  .oneof(fc.constantFrom('', 'NEW', 'PAID', 'ÿ'), fc.string({ unit: 'binary', maxLength: 40 }))
  .map((value): Uint8Array => new TextEncoder().encode(value));

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
      return fc.oneof(fc.integer(), fc.integer({ min: 0, max: 3 }));
    case 'TIME':
      return fc.integer({ min: 0, max: 86_399_999 });
    case 'BIGINT':
      return fc.oneof(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), fc.constantFrom(0n, -1n, 7n));
    case 'FLOAT':
      return fc.float();
    case 'DOUBLE':
      return fc.double();
    case 'DECIMAL':
      return fc.bigInt({ min: 1n - 10n ** BigInt(type.precision), max: 10n ** BigInt(type.precision) - 1n });
    case 'TIMESTAMP':
    case 'TIMESTAMP_LTZ': {
      const perMilli = type.precision <= 3 ? 1n : type.precision <= 6 ? 1000n : 1_000_000n;
      return fc.bigInt({ min: -62_135_596_800_000n * perMilli, max: 253_402_300_800_000n * perMilli - 1n });
    }
    case 'CHAR':
    case 'VARCHAR':
      return text;
    case 'ARRAY':
      return fc.array(cellOf(type.element), { maxLength: 5 });
    case 'MAP':
      return fc.array(fc.tuple(presentCellOf(type.key), cellOf(type.value)), { maxLength: 4 });
    case 'MULTISET':
      return fc.array(fc.tuple(presentCellOf(type.element), fc.integer({ min: 1, max: 9 })), { maxLength: 4 });
    case 'ROW':
      return fc.tuple(...type.fields.map((field) => cellOf(field.type)));
    case 'VARIANT':
      return fc.tuple(bytes, bytes);
    default:
      return bytes;
  }
}
