// Decoders of everything that stays text, and of bytea.
import { isUtf8 } from 'node:buffer';
import { BytesBuilder } from '../../column/builder.ts';
import type { ColumnDecoder } from '../text/column-decoder.ts';
import { INVALID_UTF8, MALFORMED, OK } from '../faults.ts';

const BACKSLASH = 0x5c;
const LETTER_X = 0x78;

/** Text as the server prints it. */
export class StringDecoder implements ColumnDecoder {
  readonly builder: BytesBuilder = new BytesBuilder();

  decode(bytes: Buffer, start: number, end: number, row: number): number {
    this.builder.reserve(row);
    this.builder.append(bytes, start, end);
    this.builder.endRow(row);
    return OK;
  }
}

/** Text of a database whose encoding is SQL_ASCII: it may hold any bytes, so each value is looked at. */
export class UncheckedStringDecoder implements ColumnDecoder {
  readonly builder: BytesBuilder = new BytesBuilder();

  decode(bytes: Buffer, start: number, end: number, row: number): number {
    if (!isUtf8(bytes.subarray(start, end))) return INVALID_UTF8;
    this.builder.reserve(row);
    this.builder.append(bytes, start, end);
    this.builder.endRow(row);
    return OK;
  }
}

// Value of each hexadecimal digit; 255 for every other byte.
const HEX = new Uint8Array(256).fill(255);
for (let value = 0; value < 16; value++) {
  HEX[value.toString(16).charCodeAt(0)] = value;
  HEX[value.toString(16).toUpperCase().charCodeAt(0)] = value;
}

/** bytea under bytea_output hex. */
export class HexDecoder implements ColumnDecoder {
  readonly builder: BytesBuilder = new BytesBuilder();

  decode(bytes: Buffer, start: number, end: number, row: number): number {
    const size = end - start;
    if (size < 2 || size % 2 !== 0 || bytes[start] !== BACKSLASH || bytes[start + 1] !== LETTER_X) return MALFORMED;
    const { builder } = this;
    builder.reserve(row);
    builder.room(size / 2 - 1);
    const into = builder.bytes;
    let to = builder.size;
    let wrong = 0;
    for (let at = start + 2; at < end; at += 2) {
      const high = HEX[bytes[at]];
      const low = HEX[bytes[at + 1]];
      wrong |= high | low;
      into[to++] = (high << 4) | low;
    }
    if (wrong > 15) return MALFORMED;
    builder.size = to;
    builder.endRow(row);
    return OK;
  }
}
