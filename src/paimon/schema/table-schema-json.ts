// Schema files: a TableSchema to and from the JSON of `schema/schema-<id>`. Source: format notes 01 section 3
// (TableSchema, SchemaSerializer).
import { TributaryError } from '../../base/errors.ts';
import { isJsonObject, type JsonObject, type JsonValue, parseJson, prettyJson } from '../../base/json-text.ts';
import { dataFieldToJson, NO_FIELD_ID, parseDataField } from './data-type-text.ts';
import { allFieldIds, assignFieldIds } from './field-ids.ts';
import type { TableSchema } from './table-schema.ts';

/** The version that is written. */
const SCHEMA_VERSION = 3;
/** Paimon 0.7 and 0.8: their tables rely on other defaults than today's. */
const VERSION_WITH_ONE_BUCKET = 1;
const VERSION_WITH_ORC = 2;

/** The keys of a schema file that this version knows. */
const KNOWN_KEYS: ReadonlySet<string> = new Set([
  'version',
  'id',
  'fields',
  'highestFieldId',
  'partitionKeys',
  'primaryKeys',
  'options',
  'comment',
  'timeMillis',
]);

/** What a new table is to be; field ids are as the caller chose them. */
export type TableDefinition = Pick<TableSchema, 'fields' | 'partitionKeys' | 'primaryKeys' | 'options' | 'comment'>;

/** The text of a schema file: keys and layout as the Java writer's. */
export function tableSchemaToJson(schema: TableSchema): string {
  return prettyJson({
    version: SCHEMA_VERSION,
    id: schema.id,
    fields: schema.fields.map(dataFieldToJson),
    highestFieldId: schema.highestFieldId,
    partitionKeys: schema.partitionKeys,
    primaryKeys: schema.primaryKeys,
    options: schema.options,
    comment: schema.comment ?? undefined,
    timeMillis: schema.timeMillis,
    ...schema.unknownKeys,
  });
}

/**
 * Reads a schema file. Tables of versions 1 and 2 get the options that were defaults then, so that nothing else needs
 * to know the version. Throws `E3101` (a type), `E3102` (anything else).
 */
export function parseTableSchema(text: string): TableSchema {
  const json = parseObject(text);
  const version = integer(json, 'version', 1);
  if (version > SCHEMA_VERSION) throw damaged(`schema version is newer than ${SCHEMA_VERSION}: version=${version}`);
  const definition = readDefinition(json);
  if (allFieldIds(definition.fields).includes(NO_FIELD_ID)) throw damaged('a field has no id');
  for (const key of [...definition.primaryKeys, ...definition.partitionKeys]) {
    if (!definition.fields.some(({ name }) => name === key)) throw damaged(`a key is no column: key=${key}`);
  }
  const unknownKeys = Object.fromEntries(Object.entries(json).filter(([key]) => !KNOWN_KEYS.has(key)));
  const options: Record<string, string> = { ...definition.options };
  if (version <= VERSION_WITH_ONE_BUCKET) options['bucket'] ??= '1';
  if (version <= VERSION_WITH_ORC) options['file.format'] ??= 'orc';
  return {
    id: integer(json, 'id'),
    ...definition,
    highestFieldId: integer(json, 'highestFieldId'),
    options,
    timeMillis: integer(json, 'timeMillis', 0),
    ...(Object.keys(unknownKeys).length === 0 ? {} : { unknownKeys }),
  };
}

/**
 * Reads a table definition in the JSON form of Paimon's Schema (as `table create` takes it); fields without ids get new
 * ones. Throws `E3101`, `E3102`.
 */
export function parseTableDefinition(text: string): TableDefinition {
  const definition = readDefinition(parseObject(text));
  const ids = allFieldIds(definition.fields);
  if (!ids.includes(NO_FIELD_ID)) return definition;
  if (ids.some((id) => id !== NO_FIELD_ID)) throw damaged('some fields have ids and others have none');
  return { ...definition, fields: assignFieldIds(definition.fields) };
}

function readDefinition(json: JsonObject): TableDefinition {
  const fields = json['fields'];
  if (!Array.isArray(fields)) throw damaged('not a list: key=fields');
  const comment = json['comment'];
  return {
    fields: (fields as readonly JsonValue[]).map(parseDataField),
    partitionKeys: texts(json, 'partitionKeys'),
    primaryKeys: texts(json, 'primaryKeys'),
    options: textMap(json, 'options'),
    comment: typeof comment === 'string' ? comment : null,
  };
}

function parseObject(text: string): JsonObject {
  let json: JsonValue;
  try {
    json = parseJson(text);
  } catch (error) {
    throw new TributaryError('E3102', 'schema is not JSON', { cause: error });
  }
  if (!isJsonObject(json)) throw damaged('schema is not a JSON object');
  return json;
}

function integer(json: JsonObject, key: string, missing?: number): number {
  const value = json[key] ?? missing;
  if (typeof value === 'number' && Number.isSafeInteger(value)) return value;
  throw damaged(`not an integer: key=${key}`);
}

function texts(json: JsonObject, key: string): readonly string[] {
  const value = json[key] ?? [];
  if (!Array.isArray(value) || !value.every((item) => typeof item === 'string')) {
    throw damaged(`not a list of texts: key=${key}`);
  }
  return value;
}

function textMap(json: JsonObject, key: string): Readonly<Record<string, string>> {
  const value = json[key] ?? {};
  if (!isJsonObject(value) || !Object.values(value).every((item) => typeof item === 'string')) {
    throw damaged(`not a map of texts: key=${key}`);
  }
  return value as Readonly<Record<string, string>>;
}

function damaged(message: string): TributaryError {
  return new TributaryError('E3102', `schema cannot be read: ${message}`);
}
