// Deletion vectors: which rows of a data file are deleted. Source: format notes 04 section 9; the bitmaps are in the
// portable Roaring format (RoaringFormatSpec).
import { TributaryError } from '../../base/errors.ts';
import type { FileStore } from '../../storage/file-store.ts';
import type { DeletionFile } from './scan.ts';

const FILE_VERSION_SIZE = 4;
/** Big-endian; bitmaps of 32-bit positions. */
const MAGIC_32 = 1581511376;
/** Little-endian; bitmaps of 64-bit positions. */
const MAGIC_64 = 1681511377;
const COOKIE_PLAIN = 12346;
const COOKIE_RUNS = 12347;
const ARRAY_VALUES_MAX = 4096;
const BITMAP_BYTES = 8192;
const OFFSETS_FROM_CONTAINERS = 4;

/** The deleted rows of one data file, as ascending 0-based row numbers. */
export type DeletedRows = Float64Array;

/** Reads the deletion vector of a data file. Throws `E3402` if it cannot be read. */
export async function readDeletionVector(store: FileStore, file: DeletionFile): Promise<DeletedRows> {
  // The stored length leaves out the length field in the one kind and not in the other; the field itself decides.
  const head = await store.readRange(file.path, file.offset, FILE_VERSION_SIZE);
  if (head.length < FILE_VERSION_SIZE) throw damaged(file, 'file ends early');
  const sizeBytes = new DataView(head.buffer, head.byteOffset, head.byteLength).getInt32(0);
  if (sizeBytes < FILE_VERSION_SIZE || sizeBytes > file.length) throw damaged(file, `length=${sizeBytes}`);
  const body = await store.readRange(file.path, file.offset + FILE_VERSION_SIZE, sizeBytes);
  if (body.length < sizeBytes) throw damaged(file, 'file ends early');
  try {
    return parseDeletionVector(body);
  } catch (error) {
    if (error instanceof RangeError) throw damaged(file, 'bitmap ends early', error);
    throw error;
  }
}

/** The rows of a deletion vector, from its magic on, without checksum. Throws `E3402`, or RangeError where it ends early. */
export function parseDeletionVector(body: Uint8Array): DeletedRows {
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  const rows: number[] = [];
  if (view.getInt32(0) === MAGIC_32) {
    readBitmap(view, 4, { high: 0, rows });
    return Float64Array.from(rows);
  }
  if (view.getInt32(0, true) !== MAGIC_64) throw new TributaryError('E3402', `unknown magic: ${view.getInt32(0)}`);
  const bitmapCount = view.getInt32(4, true);
  let at = 12;
  for (let bitmap = 0; bitmap < bitmapCount; bitmap++) {
    const high = view.getInt32(at, true) * 4294967296;
    at = readBitmap(view, at + 4, { high, rows });
  }
  return Float64Array.from(rows);
}

interface Target {
  /** Added to each row number of the bitmap. */
  readonly high: number;
  readonly rows: number[];
}

/** Appends the rows of a 32-bit Roaring bitmap and gives the offset behind it. */
function readBitmap(view: DataView, start: number, target: Target): number {
  const cookie = view.getInt32(start, true);
  const hasRuns = (cookie & 0xffff) === COOKIE_RUNS;
  if (!hasRuns && cookie !== COOKIE_PLAIN) throw new TributaryError('E3402', `unknown bitmap: cookie=${cookie}`);
  const count = hasRuns ? (cookie >>> 16) + 1 : view.getInt32(start + 4, true);
  const runFlagsAt = start + 4;
  const runFlagsSize = hasRuns ? (count + 7) >> 3 : 0;
  const keysAt = hasRuns ? runFlagsAt + runFlagsSize : start + 8;
  const hasOffsets = !hasRuns || count >= OFFSETS_FROM_CONTAINERS;
  let at = keysAt + 4 * count + (hasOffsets ? 4 * count : 0);
  for (let index = 0; index < count; index++) {
    const base = target.high + view.getUint16(keysAt + 4 * index, true) * 65536;
    const cardinality = view.getUint16(keysAt + 4 * index + 2, true) + 1;
    const isRun = hasRuns && ((view.getUint8(runFlagsAt + (index >> 3)) >> (index & 7)) & 1) === 1;
    const container = { base, cardinality, rows: target.rows };
    if (isRun) at = readRuns(view, at, container);
    else at = cardinality <= ARRAY_VALUES_MAX ? readArray(view, at, container) : readBits(view, at, container);
  }
  return at;
}

interface Container {
  readonly base: number;
  readonly cardinality: number;
  readonly rows: number[];
}

function readRuns(view: DataView, at: number, container: Container): number {
  const runCount = view.getUint16(at, true);
  for (let run = 0; run < runCount; run++) {
    const first = view.getUint16(at + 2 + 4 * run, true);
    const last = first + view.getUint16(at + 4 + 4 * run, true);
    for (let value = first; value <= last; value++) container.rows.push(container.base + value);
  }
  return at + 2 + 4 * runCount;
}

function readArray(view: DataView, at: number, container: Container): number {
  for (let index = 0; index < container.cardinality; index++) {
    container.rows.push(container.base + view.getUint16(at + 2 * index, true));
  }
  return at + 2 * container.cardinality;
}

function readBits(view: DataView, at: number, container: Container): number {
  for (let byte = 0; byte < BITMAP_BYTES; byte++) {
    const bits = view.getUint8(at + byte);
    for (let bit = 0; bits >> bit !== 0; bit++) {
      if (((bits >> bit) & 1) === 1) container.rows.push(container.base + 8 * byte + bit);
    }
  }
  return at + BITMAP_BYTES;
}

function damaged(file: DeletionFile, reason: string, cause?: unknown): TributaryError {
  return new TributaryError(
    'E3402',
    `deletion vector cannot be read: ${reason} path=${file.path} offset=${file.offset}`,
    {
      cause,
    },
  );
}
