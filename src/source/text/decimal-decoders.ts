// Decoders of numeric with a precision. Nothing is rounded: a value with more digits than the type has is a fault.
import { BytesBuilder, Int64Builder } from '../../column/builder.ts';
import { type ColumnDecoder, DOT, MINUS, ZERO } from './column-decoder.ts';
import { MALFORMED, NOT_FINITE, OK, OVERFLOW } from '../faults.ts';

const DECIMAL_TEXT = /^(-?)([0-9]*)(?:\.([0-9]*))?$/;
const POWERS = Float64Array.from({ length: 16 }, (_, exponent) => 10 ** exponent);

/** The unscaled value of any numeric text, or the fault. */
function parseUnscaled(text: string, precision: number, scale: number): bigint | number {
  if (text === 'NaN' || text === 'Infinity' || text === '-Infinity') return NOT_FINITE;
  const match = DECIMAL_TEXT.exec(text);
  const [, sign = '', whole = '', fraction = ''] = match ?? [];
  if (match === null || whole.length + fraction.length === 0) return MALFORMED;
  if (/[^0]/.test(fraction.slice(scale))) return OVERFLOW;
  const digits = whole + fraction.slice(0, scale).padEnd(scale, '0');
  if (digits.replace(/^0+/, '').length > precision) return OVERFLOW;
  return BigInt(`${sign}0${digits}`);
}

/** DECIMAL of precision 18 or less: the unscaled value in 64 bits. */
export class ShortDecimalDecoder implements ColumnDecoder {
  readonly builder: Int64Builder = new Int64Builder();
  private readonly precision: number;
  private readonly scale: number;
  private readonly limit: number;

  constructor(type: { readonly precision: number; readonly scale: number }) {
    this.precision = type.precision;
    this.scale = type.scale;
    this.limit = 10 ** type.precision;
  }

  decode(bytes: Buffer, start: number, end: number, row: number): number {
    const negative = bytes[start] === MINUS;
    let at = negative ? start + 1 : start;
    if (end - at > 15) return this.decodeLong(bytes.toString('latin1', start, end), row);
    const first = at;
    let value = 0;
    let wrong = 0;
    let point = end;
    for (; at < end; at++) {
      const digit = bytes[at] - ZERO;
      if (digit === DOT - ZERO && point === end) point = at;
      else {
        wrong |= digit | (9 - digit);
        value = value * 10 + digit;
      }
    }
    const missing = this.scale - (point === end ? 0 : end - point - 1);
    // What is odd or would need more than 15 digits is left to the exact way.
    if (wrong < 0 || missing < 0 || end - first + missing > 15) {
      return this.decodeLong(bytes.toString('latin1', start, end), row);
    }
    if (point === first && end - first <= 1) return MALFORMED;
    value *= POWERS[missing];
    if (value >= this.limit) return OVERFLOW;
    this.builder.reserve(row);
    this.builder.setNumber(row, negative ? -value : value);
    return OK;
  }

  private decodeLong(text: string, row: number): number {
    const unscaled = parseUnscaled(text, this.precision, this.scale);
    if (typeof unscaled === 'number') return unscaled;
    this.write(unscaled, row);
    return OK;
  }

  /** Writes an unscaled value that the type holds. */
  write(unscaled: bigint, row: number): void {
    this.builder.reserve(row);
    this.builder.setBigInt(row, unscaled);
  }
}

/** DECIMAL of precision 19 to 38: the unscaled value as minimal big-endian two's complement. */
export class LongDecimalDecoder implements ColumnDecoder {
  readonly builder: BytesBuilder = new BytesBuilder();
  private readonly precision: number;
  private readonly scale: number;
  // 38 digits need 127 bits.
  private readonly scratch: Uint8Array = new Uint8Array(16);

  constructor(type: { readonly precision: number; readonly scale: number }) {
    this.precision = type.precision;
    this.scale = type.scale;
  }

  decode(bytes: Buffer, start: number, end: number, row: number): number {
    const unscaled = parseUnscaled(bytes.toString('latin1', start, end), this.precision, this.scale);
    if (typeof unscaled === 'number') return unscaled;
    this.write(unscaled, row);
    return OK;
  }

  /** Writes an unscaled value that the type holds. */
  write(unscaled: bigint, row: number): void {
    const from = this.writeScratch(unscaled);
    this.builder.reserve(row);
    this.builder.append(this.scratch, from, this.scratch.length);
    this.builder.endRow(row);
  }

  /** Writes the value right-aligned and returns where its shortest form begins. */
  private writeScratch(value: bigint): number {
    const { scratch } = this;
    let rest = value;
    for (let at = 15; at >= 0; at--) {
      scratch[at] = Number(rest & 0xffn);
      rest >>= 8n;
    }
    const fill = value < 0n ? 0xff : 0;
    let from = 0;
    while (from < 15 && scratch[from] === fill && (scratch[from + 1] & 0x80) === (fill & 0x80)) from++;
    return from;
  }
}
