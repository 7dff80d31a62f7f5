// Reads Protocol Buffers messages of a file's metadata. Every length is checked: the bytes come from a file.
// Source: Protocol Buffers documentation, "Encoding".
import { corrupt } from '../file-fault.ts';

const VARINT = 0;
const FIXED64 = 1;
const BYTES = 2;
const FIXED32 = 5;
const VARINT_SIZE_MAX = 10;

/** A message by field numbers. Getters throw faults of `E3200` for values of another form. */
export class ProtobufMessage {
  private readonly fields = new Map<number, (number | Uint8Array)[]>();

  constructor(bytes: Uint8Array) {
    const cursor = { bytes, at: 0 };
    while (cursor.at < bytes.length) {
      const tag = varint(cursor);
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
      if (typeof value === 'number') numbers.push(value);
      else for (const cursor = { bytes: value, at: 0 }; cursor.at < value.length; ) numbers.push(varint(cursor));
    }
    return numbers;
  }

  messages(field: number): readonly ProtobufMessage[] {
    return (this.fields.get(field) ?? []).map((value) => {
      if (typeof value === 'number') throw corrupt('metadata has a number in place of a message');
      return new ProtobufMessage(value);
    });
  }
}

interface Cursor {
  readonly bytes: Uint8Array;
  at: number;
}

function textOf(value: number | Uint8Array): string {
  if (typeof value === 'number') throw corrupt('metadata has a number in place of a text');
  return Buffer.from(value).toString();
}

/** Numbers above 2^53 lose digits: those that are used are checked. */
function varint(cursor: Cursor): number {
  const { bytes } = cursor;
  let value = 0;
  for (let index = 0; index < VARINT_SIZE_MAX; index++) {
    if (cursor.at >= bytes.length) throw corrupt('metadata ends within a number');
    const byte = bytes[cursor.at++];
    value += (byte & 127) * 128 ** index;
    if (byte < 128) return value;
  }
  throw corrupt('metadata has a number that is too long');
}

function fieldValue(cursor: Cursor, wireType: number): number | Uint8Array {
  switch (wireType) {
    case VARINT:
      return varint(cursor);
    case FIXED64:
      return take(cursor, 8);
    case FIXED32:
      return take(cursor, 4);
    case BYTES:
      return take(cursor, varint(cursor));
    default:
      throw corrupt('metadata has a field of an unknown form');
  }
}

function take(cursor: Cursor, size: number): Uint8Array {
  if (size > cursor.bytes.length - cursor.at) throw corrupt('metadata ends within a field');
  cursor.at += size;
  return cursor.bytes.subarray(cursor.at - size, cursor.at);
}
