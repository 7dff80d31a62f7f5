// The arithmetic of `sum` and `product`, type by type, as the reference does it: whole numbers wrap around, decimals that
// do not fit their precision become NULL. Source: FieldSumAgg, FieldProductAgg, DecimalUtils.
import { TributaryError } from '../../../base/errors.ts';
import { builderFor, type VectorBuilder } from '../../../column/builder.ts';
import { ofKind } from '../../../column/take.ts';
import { bigIntAt, bytesAt, type Vector } from '../../../column/vector.ts';
import { appendCell, bytesToBigInt } from '../../format/cell.ts';
import { type DataField, type DataType, shapeOf } from '../../schema/data-type.ts';
import { noResult } from './merge-faults.ts';

/** Numbers of one type. A result of null is SQL NULL. */
export interface Arithmetic<N> {
  read(vector: Vector, row: number): N;
  add(a: N, b: N): N | null;
  subtract(a: N, b: N): N | null;
  negate(a: N): N | null;
  multiply(a: N, b: N): N | null;
  /** Throws `E3364` where there is no result. */
  divide(a: N, b: N): N | null;
  write(builder: VectorBuilder, row: number, value: N): void;
}

/** TINYINT, SMALLINT and INT, of so many bits. */
function smallIntegers(field: DataField, bits: number): Arithmetic<number> {
  const shift = 32 - bits;
  const wrap = (value: number): number => (value << shift) >> shift;
  return {
    read: (vector, row) => ofKind(vector, 'i32').values[row],
    add: (a, b) => wrap(a + b),
    subtract: (a, b) => wrap(a - b),
    negate: (a) => wrap(-a),
    multiply: (a, b) => wrap(Math.imul(a, b)),
    divide: (a, b) => {
      if (b === 0) throw noResult(field, 'division by zero');
      return wrap(Math.trunc(a / b));
    },
    write: (builder, row, value) => {
      if (builder.kind === 'i32') builder.values[row] = value;
    },
  };
}

/** FLOAT and DOUBLE. Of two floats, a sum, product or quotient of doubles rounds to the one of floats. */
function floats(kind: 'f32' | 'f64'): Arithmetic<number> {
  const round = kind === 'f32' ? Math.fround : (value: number): number => value;
  return {
    read: (vector, row) => ofKind(vector, kind).values[row],
    add: (a, b) => round(a + b),
    subtract: (a, b) => round(a - b),
    negate: (a) => -a,
    multiply: (a, b) => round(a * b),
    divide: (a, b) => round(a / b),
    write: (builder, row, value) => {
      if (builder.kind === kind) builder.values[row] = value;
    },
  };
}

/** A whole number: a double as long as it is exact, for speed; else a BigInt. */
type Whole = number | bigint;

const HIGH_HALF = 4294967296;
const HIGH_MAX = 2 ** 21;

function readWhole(vector: Vector, row: number): Whole {
  const pairs = ofKind(vector, 'i64');
  const high = pairs.values[2 * row + 1];
  if (high >= HIGH_MAX || high < -HIGH_MAX) return bigIntAt(pairs, row);
  return high * HIGH_HALF + (pairs.values[2 * row] >>> 0);
}

function writeWhole(builder: VectorBuilder, row: number, value: Whole): void {
  if (builder.kind !== 'i64') return;
  if (typeof value === 'number') builder.setNumber(row, value);
  else builder.setBigInt(row, value);
}

/** `fit` brings a result that is beyond the exact doubles into the type. */
function wholes(fit: (value: bigint) => bigint | null): Pick<Arithmetic<Whole>, 'add' | 'subtract' | 'negate'> {
  const sum = (a: Whole, b: Whole): Whole | null => {
    if (typeof a === 'number' && typeof b === 'number' && Number.isSafeInteger(a + b)) return a + b;
    return fit(BigInt(a) + BigInt(b));
  };
  // Zero minus, so that no -0 arises.
  const negate = (a: Whole): Whole | null => (typeof a === 'number' ? 0 - a : fit(-a));
  return {
    add: sum,
    subtract: (a, b) => (typeof b === 'number' ? sum(a, 0 - b) : sum(a, -b)),
    negate,
  };
}

const wrap64 = (value: bigint): bigint => BigInt.asIntN(64, value);

function bigIntegers(field: DataField): Arithmetic<Whole> {
  return {
    ...wholes(wrap64),
    read: readWhole,
    multiply: (a, b) => wrap64(BigInt(a) * BigInt(b)),
    divide: (a, b) => {
      if (b === 0) throw noResult(field, 'division by zero');
      return wrap64(BigInt(a) / BigInt(b));
    },
    write: writeWhole,
  };
}

type DecimalType = Extract<DataType, { readonly kind: 'DECIMAL' }>;

/** Decimals as their unscaled numbers. */
function decimals(field: DataField, { precision, scale }: DecimalType): Arithmetic<Whole> {
  const limit = 10n ** BigInt(precision);
  const power = 10n ** BigInt(scale);
  const fit = (value: bigint): bigint | null => (value < limit && value > -limit ? value : null);
  // Sums of short decimals are kept as long as they fit 64 bits, whatever the precision (DecimalUtils.add).
  const fitSum = precision <= 18 ? (value: bigint) => (wrap64(value) === value ? value : null) : fit;
  return {
    ...wholes(fitSum),
    read: (vector, row) => (vector.kind === 'bytes' ? bytesToBigInt(bytesAt(vector, row)) : readWhole(vector, row)),
    multiply: (a, b) => fit(divideHalfUp(BigInt(a) * BigInt(b), power)),
    divide: (a, b) => {
      const divisor = BigInt(b);
      if (divisor === 0n) throw noResult(field, 'division by zero');
      if (!terminates(BigInt(a), divisor)) throw noResult(field, 'quotient without end');
      return fit(divideHalfUp(BigInt(a) * power, divisor));
    },
    write: (builder, row, value) => {
      if (builder.kind === 'i64') writeWhole(builder, row, value);
      else appendCell(field.type, builder, row, BigInt(value));
    },
  };
}

function magnitude(value: bigint): bigint {
  return value < 0n ? -value : value;
}

/** The quotient as a whole number; a half is rounded away from zero. */
function divideHalfUp(dividend: bigint, divisor: bigint): bigint {
  const quotient = (2n * magnitude(dividend) + magnitude(divisor)) / (2n * magnitude(divisor));
  return dividend < 0n === divisor < 0n ? quotient : -quotient;
}

/** Whether the quotient has an end as a decimal fraction; the reference gives up on others. */
function terminates(dividend: bigint, divisor: bigint): boolean {
  let [a, b] = [magnitude(dividend), magnitude(divisor)];
  while (b !== 0n) [a, b] = [b, a % b];
  let rest = magnitude(divisor) / a;
  for (const prime of [2n, 5n]) while (rest % prime === 0n) rest /= prime;
  return rest === 1n;
}

/** What is done with the numbers of a column, and the vector that results go to. */
export interface NumberColumn<N> {
  readonly numbers: Arithmetic<N>;
  readonly builder: VectorBuilder;
}

/** Calls `use` with the arithmetic of the column, whose type is a number's. */
export function withArithmetic<R>(field: DataField, use: <N>(column: NumberColumn<N>) => R): R {
  const builder = builderFor(shapeOf(field.type));
  switch (field.type.kind) {
    case 'TINYINT':
      return use({ numbers: smallIntegers(field, 8), builder });
    case 'SMALLINT':
      return use({ numbers: smallIntegers(field, 16), builder });
    case 'INT':
      return use({ numbers: smallIntegers(field, 32), builder });
    case 'BIGINT':
      return use({ numbers: bigIntegers(field), builder });
    case 'FLOAT':
      return use({ numbers: floats('f32'), builder });
    case 'DOUBLE':
      return use({ numbers: floats('f64'), builder });
    case 'DECIMAL':
      return use({ numbers: decimals(field, field.type), builder });
    default:
      throw new TributaryError('E9001', `column is not of numbers: column=${field.name} type=${field.type.kind}`);
  }
}
