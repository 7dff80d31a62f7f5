// Decoders of whole numbers, decimals and floating point numbers. The log has them little-endian, decimals apart.
import {
  type BytesBuilder,
  Float32Builder,
  type Float64Builder,
  type Int32Builder,
  type Int64Builder,
} from '../../column/builder.ts';
import { MALFORMED, OK } from '../faults.ts';
import { LongDecimalDecoder, ShortDecimalDecoder } from '../text/decimal-decoders.ts';
import { Float64Decoder, Int32Decoder, Int64Decoder } from '../text/number-decoders.ts';
import { readUnscaled } from './decimal-bytes.ts';
import type { ValueDecoder } from './value-decoder.ts';

/** TINYINT to INT, where 32 bits with a sign hold the values. */
export class IntDecoder implements ValueDecoder {
  readonly builder: Int32Builder;
  private readonly textual = new Int32Decoder(32);
  private readonly unsigned: boolean;

  constructor(unsigned: boolean) {
    this.builder = this.textual.builder;
    this.unsigned = unsigned;
  }

  text(bytes: Buffer, start: number, end: number, row: number): number {
    return this.textual.decode(bytes, start, end, row);
  }

  binary(bytes: Buffer, start: number, end: number, row: number): number {
    const size = end - start;
    let value = 0;
    for (let at = end - 1; at >= start; at--) value = (value << 8) | bytes[at];
    if (!this.unsigned && size < 4) value = (value << (32 - 8 * size)) >> (32 - 8 * size);
    this.builder.reserve(row);
    this.builder.values[row] = value;
    return OK;
  }
}

/** YEAR: the log has the years since 1900, and 0 for the year 0000. */
export class YearDecoder implements ValueDecoder {
  readonly builder: Int32Builder;
  private readonly textual = new Int32Decoder(32);

  constructor() {
    this.builder = this.textual.builder;
  }

  text(bytes: Buffer, start: number, end: number, row: number): number {
    return this.textual.decode(bytes, start, end, row);
  }

  binary(bytes: Buffer, start: number, _end: number, row: number): number {
    this.builder.reserve(row);
    this.builder.values[row] = bytes[start] === 0 ? 0 : 1900 + bytes[start];
    return OK;
  }
}

/** MEDIUMINT UNSIGNED, INT UNSIGNED and BIGINT. */
export class LongDecoder implements ValueDecoder {
  readonly builder: Int64Builder;
  private readonly textual = new Int64Decoder();

  constructor() {
    this.builder = this.textual.builder;
  }

  text(bytes: Buffer, start: number, end: number, row: number): number {
    return this.textual.decode(bytes, start, end, row);
  }

  binary(bytes: Buffer, start: number, end: number, row: number): number {
    const { builder } = this;
    builder.reserve(row);
    if (end - start === 8) {
      builder.values[2 * row] = bytes.readInt32LE(start);
      builder.values[2 * row + 1] = bytes.readInt32LE(start + 4);
    } else builder.setNumber(row, bytes.readUIntLE(start, end - start));
    return OK;
  }
}

/** BIGINT UNSIGNED as DECIMAL(20, 0). */
export class UnsignedLongDecoder implements ValueDecoder {
  readonly builder: BytesBuilder;
  private readonly textual = new LongDecimalDecoder({ precision: 20, scale: 0 });

  constructor() {
    this.builder = this.textual.builder;
  }

  text(bytes: Buffer, start: number, end: number, row: number): number {
    return this.textual.decode(bytes, start, end, row);
  }

  binary(bytes: Buffer, start: number, _end: number, row: number): number {
    this.textual.write(bytes.readBigUInt64LE(start), row);
    return OK;
  }
}

/** DECIMAL of at most 38 digits. */
export class DecimalDecoder implements ValueDecoder {
  readonly builder: Int64Builder | BytesBuilder;
  private readonly textual: ShortDecimalDecoder | LongDecimalDecoder;
  private readonly type: { readonly precision: number; readonly scale: number };

  constructor(type: { readonly precision: number; readonly scale: number }) {
    this.type = type;
    this.textual = type.precision <= 18 ? new ShortDecimalDecoder(type) : new LongDecimalDecoder(type);
    this.builder = this.textual.builder;
  }

  text(bytes: Buffer, start: number, end: number, row: number): number {
    return this.textual.decode(bytes, start, end, row);
  }

  binary(bytes: Buffer, start: number, _end: number, row: number): number {
    this.textual.write(readUnscaled(bytes, start, this.type), row);
    return OK;
  }
}

/** Added, it makes a minus zero a zero: keys take both for one, and MariaDB does not print the sign of a FLOAT. */
const ZERO = 0;

/** FLOAT. A SELECT gives it as the double it equals, since the server would print six digits of it. */
export class FloatDecoder implements ValueDecoder {
  readonly builder: Float32Builder = new Float32Builder();
  private readonly textual = new Float64Decoder();

  text(bytes: Buffer, start: number, end: number, row: number): number {
    const fault = this.textual.decode(bytes, start, end, 0);
    if (fault !== OK) return fault;
    const value = this.textual.builder.values[0];
    const single = Math.fround(value);
    if (single !== value) return MALFORMED;
    this.builder.reserve(row);
    this.builder.values[row] = single;
    return OK;
  }

  binary(bytes: Buffer, start: number, _end: number, row: number): number {
    this.builder.reserve(row);
    this.builder.values[row] = bytes.readFloatLE(start) + ZERO;
    return OK;
  }
}

/** DOUBLE. */
export class DoubleDecoder implements ValueDecoder {
  readonly builder: Float64Builder;
  private readonly textual = new Float64Decoder();

  constructor() {
    this.builder = this.textual.builder;
  }

  text(bytes: Buffer, start: number, end: number, row: number): number {
    return this.textual.decode(bytes, start, end, row);
  }

  binary(bytes: Buffer, start: number, _end: number, row: number): number {
    this.builder.reserve(row);
    this.builder.values[row] = bytes.readDoubleLE(start) + ZERO;
    return OK;
  }
}
