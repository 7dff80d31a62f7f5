// New versions of a table's schema: field ids, and the rules that a schema must keep so that every engine can use the
// table. Source: Schema, ReassignFieldId, SchemaValidation (format notes 01 section 3).
import { didYouMean } from '../../base/did-you-mean.ts';
import { TributaryError } from '../../base/errors.ts';
import type { DataField, DataType } from './data-type.ts';
import { dataTypeText } from './data-type-text.ts';
import { allFieldIds } from './field-ids.ts';
import { requireMergeOptions } from './merge-options.ts';
import { BUCKET_DYNAMIC, BUCKET_POSTPONE, type TableOptions, tableOptions } from './table-options.ts';
import { type TableSchema, trimmedPrimaryKeys } from './table-schema.ts';
import type { TableDefinition } from './table-schema-json.ts';

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

/**
 * Schema 0 of a new table. Field ids stay as given; primary-key columns become NOT NULL; keys named by the options
 * `primary-key` and `partition` move to where they belong. Throws `E3103` (a rule), `E3105` (an option).
 */
export function newTableSchema(definition: TableDefinition, timeMillis: number): TableSchema {
  const highest = highestFieldId(definition.fields);
  const schema = normalizedSchema({ ...definition, id: 0, highestFieldId: highest, timeMillis });
  validateSchema(schema);
  return schema;
}

/**
 * The schema with the keys that its options `primary-key` and `partition` name, and with NOT NULL primary-key columns.
 * Throws `E3103` for keys that are given twice.
 */
export function normalizedSchema(schema: TableSchema): TableSchema {
  const { 'primary-key': primaryKey, partition, ...options } = schema.options;
  const primaryKeys = keysOf(schema.primaryKeys, primaryKey, 'primary-key');
  return {
    ...schema,
    fields: schema.fields.map((field) => (primaryKeys.includes(field.name) ? notNull(field) : field)),
    partitionKeys: keysOf(schema.partitionKeys, partition, 'partition'),
    primaryKeys,
    options,
  };
}

/** The highest id of the fields, nested ones included; -1 for none. */
function highestFieldId(fields: readonly DataField[]): number {
  return allFieldIds(fields).reduce((highest, id) => Math.max(highest, id), -1);
}

/** Refuses a schema that breaks a rule of Paimon. Throws `E3103`, and `E3105` for an option that cannot be read. */
export function validateSchema(schema: TableSchema): void {
  const options = tableOptions(schema);
  validateFields(schema);
  validateKeys(schema);
  validateBuckets(schema, options);
  validateColumnsOfOptions(schema, options);
  validateMergeEngine(schema, options);
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
  const crossPartition = keyed && schema.partitionKeys.some((key) => !schema.primaryKeys.includes(key));
  if (bucket > 0 && crossPartition) {
    throw refused('primary key without the partition columns needs dynamic buckets (bucket = -1)');
  }
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

function validateColumnsOfOptions(schema: TableSchema, options: TableOptions): void {
  for (const name of options.sequenceFields) requireColumn(schema, name, 'sequence.field');
  if (options.rowKindField !== null) {
    const { type } = requireColumn(schema, options.rowKindField, 'rowkind.field');
    if (type.kind !== 'VARCHAR' && type.kind !== 'CHAR') throw refused('rowkind.field is not a text column');
  }
  if (options.snapshotRetention.countMin < 1) throw refused('snapshot.num-retained.min is less than 1');
  if (options.snapshotRetention.countMin > options.snapshotRetention.countMax) {
    throw refused('snapshot.num-retained.min is more than snapshot.num-retained.max');
  }
  if (options.compactionTrigger < 1) throw refused('num-sorted-run.compaction-trigger is less than 1');
  if (options.levelCount < 2) throw refused('num-levels is less than 2');
}

function validateMergeEngine(schema: TableSchema, options: TableOptions): void {
  const { changelogProducer, mergeEngine } = options;
  if (schema.primaryKeys.length === 0) {
    if (changelogProducer !== 'none') throw refused('changelog-producer needs a primary key');
    if (mergeEngine !== 'deduplicate') throw refused('merge-engine needs a primary key');
    if (options.sequenceFields.length > 0) throw refused('sequence.field needs a primary key');
    return;
  }
  if (mergeEngine === 'first-row') {
    if (options.sequenceFields.length > 0) throw refused('merge-engine first-row takes no sequence.field');
    if (changelogProducer !== 'none' && changelogProducer !== 'lookup') {
      throw refused(`merge-engine first-row takes changelog-producer none or lookup: ${changelogProducer}`);
    }
    if (options.deletionVectors) throw refused('merge-engine first-row takes no deletion vectors');
  }
  if (options.deletionVectors && changelogProducer === 'full-compaction') {
    throw refused('deletion vectors take changelog-producer none, input or lookup, not full-compaction');
  }
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

function notNull(field: DataField): DataField {
  return { ...field, type: { ...field.type, nullable: false } };
}

/** Keys that are given directly or by an option, not both. */
function keysOf(given: readonly string[], byOption: string | undefined, option: string): readonly string[] {
  if (byOption === undefined) return given;
  if (given.length > 0) throw refused(`keys are given twice: option=${option}`);
  return byOption.split(',').map((name) => name.trim());
}

function refused(rule: string): TributaryError {
  return new TributaryError('E3103', `schema is refused: ${rule}`);
}
