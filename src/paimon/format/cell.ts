// Single values outside the hot path: keys, partitions and statistics of files, default values. A cell holds a value in
// the unit of its vector (column/vector.ts).
import { TributaryError } from '../../base/errors.ts';
import { builderFor, type VectorBuilder } from '../../column/builder.ts';
import { bigIntAt, bytesAt, type Int64Vector, NULL, PRESENT, validityAt, type Vector } from '../../column/vector.ts';
import { type DataType, shapeOf } from '../schema/data-type.ts';

/**
 * A value: boolean (BOOLEAN) · number (TINYINT, SMALLINT, INT, DATE, TIME, FLOAT, DOUBLE) · bigint (BIGINT; DECIMAL of
 * any precision, unscaled; TIMESTAMP: milliseconds to precision 3, microseconds to 6, nanoseconds beyond) · bytes (text
 * as UTF-8, binary) · list of cells (ARRAY; ROW by field; VARIANT as value and metadata; MAP and MULTISET as pairs).
 */
export type Cell = null | boolean | number | bigint | Uint8Array | readonly Cell[];

/** Turns a value into one of another type. */
export type CellCast = (cell: Exclude<Cell, null>) => Cell;

const THOUSAND = 1000n;

/** The value at a row; bytes are views, valid as long as the vector. MISSING values are NULL. */
export function cellAt(type: DataType, vector: Vector, row: number): Cell {
  if (validityAt(vector, row) !== PRESENT) return null;
  switch (vector.kind) {
    case 'i32':
      return type.kind === 'BOOLEAN' ? vector.values[row] !== 0 : vector.values[row];
    case 'i64':
      return bigIntAt(vector, row);
    case 'f32':
    case 'f64':
      return vector.values[row];
    case 'bytes':
      return type.kind === 'DECIMAL' ? bytesToBigInt(bytesAt(vector, row)) : bytesAt(vector, row);
    case 'list': {
      const element = type.kind === 'ARRAY' ? type.element : mismatch(type);
      return range(vector.offsets, row, (at) => cellAt(element, vector.element, at));
    }
    case 'map': {
      const { key, value } = entryTypes(type);
      return range(vector.offsets, row, (at) => [cellAt(key, vector.key, at), cellAt(value, vector.value, at)]);
    }
    case 'struct':
      return structCell(type, vector.fields, row);
  }
}

/** Writes a cell to a builder at `row`, which must be the builder's next. Throws `E3111` for a cell of another type. */
export function appendCell(type: DataType, builder: VectorBuilder, row: number, cell: Cell): void {
  builder.reserve(row);
  if (cell === null) {
    builder.setAbsent(row, NULL);
    return;
  }
  switch (builder.kind) {
    case 'i32':
      builder.values[row] = typeof cell === 'boolean' ? Number(cell) : numberOf(type, cell);
      return;
    case 'f32':
    case 'f64':
      builder.values[row] = numberOf(type, cell);
      return;
    case 'i64':
      builder.setBigInt(row, typeof cell === 'bigint' ? cell : mismatch(type));
      return;
    case 'bytes': {
      const bytes = typeof cell === 'bigint' ? bigIntToBytes(cell) : cell;
      if (!(bytes instanceof Uint8Array)) return mismatch(type);
      builder.append(bytes, 0, bytes.length);
      builder.endRow(row);
      return;
    }
    case 'list': {
      const element = type.kind === 'ARRAY' ? type.element : mismatch(type);
      for (const item of listOf(type, cell)) appendCell(element, builder.element, builder.nextElement(), item);
      builder.endRow(row);
      return;
    }
    case 'map': {
      const { key, value } = entryTypes(type);
      for (const entry of listOf(type, cell)) {
        const [entryKey, entryValue] = listOf(type, entry);
        const at = builder.nextEntry();
        appendCell(key, builder.key, at, entryKey);
        appendCell(value, builder.value, at, entryValue);
      }
      builder.endRow(row);
      return;
    }
    case 'struct':
      appendStruct(type, builder.fields, row, cell);
  }
}

/** A vector of the cells. */
export function vectorOf(type: DataType, cells: readonly Cell[]): Vector {
  const builder = builderFor(shapeOf(type));
  cells.forEach((cell, row) => appendCell(type, builder, row, cell));
  return builder.finish(cells.length);
}

/**
 * The order of Paimon's keys and bounds: numbers by value, NaN above all and -0 below 0, text and binary by unsigned
 * bytes, lists by element; NULL first.
 */
export function compareCells(a: Cell, b: Cell): number {
  if (a === null || b === null) return Number(a !== null) - Number(b !== null);
  if (a instanceof Uint8Array && b instanceof Uint8Array) return Buffer.compare(a, b);
  if (Array.isArray(a) && Array.isArray(b)) {
    for (let index = 0; index < Math.min(a.length, b.length); index++) {
      const order = compareCells(a[index] as Cell, b[index] as Cell);
      if (order !== 0) return order;
    }
    return a.length - b.length;
  }
  if (typeof a === 'number' && typeof b === 'number') return compareNumbers(a, b);
  return a < b ? -1 : a > b ? 1 : 0;
}

function compareNumbers(a: number, b: number): number {
  if (a < b) return -1;
  if (a > b) return 1;
  if (a === b) return a === 0 ? Number(Object.is(b, -0)) - Number(Object.is(a, -0)) : 0;
  return Number(Number.isNaN(a)) - Number(Number.isNaN(b));
}

/** The number in minimal big-endian two's complement, as Java's BigInteger writes it. */
function bigIntToBytes(value: bigint): Uint8Array {
  let size = 1;
  while (BigInt.asIntN(8 * size, value) !== value) size++;
  const bytes = new Uint8Array(size);
  for (let index = size - 1, rest = value; index >= 0; index--, rest >>= 8n) bytes[index] = Number(rest & 0xffn);
  return bytes;
}

/** The number of big-endian two's-complement bytes; 0 for none. */
export function bytesToBigInt(bytes: Uint8Array): bigint {
  let value = 0n;
  for (const byte of bytes) value = (value << 8n) | BigInt(byte);
  return BigInt.asIntN(8 * bytes.length, value);
}

function structCell(type: DataType, fields: readonly Vector[], row: number): Cell {
  switch (type.kind) {
    case 'ROW':
      return type.fields.map((field, index) => cellAt(field.type, fields[index], row));
    case 'TIMESTAMP':
    case 'TIMESTAMP_LTZ': {
      const [micros, nanos] = fields;
      if (nanos.kind !== 'i32') return mismatch(type);
      return bigIntAt(micros as Int64Vector, row) * THOUSAND + BigInt(nanos.values[row]);
    }
    case 'VARIANT':
      return fields.map((field) => (field.kind === 'bytes' ? bytesAt(field, row) : mismatch(type)));
    default:
      return mismatch(type);
  }
}

function appendStruct(type: DataType, fields: readonly VectorBuilder[], row: number, cell: Cell): void {
  if (type.kind === 'ROW') {
    const items = listOf(type, cell);
    type.fields.forEach((field, index) => appendCell(field.type, fields[index], row, items[index] ?? null));
    return;
  }
  if (type.kind === 'VARIANT') {
    const bytes: DataType = { kind: 'BLOB', nullable: false };
    listOf(type, cell).forEach((item, index) => appendCell(bytes, fields[index], row, item));
    return;
  }
  if (typeof cell !== 'bigint') return mismatch(type);
  const nanos = ((cell % THOUSAND) + THOUSAND) % THOUSAND;
  appendCell({ kind: 'BIGINT', nullable: false }, fields[0], row, (cell - nanos) / THOUSAND);
  appendCell({ kind: 'INT', nullable: false }, fields[1], row, Number(nanos));
}

/** Key and value types of a MAP; element and count of a MULTISET. */
export function entryTypes(type: DataType): { readonly key: DataType; readonly value: DataType } {
  if (type.kind === 'MAP') return type;
  if (type.kind === 'MULTISET') return { key: type.element, value: { kind: 'INT', nullable: false } };
  return mismatch(type);
}

function range(offsets: Int32Array, row: number, item: (at: number) => Cell): Cell {
  const items: Cell[] = [];
  for (let at = offsets[row]; at < offsets[row + 1]; at++) items.push(item(at));
  return items;
}

function numberOf(type: DataType, cell: Cell): number {
  return typeof cell === 'number' ? cell : mismatch(type);
}

function listOf(type: DataType, cell: Cell): readonly Cell[] {
  return Array.isArray(cell) ? (cell as readonly Cell[]) : mismatch(type);
}

function mismatch(type: DataType): never {
  throw new TributaryError('E3111', `value does not fit its type: type=${type.kind}`);
}
