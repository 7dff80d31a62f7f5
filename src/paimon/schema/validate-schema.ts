// The rules that a schema must keep so that every engine can use the table: those of the reference (SchemaValidation,
// format notes 01 section 3), and few of our own where a table could not be written.
import { didYouMean } from '../../base/did-you-mean.ts';
import { TributaryError } from '../../base/errors.ts';
import type { DataField, DataType } from './data-type.ts';
import { dataTypeText } from './data-type-text.ts';
import { allFieldIds } from './field-ids.ts';
import { requireMergeOptions } from './merge-options.ts';
import { BUCKET_DYNAMIC, BUCKET_POSTPONE, type TableOptions, tableOptions } from './table-options.ts';
import { type TableSchema, trimmedPrimaryKeys } from './table-schema.ts';
import { brokenOptionRule } from './option-rules.ts';

/** Field ids from here on belong to Paimon's system fields. */
const SYSTEM_FIELD_ID_START = 1073741823;
const RESERVED_NAMES: ReadonlySet<string> = new Set([
  '_SEQUENCE_NUMBER',
  '_VALUE_KIND',
  '_LEVEL',
  'rowkind',
  '_ROW_ID',
]);
const RESERVED_PREFIX = '_KEY_';

/** Refuses a schema that breaks a rule of Paimon. Throws `E3103`, and `E3105` for an option that cannot be read. */
export function validateSchema(schema: TableSchema): void {
  const options = tableOptions(schema);
  validateFields(schema);
  validateKeys(schema);
  validateBuckets(schema, options);
  validateColumnsOfOptions(schema, options);
  const broken = brokenOptionRule(schema, options);
  if (broken !== null) throw refused(broken);
  requireMergeOptions(schema);
}

function validateFields(schema: TableSchema): void {
  const names = new Set<string>();
  if (schema.fields.length === 0) throw refused('no columns');
  for (const { name } of schema.fields) {
    if (name === '' || RESERVED_NAMES.has(name) || name.startsWith(RESERVED_PREFIX)) {
      throw refused(`column name is reserved: column=${name}`);
    }
    if (names.has(name)) throw refused(`column name is not unique: column=${name}`);
    names.add(name);
  }
  const ids = allFieldIds(schema.fields);
  if (new Set(ids).size !== ids.length) throw refused('field ids are not unique');
  const wrongId = ids.find((id) => id < 0 || id >= SYSTEM_FIELD_ID_START || id > schema.highestFieldId);
  if (wrongId !== undefined) throw refused(`field id is out of range: id=${wrongId}`);
}

function validateKeys(schema: TableSchema): void {
  const { primaryKeys, partitionKeys } = schema;
  requireKeyColumns(schema, primaryKeys, 'primary key');
  requireKeyColumns(schema, partitionKeys, 'partition key');
  if (primaryKeys.length === 0) return;
  if (trimmedPrimaryKeys(schema).length === 0) throw refused('primary key has only partition columns');
  const nullable = schema.fields.find((field) => primaryKeys.includes(field.name) && field.type.nullable);
  if (nullable !== undefined) throw refused(`primary-key column may be null: column=${nullable.name}`);
}

function requireKeyColumns(schema: TableSchema, keys: readonly string[], role: string): void {
  if (new Set(keys).size !== keys.length) throw refused(`${role} names a column twice: ${keys.join(',')}`);
  for (const key of keys) {
    const { type } = requireColumn(schema, key, role);
    if (isNested(type)) throw refused(`${role} has a column of type ${dataTypeText(type)}: column=${key}`);
  }
}

function validateBuckets(schema: TableSchema, options: TableOptions): void {
  const { bucket, bucketKey } = options;
  const keyed = schema.primaryKeys.length > 0;
  if (bucket === 0 || bucket < BUCKET_POSTPONE) throw refused(`bucket must be positive, -1 or -2: bucket=${bucket}`);
  if (bucket === BUCKET_POSTPONE && !keyed) throw refused('bucket -2 needs a primary key');
  if (bucket === BUCKET_DYNAMIC && bucketKey !== null) throw refused('bucket-key needs a fixed number of buckets');
  if (bucket > 0 && !keyed && bucketKey === null) throw refused('buckets without a primary key need bucket-key');
  for (const name of bucketKey ?? []) validateBucketKey(schema, name);
  const keyNames = bucketKey ?? trimmedPrimaryKeys(schema);
  if (options.bucketFunction === 'mod' && (keyNames.length !== 1 || !isInteger(schema, keyNames[0]))) {
    throw refused('bucket-function.type mod needs one INT or BIGINT bucket key');
  }
}

function validateBucketKey(schema: TableSchema, name: string): void {
  const { type } = requireColumn(schema, name, 'bucket-key');
  if (isNested(type)) throw refused(`bucket-key has a column of type ${dataTypeText(type)}: column=${name}`);
  if (schema.partitionKeys.includes(name)) throw refused(`bucket-key has a partition column: column=${name}`);
  if (schema.primaryKeys.length > 0 && !schema.primaryKeys.includes(name)) {
    throw refused(`bucket-key is not in the primary key: column=${name}`);
  }
}

const TIME_FIELD_KINDS: readonly string[] = ['INT', 'BIGINT', 'TIMESTAMP', 'TIMESTAMP_LTZ'];

function validateColumnsOfOptions(schema: TableSchema, options: TableOptions): void {
  const { sequenceFields } = options;
  for (const name of sequenceFields) {
    requireColumn(schema, name, 'sequence.field');
    if (`fields.${name}.aggregate-function` in schema.options)
      throw refused(`sequence.field is aggregated: column=${name}`);
  }
  if (new Set(sequenceFields).size !== sequenceFields.length) throw refused('sequence.field names a column twice');
  if (options.rowKindField !== null) {
    const { type } = requireColumn(schema, options.rowKindField, 'rowkind.field');
    if (type.kind !== 'VARCHAR' && type.kind !== 'CHAR') throw refused('rowkind.field is not a text column');
  }
  const timeField = schema.options['record-level.time-field'];
  if (timeField !== undefined) {
    const { type } = requireColumn(schema, timeField, 'record-level.time-field');
    if (!TIME_FIELD_KINDS.includes(type.kind)) throw refused('record-level.time-field is no INT, BIGINT or TIMESTAMP');
  }
  const upsertKey = schema.options['upsert-key']?.split(',').map((name) => name.trim()) ?? [];
  requireKeyColumns(schema, upsertKey, 'upsert-key');
}

function requireColumn(schema: TableSchema, name: string, role: string): DataField {
  const field = schema.fields.find((candidate) => candidate.name === name);
  if (field !== undefined) return field;
  const names = schema.fields.map((candidate) => candidate.name);
  throw refused(`${role} names a column that is not there${didYouMean(name, names)}: column=${name}`);
}

function isNested(type: DataType): boolean {
  return ['ARRAY', 'MULTISET', 'MAP', 'ROW', 'VARIANT', 'BLOB'].includes(type.kind);
}

function isInteger(schema: TableSchema, name: string): boolean {
  return ['INT', 'BIGINT'].includes(requireColumn(schema, name, 'bucket-key').type.kind);
}

function refused(rule: string): TributaryError {
  return new TributaryError('E3103', `schema is refused: ${rule}`);
}
