// Binary rows: the bytes of partitions, keys and statistics in manifests, and what buckets are hashed from.
// Serialized: the number of fields as a big-endian 32-bit number, then the row. Source: format notes 03.
import { TributaryError } from '../../base/errors.ts';
import type { Vector } from '../../column/vector.ts';
import type { DataType } from '../schema/data-type.ts';
import {
  arrayHeaderSize,
  BinaryWriter,
  COMPACT_DECIMAL_PRECISION_MAX,
  COMPACT_TIMESTAMP_PRECISION_MAX,
  nullBitsSize,
  rowBody,
  slotWriter,
} from './binary-writer.ts';
import { bytesToBigInt, type Cell, compareCells, entryTypes, vectorOf } from './cell.ts';
import { hashWords } from './murmur.ts';

const ARITY_SIZE = 4;
const MICROS_PRECISION_MAX = 6;

/** Encodes rows of fixed types; owns a buffer, so it must not be shared between threads. */
export interface RowEncoder {
  /** The serialized row of one value of each column; a fresh array. MISSING values are NULL. */
  encodeRow(columns: readonly Vector[], row: number): Uint8Array;
  /** The hash of the row, without allocation. */
  hashRow(columns: readonly Vector[], row: number): number;
  /** Puts the row into `words` and gives how many they are, without allocation. */
  writeRow(columns: readonly Vector[], row: number): number;
  /** What `writeRow` has written last. */
  readonly words: Int32Array;
}

/** An encoder of rows with these types, one column each. */
export function createRowEncoder(types: readonly DataType[]): RowEncoder {
  const writer = new BinaryWriter();
  const body = rowBody(types);
  return {
    encodeRow: (columns, row) => {
      body(writer, columns, row);
      const bytes = new Uint8Array(ARITY_SIZE + writer.size);
      new DataView(bytes.buffer).setInt32(0, types.length);
      bytes.set(writer.bytes.subarray(0, writer.size), ARITY_SIZE);
      return bytes;
    },
    hashRow: (columns, row) => {
      body(writer, columns, row);
      return hashWords(writer.words, writer.size >> 2);
    },
    writeRow: (columns, row) => {
      body(writer, columns, row);
      return writer.size >> 2;
    },
    get words() {
      return writer.words;
    },
  };
}

/** The serialized row without fields: partition of an unpartitioned table, keys of an append table. */
export const EMPTY_ROW: Uint8Array = createRowEncoder([]).encodeRow([], 0);

/** The serialized row of the cells: for places that are not hot. */
export function encodeCells(types: readonly DataType[], cells: readonly Cell[]): Uint8Array {
  const columns = types.map((type, index) => vectorOf(type, [cells[index]]));
  return createRowEncoder(types).encodeRow(columns, 0);
}

/**
 * The values of a serialized row; bytes are views into it. Where the null bit is set the value is NULL whatever the
 * type says, for statistics mark absent bounds of NOT NULL columns so. Throws `E3111` where the bytes do not fit.
 */
export function decodeCells(types: readonly DataType[], serialized: Uint8Array): readonly Cell[] {
  try {
    const view = new DataView(serialized.buffer, serialized.byteOffset, serialized.byteLength);
    const arity = view.getInt32(0);
    if (arity !== types.length) throw damaged(`${arity} fields instead of ${types.length}`);
    return readRow(types, subView(view, ARITY_SIZE, serialized.length - ARITY_SIZE));
  } catch (error) {
    // A DataView throws a RangeError where a read reaches outside of it.
    if (!(error instanceof RangeError)) throw error;
    throw new TributaryError('E3111', `row does not fit its types: size=${serialized.length}`, { cause: error });
  }
}

/** One value of a serialized row: see `decodeCells`. Throws `E3111`. */
export function decodeCell(types: readonly DataType[], serialized: Uint8Array, index: number): Cell {
  try {
    if (arityOf(serialized) !== types.length) throw damaged(`it has other fields than ${types.length}`);
    const { buffer, byteOffset, length } = serialized;
    return readField(types, new DataView(buffer, byteOffset + ARITY_SIZE, length - ARITY_SIZE), index);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new TributaryError('E3111', `row does not fit its types: size=${serialized.length}`, { cause: error });
  }
}

/** The number of fields of a serialized row; -1 where it is too short to say. */
export function arityOf(serialized: Uint8Array): number {
  if (serialized.length < ARITY_SIZE) return -1;
  return (serialized[0] << 24) | (serialized[1] << 16) | (serialized[2] << 8) | serialized[3];
}

/** The values of serialized rows as vectors, a row each; the vectors own their memory. Throws `E3111`. */
export function decodeRows(types: readonly DataType[], serialized: readonly Uint8Array[]): readonly Vector[] {
  const rows = serialized.map((bytes) => decodeCells(types, bytes));
  return types.map((type, index) =>
    vectorOf(
      type,
      rows.map((cells) => cells[index]),
    ),
  );
}

/** Compares serialized rows by the first difference of their fields (`compareCells`). Throws `E3111`. */
export function compareBinaryRows(types: readonly DataType[], a: Uint8Array, b: Uint8Array): number {
  for (let index = 0; index < types.length; index++) {
    const order = compareCells(decodeCell(types, a, index), decodeCell(types, b, index));
    if (order !== 0) return order;
  }
  return 0;
}

function readRow(types: readonly DataType[], view: DataView): readonly Cell[] {
  return types.map((_, index) => readField(types, view, index));
}

function readField(types: readonly DataType[], view: DataView, index: number): Cell {
  const isNull = (view.getUint8((index + 8) >> 3) >> ((index + 8) & 7)) & 1;
  return isNull === 1 ? null : readSlot(types[index], view, nullBitsSize(types.length) + 8 * index);
}

function readArray(element: DataType, view: DataView): readonly Cell[] {
  const count = view.getInt32(0, true);
  if (count < 0 || count > view.byteLength * 8) throw damaged(`an array of ${count} elements`);
  const header = arrayHeaderSize(count);
  const { elementSize } = slotWriter(element);
  return Array.from({ length: count }, (_, index) => {
    const isNull = (view.getUint8(4 + (index >> 3)) >> (index & 7)) & 1;
    return isNull === 1 ? null : readSlot(element, view, header + index * elementSize);
  });
}

function readSlot(type: DataType, view: DataView, slot: number): Cell {
  switch (type.kind) {
    case 'BOOLEAN':
      return view.getUint8(slot) !== 0;
    case 'TINYINT':
      return view.getInt8(slot);
    case 'SMALLINT':
      return view.getInt16(slot, true);
    case 'INT':
    case 'DATE':
    case 'TIME':
      return view.getInt32(slot, true);
    case 'FLOAT':
      return view.getFloat32(slot, true);
    case 'DOUBLE':
      return view.getFloat64(slot, true);
    case 'BIGINT':
      return view.getBigInt64(slot, true);
    case 'DECIMAL':
      if (type.precision <= COMPACT_DECIMAL_PRECISION_MAX) return view.getBigInt64(slot, true);
      return bytesToBigInt(bytesOf(pointed(view, slot)));
    case 'TIMESTAMP':
    case 'TIMESTAMP_LTZ':
      return readTimestamp(type.precision, view, slot);
    case 'CHAR':
    case 'VARCHAR':
    case 'BINARY':
    case 'VARBINARY':
    case 'BLOB':
      return readBytes(view, slot);
    case 'VARIANT': {
      const item = pointed(view, slot);
      const valueSize = item.getInt32(0, true);
      const metadataSize = item.byteLength - 4 - valueSize;
      return [bytesOf(subView(item, 4, valueSize)), bytesOf(subView(item, 4 + valueSize, metadataSize))];
    }
    case 'ARRAY':
      return readArray(type.element, pointed(view, slot));
    case 'MAP':
    case 'MULTISET':
      return readMap(type, pointed(view, slot));
    case 'ROW':
      return readRow(
        type.fields.map((field) => field.type),
        pointed(view, slot),
      );
  }
}

function readTimestamp(precision: number, view: DataView, slot: number): bigint {
  if (precision <= COMPACT_TIMESTAMP_PRECISION_MAX) return view.getBigInt64(slot, true);
  const nanoOfMilli = BigInt(view.getInt32(slot, true));
  const millis = view.getBigInt64(view.getInt32(slot + 4, true), true);
  return precision <= MICROS_PRECISION_MAX ? millis * 1000n + nanoOfMilli / 1000n : millis * 1_000_000n + nanoOfMilli;
}

function readBytes(view: DataView, slot: number): Uint8Array {
  const mark = view.getUint8(slot + 7);
  return bytesOf(mark >= 0x80 ? subView(view, slot, mark & 0x7f) : pointed(view, slot));
}

function readMap(type: DataType, view: DataView): Cell {
  const { key, value } = entryTypes(type);
  const keySize = view.getInt32(0, true);
  const keys = readArray(key, subView(view, 4, keySize));
  const values = readArray(value, subView(view, 4 + keySize, view.byteLength - 4 - keySize));
  return keys.map((entryKey, index) => [entryKey, values[index]]);
}

/** What a slot points to: size in its first half, position in its second. */
function pointed(view: DataView, slot: number): DataView {
  return subView(view, view.getInt32(slot + 4, true), view.getInt32(slot, true));
}

/** A part of a view. Throws `E3111` where it reaches outside of the view. */
function subView(view: DataView, offset: number, size: number): DataView {
  if (offset < 0 || size < 0 || offset + size > view.byteLength) throw damaged('an item reaches outside its row');
  return new DataView(view.buffer, view.byteOffset + offset, size);
}

function damaged(what: string): TributaryError {
  return new TributaryError('E3111', `row does not fit its types: ${what}`);
}

function bytesOf(view: DataView): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
}
