// Whole columns as columns of another type. What happens to large tables (wider numbers, finer timestamps, more digits)
// is a loop over typed arrays; everything else goes value by value.
import { TributaryError } from '../../base/errors.ts';
import { BytesBuilder, builderFor } from '../../column/builder.ts';
import { type Int64Vector, NULL, PRESENT, validityAt, type Vector } from '../../column/vector.ts';
import { type DataType, shapeOf } from '../schema/data-type.ts';
import { castOf, textOf, textParser } from './cast.ts';
import { appendCell, type Cell, type CellCast, cellAt } from './cell.ts';

export type ColumnCast = (vector: Vector) => Vector;

const SAME: ColumnCast = (vector) => vector;
const INT64_MAX = 2n ** 63n - 1n;

/** Turns columns of a type that is not nested into columns of another as the reference does; null where it cannot. */
export function columnCast(from: DataType, to: DataType): ColumnCast | null {
  if (holdsSameValues(from, to)) return SAME;
  const cast = castOf(from, to);
  if (cast === null) return null;
  return arrayCast(from, to) ?? textCast(from, to) ?? ((vector) => castCells(vector, { from, to, cast }));
}

/** Whether the values and their units are the same, whatever the declared length or nullability. */
function holdsSameValues(from: DataType, to: DataType): boolean {
  switch (to.kind) {
    case 'DECIMAL':
      return from.kind === 'DECIMAL' && from.precision === to.precision && from.scale === to.scale;
    case 'TIMESTAMP':
    case 'TIMESTAMP_LTZ':
      return isTimestamp(from) && from.precision <= to.precision && unitDigits(from) === unitDigits(to);
    case 'TIME':
      return from.kind === 'TIME' && from.precision <= to.precision;
    case 'VARCHAR':
      return (from.kind === 'CHAR' || from.kind === 'VARCHAR') && from.length <= to.length;
    case 'VARBINARY':
      return (from.kind === 'BINARY' || from.kind === 'VARBINARY') && from.length <= to.length;
    case 'CHAR':
    case 'BINARY':
      return from.kind === to.kind && from.length === to.length;
    case 'SMALLINT':
      return from.kind === 'TINYINT' || from.kind === 'SMALLINT';
    case 'INT':
      return from.kind === 'TINYINT' || from.kind === 'SMALLINT' || from.kind === 'INT';
    default:
      return from.kind === to.kind;
  }
}

function isTimestamp(type: DataType): type is DataType & { readonly kind: 'TIME' | 'TIMESTAMP' | 'TIMESTAMP_LTZ' } {
  return type.kind === 'TIMESTAMP' || type.kind === 'TIMESTAMP_LTZ';
}

/** Digits of a second in the unit that a timestamp is held in. */
function unitDigits({ precision }: { readonly precision: number }): number {
  if (precision <= 3) return 3;
  return precision <= 6 ? 6 : 9;
}

/** The cast as a loop over typed arrays; null where there is none. */
function arrayCast(from: DataType, to: DataType): ColumnCast | null {
  const shape = shapeOf(to).kind;
  if (to.kind === 'DECIMAL' && from.kind === 'DECIMAL') {
    const isWider = to.scale >= from.scale && to.precision - to.scale >= from.precision - from.scale;
    return isWider && shape === 'i64' && to.precision <= 18 ? multiplied(10n ** BigInt(to.scale - from.scale)) : null;
  }
  if (isTimestamp(from) && isTimestamp(to) && to.precision > from.precision && shape === 'i64') {
    return multiplied(10n ** BigInt(unitDigits(to) - unitDigits(from)));
  }
  if (to.kind !== 'BIGINT' && to.kind !== 'FLOAT' && to.kind !== 'DOUBLE') return null;
  if (from.kind !== 'TINYINT' && from.kind !== 'SMALLINT' && from.kind !== 'INT' && from.kind !== 'FLOAT') return null;
  if (to.kind === 'BIGINT') return from.kind === 'FLOAT' ? null : toInt64;
  return (vector) => toFloats(vector, to.kind === 'FLOAT');
}

/** 32-bit integers as 64-bit ones. */
function toInt64(vector: Vector): Vector {
  if (vector.kind !== 'i32') return vector;
  const { length, validity } = vector;
  const values = new Int32Array(2 * length);
  for (let row = 0; row < length; row++) {
    values[2 * row] = vector.values[row];
    values[2 * row + 1] = vector.values[row] >> 31;
  }
  return { kind: 'i64', length, values, validity };
}

function toFloats(vector: Vector, isSingle: boolean): Vector {
  if (vector.kind !== 'i32' && vector.kind !== 'f32') return vector;
  const { length, validity } = vector;
  const source = vector.values.subarray(0, length);
  return isSingle
    ? { kind: 'f32', length, values: Float32Array.from(source), validity }
    : { kind: 'f64', length, values: Float64Array.from(source), validity };
}

/** 64-bit values times a power of ten. Throws `E3134` for a timestamp that is too far away for its new unit. */
function multiplied(factor: bigint): ColumnCast {
  const limit = INT64_MAX / factor;
  return (vector) => {
    if (vector.kind !== 'i64') return vector;
    const values = new Int32Array(2 * vector.length);
    const source = longs(vector);
    const target = new BigInt64Array(values.buffer);
    for (let row = 0; row < vector.length; row++) {
      const value = source[row];
      if (value <= limit && value >= -limit) target[row] = value * factor;
      // What stands under a NULL is undefined, and may be anything.
      else if (validityAt(vector, row) === PRESENT) throw new TributaryError('E3134', 'timestamp is too far away');
    }
    return { kind: 'i64', length: vector.length, values, validity: vector.validity };
  };
}

function longs({ values, length }: Int64Vector): BigInt64Array {
  return new BigInt64Array(values.buffer, values.byteOffset, length);
}

const ASCII_TEXT_KINDS: readonly DataType['kind'][] = [
  'BOOLEAN',
  'TINYINT',
  'SMALLINT',
  'INT',
  'BIGINT',
  'FLOAT',
  'DOUBLE',
  'DECIMAL',
  'DATE',
  'TIME',
  'TIMESTAMP',
  'TIMESTAMP_LTZ',
];

/** Casts to and from text without an array of bytes for each value; null for others. */
function textCast(from: DataType, to: DataType): ColumnCast | null {
  if (to.kind === 'VARCHAR' && ASCII_TEXT_KINDS.includes(from.kind)) {
    return (vector) => asTexts(vector, from, to.length);
  }
  const parse = from.kind === 'VARCHAR' || from.kind === 'CHAR' ? textParser(to) : null;
  return parse === null ? null : (vector) => parsed(vector, to, parse);
}

function asTexts(vector: Vector, from: DataType, lengthMax: number): Vector {
  const builder = new BytesBuilder();
  for (let row = 0; row < vector.length; row++) {
    builder.reserve(row);
    const cell = cellAt(from, vector, row);
    if (cell === null) {
      builder.setAbsent(row, NULL);
      continue;
    }
    const text = textOf(from, cell);
    const length = Math.min(text.length, lengthMax);
    builder.room(length);
    for (let at = 0; at < length; at++) builder.bytes[builder.size + at] = text.charCodeAt(at);
    builder.size += length;
    builder.endRow(row);
  }
  return builder.finish(vector.length);
}

function parsed(vector: Vector, to: DataType, parse: (text: string) => Cell): Vector {
  if (vector.kind !== 'bytes') return vector;
  const { bytes, offsets, length } = vector;
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const builder = builderFor(shapeOf(to));
  for (let row = 0; row < length; row++) {
    const isPresent = validityAt(vector, row) === PRESENT;
    const cell = isPresent ? parse(buffer.toString('utf8', offsets[row], offsets[row + 1])) : null;
    appendCell(to, builder, row, cell);
  }
  return builder.finish(length);
}

function castCells(
  vector: Vector,
  by: { readonly from: DataType; readonly to: DataType; readonly cast: CellCast },
): Vector {
  const builder = builderFor(shapeOf(by.to));
  for (let row = 0; row < vector.length; row++) {
    const cell = cellAt(by.from, vector, row);
    appendCell(by.to, builder, row, cell === null ? null : by.cast(cell));
  }
  return builder.finish(vector.length);
}
