// Writes Thrift's compact protocol: the page headers and the footer of a Parquet file.
import { ByteBuffer } from './byte-buffer.ts';

const TRUE = 1;
const FALSE = 2;
const BYTE = 3;
const I32 = 5;
const I64 = 6;
const BINARY = 8;
const LIST = 9;
const STRUCT = 12;

/** Element types of a list. */
export const LIST_OF_BOOLEAN: number = TRUE;
export const LIST_OF_I32: number = I32;
export const LIST_OF_I64: number = I64;
export const LIST_OF_BINARY: number = BINARY;
export const LIST_OF_STRUCT: number = STRUCT;

/** Writes one struct: fields in ascending order of id, then `end` for each `begin`. */
export class ThriftWriter {
  private readonly out = new ByteBuffer();
  private readonly outer: number[] = [];
  private lastId = 0;

  private field(id: number, type: number): void {
    const step = id - this.lastId;
    if (step > 0 && step < 16) this.out.byte((step << 4) | type);
    else {
      this.out.byte(type);
      this.zigzag(id);
    }
    this.lastId = id;
  }

  /** A bare number: an element of a list of i32 or i64. */
  zigzag(value: number): void {
    this.out.unsigned(value >= 0 ? value * 2 : -value * 2 - 1);
  }

  i32(id: number, value: number): void {
    this.field(id, I32);
    this.zigzag(value);
  }

  i64(id: number, value: number): void {
    this.field(id, I64);
    this.zigzag(value);
  }

  i8(id: number, value: number): void {
    this.field(id, BYTE);
    this.out.byte(value);
  }

  bool(id: number, value: boolean): void {
    this.field(id, value ? TRUE : FALSE);
  }

  bytes(id: number, value: Uint8Array): void {
    this.field(id, BINARY);
    this.bareBytes(value);
  }

  text(id: number, value: string): void {
    this.bytes(id, Buffer.from(value, 'utf8'));
  }

  /** A bare string: an element of a list of binary. */
  bareText(value: string): void {
    this.bareBytes(Buffer.from(value, 'utf8'));
  }

  /** Bare bytes: an element of a list of binary. */
  bareBytes(value: Uint8Array): void {
    this.out.unsigned(value.length);
    this.out.append(value);
  }

  /** A bare boolean: an element of a list of booleans. */
  bareBoolean(value: boolean): void {
    this.out.byte(value ? TRUE : FALSE);
  }

  list(id: number, elementType: number, count: number): void {
    this.field(id, LIST);
    if (count < 15) this.out.byte((count << 4) | elementType);
    else {
      this.out.byte(0xf0 | elementType);
      this.out.unsigned(count);
    }
  }

  /** Begins a struct: field `id`, or an element of a list. */
  begin(id?: number): void {
    if (id !== undefined) this.field(id, STRUCT);
    this.outer.push(this.lastId);
    this.lastId = 0;
  }

  end(): void {
    this.out.byte(0);
    this.lastId = this.outer.pop() ?? 0;
  }

  /** A struct without fields. */
  empty(id: number): void {
    this.begin(id);
    this.end();
  }

  /** The bytes written; a view, valid until the next write. */
  view(): Uint8Array {
    return this.out.view();
  }

  /** Starts again empty. */
  clear(): void {
    this.out.clear();
    this.outer.length = 0;
    this.lastId = 0;
  }
}
