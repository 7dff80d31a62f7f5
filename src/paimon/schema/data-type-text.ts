// Data types as schema files write them: strings such as `DECIMAL(10, 2) NOT NULL`, objects for nested types.
// Source: Paimon specification, "DataTypes" and DataTypeJsonParser (format notes 01 section 3).
import { TributaryError } from '../../base/errors.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../base/json-text.ts';
import { type DataField, type DataType, MAX_LENGTH } from './data-type.ts';

/** The largest DECIMAL precision and fractional-second precision. */
const DECIMAL_PRECISION_MAX = 38;
const SECOND_PRECISION_MAX = 9;

type Kind = DataType['kind'];
/** A DataType without its nullability. */
type BareType = DataType extends infer T ? (T extends unknown ? Omit<T, 'nullable'> : never) : never;

const PLAIN_KINDS: ReadonlySet<string> = new Set<Kind>([
  'BOOLEAN',
  'TINYINT',
  'SMALLINT',
  'INT',
  'BIGINT',
  'FLOAT',
  'DOUBLE',
  'DATE',
  'VARIANT',
  'BLOB',
]);

/** Other names that the parser of the reference accepts. */
const ALIASES: Readonly<Record<string, string>> = {
  INTEGER: 'INT',
  'DOUBLE PRECISION': 'DOUBLE',
  DEC: 'DECIMAL',
  NUMERIC: 'DECIMAL',
  'TIMESTAMP WITHOUT TIME ZONE': 'TIMESTAMP',
  'TIME WITHOUT TIME ZONE': 'TIME',
  'TIMESTAMP WITH LOCAL TIME ZONE': 'TIMESTAMP_LTZ',
};

/** Reads a type in its JSON form, case-insensitively. Throws `E3101`. */
export function parseDataType(json: JsonValue | undefined): DataType {
  if (typeof json === 'string') return parseTypeText(json);
  if (isJsonObject(json)) return parseNestedType(json);
  throw refused(json);
}

/** The id of a field whose JSON has none: the fields of a table that is still to be created. */
export const NO_FIELD_ID = -1;

/** Reads a field: `name`, `type`, and if there are any `id`, `description` and `defaultValue`. Throws `E3101`. */
export function parseDataField(json: JsonValue | undefined): DataField {
  if (!isJsonObject(json)) throw refused(json);
  const { id = NO_FIELD_ID, name, type, description, defaultValue, ...unknownKeys } = json;
  if (typeof id !== 'number' || !Number.isInteger(id) || typeof name !== 'string') throw refused(json);
  return {
    id,
    name,
    type: parseDataType(type),
    ...(typeof description === 'string' ? { description } : {}),
    ...(defaultValue === undefined || defaultValue === null ? {} : { defaultValue: scalarText(defaultValue, json) }),
    ...(Object.keys(unknownKeys).length === 0 ? {} : { unknownKeys }),
  };
}

/** Defaults that are written as numbers or flags are taken as their text. */
function scalarText(value: JsonValue, field: JsonObject): string {
  if (typeof value === 'object') throw refused(field);
  return String(value);
}

/** The JSON form of a type: a string, or an object for ARRAY, MULTISET, MAP and ROW. */
export function dataTypeToJson(type: DataType): string | JsonObject {
  const named = type.nullable ? type.kind : `${type.kind} NOT NULL`;
  switch (type.kind) {
    case 'ARRAY':
    case 'MULTISET':
      return { type: named, element: dataTypeToJson(type.element) };
    case 'MAP':
      return { type: named, key: dataTypeToJson(type.key), value: dataTypeToJson(type.value) };
    case 'ROW':
      return { type: named, fields: type.fields.map(dataFieldToJson) };
    default:
      return type.nullable ? bareText(type) : `${bareText(type)} NOT NULL`;
  }
}

/** The JSON form of a field, keys in the order of the Java writer. */
export function dataFieldToJson(field: DataField): JsonObject {
  return {
    id: field.id,
    name: field.name,
    type: dataTypeToJson(field.type),
    description: field.description,
    defaultValue: field.defaultValue,
    ...field.unknownKeys,
  };
}

/** A type on one line as SQL writes it, e.g. `ARRAY<INT NOT NULL>`: for people. */
export function dataTypeText(type: DataType): string {
  const text = type.nullable ? '' : ' NOT NULL';
  switch (type.kind) {
    case 'ARRAY':
    case 'MULTISET':
      return `${type.kind}<${dataTypeText(type.element)}>${text}`;
    case 'MAP':
      return `MAP<${dataTypeText(type.key)}, ${dataTypeText(type.value)}>${text}`;
    case 'ROW':
      return `ROW<${type.fields.map((field) => `\`${field.name}\` ${dataTypeText(field.type)}`).join(', ')}>${text}`;
    default:
      return bareText(type) + text;
  }
}

/** The text of a type that is not nested, without its nullability. */
function bareText(type: Exclude<DataType, { readonly kind: 'ARRAY' | 'MULTISET' | 'MAP' | 'ROW' }>): string {
  switch (type.kind) {
    case 'DECIMAL':
      return `DECIMAL(${type.precision}, ${type.scale})`;
    case 'TIME':
    case 'TIMESTAMP':
      return `${type.kind}(${type.precision})`;
    case 'TIMESTAMP_LTZ':
      return `TIMESTAMP(${type.precision}) WITH LOCAL TIME ZONE`;
    case 'VARCHAR':
      return type.length === MAX_LENGTH ? 'STRING' : `VARCHAR(${type.length})`;
    case 'VARBINARY':
      return type.length === MAX_LENGTH ? 'BYTES' : `VARBINARY(${type.length})`;
    case 'CHAR':
    case 'BINARY':
      return `${type.kind}(${type.length})`;
    default:
      return type.kind;
  }
}

function parseNestedType(json: JsonObject): DataType {
  const head = typeof json['type'] === 'string' ? splitNullability(json['type']) : null;
  switch (head?.name) {
    case 'ARRAY':
    case 'MULTISET':
      return { kind: head.name, nullable: head.nullable, element: parseDataType(json['element']) };
    case 'MAP':
      return {
        kind: 'MAP',
        nullable: head.nullable,
        key: parseDataType(json['key']),
        value: parseDataType(json['value']),
      };
    case 'ROW':
      if (!Array.isArray(json['fields'])) throw refused(json);
      return { kind: 'ROW', nullable: head.nullable, fields: json['fields'].map(parseDataField) };
    default:
      throw refused(json);
  }
}

function parseTypeText(text: string): DataType {
  const { name, nullable } = splitNullability(text);
  const collection = /^(.+) (ARRAY|MULTISET)$/.exec(name);
  if (collection !== null) {
    return { kind: collection[2] as 'ARRAY' | 'MULTISET', nullable, element: parseTypeText(collection[1]) };
  }
  const match = /^([A-Z_ ]*[A-Z_])\s*(?:\(([^)]*)\))?\s*(WITH LOCAL TIME ZONE|WITHOUT TIME ZONE)?$/.exec(name);
  if (match === null) throw refused(text);
  const zone = match[3] === undefined ? '' : ` ${match[3]}`;
  const word = `${match[1]}${zone}`;
  const args = match[2] === undefined ? [] : match[2].split(',').map((arg) => parseCount(arg, text));
  const bare = bareType(ALIASES[word] ?? word, args, text);
  return { ...bare, nullable };
}

function splitNullability(text: string): { readonly name: string; readonly nullable: boolean } {
  const name = text.trim().toUpperCase().replace(/\s+/g, ' ');
  if (name.endsWith(' NOT NULL')) return { name: name.slice(0, -' NOT NULL'.length), nullable: false };
  return { name: name.endsWith(' NULL') ? name.slice(0, -' NULL'.length) : name, nullable: true };
}

function bareType(kind: string, args: readonly number[], text: string): BareType {
  const [first, second] = args;
  const argCountMax = PLAIN_KINDS.has(kind) || kind === 'STRING' || kind === 'BYTES' ? 0 : kind === 'DECIMAL' ? 2 : 1;
  if (args.length > argCountMax) throw refused(text);
  switch (kind) {
    case 'STRING':
      return { kind: 'VARCHAR', length: MAX_LENGTH };
    case 'BYTES':
      return { kind: 'VARBINARY', length: MAX_LENGTH };
    case 'CHAR':
    case 'VARCHAR':
    case 'BINARY':
    case 'VARBINARY':
      return { kind, length: within(first ?? 1, 1, MAX_LENGTH, text) };
    case 'DECIMAL': {
      const precision = within(first ?? 10, 1, DECIMAL_PRECISION_MAX, text);
      return { kind, precision, scale: within(second ?? 0, 0, precision, text) };
    }
    case 'TIME':
      return { kind, precision: within(first ?? 0, 0, SECOND_PRECISION_MAX, text) };
    case 'TIMESTAMP':
    case 'TIMESTAMP_LTZ':
      return { kind, precision: within(first ?? 6, 0, SECOND_PRECISION_MAX, text) };
    default:
      if (!PLAIN_KINDS.has(kind)) throw refused(text);
      return { kind } as BareType;
  }
}

function parseCount(text: string, whole: string): number {
  if (!/^\s*\d{1,10}\s*$/.test(text)) throw refused(whole);
  return Number(text);
}

function within(value: number, least: number, most: number, text: string): number {
  if (value < least || value > most) throw refused(text);
  return value;
}

function refused(json: JsonValue | undefined): TributaryError {
  const shown =
    typeof json === 'string'
      ? json
      : JSON.stringify(json, (_, item: unknown) => (typeof item === 'bigint' ? String(item) : item));
  return new TributaryError('E3101', `unknown or malformed data type: ${shown ?? 'nothing'}`);
}
