// Values inside file indexes: big-endian, texts with their length before them. Source: format notes 04 section 8
// (BitmapFileIndexMeta, KeyFactory).
import type { DataType } from '../../schema/data-type.ts';
import type { Cell } from '../cell.ts';
import { damagedIndex } from './index-fault.ts';

const MICROS_PRECISION_MAX = 6;
const COMPACT_DECIMAL_PRECISION_MAX = 18;

/** How values of one type are read from and written to an index. */
export interface IndexValues {
  /** The value at an offset. Throws `E3230`, or RangeError where the bytes end early. */
  readonly read: (view: DataView, at: number) => Cell;
  /** Bytes of a value; null for texts, which tell it themselves. */
  readonly sizeBytes: number | null;
  readonly write: (view: DataView, at: number, value: Cell) => void;
}

/** The values of a column with the type; null where indexes hold none, or not exactly. */
export function indexValues(type: DataType): IndexValues | null {
  switch (type.kind) {
    case 'BOOLEAN':
      return fixed(
        1,
        (view, at) => view.getInt8(at) === 1,
        (view, at, value) => view.setInt8(at, Number(value)),
      );
    case 'TINYINT':
      return fixed(
        1,
        (view, at) => view.getInt8(at),
        (view, at, value) => view.setInt8(at, Number(value)),
      );
    case 'SMALLINT':
      return fixed(
        2,
        (view, at) => view.getInt16(at),
        (view, at, value) => view.setInt16(at, Number(value)),
      );
    case 'INT':
    case 'DATE':
    case 'TIME':
      return fixed(
        4,
        (view, at) => view.getInt32(at),
        (view, at, value) => view.setInt32(at, Number(value)),
      );
    case 'FLOAT':
      return fixed(
        4,
        (view, at) => view.getFloat32(at),
        (view, at, value) => view.setFloat32(at, Number(value)),
      );
    case 'DOUBLE':
      return fixed(
        8,
        (view, at) => view.getFloat64(at),
        (view, at, value) => view.setFloat64(at, Number(value)),
      );
    case 'BIGINT':
      return LONG;
    case 'DECIMAL':
      return type.precision <= COMPACT_DECIMAL_PRECISION_MAX ? LONG : null;
    case 'TIMESTAMP':
    case 'TIMESTAMP_LTZ':
      // Nanoseconds are cut off in the index, so that different values would be one there.
      return type.precision <= MICROS_PRECISION_MAX ? LONG : null;
    case 'CHAR':
    case 'VARCHAR':
      return { read: readText, sizeBytes: null, write: writeText };
    default:
      return null;
  }
}

/** The bytes that a value takes. */
export function valueSize(values: IndexValues, value: Cell): number {
  return values.sizeBytes ?? 4 + (value as Uint8Array).length;
}

function fixed(sizeBytes: number, read: IndexValues['read'], write: IndexValues['write']): IndexValues {
  return { read, sizeBytes, write };
}

const LONG: IndexValues = fixed(
  8,
  (view, at) => view.getBigInt64(at),
  (view, at, value) => view.setBigInt64(at, value as bigint),
);

function readText(view: DataView, at: number): Cell {
  const length = view.getInt32(at);
  if (length < 0 || at + 4 + length > view.byteLength) throw damagedIndex(`text ends outside: length=${length}`);
  return new Uint8Array(view.buffer, view.byteOffset + at + 4, length);
}

function writeText(view: DataView, at: number, value: Cell): void {
  const text = value as Uint8Array;
  view.setInt32(at, text.length);
  new Uint8Array(view.buffer, view.byteOffset + at + 4, text.length).set(text);
}
