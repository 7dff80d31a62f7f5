// A growing buffer of bytes, reused from page to page and, once it is released, from file to file.
import { giveBuffer, takeBuffer } from './spare-buffers.ts';

const LEAST_SPARE_BYTES = 4096;

/** Bytes `0 … size` of `bytes` are written; `bytes` is replaced when it grows. */
export class ByteBuffer {
  bytes: Uint8Array<ArrayBuffer>;
  size = 0;

  constructor(capacity = 256) {
    this.bytes = new Uint8Array(capacity);
  }

  /** Makes room for `count` more bytes. */
  room(count: number): void {
    const needed = this.size + count;
    if (needed <= this.bytes.length) return;
    const sizeBytes = Math.max(needed, this.bytes.length * 2);
    const grown = sizeBytes < LEAST_SPARE_BYTES ? new Uint8Array(sizeBytes) : new Uint8Array(takeBuffer(sizeBytes));
    grown.set(this.bytes.subarray(0, this.size));
    giveBuffer(this.bytes.buffer);
    this.bytes = grown;
  }

  /** Gives its memory back, and with it all views. */
  release(): void {
    giveBuffer(this.bytes.buffer);
    this.bytes = new Uint8Array(0);
    this.size = 0;
  }

  byte(value: number): void {
    this.room(1);
    this.bytes[this.size++] = value;
  }

  /** An unsigned LEB128 number, up to 2^53. */
  unsigned(value: number): void {
    this.room(10);
    let rest = value;
    while (rest > 127) {
      this.bytes[this.size++] = (rest % 128) | 128;
      rest = Math.floor(rest / 128);
    }
    this.bytes[this.size++] = rest;
  }

  int32(value: number): void {
    this.room(4);
    const { bytes, size } = this;
    bytes[size] = value;
    bytes[size + 1] = value >>> 8;
    bytes[size + 2] = value >>> 16;
    bytes[size + 3] = value >>> 24;
    this.size += 4;
  }

  append(source: Uint8Array): void {
    this.room(source.length);
    this.bytes.set(source, this.size);
    this.size += source.length;
  }

  /** What is written so far: a view, valid until the next write. */
  view(): Uint8Array {
    return this.bytes.subarray(0, this.size);
  }

  clear(): void {
    this.size = 0;
  }
}
