// Reads the page index of a column chunk: where its pages are, and what they hold. Source: parquet-format,
// "Parquet page index" and parquet.thrift (field numbers).
import type { FilePlace } from '../file-place.ts';
import { corrupt } from '../file-fault.ts';
import type { ChunkStatistics, ColumnChunk } from './parquet-format.ts';
import { readThrift } from './thrift-reader.ts';

/** Where a data page is, its header included. */
export interface PagePlace extends FilePlace {
  /** Its first row in the row group: pages of an indexed chunk begin with a row. */
  readonly firstRow: number;
}

/** What a page holds, in the form of a chunk's statistics. */
export interface PageStatistics extends ChunkStatistics {
  /** Whether every value is NULL. */
  readonly isNull: boolean;
}

/** The pages of a chunk in a row group of so many rows. Throws faults of `E3200`. */
export function readOffsetIndex(bytes: Uint8Array, chunk: ColumnChunk, rowCount: number): readonly PagePlace[] {
  const { struct } = readThrift(bytes, 0);
  const places = struct.structs(1).map((place) => ({
    offset: place.requiredCount(1),
    sizeBytes: place.requiredCount(2),
    firstRow: place.requiredCount(3),
  }));
  const start = chunkStart(chunk);
  let before: PagePlace = { offset: start, sizeBytes: 0, firstRow: 0 };
  for (const place of places) {
    if (place.offset < before.offset + before.sizeBytes || place.firstRow < before.firstRow)
      throw corrupt('an offset index is not in the order of the pages');
    before = place;
  }
  const isWhole = places[0]?.firstRow === 0 && before.firstRow <= rowCount;
  if (!isWhole || before.offset + before.sizeBytes > start + chunk.compressedBytes)
    throw corrupt('an offset index does not fit its column');
  return places;
}

/** Statistics of the pages. Throws faults of `E3200`. */
export function readColumnIndex(bytes: Uint8Array, pageCount: number): readonly PageStatistics[] {
  const { struct } = readThrift(bytes, 0);
  const isNull = struct.booleans(1);
  const mins = struct.byteStrings(2);
  const maxs = struct.byteStrings(3);
  const nullCounts = struct.numbers(5);
  const hasAll = [isNull, mins, maxs].every(({ length }) => length === pageCount);
  if (!hasAll || (nullCounts.length !== 0 && nullCounts.length !== pageCount))
    throw corrupt('a column index has another number of pages than its column');
  return isNull.map((allNull, page) => ({
    isNull: allNull,
    min: allNull ? null : mins[page],
    max: allNull ? null : maxs[page],
    nullCount: nullCounts[page] ?? null,
  }));
}

/** Where a chunk begins: some writers leave 0 where there is no dictionary page. */
export function chunkStart({ dictionaryPageOffset, dataPageOffset }: ColumnChunk): number {
  const dictionaryAt = dictionaryPageOffset ?? 0;
  return dictionaryAt > 0 ? Math.min(dictionaryAt, dataPageOffset) : dataPageOffset;
}

/** The number of the page that has the row: the last that begins at it or before. */
export function pageOfRow(pages: readonly PagePlace[], row: number): number {
  let low = 0;
  let high = pages.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (pages[middle].firstRow <= row) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** Rows of a page in a row group of `rowCount`. */
export function pageRows(pages: readonly PagePlace[], page: number, rowCount: number): number {
  return (pages[page + 1]?.firstRow ?? rowCount) - pages[page].firstRow;
}
