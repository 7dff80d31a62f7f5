// Bytes being written, numbers big-endian: what file indexes are made of.
import type { Cell } from '../cell.ts';
import { type IndexValues, valueSize } from './index-value.ts';

const SIZE_MIN = 256;

/** Grows as it is written to. */
export class BigEndianBytes {
  private bytes = new Uint8Array(SIZE_MIN);
  private view = new DataView(this.bytes.buffer);
  private size = 0;

  get length(): number {
    return this.size;
  }

  int8(value: number): this {
    const at = this.grow(1);
    this.view.setInt8(at, value);
    return this;
  }

  int32(value: number): this {
    const at = this.grow(4);
    this.view.setInt32(at, value);
    return this;
  }

  int64(value: bigint): this {
    const at = this.grow(8);
    this.view.setBigInt64(at, value);
    return this;
  }

  value(values: IndexValues, value: Cell): this {
    const at = this.grow(valueSize(values, value));
    values.write(this.view, at, value);
    return this;
  }

  append(bytes: Uint8Array): this {
    const at = this.grow(bytes.length);
    this.bytes.set(bytes, at);
    return this;
  }

  /** What was written; shares memory with the buffer. */
  written(): Uint8Array {
    return this.bytes.subarray(0, this.size);
  }

  /** Makes room; gives where it is. */
  private grow(sizeBytes: number): number {
    const at = this.size;
    this.size += sizeBytes;
    if (this.size > this.bytes.length) {
      const larger = new Uint8Array(Math.max(2 * this.bytes.length, this.size));
      larger.set(this.bytes.subarray(0, at));
      this.bytes = larger;
      this.view = new DataView(larger.buffer);
    }
    return at;
  }
}
