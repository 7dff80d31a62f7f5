// Rows as plain JavaScript objects and back: for programs that handle rows one by one. Whoever moves many rows works on
// column batches instead.
import { isTributaryError, TributaryError } from '../../base/errors.ts';
import { builderFor } from '../../column/builder.ts';
import { type ColumnBatch, vectorSizeBytes } from '../../column/vector.ts';
import { type DataField, type DataType, shapeOf } from '../schema/data-type.ts';
import { dataTypeText } from '../schema/data-type-text.ts';
import { dateText, parseDate, parseTime, parseTimestamp, timestampText, timeText } from './calendar-text.ts';
import { appendCell, type Cell, cellAt, entryTypes } from './cell.ts';
import { decimalText, parseDecimal } from './value-text.ts';
import { variantCell } from './variant/variant-builder.ts';
import { variantText } from './variant/variant-text.ts';

/**
 * A value: boolean · number (TINYINT to INT, FLOAT, DOUBLE) · bigint (BIGINT) · text (CHAR, VARCHAR; DECIMAL such as
 * `12.30`; DATE `2024-02-29`; TIME `12:34:56.789`; TIMESTAMP `2024-02-29T12:34:56.123456`, with `Z` where it is one WITH
 * LOCAL TIME ZONE) · bytes (BINARY, VARBINARY, BLOB) · an array (ARRAY), a Map (MAP, and MULTISET with counts) or an
 * object (ROW). Rows that are written may also have a number for a BIGINT or DECIMAL and a Date for DATE and TIMESTAMP.
 */
export type RowValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | Date
  | readonly RowValue[]
  | ReadonlyMap<RowValue, RowValue>
  | RowObject;

/** A row by column name; what is left out or undefined is NULL. */
export interface RowObject {
  readonly [column: string]: RowValue | undefined;
}

/** The rows of a batch as objects. Throws `E3383` for a damaged VARIANT. */
export function rowObjects(batch: ColumnBatch & { readonly fields: readonly DataField[] }): readonly RowObject[] {
  const { fields, columns } = batch;
  return Array.from({ length: batch.rowCount }, (_, row) => {
    const entries = fields.map(({ name, type }, index) => [name, valueOf(type, cellAt(type, columns[index], row))]);
    return Object.fromEntries(entries) as RowObject;
  });
}

/** Rows as columns of a schema, and about how many bytes they are. Throws `E3137` for a value or column that does not fit. */
export function columnsOfRows(
  fields: readonly DataField[],
  rows: readonly RowObject[],
): ColumnBatch & { readonly sizeBytes: number } {
  const known = new Set(fields.map((field) => field.name));
  for (const row of rows) {
    const unknown = Object.keys(row).find((name) => !known.has(name));
    if (unknown !== undefined) throw new TributaryError('E3137', `table has no such column: column=${unknown}`);
  }
  const columns = fields.map(({ name, type }) => {
    const builder = builderFor(shapeOf(type));
    rows.forEach((row, index) => appendCell(type, builder, index, cellOf(type, row[name] ?? null, name)));
    return builder.finish(rows.length);
  });
  const sizeBytes = columns.reduce((sum, column) => sum + vectorSizeBytes(column), rows.length);
  return { rowCount: rows.length, columns, sizeBytes };
}

function valueOf(type: DataType, cell: Cell): RowValue {
  if (cell === null) return null;
  switch (type.kind) {
    case 'CHAR':
    case 'VARCHAR':
      return new TextDecoder().decode(cell as Uint8Array);
    case 'DECIMAL':
      return decimalText(cell as bigint, type.scale);
    case 'DATE':
      return dateText(cell as number);
    case 'TIME':
      return `${timeText(cell as number)}.${String((cell as number) % 1000).padStart(3, '0')}`;
    case 'TIMESTAMP':
    case 'TIMESTAMP_LTZ': {
      const digits = Math.max(3, type.precision);
      const text = timestampText((cell as bigint) * unitNanos(type.precision), digits);
      return type.kind === 'TIMESTAMP' ? text : `${text}Z`;
    }
    case 'ARRAY':
      return (cell as readonly Cell[]).map((item) => valueOf(type.element, item));
    case 'MAP':
    case 'MULTISET': {
      const { key, value } = entryTypes(type);
      const entries = cell as readonly (readonly [Cell, Cell])[];
      return new Map(entries.map(([a, b]) => [valueOf(key, a), valueOf(value, b)]));
    }
    case 'ROW': {
      const cells = cell as readonly Cell[];
      return Object.fromEntries(type.fields.map((field, index) => [field.name, valueOf(field.type, cells[index])]));
    }
    case 'VARIANT': {
      const [value, metadata] = cell as readonly Uint8Array[];
      return variantText(value, metadata);
    }
    default:
      return cell;
  }
}

/** A value as a cell of the type. Throws `E3137` with the column's name. */
export function cellOf(type: DataType, value: RowValue, column: string): Cell {
  if (value === null) return null;
  let cause: unknown;
  try {
    const cell = presentCell(type, value, column);
    if (cell !== undefined) return cell;
  } catch (error) {
    if (!isTributaryError(error, 'E3130')) throw error;
    cause = error;
  }
  const message = `value does not fit its column: column=${column} type=${dataTypeText(type)}`;
  throw new TributaryError('E3137', message, { cause });
}

const INTEGER_LIMITS = { TINYINT: 2 ** 7, SMALLINT: 2 ** 15, INT: 2 ** 31 } as const;

/** Undefined for a value of another type. */
function presentCell(type: DataType, value: Exclude<RowValue, null>, column: string): Cell | undefined {
  switch (type.kind) {
    case 'BOOLEAN':
      return typeof value === 'boolean' ? value : undefined;
    case 'TINYINT':
    case 'SMALLINT':
    case 'INT': {
      const limit = INTEGER_LIMITS[type.kind];
      return Number.isInteger(value) && Number(value) >= -limit && Number(value) < limit ? Number(value) : undefined;
    }
    case 'BIGINT':
      return integerCell(value);
    case 'FLOAT':
    case 'DOUBLE':
      return typeof value === 'number' ? value : undefined;
    case 'DECIMAL':
      return decimalCell(type, value);
    case 'DATE':
    case 'TIME':
    case 'TIMESTAMP':
    case 'TIMESTAMP_LTZ':
      return timeCell(type, value);
    case 'CHAR':
    case 'VARCHAR':
      return typeof value === 'string' ? new TextEncoder().encode(value) : undefined;
    case 'BINARY':
    case 'VARBINARY':
    case 'BLOB':
      return value instanceof Uint8Array ? value : undefined;
    case 'VARIANT':
      return typeof value === 'string' ? variantCell(value) : undefined;
    default:
      return nestedCell(type, value, column);
  }
}

function integerCell(value: RowValue): Cell | undefined {
  const isWhole = typeof value === 'bigint' || Number.isSafeInteger(value);
  const whole = isWhole ? BigInt(value as bigint | number) : null;
  return whole !== null && BigInt.asIntN(64, whole) === whole ? whole : undefined;
}

function decimalCell(type: DataType & { readonly kind: 'DECIMAL' }, value: RowValue): Cell | undefined {
  if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'bigint') return undefined;
  return parseDecimal(String(value), type.precision, type.scale) ?? undefined;
}

/** Digits beyond the precision of a timestamp are refused: nothing is rounded. */
function timeCell(type: DataType, value: RowValue): Cell | undefined {
  const text = value instanceof Date ? value.toISOString() : value;
  if (typeof text !== 'string') return undefined;
  if (type.kind === 'TIME') return parseTime(text);
  if (type.kind !== 'TIMESTAMP' && type.kind !== 'TIMESTAMP_LTZ') {
    return parseDate(value instanceof Date ? text.slice(0, 10) : text);
  }
  const nanos = parseTimestamp(text);
  const unit = unitNanos(type.precision);
  return nanos % unit === 0n ? nanos / unit : undefined;
}

function unitNanos(precision: number): bigint {
  if (precision <= 3) return 1_000_000n;
  return precision <= 6 ? 1000n : 1n;
}

function nestedCell(type: DataType, value: Exclude<RowValue, null>, column: string): Cell | undefined {
  switch (type.kind) {
    case 'ARRAY':
      return Array.isArray(value)
        ? (value as readonly RowValue[]).map((item) => cellOf(type.element, item, column))
        : undefined;
    case 'MAP':
    case 'MULTISET': {
      if (!(value instanceof Map)) return undefined;
      const { key, value: valueType } = entryTypes(type);
      const entries = [...(value as ReadonlyMap<RowValue, RowValue>)];
      return entries.map(([a, b]): Cell => [cellOf(key, a, column), cellOf(valueType, b, column)]);
    }
    case 'ROW': {
      if (!isRow(value)) return undefined;
      const names = new Set(type.fields.map((field) => field.name));
      if (Object.keys(value).some((name) => !names.has(name))) return undefined;
      return type.fields.map((field) => cellOf(field.type, value[field.name] ?? null, `${column}.${field.name}`));
    }
    default:
      return undefined;
  }
}

function isRow(value: RowValue): value is RowObject {
  const isPlain = typeof value === 'object' && value !== null && !Array.isArray(value);
  return isPlain && !(value instanceof Map) && !(value instanceof Date) && !(value instanceof Uint8Array);
}
