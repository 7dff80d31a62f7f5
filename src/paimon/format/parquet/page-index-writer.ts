// Writes the page index of a column chunk: where its pages are, and what they hold. Source: parquet-format, "Parquet page
// index" and parquet.thrift (field numbers).
import { truncatedMax, truncatedMin } from '../truncated-text.ts';
import { type BoundOrder, type ColumnBounds, compareBounds, plainBounds } from './column-bounds.ts';
import type { PagePlace } from './page-index.ts';
import { LIST_OF_BINARY, LIST_OF_BOOLEAN, LIST_OF_I64, LIST_OF_STRUCT, ThriftWriter } from './thrift-writer.ts';

/** Longer bounds of texts and bytes are cut: code points of a text, bytes of binary. */
const BOUND_LENGTH = 64;
const UNORDERED = 0;
const ASCENDING = 1;
const DESCENDING = 2;

/** A data page that was written. */
export interface WrittenPage extends PagePlace {
  /** Levels without a value. */
  readonly nullCount: number;
  /** Null where it has no values, or none that have an order. */
  readonly bounds: ColumnBounds | null;
  readonly isNull: boolean;
}

/** Where the pages are. */
export function offsetIndexBytes(pages: readonly PagePlace[]): Uint8Array {
  const thrift = new ThriftWriter();
  thrift.begin();
  thrift.list(1, LIST_OF_STRUCT, pages.length);
  for (const { offset, sizeBytes, firstRow } of pages) {
    thrift.begin();
    thrift.i64(1, offset);
    thrift.i32(2, sizeBytes);
    thrift.i64(3, firstRow);
    thrift.end();
  }
  thrift.end();
  return thrift.view().slice();
}

/** What the pages hold; null where that cannot be said of every page. */
export function columnIndexBytes(
  pages: readonly WrittenPage[],
  { order, isText }: { readonly order: BoundOrder; readonly isText: boolean },
): Uint8Array | null {
  const stored: StoredBounds[] = [];
  for (const { bounds, isNull } of pages) {
    const short = isNull ? NO_BOUNDS : bounds === null ? null : storedBounds(bounds, order, isText);
    if (short === null) return null;
    stored.push(short);
  }
  const thrift = new ThriftWriter();
  thrift.begin();
  thrift.list(1, LIST_OF_BOOLEAN, pages.length);
  for (const { isNull } of pages) thrift.bareBoolean(isNull);
  thrift.list(2, LIST_OF_BINARY, pages.length);
  for (const { min } of stored) thrift.bareBytes(min);
  thrift.list(3, LIST_OF_BINARY, pages.length);
  for (const { max } of stored) thrift.bareBytes(max);
  thrift.i32(4, boundaryOrder(order, pages));
  thrift.list(5, LIST_OF_I64, pages.length);
  for (const { nullCount } of pages) thrift.zigzag(nullCount);
  thrift.end();
  return thrift.view().slice();
}

interface StoredBounds {
  readonly min: Uint8Array;
  readonly max: Uint8Array;
}

/** What stands for the bounds of a page of NULLs. */
const NO_BOUNDS: StoredBounds = { min: new Uint8Array(0), max: new Uint8Array(0) };

function storedBounds(bounds: ColumnBounds, order: BoundOrder, isText: boolean): StoredBounds | null {
  const plain = plainBounds(order, bounds);
  if (plain === null || order !== 'bytes') return plain;
  const min = isText ? truncatedMin(plain.min, BOUND_LENGTH) : plain.min.subarray(0, BOUND_LENGTH);
  const max = isText ? truncatedMax(plain.max, BOUND_LENGTH) : raisedPrefix(plain.max);
  // Bytes that are no text would be replaced by others.
  return max === null || Buffer.compare(max, plain.max) < 0 ? null : { min, max };
}

/** The least bytes of that length or less that are not below the bound; null where there are none. */
function raisedPrefix(bound: Uint8Array): Uint8Array | null {
  if (bound.length <= BOUND_LENGTH) return bound;
  let end = BOUND_LENGTH;
  while (end > 0 && bound[end - 1] === 255) end--;
  if (end === 0) return null;
  const raised = bound.slice(0, end);
  raised[end - 1]++;
  return raised;
}

/** Whether the bounds of the pages ascend or descend: readers search such pages by halves. */
function boundaryOrder(order: BoundOrder, pages: readonly WrittenPage[]): number {
  const bounds = pages.flatMap((page) => (page.bounds === null ? [] : [page.bounds]));
  const follow = (accepts: (step: number) => boolean): boolean =>
    bounds.every((page, index) => {
      const before = bounds[index - 1];
      if (before === undefined) return true;
      return accepts(compareBounds(order, page.min, before.min)) && accepts(compareBounds(order, page.max, before.max));
    });
  if (follow((step) => step >= 0)) return ASCENDING;
  return follow((step) => step <= 0) ? DESCENDING : UNORDERED;
}
