// Options that do not go together, or not with the table. Source: SchemaValidation.
import type { DataType } from './data-type.ts';
import { isTrueText } from './option-text.ts';
import { BUCKET_DYNAMIC, type Retention, type TableOptions } from './table-options.ts';
import { keysMayMove, type TableSchema } from './table-schema.ts';

/** What a table must not be, and how a message says it. */
type Rule = readonly [isBroken: boolean, message: string];

/** The first rule of options that the schema breaks, said to the user; null where it keeps them all. */
export function brokenOptionRule(schema: TableSchema, options: TableOptions): string | null {
  const rules: readonly Rule[] = [
    ...keylessRules(schema, options),
    ...mergeRules(schema, options),
    ...retentionRules('snapshot', options.snapshotRetention),
    ...(options.changelogRetention === null ? [] : retentionRules('changelog', options.changelogRetention)),
    ...appendRules(schema, options),
    ...formatRules(schema, options),
  ];
  return rules.find(([isBroken]) => isBroken)?.[1] ?? scanModeRule(schema.options);
}

/** What needs a primary key. */
function keylessRules(schema: TableSchema, options: TableOptions): readonly Rule[] {
  const isKeyless = schema.primaryKeys.length === 0;
  const isUnaware = isKeyless && options.bucket === BUCKET_DYNAMIC;
  return [
    [isKeyless && options.changelogProducer !== 'none', 'changelog-producer needs a primary key'],
    [isKeyless && isOn(schema, 'streaming-read-overwrite'), 'streaming-read-overwrite needs a primary key'],
    [
      isKeyless && isOn(schema, 'table-read.sequence-number.enabled'),
      'table-read.sequence-number.enabled needs a primary key',
    ],
    [
      isUnaware && options.fullCompactionDeltaCommits !== null,
      'full-compaction.delta-commits needs a primary key or buckets',
    ],
    [!isKeyless && 'upsert-key' in schema.options, 'upsert-key is for tables without a primary key'],
    [
      schema.partitionKeys.length === 0 && 'partition.expiration-time' in schema.options,
      'partition.expiration-time needs partition columns',
    ],
  ];
}

function mergeRules(schema: TableSchema, options: TableOptions): readonly Rule[] {
  const { changelogProducer, mergeEngine, deletionVectors, sequenceFields } = options;
  const isFirstRow = mergeEngine === 'first-row';
  const isLookedUp = changelogProducer === 'lookup' || changelogProducer === 'full-compaction';
  return [
    [isFirstRow && sequenceFields.length > 0, 'merge-engine first-row takes no sequence.field'],
    [
      isFirstRow && changelogProducer !== 'none' && changelogProducer !== 'lookup',
      `merge-engine first-row takes changelog-producer none or lookup: ${changelogProducer}`,
    ],
    [
      isFirstRow && deletionVectors && !isOn(schema, 'pk-clustering-override'),
      'merge-engine first-row takes no deletion vectors',
    ],
    [
      deletionVectors && changelogProducer === 'full-compaction',
      'deletion vectors take changelog-producer none, input or lookup',
    ],
    [keysMayMove(schema) && sequenceFields.length > 0, 'sequence.field needs all partition columns in the primary key'],
    [
      isLookedUp && isOn(schema, 'streaming-read-overwrite'),
      `streaming-read-overwrite would give changes twice with changelog-producer ${changelogProducer}`,
    ],
    [options.compactionTrigger < 1, 'num-sorted-run.compaction-trigger is less than 1'],
    [options.levelCount < 2, 'num-levels is less than 2'],
  ];
}

function retentionRules(of: 'snapshot' | 'changelog', { countMin, countMax }: Retention): readonly Rule[] {
  return [
    [countMin < 1, `${of}.num-retained.min is less than 1`],
    [countMin > countMax, `${of}.num-retained.min is more than ${of}.num-retained.max`],
  ];
}

/** Row tracking, data evolution and clustering: append tables only. */
function appendRules(schema: TableSchema, options: TableOptions): readonly Rule[] {
  const isKeyed = schema.primaryKeys.length > 0;
  const { rowTracking: isTracked, dataEvolution: isEvolving } = options;
  const isClustered = isOn(schema, 'clustering.incremental');
  const blobs = schema.fields.filter((field) => field.type.kind === 'BLOB');
  return [
    [isTracked && options.bucket !== BUCKET_DYNAMIC, 'row-tracking.enabled takes bucket -1 only'],
    [isTracked && isKeyed, 'row-tracking.enabled takes no primary key'],
    [isEvolving && !isTracked, 'data-evolution.enabled needs row-tracking.enabled'],
    [isEvolving && options.deletionVectors, 'data-evolution.enabled takes no deletion vectors'],
    [isEvolving && isClustered, 'data-evolution.enabled takes no clustering.incremental'],
    [isClustered && isKeyed, 'clustering.incremental takes no primary key'],
    [blobs.length > 0 && !isEvolving, 'columns of type BLOB need data-evolution.enabled'],
    [blobs.length === schema.fields.length, 'a table has a column that is no BLOB'],
  ];
}

function formatRules(schema: TableSchema, options: TableOptions): readonly Rule[] {
  const isTooFine = options.fileFormat === 'avro' && schema.fields.some((field) => isTooFineForAvro(field.type));
  return [[isTooFine, 'Avro holds timestamps to precision 6 and times to precision 3: change file.format or the type']];
}

function isTooFineForAvro(type: DataType): boolean {
  switch (type.kind) {
    case 'TIME':
      return type.precision > 3;
    case 'TIMESTAMP':
    case 'TIMESTAMP_LTZ':
      return type.precision > 6;
    case 'ARRAY':
    case 'MULTISET':
      return isTooFineForAvro(type.element);
    case 'MAP':
      return isTooFineForAvro(type.key) || isTooFineForAvro(type.value);
    case 'ROW':
      return type.fields.some((field) => isTooFineForAvro(field.type));
    default:
      return false;
  }
}

/** Options that say where a stream starts, and which mode takes exactly one of which. */
const START_OPTIONS: readonly string[] = [
  'scan.timestamp-millis',
  'scan.timestamp',
  'scan.snapshot-id',
  'scan.tag-name',
  'scan.file-creation-time-millis',
  'incremental-between',
  'incremental-between-timestamp',
  'incremental-to-auto-tag',
];
const STARTS: Readonly<Record<string, readonly string[]>> = {
  'from-timestamp': ['scan.timestamp-millis', 'scan.timestamp'],
  'from-snapshot': ['scan.snapshot-id', 'scan.tag-name', 'scan.watermark'],
  incremental: ['incremental-between', 'incremental-between-timestamp', 'incremental-to-auto-tag'],
  'from-snapshot-full': ['scan.snapshot-id'],
  'from-file-creation-time': ['scan.file-creation-time-millis'],
};

function scanModeRule(options: Readonly<Record<string, string>>): string | null {
  const given = options['scan.mode']?.trim().toLowerCase() ?? 'default';
  const isGiven = (key: string): boolean => key in options;
  // Without a mode, what is given says which one is meant.
  const mode = given === 'default' ? Object.keys(STARTS).find((key) => STARTS[key].some(isGiven)) : given;
  const taken = mode === undefined ? [] : (STARTS[mode] ?? []);
  const left = START_OPTIONS.find((key) => isGiven(key) && !taken.includes(key));
  if (left !== undefined) return `scan.mode ${mode ?? 'default'} takes no ${left}`;
  if (taken.length === 0 || taken.filter(isGiven).length === 1) return null;
  return `scan.mode ${mode ?? 'default'} takes one of ${taken.join(', ')}`;
}

function isOn(schema: TableSchema, option: string): boolean {
  return isTrueText(schema.options[option]);
}
