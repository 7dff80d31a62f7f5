// Decoders of text, bytes, enums, sets, bits and geometry, and of all that is kept as the text that the server prints.
import { BytesBuilder, Int32Builder, ListBuilder } from '../../column/builder.ts';
import { MALFORMED, OK } from '../faults.ts';
import type { Utf8Converter } from './charsets.ts';
import type { ValueDecoder } from './value-decoder.ts';

const COMMA = 0x2c;

function append(builder: BytesBuilder, bytes: Uint8Array, row: number): number {
  builder.reserve(row);
  builder.append(bytes, 0, bytes.length);
  builder.endRow(row);
  return OK;
}

function appendRange(builder: BytesBuilder, bytes: Buffer, range: readonly [number, number], row: number): number {
  builder.reserve(row);
  builder.append(bytes, range[0], range[1]);
  builder.endRow(row);
  return OK;
}

/** Text; the log has it in the column's character set, a SELECT in UTF-8. */
export class TextDecoder implements ValueDecoder {
  readonly builder: BytesBuilder = new BytesBuilder();
  private readonly convert: Utf8Converter | null;

  /** `convert`: null where the column's bytes are UTF-8. */
  constructor(convert: Utf8Converter | null) {
    this.convert = convert;
  }

  text(bytes: Buffer, start: number, end: number, row: number): number {
    return appendRange(this.builder, bytes, [start, end], row);
  }

  binary(bytes: Buffer, start: number, end: number, row: number): number {
    if (this.convert === null) return appendRange(this.builder, bytes, [start, end], row);
    const converted = this.convert(bytes, start, end);
    return converted === null ? MALFORMED : append(this.builder, converted, row);
  }
}

/** Bytes as they are; BINARY(n) comes without its trailing zeros in the log. */
export class ByteDecoder implements ValueDecoder {
  readonly builder: BytesBuilder = new BytesBuilder();
  private readonly width: number;

  /** `width`: bytes of each value; 0 where they differ. */
  constructor(width: number) {
    this.width = width;
  }

  text(bytes: Buffer, start: number, end: number, row: number): number {
    return appendRange(this.builder, bytes, [start, end], row);
  }

  binary(bytes: Buffer, start: number, end: number, row: number): number {
    const { builder } = this;
    builder.reserve(row);
    builder.append(bytes, start, end);
    const missing = this.width - (end - start);
    if (missing > 0) {
      builder.room(missing);
      builder.bytes.fill(0, builder.size, builder.size + missing);
      builder.size += missing;
    }
    builder.endRow(row);
    return OK;
  }
}

/** BIT(1) as a boolean. */
export class BitDecoder implements ValueDecoder {
  readonly builder: Int32Builder = new Int32Builder();

  text(bytes: Buffer, start: number, end: number, row: number): number {
    return this.binary(bytes, start, end, row);
  }

  binary(bytes: Buffer, start: number, end: number, row: number): number {
    if (end - start !== 1 || bytes[start] > 1) return MALFORMED;
    this.builder.reserve(row);
    this.builder.values[row] = bytes[start];
    return OK;
  }
}

/** The values of an enum or set in UTF-8; null for one that its character set does not have. */
type Members = readonly (Uint8Array | null)[];

/** ENUM: the log has the number of the value, 0 for one that was refused and became empty. */
export class EnumDecoder implements ValueDecoder {
  readonly builder: BytesBuilder = new BytesBuilder();
  private readonly members: Members;

  constructor(members: Members) {
    this.members = members;
  }

  text(bytes: Buffer, start: number, end: number, row: number): number {
    return appendRange(this.builder, bytes, [start, end], row);
  }

  binary(bytes: Buffer, start: number, end: number, row: number): number {
    const number = bytes.readUIntLE(start, end - start);
    const member = number === 0 ? new Uint8Array() : this.members[number - 1];
    return member == null ? MALFORMED : append(this.builder, member, row);
  }
}

/**
 * SET: the log has a bit for each value, the first lowest. An empty value is left out: what the server prints does not
 * tell whether it is among the others.
 */
export class SetDecoder implements ValueDecoder {
  readonly builder: ListBuilder;
  private readonly element = new BytesBuilder();
  private readonly members: Members;

  constructor(members: Members) {
    this.members = members;
    this.builder = new ListBuilder(this.element);
  }

  /** Values of a set have no commas. */
  text(bytes: Buffer, start: number, end: number, row: number): number {
    this.builder.reserve(row);
    for (let at = start; at < end; ) {
      const comma = bytes.indexOf(COMMA, at);
      const stop = comma < 0 || comma > end ? end : comma;
      if (stop > at) appendRange(this.element, bytes, [at, stop], this.builder.nextElement());
      at = stop + 1;
    }
    this.builder.endRow(row);
    return OK;
  }

  binary(bytes: Buffer, start: number, end: number, row: number): number {
    this.builder.reserve(row);
    for (let bit = 0; bit < 8 * (end - start); bit++) {
      if (((bytes[start + (bit >> 3)] >> (bit & 7)) & 1) === 0) continue;
      const member = this.members[bit];
      if (member == null) return MALFORMED;
      if (member.length > 0) append(this.element, member, this.builder.nextElement());
    }
    this.builder.endRow(row);
    return OK;
  }
}

const SRID_SIZE = 4;
const HAS_SRID = 0x20;

/** Geometry as WKB; with a spatial reference system, as EWKB, which says which. The server has that before the WKB. */
export class GeometryDecoder implements ValueDecoder {
  readonly builder: BytesBuilder = new BytesBuilder();

  text(bytes: Buffer, start: number, end: number, row: number): number {
    return this.binary(bytes, start, end, row);
  }

  binary(bytes: Buffer, start: number, end: number, row: number): number {
    const wkb = start + SRID_SIZE;
    // All that a server stores is little-endian.
    if (end - wkb < 5 || bytes[wkb] !== 1) return MALFORMED;
    const { builder } = this;
    builder.reserve(row);
    if (bytes.readUInt32LE(start) === 0) builder.append(bytes, wkb, end);
    else {
      const head = Buffer.from(bytes.subarray(wkb, wkb + 5));
      head[4] |= HAS_SRID;
      builder.append(head, 0, head.length);
      builder.append(bytes, start, wkb);
      builder.append(bytes, wkb + 5, end);
    }
    builder.endRow(row);
    return OK;
  }
}

/** What is kept as the text that the server prints: the log's form is printed here. */
export class PrintedDecoder implements ValueDecoder {
  readonly builder: BytesBuilder = new BytesBuilder();
  private readonly print: (bytes: Buffer, start: number, end: number) => string;

  constructor(print: (bytes: Buffer, start: number, end: number) => string) {
    this.print = print;
  }

  text(bytes: Buffer, start: number, end: number, row: number): number {
    return appendRange(this.builder, bytes, [start, end], row);
  }

  binary(bytes: Buffer, start: number, end: number, row: number): number {
    return append(this.builder, Buffer.from(this.print(bytes, start, end), 'utf8'), row);
  }
}
