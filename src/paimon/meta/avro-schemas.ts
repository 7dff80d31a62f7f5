// The Avro schemas of manifests, manifest lists and index manifests, as the reference prints them. Order, names and
// unions are part of the format (format notes 02): native readers match them strictly.

const NAMESPACE = 'org.apache.paimon.avro.generated';

type Schema = string | readonly Schema[] | { readonly [key: string]: unknown };

function field(name: string, type: Schema) {
  return { name, type };
}

/** A field that may be null: always null first, with null as its default. */
function nullable(name: string, type: Schema) {
  return { name, type: ['null', type], default: null };
}

function record(name: string, fields: readonly object[]) {
  return { type: 'record', name, fields };
}

function topRecord(fields: readonly object[]): string {
  return JSON.stringify({ type: 'record', name: 'record', namespace: NAMESPACE, fields });
}

function stats(name: string) {
  return record(name, [
    field('_MIN_VALUES', 'bytes'),
    field('_MAX_VALUES', 'bytes'),
    nullable('_NULL_COUNTS', { type: 'array', items: ['null', 'long'] }),
  ]);
}

const TEXTS = { type: 'array', items: 'string' };

/** The schema text of a manifest list. */
export const MANIFEST_LIST_SCHEMA: string = topRecord([
  field('_VERSION', 'int'),
  field('_FILE_NAME', 'string'),
  field('_FILE_SIZE', 'long'),
  field('_NUM_ADDED_FILES', 'long'),
  field('_NUM_DELETED_FILES', 'long'),
  field('_PARTITION_STATS', stats('record__PARTITION_STATS')),
  field('_SCHEMA_ID', 'long'),
  nullable('_MIN_BUCKET', 'int'),
  nullable('_MAX_BUCKET', 'int'),
  nullable('_MIN_LEVEL', 'int'),
  nullable('_MAX_LEVEL', 'int'),
  nullable('_MIN_ROW_ID', 'long'),
  nullable('_MAX_ROW_ID', 'long'),
]);

const FILE = record('record__FILE', [
  field('_FILE_NAME', 'string'),
  field('_FILE_SIZE', 'long'),
  field('_ROW_COUNT', 'long'),
  field('_MIN_KEY', 'bytes'),
  field('_MAX_KEY', 'bytes'),
  field('_KEY_STATS', stats('record__FILE__KEY_STATS')),
  field('_VALUE_STATS', stats('record__FILE__VALUE_STATS')),
  field('_MIN_SEQUENCE_NUMBER', 'long'),
  field('_MAX_SEQUENCE_NUMBER', 'long'),
  field('_SCHEMA_ID', 'long'),
  field('_LEVEL', 'int'),
  field('_EXTRA_FILES', TEXTS),
  nullable('_CREATION_TIME', { type: 'long', logicalType: 'timestamp-millis' }),
  nullable('_DELETE_ROW_COUNT', 'long'),
  nullable('_EMBEDDED_FILE_INDEX', 'bytes'),
  nullable('_FILE_SOURCE', 'int'),
  nullable('_VALUE_STATS_COLS', TEXTS),
  nullable('_EXTERNAL_PATH', 'string'),
  nullable('_FIRST_ROW_ID', 'long'),
  nullable('_WRITE_COLS', TEXTS),
]);

/** The schema text of a manifest. */
export const MANIFEST_SCHEMA: string = topRecord([
  field('_VERSION', 'int'),
  field('_KIND', 'int'),
  field('_PARTITION', 'bytes'),
  field('_BUCKET', 'int'),
  field('_TOTAL_BUCKETS', 'int'),
  field('_FILE', FILE),
]);

const DELETION_VECTOR_RANGE = record('record__DELETIONS_VECTORS_RANGES', [
  field('f0', 'string'),
  field('f1', 'int'),
  field('f2', 'int'),
  nullable('_CARDINALITY', 'long'),
]);

const GLOBAL_INDEX = record('record__GLOBAL_INDEX', [
  field('_ROW_RANGE_START', 'long'),
  field('_ROW_RANGE_END', 'long'),
  field('_INDEX_FIELD_ID', 'int'),
  nullable('_EXTRA_FIELD_IDS', { type: 'array', items: 'int' }),
  nullable('_INDEX_META', 'bytes'),
]);

/** The schema text of an index manifest. */
export const INDEX_MANIFEST_SCHEMA: string = topRecord([
  field('_VERSION', 'int'),
  field('_KIND', 'int'),
  field('_PARTITION', 'bytes'),
  field('_BUCKET', 'int'),
  field('_INDEX_TYPE', 'string'),
  field('_FILE_NAME', 'string'),
  field('_FILE_SIZE', 'long'),
  field('_ROW_COUNT', 'long'),
  nullable('_DELETIONS_VECTORS_RANGES', { type: 'array', items: ['null', DELETION_VECTOR_RANGE] }),
  nullable('_EXTERNAL_PATH', 'string'),
  nullable('_GLOBAL_INDEX', GLOBAL_INDEX),
]);
