// The index type `bsi`: whole numbers as bit slices, those below zero apart. Source: format notes 04 section 8
// (BitSliceIndexBitmapFileIndex, BitSliceIndexRoaringBitmap).
import type { Literal } from '../condition.ts';
import type { ColumnIndex } from './column-index.ts';
import { damagedIndex } from './index-fault.ts';
import { BitSlices } from './bit-slices.ts';
import { orderedRows } from './ordered-index.ts';
import { RowSet } from './row-set.ts';

const VERSION = 1;
const SLICES_MAX = 64;

/** Numbers of one sign, from `min` on. */
interface Numbers {
  readonly min: bigint;
  readonly slices: BitSlices;
}

/** A `bsi` index by its body; the rows that meet a condition, or null. Throws `E3230`, or RangeError where the bytes end early. */
export function openBsiIndex(body: Uint8Array, rowCount: number): ColumnIndex {
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  if (view.getInt8(0) !== VERSION) throw damagedIndex(`unknown version: ${view.getInt8(0)}`);
  if (view.getInt32(1) !== rowCount) throw damagedIndex(`index of ${view.getInt32(1)} rows instead of ${rowCount}`);
  const positive = readSigned(view, 5, rowCount);
  const negative = readSigned(view, positive.end, rowCount);
  const index = {
    present: positive.numbers.slices.present.or(negative.numbers.slices.present),
    below: (literal: Literal, inclusive: boolean): RowSet => {
      const bound = BigInt(literal as number | bigint) + (inclusive ? 1n : 0n);
      if (bound > 0n) return negative.numbers.slices.present.or(magnitudesBelow(positive.numbers, bound));
      // Below a negative bound are the magnitudes above its own.
      return negative.numbers.slices.present.without(magnitudesBelow(negative.numbers, -bound + 1n));
    },
  };
  return (condition) => orderedRows(index, condition);
}

function magnitudesBelow({ min, slices }: Numbers, bound: bigint): RowSet {
  return slices.below(bound - min);
}

function readSigned(view: DataView, at: number, rowCount: number): { readonly numbers: Numbers; readonly end: number } {
  if (view.getInt8(at) === 0) return { numbers: { min: 0n, slices: BitSlices.empty(rowCount) }, end: at + 1 };
  if (view.getInt8(at + 1) !== VERSION) throw damagedIndex(`unknown version: ${view.getInt8(at + 1)}`);
  const min = view.getBigInt64(at + 2);
  const present = RowSet.read(view, at + 18, rowCount);
  const count = view.getInt32(present.end);
  if (count < 0 || count > SLICES_MAX) throw damagedIndex(`index of ${count} slices`);
  const slices: RowSet[] = [];
  let end = present.end + 4;
  for (let bit = 0; bit < count; bit++) {
    const slice = RowSet.read(view, end, rowCount);
    slices.push(slice.rows);
    end = slice.end;
  }
  return { numbers: { min, slices: new BitSlices(present.rows, slices) }, end };
}
