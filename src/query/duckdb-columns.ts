// DuckDB's result chunks as our vectors, so that results leave in the same forms as rows of tables.
import {
  DuckDBArrayType,
  DuckDBArrayValue,
  DuckDBBlobValue,
  type DuckDBDataChunk,
  DuckDBDateValue,
  DuckDBDecimalType,
  DuckDBDecimalValue,
  DuckDBListType,
  DuckDBListValue,
  DuckDBMapType,
  DuckDBMapValue,
  DuckDBStructType,
  DuckDBStructValue,
  DuckDBTimestampMillisecondsValue,
  DuckDBTimestampNanosecondsValue,
  DuckDBTimestampSecondsValue,
  DuckDBTimestampTZValue,
  DuckDBTimestampValue,
  DuckDBTimeValue,
  type DuckDBType,
  DuckDBTypeId,
  type DuckDBValue,
} from '@duckdb/node-api';
import { TributaryError } from '../base/errors.ts';
import type { ColumnBatch, Vector } from '../column/vector.ts';
import { type Cell, vectorOf } from '../paimon/format/cell.ts';
import { type DataField, type DataType, MAX_LENGTH } from '../paimon/schema/data-type.ts';

const STRING: DataType = { kind: 'VARCHAR', length: MAX_LENGTH, nullable: true };
/** DECIMAL's digits. */
const DECIMAL_END = 10n ** 38n;
/** What DuckDB stores for infinite timestamps, in every unit. */
const INFINITY_64 = 2n ** 63n - 1n;
const INFINITY_32 = 2147483647;

const SIMPLE: ReadonlyMap<DuckDBTypeId, DataType> = new Map<DuckDBTypeId, DataType>([
  [DuckDBTypeId.BOOLEAN, { kind: 'BOOLEAN', nullable: true }],
  [DuckDBTypeId.TINYINT, { kind: 'TINYINT', nullable: true }],
  [DuckDBTypeId.SMALLINT, { kind: 'SMALLINT', nullable: true }],
  [DuckDBTypeId.UTINYINT, { kind: 'SMALLINT', nullable: true }],
  [DuckDBTypeId.INTEGER, { kind: 'INT', nullable: true }],
  [DuckDBTypeId.USMALLINT, { kind: 'INT', nullable: true }],
  [DuckDBTypeId.SQLNULL, { kind: 'INT', nullable: true }],
  [DuckDBTypeId.BIGINT, { kind: 'BIGINT', nullable: true }],
  [DuckDBTypeId.UINTEGER, { kind: 'BIGINT', nullable: true }],
  [DuckDBTypeId.UBIGINT, { kind: 'DECIMAL', precision: 20, scale: 0, nullable: true }],
  [DuckDBTypeId.HUGEINT, { kind: 'DECIMAL', precision: 38, scale: 0, nullable: true }],
  [DuckDBTypeId.UHUGEINT, { kind: 'DECIMAL', precision: 38, scale: 0, nullable: true }],
  [DuckDBTypeId.FLOAT, { kind: 'FLOAT', nullable: true }],
  [DuckDBTypeId.DOUBLE, { kind: 'DOUBLE', nullable: true }],
  [DuckDBTypeId.BLOB, { kind: 'VARBINARY', length: MAX_LENGTH, nullable: true }],
  [DuckDBTypeId.DATE, { kind: 'DATE', nullable: true }],
  [DuckDBTypeId.TIME, { kind: 'TIME', precision: 3, nullable: true }],
  [DuckDBTypeId.TIMESTAMP_S, { kind: 'TIMESTAMP', precision: 3, nullable: true }],
  [DuckDBTypeId.TIMESTAMP_MS, { kind: 'TIMESTAMP', precision: 3, nullable: true }],
  [DuckDBTypeId.TIMESTAMP, { kind: 'TIMESTAMP', precision: 6, nullable: true }],
  [DuckDBTypeId.TIMESTAMP_NS, { kind: 'TIMESTAMP', precision: 9, nullable: true }],
  [DuckDBTypeId.TIMESTAMP_TZ, { kind: 'TIMESTAMP_LTZ', precision: 6, nullable: true }],
]);

/** The columns of a result: unsigned and huge integers as DECIMAL, what has no type of ours (UUID, INTERVAL …) as text. */
export function resultFields(
  columns: readonly { readonly name: string; readonly type: DuckDBType }[],
): readonly DataField[] {
  return columns.map(({ name, type }, id) => ({ id, name, type: typeOf(type) }));
}

/** A chunk as a batch of the fields. Throws `E6013` for a value that they cannot hold. */
export function chunkBatch(chunk: DuckDBDataChunk, fields: readonly DataField[]): ColumnBatch {
  const { rowCount } = chunk;
  return { rowCount, columns: fields.map((field, index) => columnOf(chunk, index, field)) };
}

function typeOf(type: DuckDBType): DataType {
  if (type instanceof DuckDBDecimalType) {
    return { kind: 'DECIMAL', precision: type.width, scale: type.scale, nullable: true };
  }
  if (type instanceof DuckDBListType || type instanceof DuckDBArrayType) {
    return { kind: 'ARRAY', element: typeOf(type.valueType), nullable: true };
  }
  if (type instanceof DuckDBMapType) {
    const key = { ...typeOf(type.keyType), nullable: false };
    return { kind: 'MAP', key, value: typeOf(type.valueType), nullable: true };
  }
  if (type instanceof DuckDBStructType) {
    const fields = type.entryNames.map((name, id) => ({ id, name, type: typeOf(type.entryTypes[id]) }));
    return { kind: 'ROW', fields, nullable: true };
  }
  return SIMPLE.get(type.typeId) ?? STRING;
}

function columnOf(chunk: DuckDBDataChunk, index: number, { name, type }: DataField): Vector {
  const vector = chunk.getColumnVector(index);
  const cells: Cell[] = [];
  try {
    for (let row = 0; row < chunk.rowCount; row++) cells.push(cellOf(type, vector.getItem(row)));
  } catch (error) {
    if (!(error instanceof TributaryError)) throw error;
    throw new TributaryError('E6013', `column of the result has a value that cannot be given: column=${name}`, {
      cause: error,
    });
  }
  return vectorOf(type, cells);
}

function cellOf(type: DataType, value: DuckDBValue): Cell {
  if (value === null) return null;
  switch (type.kind) {
    case 'BOOLEAN':
    case 'TINYINT':
    case 'SMALLINT':
    case 'INT':
    case 'FLOAT':
    case 'DOUBLE':
      return value as number | boolean;
    case 'BIGINT':
      return BigInt(value as number | bigint);
    case 'DECIMAL':
      return decimalCell(value);
    case 'VARBINARY':
      return value instanceof DuckDBBlobValue ? value.bytes : unexpected(type);
    case 'DATE':
      return value instanceof DuckDBDateValue ? finiteDays(value.days) : unexpected(type);
    case 'TIME':
      return value instanceof DuckDBTimeValue ? milliOfDay(value.micros) : unexpected(type);
    case 'TIMESTAMP':
    case 'TIMESTAMP_LTZ':
      return timestampCell(value);
    default:
      return nestedCell(type, value);
  }
}

function nestedCell(type: DataType, value: DuckDBValue): Cell {
  if (type.kind === 'ARRAY' && (value instanceof DuckDBListValue || value instanceof DuckDBArrayValue)) {
    return value.items.map((item) => cellOf(type.element, item));
  }
  if (type.kind === 'MAP' && value instanceof DuckDBMapValue) {
    return value.entries.map((entry) => [cellOf(type.key, entry.key), cellOf(type.value, entry.value)]);
  }
  if (type.kind === 'ROW' && value instanceof DuckDBStructValue) {
    return type.fields.map((field) => cellOf(field.type, value.entries[field.name]));
  }
  return type.kind === 'VARCHAR' ? Buffer.from(String(value)) : unexpected(type);
}

function decimalCell(value: DuckDBValue): bigint {
  const unscaled = value instanceof DuckDBDecimalValue ? value.value : (value as bigint);
  if (unscaled >= DECIMAL_END || unscaled <= -DECIMAL_END) throw refused('integer has more than 38 digits');
  return unscaled;
}

function timestampCell(value: DuckDBValue): bigint {
  if (value instanceof DuckDBTimestampValue || value instanceof DuckDBTimestampTZValue) return finite(value.micros);
  if (value instanceof DuckDBTimestampMillisecondsValue) return finite(value.millis);
  if (value instanceof DuckDBTimestampSecondsValue) return finite(value.seconds) * 1000n;
  if (value instanceof DuckDBTimestampNanosecondsValue) return finite(value.nanos);
  throw new TributaryError('E9001', 'value is no timestamp');
}

function milliOfDay(micros: bigint): number {
  if (micros % 1000n !== 0n) throw refused('time is finer than milliseconds: cast it to VARCHAR');
  return Number(micros / 1000n);
}

function finite(units: bigint): bigint {
  if (units === INFINITY_64 || units === -INFINITY_64) throw refused('timestamp is infinite');
  return units;
}

function finiteDays(days: number): number {
  if (Math.abs(days) === INFINITY_32) throw refused('date is infinite');
  return days;
}

function refused(why: string): TributaryError {
  return new TributaryError('E6013', why);
}

function unexpected(type: DataType): never {
  throw new TributaryError('E9001', `value of the result does not fit its type: type=${type.kind}`);
}
