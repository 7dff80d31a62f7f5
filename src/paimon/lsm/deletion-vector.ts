// Deletion vectors: which rows of a data file are deleted; the index files that hold them, read and written.
// Source: format notes 04 section 9.
import { crc32 } from 'node:zlib';
import { assert, TributaryError } from '../../base/errors.ts';
import type { FileStore } from '../../storage/file-store.ts';
import { readRoaring, writeRoaring } from '../format/roaring.ts';
import type { DeletionVectorRange, IndexManifestEntry } from '../meta/manifest-entry.ts';

/** Where bytes of a deletion vector stand. */
interface VectorPlace {
  /** Path of the index file in the store. */
  readonly path: string;
  readonly offset: number;
  readonly length: number;
}

/** Where the deletion vector of a data file stands. */
export interface DeletionFile extends VectorPlace {
  /** Null where the index does not tell. */
  readonly deletedRowCount: number | null;
}

/** The deleted rows of one data file, as ascending 0-based row numbers. */
export type DeletedRows = Float64Array;

const LENGTH_SIZE = 4;
const CHECKSUM_SIZE = 4;
const FILE_VERSION = 1;
/** Big-endian; bitmaps of 32-bit positions. */
const MAGIC_32 = 1581511376;
/** Little-endian; bitmaps of 64-bit positions. */
const MAGIC_64 = 1681511377;
const HIGH = 4294967296;

/** Where the vectors of an index file stand, by data file name; none for index files of other kinds. */
export function deletionFilesOf(entry: IndexManifestEntry, path: string): [string, DeletionFile][] {
  return (entry.deletionVectorRanges ?? []).map(({ dataFileName, offset, length, cardinality }) => [
    dataFileName,
    { path, offset, length, deletedRowCount: cardinality === null ? null : Number(cardinality) },
  ]);
}

/** Reads the deletion vector of a data file. Throws `E3402` if it cannot be read. */
export async function readDeletionVector(store: FileStore, file: VectorPlace): Promise<DeletedRows> {
  // The stored length leaves out the length field in the one kind and not in the other; the field itself decides.
  const head = await store.readRange(file.path, file.offset, LENGTH_SIZE);
  if (head.length < LENGTH_SIZE) throw damaged(file, 'file ends early');
  const sizeBytes = new DataView(head.buffer, head.byteOffset, head.byteLength).getInt32(0);
  if (sizeBytes < LENGTH_SIZE || sizeBytes > file.length) throw damaged(file, `length=${sizeBytes}`);
  const body = await store.readRange(file.path, file.offset + LENGTH_SIZE, sizeBytes + CHECKSUM_SIZE);
  if (body.length < sizeBytes + CHECKSUM_SIZE) throw damaged(file, 'file ends early');
  const checksum = new DataView(body.buffer, body.byteOffset + sizeBytes, CHECKSUM_SIZE).getUint32(0);
  if (crc32(body.subarray(0, sizeBytes)) !== checksum) throw damaged(file, 'checksum differs');
  try {
    return parseDeletionVector(body.subarray(0, sizeBytes));
  } catch (error) {
    if (error instanceof RangeError) throw damaged(file, 'bitmap ends early', error);
    throw error;
  }
}

/** Reads those of some vectors that are in files. Throws `E3402`. */
export async function readDeletionVectors(
  store: FileStore,
  vectors: Iterable<readonly [string, DeletionFile | DeletedRows]>,
): Promise<Map<string, DeletedRows>> {
  const rows = new Map<string, DeletedRows>();
  for (const [name, vector] of vectors) {
    rows.set(name, 'path' in vector ? await readDeletionVector(store, vector) : vector);
  }
  return rows;
}

/** The rows of a deletion vector, from its magic on, without checksum. Throws `E3402`, or RangeError where it ends early. */
export function parseDeletionVector(body: Uint8Array): DeletedRows {
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  const values: number[] = [];
  if (view.getInt32(0) === MAGIC_32) {
    readRoaring(view, 4, { base: 0, values });
    return Float64Array.from(values);
  }
  if (view.getInt32(0, true) !== MAGIC_64) throw new TributaryError('E3402', `unknown magic: ${view.getInt32(0)}`);
  const bitmapCount = view.getInt32(4, true);
  let at = 12;
  for (let bitmap = 0; bitmap < bitmapCount; bitmap++) {
    at = readRoaring(view, at + 4, { base: view.getInt32(at, true) * HIGH, values });
  }
  return Float64Array.from(values);
}

/** An index file of deletion vectors. */
export interface DeletionVectorFile {
  readonly bytes: Uint8Array;
  /** Where each vector stands, in the order given. */
  readonly ranges: readonly DeletionVectorRange[];
}

/** The index file of some vectors, by the names of their data files; of none, it is its version alone. */
export function writeDeletionVectors(
  vectors: ReadonlyMap<string, DeletedRows>,
  options: { readonly bitmap64: boolean },
): DeletionVectorFile {
  const parts: Uint8Array[] = [Uint8Array.of(FILE_VERSION)];
  const ranges: DeletionVectorRange[] = [];
  let offset = 1;
  for (const [dataFileName, rows] of vectors) {
    const body = options.bitmap64 ? body64(rows) : body32(rows);
    const entrySize = LENGTH_SIZE + body.length + CHECKSUM_SIZE;
    const length = options.bitmap64 ? entrySize : body.length;
    ranges.push({ dataFileName, offset, length, cardinality: BigInt(rows.length) });
    parts.push(int32(body.length), body, int32(crc32(body)));
    offset += entrySize;
  }
  return { bytes: Buffer.concat(parts), ranges };
}

function body32(rows: DeletedRows): Uint8Array {
  assert((rows.at(-1) ?? 0) < HIGH, `row number needs 64 bits: row=${rows.at(-1)}`);
  return Buffer.concat([int32(MAGIC_32), writeRoaring(Uint32Array.from(rows))]);
}

function body64(rows: DeletedRows): Uint8Array {
  const bitmaps: Uint8Array[] = [];
  for (let from = 0; from < rows.length; ) {
    const high = Math.floor(rows[from] / HIGH);
    let to = from + 1;
    while (to < rows.length && rows[to] < (high + 1) * HIGH) to++;
    const low = Uint32Array.from(rows.subarray(from, to), (row) => row - high * HIGH);
    bitmaps.push(Buffer.concat([littleEndian(high), writeRoaring(low)]));
    from = to;
  }
  const head = [littleEndian(MAGIC_64), littleEndian(bitmaps.length), littleEndian(0)];
  return Buffer.concat([...head, ...bitmaps]);
}

function int32(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value);
  return bytes;
}

function littleEndian(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value, true);
  return bytes;
}

/** The rows of two vectors as one. */
export function unionRows(left: DeletedRows, right: DeletedRows): DeletedRows {
  const all = new Float64Array(left.length + right.length);
  let count = 0;
  for (let l = 0, r = 0; l < left.length || r < right.length; ) {
    const takesLeft = r === right.length || (l < left.length && left[l] <= right[r]);
    const row = takesLeft ? left[l++] : right[r++];
    if (count === 0 || all[count - 1] !== row) all[count++] = row;
  }
  return all.slice(0, count);
}

function damaged(file: VectorPlace, reason: string, cause?: unknown): TributaryError {
  return new TributaryError(
    'E3402',
    `deletion vector cannot be read: ${reason} path=${file.path} offset=${file.offset}`,
    {
      cause,
    },
  );
}
