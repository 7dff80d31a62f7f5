// The Avro schema of a data file, as the reference writes it. Source: format notes 04 section 3 (AvroSchemaConverter).
import { isTributaryError, TributaryError, unreachable } from '../../../base/errors.ts';
import type { DataField, DataType } from '../../schema/data-type.ts';
import { entryTypes } from '../cell.ts';

const NAMESPACE = 'org.apache.paimon.avro.generated';
const ROOT = 'record';

/** A type as JSON, its keys in the reference's order. */
type SchemaJson = string | readonly SchemaJson[] | { readonly [key: string]: SchemaJson | number | null };

/** The schema of files with these columns, as text. Throws `E3210` for a column that Avro cannot hold. */
export function avroSchemaText(fields: readonly DataField[]): string {
  const names = new Map<string, string>();
  const { type, name, ...rest } = recordJson(ROOT, fields, names) as Readonly<Record<string, SchemaJson>>;
  return JSON.stringify({ type, name, namespace: NAMESPACE, ...rest });
}

/** Whether Avro can hold the columns. */
export function avroHolds(fields: readonly DataField[]): boolean {
  try {
    avroSchemaText(fields);
    return true;
  } catch (error) {
    if (isTributaryError(error, 'E3210')) return false;
    throw error;
  }
}

/** Named records so far, by name, with what they are. */
type Names = Map<string, string>;

function recordJson(name: string, fields: readonly DataField[], names: Names): SchemaJson {
  const json = {
    type: 'record',
    name,
    fields: fields.map((field): SchemaJson => {
      checkName(field.name);
      const type = typeJson(field.type, `${name}_${field.name}`, names);
      return field.type.nullable ? { name: field.name, type, default: null } : { name: field.name, type };
    }),
  };
  return define(name, json, names);
}

/** A record is written once; where it stands again it is only named. */
function define(name: string, json: SchemaJson, names: Names): SchemaJson {
  const text = JSON.stringify(json);
  const known = names.get(name);
  names.set(name, text);
  if (known === undefined) return json;
  if (known === text) return name;
  throw unwritable(`two nested types have the same name in an Avro file: name=${name}`);
}

/** The rule for names of Avro in Java: letters and digits of any script, looked at in units of UTF-16. */
const NAME = /^[\p{L}_][\p{L}\p{Nd}_]*$/u;
const ABOVE_UTF16_UNIT = /[\u{10000}-\u{10ffff}]/u;

function checkName(name: string): void {
  if (NAME.test(name) && !ABOVE_UTF16_UNIT.test(name)) return;
  throw unwritable(`a column has a name that Avro does not allow: column=${name}`);
}

function unwritable(message: string): TributaryError {
  return new TributaryError('E3210', message);
}

function typeJson(type: DataType, name: string, names: Names): SchemaJson {
  const json = valueJson(type, name, names);
  return type.nullable ? ['null', json] : json;
}

function valueJson(type: DataType, name: string, names: Names): SchemaJson {
  switch (type.kind) {
    case 'BOOLEAN':
      return 'boolean';
    case 'TINYINT':
    case 'SMALLINT':
    case 'INT':
      return 'int';
    case 'BIGINT':
      return 'long';
    case 'FLOAT':
      return 'float';
    case 'DOUBLE':
      return 'double';
    case 'CHAR':
    case 'VARCHAR':
      return 'string';
    case 'BINARY':
    case 'VARBINARY':
    case 'BLOB':
      return 'bytes';
    case 'DATE':
      return { type: 'int', logicalType: 'date' };
    case 'TIME':
      if (type.precision > 3) throw unwritable(`an Avro file cannot hold TIME(${type.precision}): column=${name}`);
      return { type: 'int', logicalType: 'time-millis' };
    case 'TIMESTAMP':
      return { type: 'long', logicalType: `timestamp-${unitOf(type.precision, name)}` };
    case 'TIMESTAMP_LTZ':
      // The two are the other way round than Avro means them, in every file of the reference.
      return { type: 'long', logicalType: `local-timestamp-${unitOf(type.precision, name)}` };
    case 'DECIMAL':
      return { type: 'bytes', logicalType: 'decimal', precision: type.precision, scale: type.scale };
    case 'ARRAY':
      return { type: 'array', items: typeJson(type.element, name, names) };
    case 'MAP':
    case 'MULTISET':
      return mapJson(type, name, names);
    case 'ROW':
      return recordJson(name, type.fields, names);
    case 'VARIANT':
      throw unwritable(`an Avro file cannot hold VARIANT: column=${name}`);
    default:
      return unreachable(type);
  }
}

function unitOf(precision: number, name: string): 'millis' | 'micros' {
  if (precision <= 3) return 'millis';
  if (precision <= 6) return 'micros';
  throw unwritable(`an Avro file cannot hold timestamps of precision ${precision}: column=${name}`);
}

/** A map with text keys, or a list of pairs. */
function mapJson(type: DataType, name: string, names: Names): SchemaJson {
  const { key, value } = avroEntryTypes(type);
  if (key.kind === 'VARCHAR' || key.kind === 'CHAR') return { type: 'map', values: typeJson(value, name, names) };
  const valueField = { name: 'value', type: typeJson(value, `${name}_value`, names) };
  const fields: SchemaJson = [
    { name: 'key', type: typeJson(key, `${name}_key`, names) },
    value.nullable ? { ...valueField, default: null } : valueField,
  ];
  return { type: 'array', items: define(name, { type: 'record', name, fields }, names), logicalType: 'map' };
}

/** Key and value as Avro files have them: the counts of a multiset may be null there. */
export function avroEntryTypes(type: DataType): { readonly key: DataType; readonly value: DataType } {
  const { key, value } = entryTypes(type);
  return type.kind === 'MULTISET' ? { key, value: { ...value, nullable: true } } : { key, value };
}
