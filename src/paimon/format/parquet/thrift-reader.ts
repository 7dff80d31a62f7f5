// Reads Thrift's compact protocol into plain structs. Every length is checked: the bytes come from a file.
import { corrupt, FileFault } from '../file-fault.ts';

type ThriftValue = boolean | number | Uint8Array | ThriftStruct | readonly ThriftValue[];

const DEPTH_MAX = 32;

/** The bytes end within the struct: more of them may help. */
export class TruncatedThrift extends FileFault {
  constructor() {
    super('E3200', 'a thrift struct ends early');
  }
}

/** A struct by field ids. Getters return null for an absent field and throw `E3200` for one of another type. */
export class ThriftStruct {
  private readonly fields: ReadonlyMap<number, ThriftValue>;

  constructor(fields: ReadonlyMap<number, ThriftValue>) {
    this.fields = fields;
  }

  number(id: number): number | null {
    const value = this.fields.get(id);
    if (value === undefined) return null;
    if (typeof value !== 'number') throw mistyped(id);
    return value;
  }

  requiredNumber(id: number): number {
    return present(this.number(id), id);
  }

  /** A count, size or offset: never negative. */
  requiredCount(id: number): number {
    const value = this.requiredNumber(id);
    if (value < 0) throw corrupt(`negative count in thrift field ${id}`);
    return value;
  }

  boolean(id: number): boolean | null {
    const value = this.fields.get(id);
    if (value === undefined) return null;
    if (typeof value !== 'boolean') throw mistyped(id);
    return value;
  }

  bytes(id: number): Uint8Array | null {
    const value = this.fields.get(id);
    if (value === undefined) return null;
    if (!(value instanceof Uint8Array)) throw mistyped(id);
    return value;
  }

  text(id: number): string | null {
    const bytes = this.bytes(id);
    return bytes === null ? null : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8');
  }

  struct(id: number): ThriftStruct | null {
    const value = this.fields.get(id);
    if (value === undefined) return null;
    if (!(value instanceof ThriftStruct)) throw mistyped(id);
    return value;
  }

  requiredStruct(id: number): ThriftStruct {
    return present(this.struct(id), id);
  }

  structs(id: number): readonly ThriftStruct[] {
    return this.list(id).map((element) => {
      if (!(element instanceof ThriftStruct)) throw mistyped(id);
      return element;
    });
  }

  numbers(id: number): readonly number[] {
    return this.list(id).map((element) => {
      if (typeof element !== 'number') throw mistyped(id);
      return element;
    });
  }

  booleans(id: number): readonly boolean[] {
    return this.list(id).map((element) => {
      if (typeof element !== 'boolean') throw mistyped(id);
      return element;
    });
  }

  byteStrings(id: number): readonly Uint8Array[] {
    return this.list(id).map((element) => {
      if (!(element instanceof Uint8Array)) throw mistyped(id);
      return element;
    });
  }

  private list(id: number): readonly ThriftValue[] {
    const value = this.fields.get(id);
    if (value === undefined) return [];
    if (!Array.isArray(value)) throw mistyped(id);
    return value as readonly ThriftValue[];
  }
}

function mistyped(id: number): FileFault {
  return corrupt(`thrift field ${id} has another type`);
}

function present<Value>(value: Value | null, id: number): Value {
  if (value === null) throw corrupt(`thrift field ${id} is not there`);
  return value;
}

/** Reads the struct that begins at `offset`; `end` is the offset behind it. */
export function readThrift(bytes: Uint8Array, offset: number): { readonly struct: ThriftStruct; readonly end: number } {
  const reader = new CompactReader(bytes, offset);
  const struct = reader.struct(0);
  return { struct, end: reader.offset };
}

class CompactReader {
  offset: number;
  private readonly bytes: Uint8Array;
  private readonly view: DataView;

  constructor(bytes: Uint8Array, offset: number) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.offset = offset;
  }

  struct(depth: number): ThriftStruct {
    if (depth > DEPTH_MAX) throw corrupt('thrift structs are nested too deep');
    const fields = new Map<number, ThriftValue>();
    let lastId = 0;
    for (;;) {
      const head = this.byte();
      if (head === 0) return new ThriftStruct(fields);
      const step = head >> 4;
      lastId = step === 0 ? this.zigzag() : lastId + step;
      const type = head & 15;
      fields.set(lastId, type === 1 || type === 2 ? type === 1 : this.value(type, depth));
    }
  }

  private value(type: number, depth: number): ThriftValue {
    switch (type) {
      case 1:
      case 2:
        return this.byte() === 1;
      case 3:
        return (this.byte() << 24) >> 24;
      case 4:
      case 5:
      case 6:
        return this.zigzag();
      case 7:
        this.need(8);
        this.offset += 8;
        return this.view.getFloat64(this.offset - 8, true);
      case 8:
        return this.binary();
      case 9:
      case 10:
        return this.list(depth);
      case 12:
        return this.struct(depth + 1);
      default:
        throw corrupt(`unknown thrift type ${type}`);
    }
  }

  private list(depth: number): readonly ThriftValue[] {
    const head = this.byte();
    const count = head >> 4 === 15 ? this.unsigned() : head >> 4;
    // Every element takes at least one byte.
    this.need(count);
    const elements: ThriftValue[] = [];
    for (let index = 0; index < count; index++) elements.push(this.value(head & 15, depth + 1));
    return elements;
  }

  private binary(): Uint8Array {
    const size = this.unsigned();
    this.need(size);
    this.offset += size;
    return this.bytes.subarray(this.offset - size, this.offset);
  }

  private need(count: number): void {
    if (this.offset + count > this.bytes.length) throw new TruncatedThrift();
  }

  private byte(): number {
    this.need(1);
    return this.bytes[this.offset++];
  }

  /** Numbers of 2^53 and more are refused: nothing in a footer that we use is that large. */
  private unsigned(): number {
    let value = 0;
    let scale = 1;
    for (;;) {
      const byte = this.byte();
      value += (byte & 127) * scale;
      if (byte < 128) break;
      scale *= 128;
      if (scale > 2 ** 63) throw corrupt('a thrift number is too long');
    }
    return value;
  }

  private zigzag(): number {
    const value = this.unsigned();
    if (value > Number.MAX_SAFE_INTEGER) throw corrupt('a thrift number is out of range');
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }
}
