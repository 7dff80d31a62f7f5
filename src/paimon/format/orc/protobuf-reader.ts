// Reads Protocol Buffers messages of a file's metadata. Every length is checked: the bytes come from a file.
// Source: Protocol Buffers documentation, "Encoding".
import { corrupt } from '../file-fault.ts';

const VARINT = 0;
const FIXED64 = 1;
const BYTES = 2;
const FIXED32 = 5;
const VARINT_SIZE_MAX = 10;

/** Numbers above 2^53 are BigInts. */
type FieldValue = number | bigint | Uint8Array;

/** A message by field numbers. Getters throw faults of `E3200` for values of another form. */
export class ProtobufMessage {
  private readonly fields = new Map<number, FieldValue[]>();

  constructor(bytes: Uint8Array) {
    const cursor = { bytes, at: 0 };
    while (cursor.at < bytes.length) {
      const tag = Number(varint(cursor));
      const value = fieldValue(cursor, tag % 8);
      const field = Math.floor(tag / 8);
      const values = this.fields.get(field);
      if (values === undefined) this.fields.set(field, [value]);
      else values.push(value);
    }
  }

  /** A whole number; `absent` where the field is not there. */
  number(field: number, absent = 0): number {
    const value = this.fields.get(field)?.at(-1) ?? absent;
    if (typeof value !== 'number' || !Number.isSafeInteger(value)) throw corrupt('metadata has a number out of range');
    return value;
  }

  has(field: number): boolean {
    return this.fields.has(field);
  }

  /** A whole number with a sign; null where the field is not there. */
  signed(field: number): bigint | null {
    const value = this.fields.get(field)?.at(-1);
    if (value === undefined) return null;
    if (value instanceof Uint8Array) throw corrupt('metadata has bytes in place of a number');
    const zigzag = BigInt(value);
    return BigInt.asIntN(64, (zigzag >> 1n) ^ -(zigzag & 1n));
  }

  /** A floating-point number; null where the field is not there. */
  double(field: number): number | null {
    const value = this.bytes(field);
    if (value === null) return null;
    if (value.length !== 8) throw corrupt('metadata has another value in place of a number of 64 bits');
    return new DataView(value.buffer, value.byteOffset, 8).getFloat64(0, true);
  }

  /** Bytes; null where the field is not there. */
  bytes(field: number): Uint8Array | null {
    const value = this.fields.get(field)?.at(-1);
    if (value === undefined) return null;
    if (!(value instanceof Uint8Array)) throw corrupt('metadata has a number in place of bytes');
    return value;
  }

  text(field: number): string {
    const value = this.fields.get(field)?.at(-1);
    return value === undefined ? '' : textOf(value);
  }

  texts(field: number): readonly string[] {
    return (this.fields.get(field) ?? []).map(textOf);
  }

  /** Numbers, packed or one by one. */
  numbers(field: number): readonly number[] {
    const numbers: number[] = [];
    for (const value of this.fields.get(field) ?? []) {
      if (!(value instanceof Uint8Array)) numbers.push(Number(value));
      else
        for (const cursor = { bytes: value, at: 0 }; cursor.at < value.length; ) numbers.push(Number(varint(cursor)));
    }
    return numbers;
  }

  messages(field: number): readonly ProtobufMessage[] {
    return (this.fields.get(field) ?? []).map((value) => {
      if (!(value instanceof Uint8Array)) throw corrupt('metadata has a number in place of a message');
      return new ProtobufMessage(value);
    });
  }
}

interface Cursor {
  readonly bytes: Uint8Array;
  at: number;
}

function textOf(value: FieldValue): string {
  if (!(value instanceof Uint8Array)) throw corrupt('metadata has a number in place of a text');
  return Buffer.from(value).toString();
}

function varint(cursor: Cursor): number | bigint {
  const { bytes, at: start } = cursor;
  let value = 0;
  for (let index = 0; index < VARINT_SIZE_MAX; index++) {
    if (cursor.at >= bytes.length) throw corrupt('metadata ends within a number');
    const byte = bytes[cursor.at++];
    value += (byte & 127) * 128 ** index;
    if (byte < 128) return value <= Number.MAX_SAFE_INTEGER ? value : longVarint(bytes.subarray(start, cursor.at));
  }
  throw corrupt('metadata has a number that is too long');
}

function longVarint(bytes: Uint8Array): bigint {
  return bytes.reduceRight((value, byte) => (value << 7n) | BigInt(byte & 127), 0n);
}

function fieldValue(cursor: Cursor, wireType: number): FieldValue {
  switch (wireType) {
    case VARINT:
      return varint(cursor);
    case FIXED64:
      return take(cursor, 8);
    case FIXED32:
      return take(cursor, 4);
    case BYTES:
      return take(cursor, Number(varint(cursor)));
    default:
      throw corrupt('metadata has a field of an unknown form');
  }
}

function take(cursor: Cursor, size: number): Uint8Array {
  if (size > cursor.bytes.length - cursor.at) throw corrupt('metadata ends within a field');
  cursor.at += size;
  return cursor.bytes.subarray(cursor.at - size, cursor.at);
}
