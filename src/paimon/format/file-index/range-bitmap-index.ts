// The index type `range-bitmap`: a sorted dictionary of the values in chunks, and each row's place in it as bit slices.
// Source: format notes 04 section 8 (RangeBitmap, ChunkedDictionary, BitSliceIndexBitmap).
import { type Cell, compareCells } from '../cell.ts';
import type { Literal } from '../condition.ts';
import type { ColumnIndex } from './column-index.ts';
import { damagedIndex } from './index-fault.ts';
import { BitSlices } from './bit-slices.ts';
import { type IndexValues, valueSize } from './index-value.ts';
import { orderedRows } from './ordered-index.ts';
import { RowSet } from './row-set.ts';

const VERSION = 1;

/** A `range-bitmap` index by its body; the rows that meet a condition, or null. Throws `E3230`, or RangeError where the bytes end early. */
export function openRangeBitmapIndex(body: Uint8Array, values: IndexValues, rowCount: number): ColumnIndex {
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  const headSize = view.getInt32(0);
  requireVersion(view.getInt8(4));
  if (view.getInt32(5) !== rowCount) throw damagedIndex(`index of ${view.getInt32(5)} rows instead of ${rowCount}`);
  const cardinality = view.getInt32(9);
  // The head ends with the dictionary's size, behind the least and greatest value.
  const dictionarySize = view.getInt32(4 + headSize - 4);
  const dictionaryAt = 4 + headSize;
  if (cardinality <= 0) {
    const none = RowSet.none(rowCount);
    return (condition) => orderedRows({ present: none, below: () => none }, condition);
  }
  const dictionary = new ChunkedDictionary(view, dictionaryAt, values);
  const slices = readSlices(view, dictionaryAt + dictionarySize, rowCount);
  const index = {
    present: slices.present,
    below: (literal: Literal, inclusive: boolean): RowSet =>
      slices.below(BigInt(dictionary.countBelow(literal, inclusive))),
  };
  return (condition) => orderedRows(index, condition);
}

function requireVersion(version: number): void {
  if (version !== VERSION) throw damagedIndex(`unknown version: ${version}`);
}

/** Some values of the dictionary: the first stands in the chunk's head, the others behind all chunks. */
interface Chunk {
  readonly first: Cell;
  /** The place of the first value in the whole dictionary. */
  readonly code: number;
  /** Values after the first. */
  readonly size: number;
  readonly valueAt: (index: number) => Cell;
}

class ChunkedDictionary {
  private readonly chunks: readonly Chunk[];

  constructor(view: DataView, at: number, values: IndexValues) {
    const headSize = view.getInt32(at);
    requireVersion(view.getInt8(at + 4));
    const count = view.getInt32(at + 5);
    const offsetsSize = view.getInt32(at + 9);
    const chunksSize = view.getInt32(at + 13);
    const offsetsAt = at + 4 + headSize;
    const chunksAt = offsetsAt + offsetsSize;
    if (count < 0 || 4 * count > offsetsSize) throw damagedIndex(`dictionary of ${count} chunks`);
    const place = { keysAt: chunksAt + chunksSize, values };
    this.chunks = Array.from({ length: count }, (_, index) =>
      readChunk(view, chunksAt + view.getInt32(offsetsAt + 4 * index), place),
    );
  }

  /** How many values of the dictionary are below the literal, or with `inclusive` equal to it. */
  countBelow(literal: Literal, inclusive: boolean): number {
    const isBelow = (value: Cell): boolean => compareCells(value, literal) < (inclusive ? 1 : 0);
    const chunkCount = countWhile(this.chunks.length, (index) => isBelow(this.chunks[index].first));
    if (chunkCount === 0) return 0;
    const { code, size, valueAt } = this.chunks[chunkCount - 1];
    return code + 1 + countWhile(size, (index) => isBelow(valueAt(index)));
  }
}

/** How many of `0 … count` pass a test that only the first ones pass. */
function countWhile(count: number, passes: (index: number) => boolean): number {
  let low = 0;
  let high = count;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (passes(middle)) low = middle + 1;
    else high = middle;
  }
  return low;
}

function readChunk(
  view: DataView,
  at: number,
  { keysAt, values }: { readonly keysAt: number; readonly values: IndexValues },
): Chunk {
  requireVersion(view.getInt8(at));
  const first = values.read(view, at + 1);
  const next = at + 1 + valueSize(values, first);
  const code = view.getInt32(next);
  const start = keysAt + view.getInt32(next + 4);
  const size = view.getInt32(next + 8);
  if (values.sizeBytes !== null) {
    const width = values.sizeBytes;
    return { first, code, size, valueAt: (index) => values.read(view, start + index * width) };
  }
  // Texts begin at offsets that stand before them.
  const textsAt = start + view.getInt32(next + 12);
  return { first, code, size, valueAt: (index) => values.read(view, textsAt + view.getInt32(start + 4 * index)) };
}

function readSlices(view: DataView, at: number, rowCount: number): BitSlices {
  const headSize = view.getInt32(at);
  requireVersion(view.getInt8(at + 4));
  const count = view.getInt8(at + 5);
  const presentSize = view.getInt32(at + 6);
  const offsetsAt = at + 14;
  const bodyAt = at + 4 + headSize;
  const slices: RowSet[] = [];
  for (let bit = 0; bit < count; bit++) {
    const offset = view.getInt32(offsetsAt + 8 * bit);
    slices.push(RowSet.read(view, bodyAt + presentSize + offset, rowCount).rows);
  }
  return new BitSlices(RowSet.read(view, bodyAt, rowCount).rows, slices);
}
