// Writes the index type `range-bitmap`: a sorted dictionary of the values in chunks, and each row's place in it as bit
// slices. Source: format notes 04 section 8 (RangeBitmap, ChunkedDictionary, BitSliceIndexBitmap).
import type { Vector } from '../../../column/vector.ts';
import type { DataType } from '../../schema/data-type.ts';
import { type Cell, compareCells } from '../cell.ts';
import type { RowRange } from '../column-statistics.ts';
import { writeRoaring } from '../roaring.ts';
import { BigEndianBytes } from './big-endian-bytes.ts';
import { DistinctValues } from './distinct-values.ts';
import type { IndexBuilder } from './index-builder.ts';
import { type IndexValues, valueSize } from './index-value.ts';
import { bitCount, sliceRows } from './slice-rows.ts';

const VERSION = 1;
/** Of a column without values, as the reference counts them. */
const SLICES_OF_NONE = 64;

/** How a range-bitmap index is written. */
export interface RangeBitmapSettings {
  /** The type of the values, and how an index holds them. */
  readonly type: DataType;
  readonly values: IndexValues;
  /** `chunk-size`: bytes of the values of a chunk after its first. */
  readonly chunkSizeBytes: number;
}

export class RangeBitmapWriter implements IndexBuilder {
  private readonly settings: RangeBitmapSettings;
  private readonly distinct: DistinctValues;

  constructor(settings: RangeBitmapSettings) {
    this.settings = settings;
    this.distinct = new DistinctValues(settings.type);
  }

  add(vector: Vector, rows: RowRange): void {
    this.distinct.add(vector, rows);
  }

  finish(): Uint8Array {
    const { cells, rowCount } = this.distinct;
    const { values } = this.settings;
    const numbers = cells.map((_, number) => number).sort((a, b) => compareCells(cells[a], cells[b]));
    const sorted = numbers.map((number) => cells[number]);
    const bounds = new BigEndianBytes();
    if (sorted.length > 0) bounds.value(values, sorted[0]).value(values, sorted[sorted.length - 1]);
    const dictionary = dictionaryBytes(sorted, this.settings);
    const bytes = new BigEndianBytes();
    bytes.int32(1 + 4 + 4 + bounds.length + 4);
    bytes.int8(VERSION).int32(rowCount).int32(sorted.length).append(bounds.written()).int32(dictionary.length);
    return bytes.append(dictionary).append(this.sliceBytes(numbers)).written();
  }

  /** Each row's code, which is the place of its value, bit by bit. */
  private sliceBytes(numbers: readonly number[]): Uint8Array {
    const rowsByValue = this.distinct.rowsByValue();
    const codes = new Int32Array(this.distinct.rowCount).fill(-1);
    for (const [code, number] of numbers.entries()) for (const row of rowsByValue[number]) codes[row] = code;
    const rows = new Uint32Array(codes.length).map((_, row) => row).filter((row) => codes[row] >= 0);
    const sliceCount = numbers.length === 0 ? SLICES_OF_NONE : Math.max(1, bitCount(BigInt(numbers.length - 1)));
    const present = writeRoaring(rows);
    const places = new BigEndianBytes();
    const slices = new BigEndianBytes();
    for (let bit = 0; bit < sliceCount; bit++) {
      const slice = writeRoaring(sliceRows(rows, (index) => bit < 32 && ((codes[rows[index]] >>> bit) & 1) === 1));
      places.int32(slices.length).int32(slice.length);
      slices.append(slice);
    }
    const bytes = new BigEndianBytes();
    bytes
      .int32(1 + 1 + 4 + 4 + places.length)
      .int8(VERSION)
      .int8(sliceCount);
    bytes.int32(present.length).int32(places.length).append(places.written());
    return bytes.append(present).append(slices.written()).written();
  }
}

/** Values of one chunk: the first in its head, the others behind all chunks. */
interface Chunk {
  readonly first: Cell;
  readonly code: number;
  readonly others: Cell[];
}

function dictionaryBytes(sorted: readonly Cell[], settings: RangeBitmapSettings): Uint8Array {
  const offsets = new BigEndianBytes();
  const heads = new BigEndianBytes();
  const keys = new BigEndianBytes();
  const chunks = chunksOf(sorted, settings);
  for (const chunk of chunks) {
    offsets.int32(heads.length);
    writeChunk(chunk, settings.values, { heads, keys });
  }
  const bytes = new BigEndianBytes();
  bytes
    .int32(1 + 4 + 4 + 4)
    .int8(VERSION)
    .int32(chunks.length)
    .int32(offsets.length)
    .int32(heads.length);
  return bytes.append(offsets.written()).append(heads.written()).append(keys.written()).written();
}

function chunksOf(sorted: readonly Cell[], { values, chunkSizeBytes }: RangeBitmapSettings): readonly Chunk[] {
  const chunks: Chunk[] = [];
  let leftBytes = 0;
  // The places of texts take as much room as there is for texts.
  let leftPlaces = 0;
  for (const [code, value] of sorted.entries()) {
    const sizeBytes = valueSize(values, value);
    const chunk = chunks.at(-1);
    if (chunk === undefined || sizeBytes > leftBytes || leftPlaces < 1) {
      chunks.push({ first: value, code, others: [] });
      leftBytes = chunkSizeBytes;
      leftPlaces = values.sizeBytes === null ? Math.floor(chunkSizeBytes / 4) : Number.POSITIVE_INFINITY;
    } else {
      chunk.others.push(value);
      leftBytes -= sizeBytes;
      leftPlaces--;
    }
  }
  return chunks;
}

function writeChunk(
  { first, code, others }: Chunk,
  values: IndexValues,
  { heads, keys }: { readonly heads: BigEndianBytes; readonly keys: BigEndianBytes },
): void {
  const places = new BigEndianBytes();
  const content = new BigEndianBytes();
  for (const value of others) {
    places.int32(content.length);
    content.value(values, value);
  }
  heads.int8(VERSION).value(values, first).int32(code).int32(keys.length).int32(others.length);
  if (values.sizeBytes === null) {
    heads.int32(places.length).int32(content.length);
    keys.append(places.written());
  } else heads.int32(content.length).int32(values.sizeBytes);
  keys.append(content.written());
}
