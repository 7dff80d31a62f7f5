// Table options with their types and the reference's defaults: the part of CoreOptions that this implementation acts
// on. They are part of the table's format, so they are read from the schema and never from other settings.
import { choiceOf, OptionReader } from './option-reader.ts';
import { type OrcOptions, orcOptions } from './orc-options.ts';
import { type AutomaticTagOptions, automaticTagOptions } from './tag-options.ts';
import type { TableSchema } from './table-schema.ts';

export type MergeEngine = 'deduplicate' | 'partial-update' | 'aggregation' | 'first-row';
export type ChangelogProducer = 'none' | 'input' | 'full-compaction' | 'lookup';
export type BucketFunction = 'default' | 'mod' | 'hive';
export type PartitionExpirationStrategy = 'values-time' | 'update-time';
export type ClusteringStrategy = 'auto' | 'order' | 'zorder' | 'hilbert';
export type FileFormat = 'parquet' | 'orc' | 'avro';

/** The value of `bucket` for dynamic buckets (primary key) or none (append). */
export const BUCKET_DYNAMIC = -1;
/** The value of `bucket` for postponed buckets. */
export const BUCKET_POSTPONE = -2;

/** How many of a thing expiry keeps, and for how long; null where the option is not set. */
export interface Retention {
  readonly countMin: number;
  readonly countMax: number;
  readonly timeMs: number;
}

/** Hours of the day in which runs of more different sizes are merged; they may go over midnight. */
export interface OffPeakHours {
  readonly startHour: number;
  readonly endHour: number;
  /** `compaction.offpeak-ratio`: percent on top of `compaction.size-ratio`. */
  readonly ratioPercent: number;
}

/** The options of a table. Sizes in bytes, times in milliseconds; null where the reference has no default. */
export interface TableOptions {
  /** `bucket`: a number of buckets, BUCKET_DYNAMIC or BUCKET_POSTPONE. */
  readonly bucket: number;
  /** `bucket-key`: null for the trimmed primary key. */
  readonly bucketKey: readonly string[] | null;
  readonly bucketFunction: BucketFunction;
  readonly dynamicBucketTargetRowCount: number;
  /** `dynamic-bucket.max-buckets`: of one partition; -1 for no limit. */
  readonly dynamicBucketsMax: number;
  /** `cross-partition-upsert.index-ttl`: keys of older files are taken for new. */
  readonly crossPartitionIndexTtlMs: number | null;
  /** `postpone.default-bucket-num`: buckets of a partition whose first rows are taken out of a postponed one. */
  readonly postponeDefaultBuckets: number;
  readonly mergeEngine: MergeEngine;
  readonly changelogProducer: ChangelogProducer;
  readonly changelogRowDeduplicate: boolean;
  /** `changelog-producer.row-deduplicate-ignore-fields`: columns that do not make an update a change. */
  readonly changelogRowDeduplicateIgnoreFields: readonly string[];
  /** `sequence.field`, in order; empty for arrival order. */
  readonly sequenceFields: readonly string[];
  readonly sequenceDescending: boolean;
  readonly rowKindField: string | null;
  readonly ignoreDelete: boolean;
  readonly ignoreUpdateBefore: boolean;
  readonly forceLookup: boolean;
  /** Compactions look keys up in higher levels, and level 0 does not stay: see LookupStrategy. */
  readonly needsLookup: boolean;
  /** `lookup.cache-max-memory-size`: what an index of the table's keys may take in memory. */
  readonly lookupCacheMaxBytes: number;
  /** `lookup-compact=gentle`: level 0 may stay for some decisions when nothing else is due. */
  readonly lookupCompactGentle: boolean;
  /** `lookup-compact.max-interval`: so many decisions at most. */
  readonly lookupCompactIntervalMax: number;
  readonly fullCompactionDeltaCommits: number | null;
  readonly deletionVectors: boolean;
  readonly deletionVectorsBitmap64: boolean;
  /** `deletion-vectors.merge-on-read`: reads see level 0 before it is compacted. */
  readonly deletionVectorsMergeOnRead: boolean;
  readonly deletionVectorIndexTargetSizeBytes: number;
  readonly writeOnly: boolean;
  /** `row-tracking.enabled`: rows of an append table have ids that stay. */
  readonly rowTracking: boolean;
  /** `data-evolution.enabled`: files of the same rows may hold different columns of them. */
  readonly dataEvolution: boolean;
  /** `record-level.expire-time`: rows older by `record-level.time-field` are dropped by compactions; null for never. */
  readonly recordExpireMs: number | null;
  readonly recordTimeField: string | null;
  readonly writeBufferSizeBytes: number;
  readonly forceCreateSnapshot: boolean;
  // ALTER
  /** `alter-column-null-to-not-null.disabled` */
  readonly disableAlterNullToNotNull: boolean;
  readonly disableExplicitTypeCasting: boolean;
  // Files
  readonly fileFormat: FileFormat;
  readonly fileCompression: string;
  /** `file.format.per.level` and the like: for the levels that they name, of tables with a primary key. */
  readonly fileFormatPerLevel: ReadonlyMap<number, FileFormat>;
  readonly fileCompressionPerLevel: ReadonlyMap<number, string>;
  readonly zstdLevel: number;
  /** `file.block-size` or `parquet.block.size`: bytes of a row group before compression; null for the writer's own. */
  readonly rowGroupSizeBytes: number | null;
  /** `parquet.page.size`; null for the writer's own. */
  readonly parquetPageSizeBytes: number | null;
  /** `parquet.enable.dictionary` */
  readonly parquetDictionary: boolean;
  readonly orc: OrcOptions;
  readonly targetFileSizeBytes: number;
  /** Null where changelog files are as data files of their level. */
  readonly changelogFileFormat: FileFormat | null;
  readonly changelogFileCompression: string | null;
  readonly dataFilePrefix: string;
  readonly changelogFilePrefix: string;
  /** `file.suffix.include.compression`: names end in `.zstd.parquet`. */
  readonly fileSuffixIncludesCompression: boolean;
  /** `data-file.path-directory`: where partitions and buckets are below the table, or null. */
  readonly dataFileDirectory: string | null;
  /** `index-file-in-data-file-dir`: index files stand beside the data files of their bucket. */
  readonly indexFilesInDataDirectory: boolean;
  readonly thinMode: boolean;
  // Statistics
  /** `metadata.stats-mode`: `none`, `counts`, `truncate(n)` or `full`. */
  readonly statsMode: string;
  readonly statsModePerLevel: ReadonlyMap<number, string>;
  /** Null where changelog files are as data files of their level. */
  readonly changelogStatsMode: string | null;
  /** `metadata.stats-keep-first-n-columns`; -1 for all. */
  readonly statsKeepFirstColumns: number;
  readonly statsDenseStore: boolean;
  /** `file-index.read.enabled`: whether reads use the indexes of files. */
  readonly fileIndexReadEnabled: boolean;
  /** `file-index.in-manifest-threshold`: the largest indexes of a file that its manifest entry holds. */
  readonly fileIndexInManifestSizeBytes: number;
  // Partitions
  readonly partitionDefaultName: string;
  readonly partitionLegacyName: boolean;
  /** Of a partitioned table, an overwrite replaces the partitions that get rows, whatever else it names. */
  readonly dynamicPartitionOverwrite: boolean;
  /** `overwrite-upgrade`: files of an overwrite go to the highest level. */
  readonly overwriteUpgrade: boolean;
  /** `partition.expiration-time`; null where partitions do not expire. */
  readonly partitionExpirationMs: number | null;
  readonly partitionExpirationCheckMs: number;
  readonly partitionExpirationStrategy: PartitionExpirationStrategy;
  /** The most partitions that expire at once. */
  readonly partitionExpirationCountMax: number;
  /** The most partitions that one snapshot drops. */
  readonly partitionExpirationBatchCount: number | null;
  readonly partitionTimestampPattern: string | null;
  readonly partitionTimestampFormatter: string | null;
  readonly partitionMarkDoneActions: readonly string[];
  // Levels
  readonly compactionTrigger: number;
  readonly stopTrigger: number;
  readonly levelCount: number;
  readonly maxSizeAmplificationPercent: number;
  readonly sizeRatioPercent: number;
  /** `compaction.offpeak.start.hour`, inclusive, and `compaction.offpeak.end.hour`, exclusive; local time. */
  readonly offPeakHours: OffPeakHours | null;
  readonly compactionIntervalMs: number | null;
  readonly compactionTotalSizeThresholdBytes: number | null;
  readonly compactionIncrementalSizeThresholdBytes: number | null;
  /** Files below it are merged with their neighbours: `compaction.small-file-ratio` of the target size. */
  readonly smallFileSizeBytes: number;
  readonly compactionForceUpLevelZero: boolean;
  readonly compactionForceRewriteAllFiles: boolean;
  /** `compaction.min.file-num`: files of an append table that are worth being written together. */
  readonly appendFileCountMin: number;
  /** `compaction.delete-ratio-threshold`: from this share of deleted rows on, a large file of an append table goes, too. */
  readonly deletedShareMax: number;
  /** `clustering.columns`: what rows of an append table are sorted by when they are. */
  readonly clusteringColumns: readonly string[];
  readonly clusteringStrategy: ClusteringStrategy;
  /** `clustering.incremental`: files are sorted a few at a time, and writers leave them alone until then. */
  readonly clusteringIncremental: boolean;
  /** `source.split.open-file-cost`: what opening a file counts as. */
  readonly openFileCostBytes: number;
  // Manifests
  readonly manifestTargetFileSizeBytes: number;
  readonly manifestMergeCountMin: number;
  readonly manifestFullCompactionSizeBytes: number;
  readonly manifestCompression: string;
  readonly manifestDeleteFileDropStats: boolean;
  // Commit and expiry
  readonly commitRetriesMax: number;
  readonly commitRetryWaitMinMs: number;
  readonly commitRetryWaitMaxMs: number;
  readonly snapshotRetention: Retention;
  readonly snapshotExpireCountMax: number;
  readonly cleanEmptyDirectories: boolean;
  /** Null unless an option gives changelogs a life of their own. */
  readonly changelogRetention: Retention | null;
  /** `consumer.expiration-time`: consumers that have not moved for so long are removed; null for none. */
  readonly consumerExpirationMs: number | null;
  /** Null where the table makes no tags by itself. */
  readonly automaticTags: AutomaticTagOptions | null;
  /** `tag.time-expire-enabled`: tags whose time is over are removed after commits. */
  readonly expiresTags: boolean;
}

const MEBIBYTE = 1024 * 1024;
const COUNT_MAX = 2147483647;
const HOUR_MS = 3600 * 1000;

/** The options of a schema, typed. Throws `E3105` for a value that cannot be read. */
export function tableOptions(schema: Pick<TableSchema, 'options' | 'primaryKeys'>): TableOptions {
  const read = new OptionReader(schema.options);
  const model = tableModel(read);
  return {
    ...model,
    ...fileOptions(read, schema.primaryKeys.length > 0),
    ...partitionOptions(read),
    ...levelOptions(read),
    ...lookupOptions(read, model),
    ...manifestOptions(read),
    ...retentionOptions(read),
  };
}

function tableModel(read: OptionReader) {
  return {
    bucket: read.integer('bucket', BUCKET_DYNAMIC),
    bucketKey: read.names('bucket-key'),
    bucketFunction: read.choice<BucketFunction>('bucket-function.type', ['default', 'mod', 'hive']),
    dynamicBucketTargetRowCount: read.integer('dynamic-bucket.target-row-num', 2_000_000),
    dynamicBucketsMax: read.integer('dynamic-bucket.max-buckets', -1),
    crossPartitionIndexTtlMs: read.optionalDuration('cross-partition-upsert.index-ttl'),
    postponeDefaultBuckets: read.integer('postpone.default-bucket-num', 1),
    mergeEngine: read.choice<MergeEngine>('merge-engine', [
      'deduplicate',
      'partial-update',
      'aggregation',
      'first-row',
    ]),
    changelogProducer: read.choice<ChangelogProducer>('changelog-producer', [
      'none',
      'input',
      'full-compaction',
      'lookup',
    ]),
    changelogRowDeduplicate: read.flag('changelog-producer.row-deduplicate', false),
    changelogRowDeduplicateIgnoreFields: read.names('changelog-producer.row-deduplicate-ignore-fields') ?? [],
    sequenceFields: read.names('sequence.field') ?? [],
    sequenceDescending: read.choice('sequence.field.sort-order', ['ascending', 'descending'] as const) === 'descending',
    rowKindField: read.text('rowkind.field'),
    ignoreDelete: read.firstFlag([
      'ignore-delete',
      'first-row.ignore-delete',
      'deduplicate.ignore-delete',
      'partial-update.ignore-delete',
    ]),
    ignoreUpdateBefore: read.flag('ignore-update-before', false),
    forceLookup: read.flag('force-lookup', false),
    fullCompactionDeltaCommits: read.optionalInteger('full-compaction.delta-commits'),
    deletionVectors: read.flag('deletion-vectors.enabled', false),
    deletionVectorsMergeOnRead: read.flag('deletion-vectors.merge-on-read', false),
    deletionVectorsBitmap64: read.flag('deletion-vectors.bitmap64', false),
    deletionVectorIndexTargetSizeBytes: read.size('deletion-vector.index-file.target-size', 2 * MEBIBYTE),
    writeOnly: read.flag('write-only', false),
    rowTracking: read.flag('row-tracking.enabled', false),
    dataEvolution: read.flag('data-evolution.enabled', false),
    recordExpireMs: read.optionalDuration('record-level.expire-time'),
    recordTimeField: read.text('record-level.time-field'),
    writeBufferSizeBytes: read.size('write-buffer-size', 256 * MEBIBYTE),
    forceCreateSnapshot: read.flag('commit.force-create-snapshot', false),
    disableAlterNullToNotNull: read.flag('alter-column-null-to-not-null.disabled', true),
    disableExplicitTypeCasting: read.flag('disable-explicit-type-casting', false),
  };
}

function fileOptions(read: OptionReader, keyed: boolean) {
  const formats: readonly FileFormat[] = ['parquet', 'orc', 'avro'];
  const targetFileSizeBytes = read.size('target-file-size', (keyed ? 128 : 256) * MEBIBYTE);
  return {
    fileFormat: read.choice('file.format', formats),
    fileCompression: read.text('file.compression') ?? 'zstd',
    fileFormatPerLevel: read.perLevel('file.format.per.level', (text, option) => choiceOf(option, text, formats)),
    fileCompressionPerLevel: read.perLevel('file.compression.per.level', (text) => text),
    zstdLevel: read.integer('file.compression.zstd-level', 1),
    rowGroupSizeBytes: read.optionalSize('file.block-size') ?? read.optionalSize('parquet.block.size'),
    parquetPageSizeBytes: read.optionalSize('parquet.page.size'),
    parquetDictionary: read.flag('parquet.enable.dictionary', true),
    orc: orcOptions(read),
    targetFileSizeBytes,
    smallFileSizeBytes: smallFileSize(read, targetFileSizeBytes),
    changelogFileFormat:
      read.text('changelog-file.format') === null ? null : read.choice('changelog-file.format', formats),
    changelogFileCompression: read.text('changelog-file.compression'),
    dataFilePrefix: read.text('data-file.prefix') ?? 'data-',
    changelogFilePrefix: read.text('changelog-file.prefix') ?? 'changelog-',
    fileSuffixIncludesCompression: read.flag('file.suffix.include.compression', false),
    dataFileDirectory: read.text('data-file.path-directory'),
    indexFilesInDataDirectory: read.flag('index-file-in-data-file-dir', false),
    thinMode: read.flag('data-file.thin-mode', false),
    statsMode: read.text('metadata.stats-mode') ?? 'truncate(16)',
    statsModePerLevel: read.perLevel('metadata.stats-mode.per.level', (text) => text),
    changelogStatsMode: read.text('changelog-file.stats-mode'),
    statsKeepFirstColumns: read.integer('metadata.stats-keep-first-n-columns', -1),
    statsDenseStore: read.flag('metadata.stats-dense-store', true),
    fileIndexReadEnabled: read.flag('file-index.read.enabled', true),
    fileIndexInManifestSizeBytes: read.size('file-index.in-manifest-threshold', 500),
    partitionDefaultName: read.text('partition.default-name') ?? '__DEFAULT_PARTITION__',
    partitionLegacyName: read.flag('partition.legacy-name', true),
    dynamicPartitionOverwrite: read.flag('dynamic-partition-overwrite', true),
    overwriteUpgrade: read.flag('overwrite-upgrade', true),
  };
}

/** Seven tenths unless given; the reference divides first. */
function smallFileSize(read: OptionReader, targetFileSizeBytes: number): number {
  const option = 'compaction.small-file-ratio';
  if (read.text(option) === null) return 7 * Math.floor(targetFileSizeBytes / 10);
  return read.ratio(option, 0) * targetFileSizeBytes;
}

function partitionOptions(read: OptionReader) {
  return {
    partitionExpirationMs: read.optionalDuration('partition.expiration-time'),
    partitionExpirationCheckMs: read.duration('partition.expiration-check-interval', HOUR_MS),
    partitionExpirationStrategy: read.choice<PartitionExpirationStrategy>('partition.expiration-strategy', [
      'values-time',
      'update-time',
    ]),
    partitionExpirationCountMax: read.integer('partition.expiration-max-num', 100),
    partitionExpirationBatchCount: read.optionalInteger('partition.expiration-batch-size'),
    partitionTimestampPattern: read.text('partition.timestamp-pattern'),
    partitionTimestampFormatter: read.text('partition.timestamp-formatter'),
    partitionMarkDoneActions: read.names('partition.mark-done-action') ?? ['success-file'],
  };
}

function levelOptions(read: OptionReader) {
  const compactionTrigger = read.integer('num-sorted-run.compaction-trigger', 5);
  return {
    compactionTrigger,
    stopTrigger: Math.max(compactionTrigger, read.integer('num-sorted-run.stop-trigger', compactionTrigger + 3)),
    levelCount: read.integer('num-levels', compactionTrigger + 1),
    maxSizeAmplificationPercent: read.integer('compaction.max-size-amplification-percent', 200),
    sizeRatioPercent: read.integer('compaction.size-ratio', 1),
    offPeakHours: offPeakHours(read),
    compactionIntervalMs: read.optionalDuration('compaction.optimization-interval'),
    compactionTotalSizeThresholdBytes: read.optionalSize('compaction.total-size-threshold'),
    compactionIncrementalSizeThresholdBytes: read.optionalSize('compaction.incremental-size-threshold'),
    compactionForceUpLevelZero: read.flag('compaction.force-up-level-0', false),
    compactionForceRewriteAllFiles: read.flag('compaction.force-rewrite-all-files', false),
    appendFileCountMin: read.integer('compaction.min.file-num', 5),
    deletedShareMax: read.ratio('compaction.delete-ratio-threshold', 0.2),
    clusteringColumns: read.names('clustering.columns') ?? read.names('sink.clustering.by-columns') ?? [],
    clusteringIncremental: read.flag('clustering.incremental', false),
    clusteringStrategy: read.choice<ClusteringStrategy>('clustering.strategy', ['auto', 'order', 'zorder', 'hilbert']),
    openFileCostBytes: read.size('source.split.open-file-cost', 4 * MEBIBYTE),
  };
}

function offPeakHours(read: OptionReader): OffPeakHours | null {
  const startHour = read.integer('compaction.offpeak.start.hour', -1);
  const endHour = read.integer('compaction.offpeak.end.hour', -1);
  if (startHour === endHour) return null;
  return { startHour, endHour, ratioPercent: read.integer('compaction.offpeak-ratio', 0) };
}

function lookupOptions(read: OptionReader, model: ReturnType<typeof tableModel>) {
  const { mergeEngine, changelogProducer, deletionVectors, forceLookup } = model;
  const trigger = read.integer('num-sorted-run.compaction-trigger', 5);
  return {
    lookupCacheMaxBytes: read.size('lookup.cache-max-memory-size', 256 * MEBIBYTE),
    needsLookup: mergeEngine === 'first-row' || changelogProducer === 'lookup' || deletionVectors || forceLookup,
    lookupCompactGentle: read.choice('lookup-compact', ['radical', 'gentle'] as const) === 'gentle',
    lookupCompactIntervalMax: Math.max(trigger, read.integer('lookup-compact.max-interval', 2 * trigger)),
  };
}

function manifestOptions(read: OptionReader) {
  return {
    manifestTargetFileSizeBytes: read.size('manifest.target-file-size', 8 * MEBIBYTE),
    manifestMergeCountMin: read.integer('manifest.merge-min-count', 30),
    manifestFullCompactionSizeBytes: read.size('manifest.full-compaction-threshold-size', 16 * MEBIBYTE),
    manifestCompression: read.text('manifest.compression') ?? 'zstd',
    manifestDeleteFileDropStats: read.flag('manifest.delete-file-drop-stats', false),
  };
}

function retentionOptions(read: OptionReader) {
  const snapshotRetention: Retention = {
    countMin: read.integer('snapshot.num-retained.min', 10),
    countMax: read.integer('snapshot.num-retained.max', COUNT_MAX),
    timeMs: read.duration('snapshot.time-retained', HOUR_MS),
  };
  const changelogOptions = ['changelog.num-retained.min', 'changelog.num-retained.max', 'changelog.time-retained'];
  const decoupled = changelogOptions.some((option) => read.text(option) !== null);
  return {
    commitRetriesMax: read.integer('commit.max-retries', 10),
    commitRetryWaitMinMs: read.duration('commit.min-retry-wait', 10),
    commitRetryWaitMaxMs: read.duration('commit.max-retry-wait', 10_000),
    snapshotRetention,
    snapshotExpireCountMax: read.integer('snapshot.expire.limit', 50),
    cleanEmptyDirectories: read.flag('snapshot.clean-empty-directories', false),
    consumerExpirationMs: read.optionalDuration('consumer.expiration-time'),
    automaticTags: automaticTagOptions(read),
    expiresTags: read.flag('tag.time-expire-enabled', true),
    changelogRetention: decoupled
      ? {
          countMin: read.integer('changelog.num-retained.min', snapshotRetention.countMin),
          countMax: read.integer('changelog.num-retained.max', snapshotRetention.countMax),
          timeMs: read.duration('changelog.time-retained', snapshotRetention.timeMs),
        }
      : null,
  };
}
