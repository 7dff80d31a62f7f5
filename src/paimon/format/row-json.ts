// Rows as JSON. The exact form is the reference command line's: BIGINT and DECIMAL as texts, bytes as hex, maps as
// pairs, timestamps with 6 or 9 digits. The display form is that of `query` and `changelog`: numbers where they lose
// nothing, maps with text keys as objects.
import { TributaryError } from '../../base/errors.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../base/json-text.ts';
import type { VectorBuilder } from '../../column/builder.ts';
import { bigIntAt, bytesAt, type Int64Vector, PRESENT, validityAt, type Vector } from '../../column/vector.ts';
import type { DataField, DataType } from '../schema/data-type.ts';
import { dataTypeText } from '../schema/data-type-text.ts';
import { dateText, parseDate, parseTime, parseTimestamp, timestampText, timeText } from './calendar-text.ts';
import { appendCell, bytesToBigInt, type Cell, entryTypes } from './cell.ts';
import { decimalText, parseDecimal, shortestFloat } from './value-text.ts';
import { variantCell } from './variant/variant-builder.ts';
import { variantText } from './variant/variant-text.ts';

/** `exact`: the reference's form. `display` and `display-strings`: 64-bit numbers and decimals as numbers or as texts. */
export type RowJsonForm = 'exact' | 'display' | 'display-strings';

/** Prints the value at a row as JSON text. */
export type ValuePrinter = (vector: Vector, row: number) => string;

/** Decimal digits that a JSON number keeps in every reader. */
const SAFE_DIGITS = 15;
const NANOS_PER_MILLI = 1_000_000n;
const NANOS_PER_MICRO = 1_000n;
const INTEGER_BITS: Readonly<Partial<Record<DataType['kind'], number>>> = { TINYINT: 8, SMALLINT: 16, INT: 32 };

/** Prints rows with these fields as JSON objects, one a call, keys in the order of the fields. */
export function createRowPrinter(fields: readonly DataField[], form: RowJsonForm = 'exact') {
  const keys = fields.map((field) => `${JSON.stringify(field.name)}:`);
  const printers = fields.map((field) => valuePrinter(field.type, form));
  return (columns: readonly Vector[], row: number): string => {
    let text = '';
    for (let index = 0; index < keys.length; index++) {
      text += `${index === 0 ? '{' : ','}${keys[index]}${printers[index](columns[index], row)}`;
    }
    return text === '' ? '{}' : `${text}}`;
  };
}

/** Prints values of a type; a VARIANT is a text of JSON. The printer throws `E3383` for a damaged one. */
export function valuePrinter(type: DataType, form: RowJsonForm = 'exact'): ValuePrinter {
  const print = presentPrinter(type, form);
  return (vector, row) => (validityAt(vector, row) === PRESENT ? print(vector, row) : 'null');
}

function presentPrinter(type: DataType, form: RowJsonForm): ValuePrinter {
  switch (type.kind) {
    case 'BOOLEAN':
      return (vector, row) => (numberAt(vector, row) === 0 ? 'false' : 'true');
    case 'TINYINT':
    case 'SMALLINT':
    case 'INT':
      return (vector, row) => String(numberAt(vector, row));
    case 'BIGINT':
      return (vector, row) => integerText(int64At(vector, row), form);
    case 'FLOAT':
      if (form === 'exact') return (vector, row) => floatText(numberAt(vector, row));
      return (vector, row) => floatText(shortestFloat(numberAt(vector, row)));
    case 'DOUBLE':
      return (vector, row) => floatText(numberAt(vector, row));
    case 'DECIMAL':
      return (vector, row) => decimalJson(unscaledAt(vector, row), type.scale, form);
    case 'CHAR':
    case 'VARCHAR':
      return (vector, row) => JSON.stringify(utf8At(vector, row));
    case 'BINARY':
    case 'VARBINARY':
    case 'BLOB':
      return (vector, row) => `"${hexAt(vector, row)}"`;
    case 'DATE':
      return (vector, row) => `"${dateText(numberAt(vector, row))}"`;
    case 'TIME':
      return (vector, row) => {
        const milliOfDay = numberAt(vector, row);
        return `"${timeText(milliOfDay)}.${String(milliOfDay % 1000).padStart(3, '0')}"`;
      };
    case 'TIMESTAMP':
    case 'TIMESTAMP_LTZ': {
      const zone = type.kind === 'TIMESTAMP' ? '' : 'Z';
      const digits = type.precision > 6 ? 9 : 6;
      return (vector, row) => `"${timestampText(epochNanosAt(type.precision, vector, row), digits)}${zone}"`;
    }
    case 'ARRAY':
      return arrayPrinter(type.element, form);
    case 'MAP':
    case 'MULTISET':
      return mapPrinter(type, form);
    case 'ROW': {
      const print = createRowPrinter(type.fields, form);
      return (vector, row) => (vector.kind === 'struct' ? print(vector.fields, row) : wrongVector(vector));
    }
    case 'VARIANT':
      return (vector, row) => {
        if (vector.kind !== 'struct') return wrongVector(vector);
        const [value, metadata] = vector.fields.map((field) =>
          field.kind === 'bytes' ? bytesAt(field, row) : wrongVector(field),
        );
        return JSON.stringify(variantText(value, metadata));
      };
  }
}

function arrayPrinter(element: DataType, form: RowJsonForm): ValuePrinter {
  const print = valuePrinter(element, form);
  return (vector, row) => {
    if (vector.kind !== 'list') return wrongVector(vector);
    const items: string[] = [];
    for (let at = vector.offsets[row]; at < vector.offsets[row + 1]; at++) items.push(print(vector.element, at));
    return `[${items.join(',')}]`;
  };
}

function mapPrinter(type: DataType, form: RowJsonForm): ValuePrinter {
  const { key, value } = entryTypes(type);
  const printKey = valuePrinter(key, form);
  const printValue = valuePrinter(value, form);
  const asObject = form !== 'exact' && (key.kind === 'VARCHAR' || key.kind === 'CHAR');
  return (vector, row) => {
    if (vector.kind !== 'map') return wrongVector(vector);
    const entries: string[] = [];
    for (let at = vector.offsets[row]; at < vector.offsets[row + 1]; at++) {
      const [keyText, valueText] = [printKey(vector.key, at), printValue(vector.value, at)];
      entries.push(asObject ? `${keyText}:${valueText}` : `[${keyText},${valueText}]`);
    }
    return asObject ? `{${entries.join(',')}}` : `[${entries.join(',')}]`;
  };
}

/** What a row reader does with columns that the table does not have; the reference ignores them. */
export interface RowReaderOptions {
  readonly unknownColumns?: 'refuse' | 'ignore';
}

/**
 * Reads rows in the exact form (the display form too, but for maps as objects) into builders of the fields, at the
 * builders' next row. Absent keys are NULL. The reader throws `E3130` for a value that its column cannot hold exactly,
 * and for an unknown column unless those are ignored.
 */
export function createRowReader(fields: readonly DataField[], { unknownColumns = 'refuse' }: RowReaderOptions = {}) {
  const known = new Set(fields.map((field) => field.name));
  return (json: JsonValue, builders: readonly VectorBuilder[], row: number): void => {
    if (!isJsonObject(json)) throw new TributaryError('E3130', 'row is not a JSON object');
    const unknown = unknownColumns === 'refuse' ? Object.keys(json).find((name) => !known.has(name)) : undefined;
    if (unknown !== undefined) throw new TributaryError('E3130', `row has an unknown column: column=${unknown}`);
    fields.forEach(({ name, type }, index) => appendCell(type, builders[index], row, fieldCell(name, type, json)));
  };
}

function fieldCell(name: string, type: DataType, json: JsonObject): Cell {
  const value = Object.hasOwn(json, name) ? json[name] : null;
  try {
    return cellFromJson(type, value);
  } catch (error) {
    const message = `value does not fit its column: column=${name} type=${dataTypeText(type)}`;
    throw new TributaryError('E3130', message, { cause: error });
  }
}

/** The cell of a JSON value in the exact form. Throws `E3130` where the type cannot hold it exactly. */
export function cellFromJson(type: DataType, json: JsonValue | undefined): Cell {
  if (json === null || json === undefined) return null;
  switch (type.kind) {
    case 'ARRAY':
      return listOf(json).map((item) => cellFromJson(type.element, item));
    case 'MAP':
    case 'MULTISET': {
      const { key, value } = entryTypes(type);
      return listOf(json).map((entry) => {
        const [entryKey, entryValue] = listOf(entry);
        return [cellFromJson(key, entryKey), cellFromJson(value, entryValue)];
      });
    }
    case 'ROW':
      if (!isJsonObject(json)) throw misfit(type);
      return type.fields.map((field) => fieldCell(field.name, field.type, json));
    case 'BOOLEAN':
      if (json !== true && json !== false && json !== 'true' && json !== 'false') throw misfit(type);
      return json === true || json === 'true';
    default:
      if (typeof json === 'object') throw misfit(type);
      return scalarFromText(type, Object.is(json, -0) ? '-0' : String(json));
  }
}

function scalarFromText(type: DataType, text: string): Cell {
  switch (type.kind) {
    case 'TINYINT':
    case 'SMALLINT':
    case 'INT':
      return Number(integerOf(type, text, INTEGER_BITS[type.kind] ?? 0));
    case 'BIGINT':
      return integerOf(type, text, 64);
    case 'FLOAT':
      return Math.fround(floatOf(type, text));
    case 'DOUBLE':
      return floatOf(type, text);
    case 'DECIMAL': {
      const unscaled = parseDecimal(text, type.precision, type.scale);
      if (unscaled === null) throw misfit(type);
      return unscaled;
    }
    case 'CHAR':
    case 'VARCHAR':
      if (!text.isWellFormed()) throw misfit(type);
      return new TextEncoder().encode(text);
    case 'VARIANT':
      return variantCell(text);
    case 'BINARY':
    case 'VARBINARY':
    case 'BLOB':
      if (!/^([0-9a-fA-F]{2})*$/.test(text)) throw misfit(type);
      return new Uint8Array(Buffer.from(text, 'hex'));
    case 'DATE':
      return parseDate(text);
    case 'TIME':
      return parseTime(text);
    case 'TIMESTAMP':
    case 'TIMESTAMP_LTZ':
      return timestampOf(type, text, type.precision);
    default:
      throw misfit(type);
  }
}

/** Digits are kept to the unit of the vector, as the reference keeps them; finer ones are refused. */
function timestampOf(type: DataType, text: string, precision: number): bigint {
  const nanos = parseTimestamp(text);
  const unit = precision > 6 ? 1n : precision > 3 ? NANOS_PER_MICRO : NANOS_PER_MILLI;
  if (nanos % unit !== 0n) throw misfit(type);
  return nanos / unit;
}

function integerOf(type: DataType, text: string, bits: number): bigint {
  if (!/^[+-]?\d{1,40}$/.test(text)) throw misfit(type);
  const value = BigInt(text.replace(/^\+/, ''));
  if (BigInt.asIntN(bits, value) !== value) throw misfit(type);
  return value;
}

function floatOf(type: DataType, text: string): number {
  const value = text.trim() === '' ? Number.NaN : Number(text);
  if (Number.isNaN(value) && text !== 'NaN') throw misfit(type);
  return value;
}

function integerText(value: bigint, form: RowJsonForm): string {
  const asNumber =
    form === 'display' && BigInt(Number.MIN_SAFE_INTEGER) <= value && value <= BigInt(Number.MAX_SAFE_INTEGER);
  return asNumber ? String(value) : `"${value}"`;
}

function decimalJson(unscaled: bigint, scale: number, form: RowJsonForm): string {
  const text = decimalText(unscaled, scale);
  const digits = String(unscaled < 0n ? -unscaled : unscaled).length;
  return form === 'display' && digits <= SAFE_DIGITS ? text : `"${text}"`;
}

/** NaN and the infinities as texts; -0 keeps its sign, which `JSON.stringify` would drop. */
function floatText(value: number): string {
  if (!Number.isFinite(value)) return `"${value}"`;
  return Object.is(value, -0) ? '-0.0' : String(value);
}

/** Nanoseconds since the epoch of a timestamp. */
function epochNanosAt(precision: number, vector: Vector, row: number): bigint {
  if (precision <= 3) return int64At(vector, row) * NANOS_PER_MILLI;
  if (precision <= 6) return int64At(vector, row) * NANOS_PER_MICRO;
  if (vector.kind !== 'struct') return wrongVector(vector);
  return int64At(vector.fields[0], row) * NANOS_PER_MICRO + BigInt(numberAt(vector.fields[1], row));
}

function numberAt(vector: Vector, row: number): number {
  return vector.kind === 'i32' || vector.kind === 'f32' || vector.kind === 'f64'
    ? vector.values[row]
    : wrongVector(vector);
}

function int64At(vector: Vector, row: number): bigint {
  return bigIntAt(vector as Int64Vector, row);
}

function unscaledAt(vector: Vector, row: number): bigint {
  return vector.kind === 'bytes' ? bytesToBigInt(bytesAt(vector, row)) : int64At(vector, row);
}

function utf8At(vector: Vector, row: number): string {
  if (vector.kind !== 'bytes') return wrongVector(vector);
  return Buffer.from(vector.bytes.buffer, vector.bytes.byteOffset, vector.bytes.length).toString(
    'utf8',
    vector.offsets[row],
    vector.offsets[row + 1],
  );
}

function hexAt(vector: Vector, row: number): string {
  return vector.kind === 'bytes' ? Buffer.from(bytesAt(vector, row)).toString('hex') : wrongVector(vector);
}

function listOf(json: JsonValue): readonly JsonValue[] {
  if (!Array.isArray(json)) throw new TributaryError('E3130', 'value is not a list');
  return json as readonly JsonValue[];
}

function misfit(type: DataType): TributaryError {
  return new TributaryError('E3130', `value does not fit its type: type=${dataTypeText(type)}`);
}

function wrongVector(vector: Vector): never {
  throw new TributaryError('E9001', `vector does not fit its type: kind=${vector.kind}`);
}
