// Columns and constants in DuckDB's tree of a statement, as columns of a table and values of their types.
import { isTributaryError } from '../base/errors.ts';
import { isJsonObject, type JsonObject, jsonText, type JsonValue } from '../base/json-text.ts';
import type { Literal } from '../paimon/format/condition.ts';
import { cellFromJson } from '../paimon/format/row-json.ts';
import type { DataField, DataType } from '../paimon/schema/data-type.ts';
import type { TablePlace } from './sql-statement.ts';

/** The column of the table that an expression is; null where it is none, or may be one of another table. */
export function columnOfTree(
  tree: JsonValue | undefined,
  { qualifiers, isAlone }: TablePlace,
  fields: readonly DataField[],
): DataField | null {
  if (!isJsonObject(tree) || tree['type'] !== 'COLUMN_REF') return null;
  const names = tree['column_names'];
  if (!Array.isArray(names)) return null;
  const parts = (names as readonly JsonValue[]).map((name) => jsonText(name).toLowerCase());
  const before = parts.slice(0, -1);
  const isOurs = before.length === 0 ? isAlone : qualifiers.some((parts) => parts.join('.') === before.join('.'));
  return isOurs ? (fields.find(({ name }) => name.toLowerCase() === parts.at(-1)) ?? null) : null;
}

/**
 * The constant that an expression is, as a value that compares with those of the type as DuckDB's does; null where it is
 * no constant, is NULL, or would be compared in another way.
 */
export function literalOfTree(type: DataType, tree: JsonValue | undefined): Literal | null {
  const constant = constantOf(tree);
  if (constant === null) return null;
  switch (type.kind) {
    case 'BOOLEAN':
      return constant.type === 'BOOLEAN' && constant.cast ? booleanOf(constant.value) : null;
    case 'TINYINT':
    case 'SMALLINT':
    case 'INT':
      return INTEGERS.has(constant.type) && isWithin(constant.value, 31n) ? Number(constant.value) : null;
    case 'BIGINT':
      return INTEGERS.has(constant.type) && isWithin(constant.value, 63n) ? BigInt(constant.value as number) : null;
    case 'DECIMAL':
      return decimalOf(type, constant);
    case 'DOUBLE':
      return doubleOf(constant);
    case 'VARCHAR':
      return constant.type === 'VARCHAR' ? Buffer.from(jsonText(constant.value)) : null;
    case 'DATE':
      return timeOf(type, constant, ['VARCHAR', 'DATE']);
    case 'TIMESTAMP':
      return timeOf(type, constant, ['VARCHAR', 'DATE', 'TIMESTAMP']);
    case 'TIMESTAMP_LTZ':
      return timeOf(type, constant, ['VARCHAR', 'DATE', 'TIMESTAMP', 'TIMESTAMP WITH TIME ZONE']);
    default:
      return null;
  }
}

/** Types of whole numbers; a HUGEINT is beyond all columns. */
const INTEGERS: ReadonlySet<string> = new Set(['TINYINT', 'SMALLINT', 'INTEGER', 'BIGINT']);

interface Constant {
  readonly type: string;
  /** Of a decimal. */
  readonly width: number;
  readonly scale: number;
  readonly value: JsonValue;
  /** Whether it is a text that is cast to the type, as `DATE '2026-01-01'` and `true` are. */
  readonly cast: boolean;
}

function constantOf(tree: JsonValue | undefined): Constant | null {
  if (!isJsonObject(tree)) return null;
  if (tree['type'] === 'OPERATOR_CAST' && tree['try_cast'] !== true) {
    const text = constantOf(tree['child']);
    const to = tree['cast_type'];
    if (text?.type !== 'VARCHAR' || text.cast || !isJsonObject(to) || isJsonObject(to['type_info'])) return null;
    return { ...text, type: jsonText(to['id']), cast: true };
  }
  const value = tree['type'] === 'VALUE_CONSTANT' ? tree['value'] : undefined;
  if (!isJsonObject(value) || value['is_null'] !== false || value['value'] === undefined) return null;
  const type = value['type'];
  if (!isJsonObject(type)) return null;
  const info: JsonObject = isJsonObject(type['type_info']) ? type['type_info'] : {};
  // A text with a collation is compared by it.
  if (type['id'] === 'VARCHAR' && isJsonObject(type['type_info'])) return null;
  const [width, scale] = [Number(info['width'] ?? 0), Number(info['scale'] ?? 0)];
  return { type: jsonText(type['id']), width, scale, value: value['value'], cast: false };
}

function booleanOf(value: JsonValue): boolean | null {
  return value === 't' ? true : value === 'f' ? false : null;
}

function isWithin(value: JsonValue, bits: bigint): boolean {
  if (typeof value !== 'bigint' && !Number.isSafeInteger(value)) return false;
  const whole = BigInt(value as number | bigint);
  return whole >= -(2n ** bits) && whole < 2n ** bits;
}

/** DuckDB compares decimals exactly as long as 38 digits hold both. */
function decimalOf(type: { readonly precision: number; readonly scale: number }, constant: Constant): bigint | null {
  const { value, scale, width } = constant;
  const isWhole = INTEGERS.has(constant.type) && isWithin(value, 63n);
  const isDecimal = constant.type === 'DECIMAL' && isWithin(value, 63n);
  const digits = (isWhole ? 19 : width - scale) + type.scale;
  if ((!isWhole && !isDecimal) || scale > type.scale || type.precision > 18 || digits > 38) return null;
  return BigInt(value as number | bigint) * 10n ** BigInt(type.scale - scale);
}

/** Zero is left out: DuckDB has one, Paimon has two. */
function doubleOf({ type, value, scale, cast }: Constant): number | null {
  if (cast || typeof value !== 'number') return null;
  const isExact = type === 'DOUBLE' || ((INTEGERS.has(type) || type === 'DECIMAL') && Number.isSafeInteger(value));
  const number = type === 'DECIMAL' ? value / 10 ** scale : value;
  return isExact && Number.isFinite(number) && number !== 0 ? number : null;
}

const TIME = /^(\d{4}-\d\d-\d\d)(?:[ T](\d\d:\d\d:\d\d(?:\.\d{1,6})?))?$/;

/** A date, or a time of the type's precision: in UTC, as queries are. */
function timeOf(type: DataType, constant: Constant, types: readonly string[]): Literal | null {
  const [, day, time] = TIME.exec(types.includes(constant.type) ? jsonText(constant.value) : '') ?? [];
  if (day === undefined || (constant.type === 'DATE' && time !== undefined)) return null;
  if (type.kind === 'DATE') return time === undefined ? literal(type, day) : null;
  const isZoned = type.kind === 'TIMESTAMP_LTZ';
  const precision = type.kind === 'TIMESTAMP' || isZoned ? type.precision : 0;
  const unit = precision <= 3 ? 3 : 6;
  const [seconds, fraction = ''] = (time ?? '00:00:00').split('.');
  const digits = fraction.padEnd(unit, '0');
  if (precision > 6 || /[1-9]/.test(digits.slice(unit))) return null;
  return literal(type, `${day}T${seconds}.${digits.slice(0, unit)}${isZoned ? 'Z' : ''}`);
}

function literal(type: DataType, text: string): Literal | null {
  try {
    const cell = cellFromJson(type, text);
    return cell === null || Array.isArray(cell) ? null : (cell as Literal);
  } catch (error) {
    if (isTributaryError(error)) return null;
    throw error;
  }
}
