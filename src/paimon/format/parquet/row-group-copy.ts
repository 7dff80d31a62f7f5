// Row groups taken over from another file as they are stored: their bytes are moved, what the footer says of places and
// bounds is made to fit. A compaction that only puts small files together neither decodes nor compresses anything so.
import { isDeepStrictEqual } from 'node:util';
import type { RangeSource } from '../data-file.ts';
import { fetchExactly, fetchPlaces } from '../fetch-places.ts';
import type { FilePlace } from '../file-place.ts';
import { type BoundOrder, type ColumnBounds, boundOfPlain, boundOrder } from './column-bounds.ts';
import type { EndedChunk, LeafTotals } from './leaf-writer.ts';
import { chunkStart, readOffsetIndex } from './page-index.ts';
import { offsetIndexBytes } from './page-index-writer.ts';
import {
  type ColumnChunk,
  type FileMetadata,
  type GroupNode,
  type LeafNode,
  leavesOf,
  type RowGroup,
} from './parquet-format.ts';

/** Bytes moved at a time. */
const WINDOW_BYTES = 4 * 1024 * 1024;
/** A row group with less than this part of what one may hold is written again, so that row groups do not get ever smaller. */
const LEAST_PART = 1 / 4;

/** What the file that takes row groups over is like. */
export interface CopyTarget {
  readonly schema: GroupNode;
  /** Who writes it: of files of others it is not known how exact their bounds are. */
  readonly createdBy: string;
  readonly codec: number;
  readonly rowGroupRows: number;
  readonly rowGroupBytes: number;
}

/** Whether rows, or bytes before compression, make a row group that is worth keeping. */
export function isLargeGroup(
  { rowCount, uncompressedBytes }: { readonly rowCount: number; readonly uncompressedBytes: number },
  { rowGroupRows, rowGroupBytes }: Pick<CopyTarget, 'rowGroupRows' | 'rowGroupBytes'>,
): boolean {
  return rowCount >= rowGroupRows * LEAST_PART || uncompressedBytes >= rowGroupBytes * LEAST_PART;
}

/** Whether the target could have written the row groups itself: all large but the last, of its columns, codec and bounds. */
export function canCopy({ schema, createdBy, rowGroups }: FileMetadata, target: CopyTarget): boolean {
  if (createdBy !== target.createdBy || !isDeepStrictEqual(schema.children, target.schema.children)) return false;
  const leaves = leavesOf(schema);
  const smallCount = rowGroups.filter((group) => !isLargeGroup(group, target)).length;
  if (rowGroups.length === 0 || smallCount > (rowGroups.length > 1 ? 1 : 0)) return false;
  return rowGroups.every(
    (group) => isContiguous(group) && group.columns.every((chunk, leaf) => hasTotals(chunk, leaves[leaf], target)),
  );
}

function isContiguous({ columns }: RowGroup): boolean {
  return columns.every((chunk, at) => {
    const next = columns[at + 1];
    return next === undefined || chunkStart(chunk) + chunk.compressedBytes === chunkStart(next);
  });
}

function hasTotals(chunk: ColumnChunk, leaf: LeafNode, { codec }: CopyTarget): boolean {
  return chunk.codec === codec && totalsOf(chunk, leaf) !== null;
}

/** What a chunk adds to the totals of its leaf; null where its statistics do not say it exactly. */
export function totalsOf({ statistics, valueCount }: ColumnChunk, leaf: LeafNode): LeafTotals | null {
  const nullCount = statistics?.nullCount ?? null;
  if (statistics === null || nullCount === null) return null;
  const order = boundOrder(leaf);
  if (order === 'none' || nullCount === valueCount) return { nullCount, bounds: null };
  const bounds = exactBounds(order, statistics.min, statistics.max);
  return bounds === null ? null : { nullCount, bounds };
}

function exactBounds(order: BoundOrder, min: Uint8Array | null, max: Uint8Array | null): ColumnBounds | null {
  const least = min === null ? null : boundOfPlain(order, min);
  const greatest = max === null ? null : boundOfPlain(order, max);
  if (least === null || greatest === null) return null;
  // A zero stands for both zeros of floats: see `plainBounds`.
  const isFloat = order === 'f32' || order === 'f64';
  return isFloat && (least === 0 || greatest === 0) ? null : { min: least, max: greatest };
}

/** Where the chunks of a row group are, which stand one after the other. */
export function placeOfGroup({ columns }: RowGroup): FilePlace {
  const offset = chunkStart(columns[0]);
  return { offset, sizeBytes: columns.reduce((sum, chunk) => sum + chunk.compressedBytes, 0) };
}

/** The bytes of a place, some MiB at a time. Throws faults of `E3200`. */
export async function* bytesOf(source: RangeSource, { offset, sizeBytes }: FilePlace): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < sizeBytes; at += WINDOW_BYTES) {
    yield await fetchExactly(source, offset + at, Math.min(WINDOW_BYTES, sizeBytes - at));
  }
}

/** The chunks of a row group that stands `shift` bytes further on in the new file. Throws faults of `E3200`. */
export async function movedChunks(
  source: RangeSource,
  { rowCount, columns }: RowGroup,
  shift: number,
): Promise<readonly Omit<EndedChunk, 'parts'>[]> {
  const places = columns.flatMap(({ columnIndex, offsetIndex }) => [columnIndex, offsetIndex]);
  const present = places.filter((place) => place !== null);
  const bytes = await fetchPlaces(source, present);
  const bytesAt = (place: FilePlace | null): Uint8Array | null =>
    place === null ? null : bytes[present.indexOf(place)].slice();
  return columns.map((chunk) => {
    const { columnIndex, offsetIndex, ...rest } = chunk;
    const { dataPageOffset, dictionaryPageOffset } = chunk;
    const offsets = bytesAt(offsetIndex);
    const pages = offsets === null ? [] : readOffsetIndex(offsets, chunk, rowCount);
    return {
      chunk: {
        ...rest,
        dataPageOffset: dataPageOffset + shift,
        dictionaryPageOffset: dictionaryPageOffset === null ? null : dictionaryPageOffset + shift,
      },
      pageCount: pages.length,
      columnIndex: bytesAt(columnIndex),
      offsetIndex: offsets && offsetIndexBytes(pages.map((page) => ({ ...page, offset: page.offset + shift }))),
    };
  });
}
