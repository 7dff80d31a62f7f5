// Expiry of single rows: `record-level.expire-time` after the time in `record-level.time-field`. Compactions leave such
// rows out; reads do not. Source: RecordLevelExpire (format notes 05 section 9).
import { assert, TributaryError } from '../../base/errors.ts';
import { ofKind } from '../../column/take.ts';
import { bigIntAt, PRESENT, validityAt, type Vector } from '../../column/vector.ts';
import { decodeCells } from '../format/binary-row.ts';
import type { DataFileMeta } from '../meta/data-file-meta.ts';
import type { DataType } from '../schema/data-type.ts';
import { tableOptions } from '../schema/table-options.ts';
import type { TableSchema } from '../schema/table-schema.ts';
import type { KeyValueBatch } from './key-values.ts';

/** BIGINT times from here on are milliseconds, below they are seconds. */
const MILLIS_START = 1_000_000_000_000;
const HIGH = 4294967296;

/** When rows expire. */
export interface RecordExpiry {
  /** The column with the time of a row, as its place among the table's columns. */
  readonly columnIndex: number;
  readonly fieldId: number;
  readonly type: DataType;
  /** Rows of a time before it have expired; seconds since the epoch. */
  readonly bound: number;
}

/** The rule of a table at a time; null for one whose rows do not expire. Throws `E3371` for a column that has no time. */
export function recordExpiryOf(schema: TableSchema, nowMs: number): RecordExpiry | null {
  const { recordExpireMs, recordTimeField } = tableOptions(schema);
  if (recordExpireMs === null) return null;
  const columnIndex = schema.fields.findIndex(({ name }) => name === recordTimeField);
  const field = schema.fields[columnIndex];
  if (field === undefined || !holdsTime(field.type)) {
    throw new TributaryError('E3371', `record-level.time-field is no column with a time: column=${recordTimeField}`);
  }
  const bound = Math.floor(nowMs / 1000) - Math.floor(recordExpireMs / 1000);
  return { columnIndex, fieldId: field.id, type: field.type, bound };
}

/** Whether values of the type can be times. */
function holdsTime(type: DataType): boolean {
  return ['INT', 'BIGINT', 'TIMESTAMP', 'TIMESTAMP_LTZ'].includes(type.kind);
}

/** Clears the flags of rows that have expired; a row without a time stays. */
export function clearExpired(keep: Uint8Array, batch: KeyValueBatch, expiry: RecordExpiry): void {
  const vector = batch.columns[expiry.columnIndex];
  const secondsAt = secondsReader(expiry.type, vector);
  for (let row = 0; row < keep.length; row++) {
    if (validityAt(vector, row) === PRESENT && secondsAt(row) < expiry.bound) keep[row] = 0;
  }
}

/** Whether the file may hold rows that have expired, by its statistics; false where they do not say. */
export function holdsExpired(file: DataFileMeta, fileSchema: TableSchema, expiry: RecordExpiry): boolean {
  const names = file.valueStatsCols ?? fileSchema.fields.map(({ name }) => name);
  const fields = names.map((name) => fileSchema.fields.find((field) => field.name === name));
  const slot = fields.findIndex((field) => field?.id === expiry.fieldId);
  const { minValues } = file.valueStats;
  // Statistics of no columns at all stand where none were kept.
  if (slot < 0 || new DataView(minValues.buffer, minValues.byteOffset).getInt32(0) !== names.length) return false;
  const types = fields.map((field) => {
    assert(field !== undefined, `statistics of a column that is not there: file=${file.fileName}`);
    return { ...field.type, nullable: true };
  });
  const least = decodeCells(types, minValues)[slot];
  return least !== null && secondsOf(types[slot], Number(least)) < expiry.bound;
}

function secondsReader(type: DataType, vector: Vector): (row: number) => number {
  if (type.kind === 'INT') {
    const { values } = ofKind(vector, 'i32');
    return (row) => values[row];
  }
  const numbers = ofKind(vector, 'i64');
  const { values } = numbers;
  // Nanoseconds since the epoch are more than a double holds.
  if (unitsPerSecond(type) > 1_000_000) return (row) => Number(bigIntAt(numbers, row) / 1_000_000_000n);
  return (row) => secondsOf(type, values[2 * row + 1] * HIGH + (values[2 * row] >>> 0));
}

function secondsOf(type: DataType, value: number): number {
  if (type.kind === 'INT') return value;
  if (type.kind === 'BIGINT') return value >= MILLIS_START ? Math.trunc(value / 1000) : value;
  const millis = Math.floor(value / (unitsPerSecond(type) / 1000));
  return Math.trunc(millis / 1000);
}

function unitsPerSecond(type: DataType): number {
  if (type.kind !== 'TIMESTAMP' && type.kind !== 'TIMESTAMP_LTZ') return 1;
  if (type.precision <= 3) return 1000;
  return type.precision <= 6 ? 1_000_000 : 1_000_000_000;
}
