// Decoders of booleans, whole numbers and floating point numbers.
import { Float32Builder, Float64Builder, Int32Builder, Int64Builder } from '../../column/builder.ts';
import { type ColumnDecoder, DOT, MINUS, ZERO } from './column-decoder.ts';
import { nearestFloat32 } from './nearest-float32.ts';
import { MALFORMED, OK } from '../faults.ts';

/** boolean: `t` or `f` as 1 or 0. */
export class BooleanDecoder implements ColumnDecoder {
  readonly builder: Int32Builder = new Int32Builder();

  decode(bytes: Buffer, start: number, end: number, row: number): number {
    const letter = bytes[start];
    if (end - start !== 1 || (letter !== 0x74 && letter !== 0x66)) return MALFORMED;
    this.builder.reserve(row);
    this.builder.values[row] = letter === 0x74 ? 1 : 0;
    return OK;
  }
}

/** smallint and integer. */
export class Int32Decoder implements ColumnDecoder {
  readonly builder: Int32Builder = new Int32Builder();
  private readonly limit: number;

  /** `bits` is 16 or 32. */
  constructor(bits: 16 | 32) {
    this.limit = 2 ** (bits - 1);
  }

  decode(bytes: Buffer, start: number, end: number, row: number): number {
    const negative = bytes[start] === MINUS;
    let at = negative ? start + 1 : start;
    if (end - at > 10 || at === end) return MALFORMED;
    let value = 0;
    let wrong = 0;
    for (; at < end; at++) {
      const digit = bytes[at] - ZERO;
      wrong |= digit | (9 - digit);
      value = value * 10 + digit;
    }
    if (wrong < 0 || value > (negative ? this.limit : this.limit - 1)) return MALFORMED;
    this.builder.reserve(row);
    this.builder.values[row] = negative ? -value : value;
    return OK;
  }
}

const INT64_TEXT = /^-?[0-9]{1,19}$/;

/** bigint. */
export class Int64Decoder implements ColumnDecoder {
  readonly builder: Int64Builder = new Int64Builder();

  decode(bytes: Buffer, start: number, end: number, row: number): number {
    const negative = bytes[start] === MINUS;
    let at = negative ? start + 1 : start;
    if (at === end) return MALFORMED;
    if (end - at > 15) return this.decodeLong(bytes.toString('latin1', start, end), row);
    let value = 0;
    let wrong = 0;
    for (; at < end; at++) {
      const digit = bytes[at] - ZERO;
      wrong |= digit | (9 - digit);
      value = value * 10 + digit;
    }
    if (wrong < 0) return MALFORMED;
    this.builder.reserve(row);
    this.builder.setNumber(row, negative ? -value : value);
    return OK;
  }

  private decodeLong(text: string, row: number): number {
    if (!INT64_TEXT.test(text)) return MALFORMED;
    const value = BigInt(text);
    if (BigInt.asIntN(64, value) !== value) return MALFORMED;
    this.builder.reserve(row);
    this.builder.setBigInt(row, value);
    return OK;
  }
}

// Powers of ten that a double holds exactly.
const EXACT_POWERS = Float64Array.from({ length: 23 }, (_, exponent) => Number(`1e${exponent}`));
const FLOAT_TEXT = /^-?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:e[+-]?[0-9]+)?$/;

/** The number that a float's text means, correctly rounded to double; null if it is none. */
function parseFloat64(bytes: Buffer, start: number, end: number): number | null {
  const negative = bytes[start] === MINUS;
  const first = negative ? start + 1 : start;
  if (end - first > 16) return parseLongFloat(bytes.toString('latin1', start, end));
  let mantissa = 0;
  let fraction = -1;
  for (let at = first; at < end; at++) {
    const digit = bytes[at] - ZERO;
    if (digit >= 0 && digit <= 9) {
      mantissa = mantissa * 10 + digit;
      if (fraction >= 0) fraction++;
    } else if (bytes[at] === DOT && fraction < 0) fraction = 0;
    else return parseLongFloat(bytes.toString('latin1', start, end));
  }
  // At most 15 digits and a power of ten that are both exact: one division rounds correctly (Clinger's fast path).
  const digits = end - first - (fraction >= 0 ? 1 : 0);
  if (digits < 1 || mantissa > Number.MAX_SAFE_INTEGER) return parseLongFloat(bytes.toString('latin1', start, end));
  const value = fraction > 0 ? mantissa / EXACT_POWERS[fraction] : mantissa;
  return negative ? -value : value;
}

function parseLongFloat(text: string): number | null {
  if (text === 'NaN') return Number.NaN;
  if (text === 'Infinity') return Number.POSITIVE_INFINITY;
  if (text === '-Infinity') return Number.NEGATIVE_INFINITY;
  return FLOAT_TEXT.test(text) ? Number(text) : null;
}

/** double precision; every value comes back bit by bit, given extra_float_digits of 1 or more (NaN as the one NaN). */
export class Float64Decoder implements ColumnDecoder {
  readonly builder: Float64Builder = new Float64Builder();

  decode(bytes: Buffer, start: number, end: number, row: number): number {
    const value = parseFloat64(bytes, start, end);
    if (value === null) return MALFORMED;
    this.builder.reserve(row);
    this.builder.values[row] = value;
    return OK;
  }
}

/** real; every value comes back bit by bit. */
export class Float32Decoder implements ColumnDecoder {
  readonly builder: Float32Builder = new Float32Builder();

  decode(bytes: Buffer, start: number, end: number, row: number): number {
    const value = parseFloat64(bytes, start, end);
    if (value === null) return MALFORMED;
    this.builder.reserve(row);
    this.builder.values[row] = nearestFloat32(value, bytes, start, end);
    return OK;
  }
}
