// From the vector of a physical type to the vector of the wanted type. Exact: what does not fit is a fault, never
// another value.
import type { BytesVector, Int32Vector, Int64Vector, Vector } from '../../../column/vector.ts';
import { unreachable } from '../../../base/errors.ts';
import type { DataType } from '../../schema/data-type.ts';
import { minimalDecimal } from './column-bounds.ts';
import type { LeafNode, TimeUnit } from './parquet-format.ts';
import {
  BOOLEAN,
  BYTE_ARRAY,
  DOUBLE,
  FIXED_LEN_BYTE_ARRAY,
  FLOAT,
  INT32,
  INT64,
  INT96,
  JULIAN_EPOCH_DAY,
} from './parquet-format.ts';
import { FileFault } from '../file-fault.ts';

/** Takes a vector of present values in the physical type's form and gives the type's; faults of `E3203`. */
export type LeafConversion = (values: Vector) => Vector;

const AS_IT_IS: LeafConversion = (values) => values;
const DECIMAL_PRECISION_OF_INT64 = 18;
/** Days far outside of any calendar here, yet small enough that the arithmetic stays exact. */
const JULIAN_DAY_MAX = 1 << 23;

/** The conversion of a leaf to a type that is not nested; throws a fault of `E3202` where there is none. */
export function leafConversion(leaf: LeafNode, type: DataType): LeafConversion {
  const found = conversionFor(leaf, type);
  if (found === null) {
    const physical = `physical=${leaf.physical}, logical=${leaf.logical?.kind ?? 'none'}`;
    throw new FileFault('E3202', `a column of the file does not hold the wanted type: ${physical}, type=${type.kind}`);
  }
  return found;
}

function conversionFor(leaf: LeafNode, type: DataType): LeafConversion | null {
  const { physical, logical } = leaf;
  switch (type.kind) {
    case 'BOOLEAN':
      return physical === BOOLEAN ? AS_IT_IS : null;
    case 'TINYINT':
    case 'SMALLINT':
    case 'INT':
      return physical === INT32 && isInteger(leaf) ? AS_IT_IS : null;
    case 'BIGINT':
      if (!isInteger(leaf)) return null;
      return physical === INT64 ? AS_IT_IS : physical === INT32 ? widened : null;
    case 'DATE':
      return physical === INT32 && (logical === null || logical.kind === 'date') ? AS_IT_IS : null;
    case 'TIME':
      return physical === INT32 && (logical === null || logical.kind === 'time') ? AS_IT_IS : null;
    case 'FLOAT':
      return physical === FLOAT ? AS_IT_IS : null;
    case 'DOUBLE':
      return physical === DOUBLE ? AS_IT_IS : physical === FLOAT ? doubled : null;
    case 'CHAR':
    case 'VARCHAR':
      return physical === BYTE_ARRAY && logical?.kind !== 'decimal' ? AS_IT_IS : null;
    case 'BINARY':
    case 'VARBINARY':
    case 'BLOB':
      return (physical === BYTE_ARRAY || physical === FIXED_LEN_BYTE_ARRAY) && logical?.kind !== 'decimal'
        ? AS_IT_IS
        : null;
    case 'DECIMAL':
      return decimalConversion(leaf, type);
    case 'TIMESTAMP':
    case 'TIMESTAMP_LTZ':
      return timestampConversion(leaf, type.precision);
    case 'ARRAY':
    case 'MAP':
    case 'MULTISET':
    case 'ROW':
    case 'VARIANT':
      return null;
    default:
      return unreachable(type);
  }
}

/** Signed numbers, and unsigned ones that fit the signed type of the same width. */
function isInteger({ logical, physical }: LeafNode): boolean {
  if (logical === null) return true;
  if (logical.kind !== 'int') return false;
  return logical.signed || logical.bits < (physical === INT32 ? 32 : 64);
}

function widened(values: Vector): Int64Vector {
  const { length, values: words } = values as Int32Vector;
  const pairs = new Int32Array(2 * length);
  for (let index = 0; index < length; index++) {
    pairs[2 * index] = words[index];
    pairs[2 * index + 1] = words[index] >> 31;
  }
  return { kind: 'i64', length, values: pairs, validity: null };
}

function doubled(values: Vector): Vector {
  if (values.kind !== 'f32') return values;
  return { kind: 'f64', length: values.length, values: Float64Array.from(values.values), validity: null };
}

function decimalConversion(
  leaf: LeafNode,
  type: { readonly precision: number; readonly scale: number },
): LeafConversion | null {
  const { logical, physical } = leaf;
  if (logical?.kind !== 'decimal' || logical.scale !== type.scale || logical.precision > type.precision) return null;
  const isLong = type.precision <= DECIMAL_PRECISION_OF_INT64;
  if (physical === INT32) return isLong ? widened : (values) => pairsToDecimals(widened(values));
  if (physical === INT64) return isLong ? AS_IT_IS : (values) => pairsToDecimals(values as Int64Vector);
  if (physical !== BYTE_ARRAY && physical !== FIXED_LEN_BYTE_ARRAY) return null;
  return isLong ? decimalsToPairs : minimalDecimals;
}

function pairsToDecimals({ length, values }: Int64Vector): BytesVector {
  const wide = new Uint8Array(8 * length);
  const view = new DataView(wide.buffer);
  const offsets = new Int32Array(length + 1);
  for (let index = 0; index < length; index++) {
    view.setInt32(8 * index, values[2 * index + 1]);
    view.setInt32(8 * index + 4, values[2 * index]);
    offsets[index + 1] = 8 * (index + 1);
  }
  return minimalDecimals({ kind: 'bytes', length, offsets, bytes: wide, validity: null });
}

function decimalsToPairs(values: Vector): Int64Vector {
  const { length, offsets, bytes } = values as BytesVector;
  const pairs = new Int32Array(2 * length);
  for (let index = 0; index < length; index++) {
    const value = minimalDecimal(bytes.subarray(offsets[index], offsets[index + 1]));
    if (value.length === 0 || value.length > 8) throw new FileFault('E3203', 'a decimal does not fit 18 digits');
    let low = value[0] >> 7 === 1 ? -1 : 0;
    let high = low;
    for (const byte of value) {
      high = (high << 8) | (low >>> 24);
      low = (low << 8) | byte;
    }
    pairs[2 * index] = low;
    pairs[2 * index + 1] = high;
  }
  return { kind: 'i64', length, values: pairs, validity: null };
}

function minimalDecimals(values: Vector): BytesVector {
  const { length, offsets, bytes } = values as BytesVector;
  const minimal = new Uint8Array(bytes.length);
  const ends = new Int32Array(length + 1);
  let at = 0;
  for (let index = 0; index < length; index++) {
    let start = offsets[index];
    const end = offsets[index + 1];
    if (start === end) throw new FileFault('E3203', 'a decimal without bytes');
    while (start + 1 < end && bytes[start] === (bytes[start + 1] >> 7 === 1 ? 255 : 0)) start++;
    while (start < end) minimal[at++] = bytes[start++];
    ends[index + 1] = at;
  }
  return { kind: 'bytes', length, offsets: ends, bytes: minimal.subarray(0, at), validity: null };
}

function timestampConversion(leaf: LeafNode, precision: number): LeafConversion | null {
  const wanted = precision <= 3 ? 'millis' : precision <= 6 ? 'micros' : 'nanos';
  if (leaf.physical === INT96) {
    return wanted === 'nanos' ? int96ToParts : (values) => withoutNanos(int96ToParts(values), wanted);
  }
  if (leaf.physical !== INT64 || leaf.logical?.kind !== 'timestamp') return null;
  const unit = leaf.logical.unit;
  if (unit === wanted && wanted !== 'nanos') return AS_IT_IS;
  return (values) => rescaled(values as Int64Vector, unit, wanted);
}

interface TimestampParts {
  readonly micros: Int32Array;
  readonly nanos: Int32Array;
  readonly length: number;
}

function partsOf(values: Vector): TimestampParts {
  // INT96 comes as triples of 32-bit words.
  const triples = (values as Int32Vector).values;
  const length = values.length;
  const micros = new Int32Array(2 * length);
  const nanos = new Int32Array(length);
  for (let index = 0, at = 0; index < length; index++, at += 3) {
    // Signed: the reference writes negative nanoseconds of the day before 1970.
    const nanosOfDay = triples[at + 1] * 4294967296 + (triples[at] >>> 0);
    const days = triples[at + 2] - JULIAN_EPOCH_DAY;
    if (Math.abs(days) > JULIAN_DAY_MAX || Math.abs(nanosOfDay) > Number.MAX_SAFE_INTEGER) {
      throw new FileFault('E3203', 'a timestamp of 96 bits is out of range');
    }
    const microsOfDay = Math.floor(nanosOfDay / 1000);
    nanos[index] = nanosOfDay - microsOfDay * 1000;
    // 86,400,000,000 = 20 · 2^32 + 500,654,080: both partial products are exact in a double.
    const rest = days * 500_654_080 + microsOfDay;
    micros[2 * index] = rest % 4294967296;
    micros[2 * index + 1] = days * 20 + Math.floor(rest / 4294967296);
  }
  return { micros, nanos, length };
}

function int96ToParts(values: Vector): Vector {
  const { micros, nanos, length } = partsOf(values);
  return {
    kind: 'struct',
    length,
    fields: [
      { kind: 'i64', length, values: micros, validity: null },
      { kind: 'i32', length, values: nanos, validity: null },
    ],
    validity: null,
  };
}

function withoutNanos(parts: Vector, wanted: 'millis' | 'micros'): Vector {
  if (parts.kind !== 'struct') return parts;
  const [micros, nanos] = parts.fields;
  if ((nanos as Int32Vector).values.some((value) => value !== 0)) throw tooFine();
  return wanted === 'micros' ? micros : rescaled(micros as Int64Vector, 'micros', 'millis');
}

function tooFine(): FileFault {
  return new FileFault('E3203', 'a timestamp has more digits than its type');
}

const PER_SECOND: Readonly<Record<TimeUnit, bigint>> = { millis: 1000n, micros: 1_000_000n, nanos: 1_000_000_000n };

/** Between units of foreign files: not a hot path. */
function rescaled(values: Int64Vector, from: TimeUnit, to: TimeUnit): Vector {
  if (to === 'nanos') return splitNanos(values, from);
  const source = bigIntsOf(values);
  const target = new BigInt64Array(values.length);
  const up = PER_SECOND[to] / PER_SECOND[from];
  const down = PER_SECOND[from] / PER_SECOND[to];
  for (let index = 0; index < source.length; index++) {
    const value = up > 0n ? source[index] * up : source[index] / down;
    const isExact = up > 0n ? BigInt.asIntN(64, value) === value : value * down === source[index];
    if (!isExact) throw tooFine();
    target[index] = value;
  }
  return { kind: 'i64', length: values.length, values: new Int32Array(target.buffer), validity: null };
}

function splitNanos(values: Int64Vector, from: TimeUnit): Vector {
  const { length } = values;
  const micros = new BigInt64Array(length);
  const nanos = new Int32Array(length);
  const source = bigIntsOf(values);
  for (let index = 0; index < length; index++) {
    const perMicro = PER_SECOND[from] / PER_SECOND.micros;
    const value = perMicro > 0n ? source[index] : source[index] * 1000n;
    if (BigInt.asIntN(64, value) !== value) throw new FileFault('E3203', 'a timestamp is out of range');
    const within = perMicro > 1n ? BigInt.asUintN(64, ((value % 1000n) + 1000n) % 1000n) : 0n;
    micros[index] = perMicro > 1n ? (value - within) / 1000n : value;
    nanos[index] = Number(within);
  }
  const parts = new Int32Array(micros.buffer);
  return {
    kind: 'struct',
    length,
    fields: [
      { kind: 'i64', length, values: parts, validity: null },
      { kind: 'i32', length, values: nanos, validity: null },
    ],
    validity: null,
  };
}

function bigIntsOf(values: Int64Vector): BigInt64Array {
  const copy = values.values.slice(0, 2 * values.length);
  return new BigInt64Array(copy.buffer, 0, values.length);
}
