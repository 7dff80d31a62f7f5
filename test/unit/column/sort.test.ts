// Sorting by key columns against a plain sort of the values; and joining and picking of vectors.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { VectorBuilder } from '../../../src/column/builder.ts';
import { builderFor } from '../../../src/column/builder.ts';
import { compareBytes, compareSigned, rowComparator } from '../../../src/column/compare.ts';
import { concatVectors } from '../../../src/column/concat.ts';
import { sortRows } from '../../../src/column/sort.ts';
import { sliceVector, takeVector } from '../../../src/column/take.ts';
import type { Shape, Vector } from '../../../src/column/vector.ts';
import { bigIntAt, bytesAt, NULL, validityAt } from '../../../src/column/vector.ts';

type Value = number | bigint | string | null | readonly Value[];

const encoder = new TextEncoder();
const decoder = new TextDecoder();

function put(builder: VectorBuilder, row: number, value: Value): void {
  builder.reserve(row);
  if (value === null) builder.setAbsent(row, NULL);
  else if (builder.kind === 'i64') builder.setBigInt(row, value as bigint);
  else if (builder.kind === 'bytes') {
    const bytes = encoder.encode(value as string);
    builder.append(bytes, 0, bytes.length);
    builder.endRow(row);
  } else if (builder.kind === 'list') {
    for (const element of value as readonly Value[]) put(builder.element, builder.nextElement(), element);
    builder.endRow(row);
  } else if (builder.kind === 'map') {
    for (const element of value as readonly Value[]) {
      const entry = builder.nextEntry();
      const [key, inner] = element as readonly Value[];
      put(builder.key, entry, key);
      put(builder.value, entry, inner);
    }
    builder.endRow(row);
  } else if (builder.kind === 'struct') {
    for (const [field, inner] of (value as readonly Value[]).entries()) put(builder.fields[field], row, inner);
  } else builder.values[row] = value as number;
}

function vectorOf(shape: Shape, values: readonly Value[]): Vector {
  const builder = builderFor(shape);
  for (const [row, value] of values.entries()) put(builder, row, value);
  return builder.finish(values.length);
}

function valueAt(vector: Vector, row: number): Value {
  if (validityAt(vector, row) !== 0) return null;
  switch (vector.kind) {
    case 'i64':
      return bigIntAt(vector, row);
    case 'bytes':
      return decoder.decode(bytesAt(vector, row));
    case 'list':
      return valuesOf(sliceVector(vector.element, vector.offsets[row], vector.offsets[row + 1]));
    case 'map': {
      const keys = valuesOf(sliceVector(vector.key, vector.offsets[row], vector.offsets[row + 1]));
      const values = valuesOf(sliceVector(vector.value, vector.offsets[row], vector.offsets[row + 1]));
      return keys.map((key, index) => [key, values[index]]);
    }
    case 'struct':
      return vector.fields.map((field) => valueAt(field, row));
    default:
      return vector.values[row];
  }
}

function valuesOf(vector: Vector): Value[] {
  return Array.from({ length: vector.length }, (_, row) => valueAt(vector, row));
}

/** The order by definition: groups, then columns, then row numbers. */
function expectedOrder(columns: readonly (readonly Value[])[], groups: readonly number[] | null): number[] {
  const compareValues = (a: Value, b: Value): number => {
    if (typeof a === 'string') return Buffer.compare(Buffer.from(a), Buffer.from(b as string));
    if (typeof a === 'number' && Number.isNaN(a)) return Number.isNaN(b) ? 0 : 1;
    if (Number.isNaN(b)) return -1;
    if (a === 0 && b === 0) return Number(Object.is(b, -0)) - Number(Object.is(a, -0));
    return (a as number) < (b as number) ? -1 : Number((a as number) > (b as number));
  };
  return columns[0]
    .map((_, row) => row)
    .sort((a, b) => {
      if (groups !== null && groups[a] !== groups[b]) return groups[a] - groups[b];
      for (const column of columns) {
        const result = compareValues(column[a], column[b]);
        if (result !== 0) return result;
      }
      return a - b;
    });
}

const int32 = fc.oneof(fc.integer({ min: -3, max: 3 }), fc.integer());
const int64 = fc.oneof(
  fc.bigInt(-3n, 3n),
  fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n),
  fc.bigInt(2n ** 40n, 2n ** 40n + 50n),
);
const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 20 }).filter((value) => value.isWellFormed()),
  fc.constantFrom(
    '',
    'a',
    'a\0',
    'a\0\0',
    '\uffff',
    '\u{10000}',
    'ä',
    'common-prefix-1',
    'common-prefix-10',
    'common-prefix-2',
  ),
);
const COLUMNS: readonly { readonly shape: Shape; readonly values: fc.Arbitrary<Value> }[] = [
  { shape: { kind: 'i32' }, values: int32 },
  { shape: { kind: 'i64' }, values: int64 },
  { shape: { kind: 'f64' }, values: fc.oneof(fc.double(), fc.constantFrom(0, -0, NaN, Infinity, -Infinity)) },
  { shape: { kind: 'f32' }, values: fc.oneof(fc.float(), fc.constantFrom(0, -0, NaN)) },
  { shape: { kind: 'bytes' }, values: text },
];

describe('sortRows', () => {
  const keys = fc
    .record({
      columns: fc.array(fc.integer({ min: 0, max: COLUMNS.length - 1 }), { minLength: 1, maxLength: 3 }),
      rowCount: fc.integer({ min: 0, max: 60 }),
      grouped: fc.boolean(),
    })
    .chain(({ columns, rowCount, grouped }) =>
      fc.record({
        columns: fc.constant(columns),
        values: fc.tuple(
          ...columns.map((column) => fc.array(COLUMNS[column].values, { minLength: rowCount, maxLength: rowCount })),
        ),
        groups: grouped
          ? fc.array(fc.integer({ min: 0, max: 5 }), { minLength: rowCount, maxLength: rowCount })
          : fc.constant(null),
      }),
    );

  test('gives the stable order of groups and key columns of every kind', () => {
    fc.assert(
      fc.property(keys, ({ columns, values, groups }) => {
        const vectors = columns.map((column, index) => vectorOf(COLUMNS[column].shape, values[index]));
        const orders = columns.map(() => 'plain' as const);
        const rowCount = values[0].length;
        const sorted = sortRows({
          rowCount,
          columns: vectors,
          orders,
          groups: groups === null ? null : Int32Array.from(groups),
        });
        expect([...sorted]).toEqual(expectedOrder(values, groups));
        const compare = rowComparator(vectors, vectors, orders);
        if (groups !== null) return;
        for (let index = 1; index < rowCount; index++) {
          expect(compare(sorted[index - 1], sorted[index])).toBeLessThanOrEqual(0);
        }
      }),
      { numRuns: 500 },
    );
  });

  test('sorts many rows of one hot key and of a wide range', () => {
    const values = Array.from({ length: 5000 }, (_, row) =>
      row % 3 === 0 ? 7n : BigInt(row % 11) * 2n ** 59n - 2n ** 61n,
    );
    const sorted = sortRows({
      rowCount: 5000,
      columns: [vectorOf({ kind: 'i64' }, values)],
      orders: ['plain'],
      groups: null,
    });
    expect([...sorted]).toEqual(expectedOrder([values], null));
    const texts = values.map((value) => `order-${value}-with-a-long-tail`);
    const byText = sortRows({
      rowCount: 5000,
      columns: [vectorOf({ kind: 'bytes' }, texts)],
      orders: ['plain'],
      groups: null,
    });
    expect([...byText]).toEqual(expectedOrder([texts], null));
  });

  test('puts supplementary characters after all others, as UTF-8 does and UTF-16 does not', () => {
    const values = ['\u{1f600}', '\uffee', 'z'];
    const sorted = sortRows({
      rowCount: 3,
      columns: [vectorOf({ kind: 'bytes' }, values)],
      orders: ['plain'],
      groups: null,
    });
    expect([...sorted]).toEqual([2, 1, 0]);
  });
});

describe('compareSigned', () => {
  function twosComplement(value: bigint): Uint8Array {
    const bytes: number[] = [];
    let rest = value;
    do {
      bytes.unshift(Number(BigInt.asUintN(8, rest)));
      rest >>= 8n;
    } while (!((rest === 0n && bytes[0] < 0x80) || (rest === -1n && bytes[0] >= 0x80)));
    return Uint8Array.from(bytes);
  }

  test('orders decimals of any width by value', () => {
    const wide = fc.oneof(fc.bigInt(-300n, 300n), fc.bigInt(-(2n ** 126n), 2n ** 126n));
    fc.assert(
      fc.property(wide, wide, (a, b) => {
        const result = compareSigned(twosComplement(a), twosComplement(b));
        expect(Math.sign(result)).toBe(a < b ? -1 : Number(a > b));
      }),
    );
    expect(compareBytes(twosComplement(-1n), twosComplement(1n))).toBeGreaterThan(0);
  });
});

describe('takeVector and concatVectors', () => {
  const nullable = (values: fc.Arbitrary<Value>): fc.Arbitrary<Value> => fc.option(values, { nil: null, freq: 4 });
  const kinds: readonly { readonly shape: Shape; readonly values: fc.Arbitrary<Value> }[] = [
    ...COLUMNS,
    { shape: { kind: 'list', element: { kind: 'bytes' } }, values: fc.array(nullable(text), { maxLength: 4 }) },
    {
      shape: { kind: 'map', key: { kind: 'i32' }, value: { kind: 'i64' } },
      values: fc.array(fc.tuple(int32, nullable(int64)), { maxLength: 3 }),
    },
    { shape: { kind: 'struct', fields: [{ kind: 'i64' }, { kind: 'i32' }] }, values: fc.tuple(int64, int32) },
  ];

  test.each(kinds.map(({ shape, values }) => [shape.kind, shape, values] as const))(
    'keep the values of %s vectors, also of slices',
    (_kind, shape, values) => {
      const column = fc.array(nullable(values), { maxLength: 12 });
      fc.assert(
        fc.property(column, column, fc.array(fc.nat(), { maxLength: 12 }), fc.nat(), (left, right, picks, cut) => {
          const from = left.length === 0 ? 0 : cut % (left.length + 1);
          const joined = concatVectors([
            sliceVector(vectorOf(shape, left), from, left.length),
            vectorOf(shape, right),
            sliceVector(vectorOf(shape, left), 0, from),
          ]);
          const expected = [...left.slice(from), ...right, ...left.slice(0, from)];
          expect(valuesOf(joined)).toEqual(expected);
          if (expected.length === 0) return;
          const rows = Uint32Array.from(picks, (pick) => pick % expected.length);
          expect(valuesOf(takeVector(joined, rows))).toEqual([...rows].map((row) => expected[row]));
        }),
      );
    },
  );
});
