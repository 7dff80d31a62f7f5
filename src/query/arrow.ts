// Our column vectors as Apache Arrow: the form in which rows leave this library. Buffers are shared where the layouts are
// the same (64-bit integers, floats, text, offsets); booleans, small integers, decimals and validity are rewritten.
import * as arrow from 'apache-arrow';
import { TributaryError } from '../base/errors.ts';
import {
  bigIntAt,
  type ColumnBatch,
  type Int32Vector,
  type Int64Vector,
  PRESENT,
  type StructVector,
  type Vector,
} from '../column/vector.ts';
import type { DataField, DataType } from '../paimon/schema/data-type.ts';

/** Nanoseconds since the epoch that Arrow's 64 bits hold: the years 1677 to 2262. */
const NANOS_END = 2n ** 63n;
const INT_NOT_NULL: DataType = { kind: 'INT', nullable: false };
const BYTES_NOT_NULL: DataType = { kind: 'VARBINARY', length: 2147483647, nullable: false };

/** The Arrow schema of columns. The names are kept as they are. */
export function arrowSchema(fields: readonly DataField[]): arrow.Schema {
  return new arrow.Schema(fields.map(arrowField));
}

/**
 * The batch as an Arrow record batch of `arrowSchema(fields)`; it shares the arrays of the batch. Throws `E6010` for a
 * timestamp of nanoseconds that Arrow cannot hold.
 */
export function toRecordBatch(
  schema: arrow.Schema,
  fields: readonly DataField[],
  batch: ColumnBatch,
): arrow.RecordBatch {
  const children = fields.map(({ type }, index) => dataOf(type, batch.columns[index]));
  const data = arrow.makeData({
    type: new arrow.Struct(schema.fields),
    length: batch.rowCount,
    nullCount: 0,
    children,
  });
  return new arrow.RecordBatch(schema, data);
}

function arrowField({ name, type }: { readonly name: string; readonly type: DataType }): arrow.Field<arrow.DataType> {
  return new arrow.Field<arrow.DataType>(name, arrowType(type), type.nullable);
}

/** The Arrow type that holds all values of a type. */
function arrowType(type: DataType): arrow.DataType {
  switch (type.kind) {
    case 'BOOLEAN':
      return new arrow.Bool();
    case 'TINYINT':
      return new arrow.Int8();
    case 'SMALLINT':
      return new arrow.Int16();
    case 'INT':
      return new arrow.Int32();
    case 'BIGINT':
      return new arrow.Int64();
    case 'FLOAT':
      return new arrow.Float32();
    case 'DOUBLE':
      return new arrow.Float64();
    case 'DATE':
      return new arrow.DateDay();
    case 'TIME':
      return new arrow.TimeMillisecond();
    case 'DECIMAL':
      return new arrow.Decimal(type.scale, type.precision, 128);
    case 'CHAR':
    case 'VARCHAR':
      return new arrow.Utf8();
    case 'BINARY':
    case 'VARBINARY':
    case 'BLOB':
      return new arrow.Binary();
    case 'TIMESTAMP':
    case 'TIMESTAMP_LTZ':
      return new arrow.Timestamp(timeUnit(type.precision), type.kind === 'TIMESTAMP' ? null : 'UTC');
    case 'ARRAY':
      return new arrow.List(arrowField({ name: 'element', type: type.element }));
    case 'MAP':
      return mapType(type.key, type.value);
    case 'MULTISET':
      return mapType(type.element, INT_NOT_NULL);
    case 'ROW':
      return new arrow.Struct(type.fields.map(arrowField));
    case 'VARIANT':
      return new arrow.Struct(VARIANT_FIELDS.map(arrowField));
  }
}

const VARIANT_FIELDS = [
  { name: 'value', type: BYTES_NOT_NULL },
  { name: 'metadata', type: BYTES_NOT_NULL },
];

function timeUnit(precision: number): arrow.TimeUnit {
  if (precision <= 3) return arrow.TimeUnit.MILLISECOND;
  return precision <= 6 ? arrow.TimeUnit.MICROSECOND : arrow.TimeUnit.NANOSECOND;
}

function mapType(key: DataType, value: DataType): arrow.DataType {
  return new arrow.Map_(new arrow.Field('entries', entriesType(key, value), false));
}

function entriesType(key: DataType, value: DataType): arrow.Struct<{ key: arrow.DataType; value: arrow.DataType }> {
  const fields = [
    { name: 'key', type: { ...key, nullable: false } },
    { name: 'value', type: value },
  ];
  return new arrow.Struct<{ key: arrow.DataType; value: arrow.DataType }>(fields.map(arrowField));
}

/** A bitmap of the rows that hold a value, and how many do not. */
function validityOf(vector: Vector): { readonly nullCount: number; readonly nullBitmap?: Uint8Array } {
  const { validity, length } = vector;
  if (validity === null) return { nullCount: 0 };
  const nullBitmap = new Uint8Array(bitmapBytes(length));
  let nullCount = 0;
  for (let row = 0; row < length; row++) {
    if (validity[row] === PRESENT) nullBitmap[row >> 3] |= 1 << (row & 7);
    else nullCount++;
  }
  return nullCount === 0 ? { nullCount } : { nullCount, nullBitmap };
}

/** Arrow's buffers are multiples of eight bytes. */
function bitmapBytes(length: number): number {
  return ((length + 63) >> 6) << 3;
}

function dataOf(type: DataType, vector: Vector): arrow.Data {
  const base = { type: arrowType(type), length: vector.length, ...validityOf(vector) };
  switch (vector.kind) {
    case 'i32':
      return arrow.makeData({ ...base, data: int32Data(type, vector.values, vector.length) } as never);
    case 'i64':
      return arrow.makeData({ ...base, data: int64Data(type, vector) } as never);
    case 'f32':
    case 'f64':
      return arrow.makeData({ ...base, data: vector.values } as never);
    case 'bytes': {
      if (type.kind === 'DECIMAL') return arrow.makeData({ ...base, data: decimalData(vector) } as never);
      return arrow.makeData({ ...base, valueOffsets: vector.offsets, data: vector.bytes } as never);
    }
    case 'list': {
      const element = type.kind === 'ARRAY' ? type.element : wrongVector(type);
      const child = dataOf(element, vector.element);
      return arrow.makeData({ ...base, valueOffsets: vector.offsets, child } as never);
    }
    case 'map': {
      const [key, value] = entryTypes(type);
      const children = [dataOf(key, vector.key), dataOf(value, vector.value)];
      const child = arrow.makeData({
        type: entriesType(key, value),
        length: vector.key.length,
        nullCount: 0,
        children,
      } as never);
      return arrow.makeData({ ...base, valueOffsets: vector.offsets, child } as never);
    }
    case 'struct':
      return structData(type, vector, base);
  }
}

function entryTypes(type: DataType): readonly [DataType, DataType] {
  if (type.kind === 'MAP') return [type.key, type.value];
  return type.kind === 'MULTISET' ? [type.element, INT_NOT_NULL] : wrongVector(type);
}

function structData(type: DataType, vector: StructVector, base: { readonly nullBitmap?: Uint8Array }): arrow.Data {
  const { fields } = vector;
  switch (type.kind) {
    case 'ROW': {
      const children = type.fields.map((field, at) => dataOf(field.type, fields[at]));
      return arrow.makeData({ ...base, children } as never);
    }
    case 'VARIANT':
      return arrow.makeData({ ...base, children: fields.map((field) => dataOf(BYTES_NOT_NULL, field)) } as never);
    case 'TIMESTAMP':
    case 'TIMESTAMP_LTZ':
      return arrow.makeData({ ...base, data: epochNanos(vector) } as never);
    default:
      return wrongVector(type);
  }
}

function int32Data(
  type: DataType,
  values: Int32Array,
  length: number,
): Int32Array | Int16Array | Int8Array | Uint8Array {
  switch (type.kind) {
    case 'BOOLEAN': {
      const bitmap = new Uint8Array(bitmapBytes(length));
      for (let row = 0; row < length; row++) if (values[row] !== 0) bitmap[row >> 3] |= 1 << (row & 7);
      return bitmap;
    }
    case 'TINYINT':
      return Int8Array.from(values);
    case 'SMALLINT':
      return Int16Array.from(values);
    default:
      return values;
  }
}

function int64Data(type: DataType, { values, length }: Int64Vector): BigInt64Array | Uint32Array {
  if (type.kind !== 'DECIMAL') return new BigInt64Array(values.buffer as ArrayBuffer, values.byteOffset, length);
  const words = new Int32Array(4 * length);
  for (let row = 0; row < length; row++) {
    const high = values[2 * row + 1];
    words[4 * row] = values[2 * row];
    words[4 * row + 1] = high;
    words[4 * row + 2] = high >> 31;
    words[4 * row + 3] = high >> 31;
  }
  return new Uint32Array(words.buffer);
}

/** Minimal big-endian two's complement as 16 bytes, little-endian. */
function decimalData(vector: Vector & { kind: 'bytes' }): Uint32Array {
  const data = new Uint8Array(16 * vector.length);
  for (let row = 0; row < vector.length; row++) {
    const start = vector.offsets[row];
    const end = vector.offsets[row + 1];
    const base = 16 * row;
    for (let from = end - 1, to = base; from >= start; from--, to++) data[to] = vector.bytes[from];
    if (end > start && vector.bytes[start] >= 128) data.fill(255, base + end - start, base + 16);
  }
  return new Uint32Array(data.buffer);
}

/**
 * Nanoseconds since the epoch of timestamps of precision above 6, 0 where there is no value. Throws `E6010` for one
 * outside the years 1677 to 2262.
 */
function epochNanos({ length, fields, validity }: StructVector): BigInt64Array {
  const [micros, nanos] = fields as [Int64Vector, Int32Vector];
  const data = new BigInt64Array(length);
  for (let row = 0; row < length; row++) {
    if (validity !== null && validity[row] !== PRESENT) continue;
    const value = bigIntAt(micros, row) * 1000n + BigInt(nanos.values[row]);
    if (value >= NANOS_END || value < -NANOS_END) {
      throw new TributaryError('E6010', 'timestamp of nanoseconds is outside of the years 1677 to 2262');
    }
    data[row] = value;
  }
  return data;
}

function wrongVector(type: DataType): never {
  throw new TributaryError('E9001', `vector does not fit its type: type=${type.kind}`);
}
