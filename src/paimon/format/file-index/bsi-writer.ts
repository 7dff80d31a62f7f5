// Writes the index type `bsi`: whole numbers as bit slices, those below zero apart. Source: format notes 04 section 8
// (BitSliceIndexBitmapFileIndex, BitSliceIndexRoaringBitmap).
import { PRESENT, type Vector } from '../../../column/vector.ts';
import type { RowRange } from '../column-statistics.ts';
import { writeRoaring } from '../roaring.ts';
import { BigEndianBytes } from './big-endian-bytes.ts';
import { bitCount, sliceRows } from './slice-rows.ts';
import type { IndexBuilder } from './index-builder.ts';

const VERSION = 1;
const LONG_MIN = -(2n ** 63n);
const ROWS_MIN = 1024;

/** Rows of one sign with what their values are without it. */
interface Magnitudes {
  readonly rows: Uint32Array;
  readonly values: BigUint64Array;
}

export class BsiWriter implements IndexBuilder {
  private values = new BigInt64Array(ROWS_MIN);
  private present = new Uint8Array(ROWS_MIN);
  private rowCount = 0;

  add(vector: Vector, { order, from, to }: RowRange): void {
    this.reserve(to - from);
    const { validity } = vector;
    for (let index = from; index < to; index++) {
      const row = order === null ? index : order[index];
      const isPresent = validity === null || validity[row] === PRESENT;
      if (isPresent) this.setValue(vector, row);
      this.present[this.rowCount++] = Number(isPresent);
    }
  }

  finish(): Uint8Array | null {
    // Its magnitude is no 64-bit number; the reference fails at it.
    if (this.values.subarray(0, this.rowCount).includes(LONG_MIN)) return null;
    const bytes = new BigEndianBytes();
    bytes.int8(VERSION).int32(this.rowCount);
    writeMagnitudes(bytes, this.magnitudes(false));
    writeMagnitudes(bytes, this.magnitudes(true));
    return bytes.written();
  }

  private setValue(vector: Vector, row: number): void {
    if (vector.kind === 'i32') this.values[this.rowCount] = BigInt(vector.values[row]);
    else if (vector.kind === 'i64') {
      // The halves are copied as they are: low, high.
      const halves = new Int32Array(this.values.buffer, 8 * this.rowCount, 2);
      halves[0] = vector.values[2 * row];
      halves[1] = vector.values[2 * row + 1];
    }
  }

  private magnitudes(isNegative: boolean): Magnitudes {
    const rows: number[] = [];
    for (let row = 0; row < this.rowCount; row++) {
      if (this.present[row] === 1 && this.values[row] < 0n === isNegative) rows.push(row);
    }
    const values = BigUint64Array.from(rows, (row) => (isNegative ? -this.values[row] : this.values[row]));
    return { rows: Uint32Array.from(rows), values };
  }

  private reserve(count: number): void {
    if (this.rowCount + count <= this.present.length) return;
    const length = Math.max(2 * this.present.length, this.rowCount + count);
    const [values, present] = [new BigInt64Array(length), new Uint8Array(length)];
    values.set(this.values.subarray(0, this.rowCount));
    present.set(this.present.subarray(0, this.rowCount));
    this.values = values;
    this.present = present;
  }
}

function writeMagnitudes(bytes: BigEndianBytes, { rows, values }: Magnitudes): void {
  bytes.int8(Number(rows.length > 0));
  if (rows.length === 0) return;
  // The reference begins both bounds at 0, whatever the values.
  const max = values.reduce((greatest, value) => (value > greatest ? value : greatest), 0n);
  bytes.int8(VERSION).int64(0n).int64(max).append(writeRoaring(rows)).int32(bitCount(max));
  // Bits of the halves, low and high: with a BigInt for each the slices of a million rows took five seconds.
  const halves = new Uint32Array(values.buffer);
  for (let bit = 0; bit < bitCount(max); bit++) {
    const half = bit >>> 5;
    bytes.append(writeRoaring(sliceRows(rows, (index) => ((halves[2 * index + half] >>> (bit & 31)) & 1) === 1)));
  }
}
