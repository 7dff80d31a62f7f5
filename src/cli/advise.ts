// Advice on the layout of a table: a pure function from figures to what to change, each with the figures that it rests on.
// docs/layout.md says how the bounds were chosen.
import type { BucketFacts, TableFacts } from '../query/table-facts.ts';
import { sizeText } from './output.ts';

/** What `tributary maintenance` does by itself. */
export type Remedy = 'compact' | 'compact-full' | 'expire';

/** One piece of advice. */
export interface Advice {
  readonly table: string;
  /** What it is about. */
  readonly subject:
    | 'sorted-runs'
    | 'small-files'
    | 'deletes'
    | 'buckets'
    | 'snapshots'
    | 'statistics'
    | 'changelog'
    | 'clustering';
  /** The figures that it rests on, and what they cost. */
  readonly reason: string;
  /** The command, or the lines of YAML, that change it. */
  readonly change: string;
  /** Null where somebody has to decide. */
  readonly remedy: Remedy | null;
}

const MEBIBYTE = 1024 ** 2;
const GIBIBYTE = 1024 ** 3;

/** A bucket is read and compacted by one thread: above this, each takes minutes. */
const BUCKET_BYTES_MAX = 2 * GIBIBYTE;
/** What buckets are to hold after a change of their number. */
const BUCKET_BYTES_AIM = 512 * MEBIBYTE;
/** Below this on average, more buckets are more files and nothing else. */
const BUCKET_BYTES_MIN = 32 * MEBIBYTE;
/** From this share of rows on, reading past those that are gone costs more than writing the others again. */
const DELETED_SHARE_MAX = 0.25;
/** Fewer deleted rows than that cost nobody anything, and ordinary compactions take them away in time. */
const DELETED_ROWS_MIN = 10_000;
/** So many snapshots that nobody asks for are worth a word. */
const EXPIRED_SNAPSHOTS_MIN = 20;
/** Metadata of a data file from which on the plan of a scan reads more of it than of anything else. */
const METADATA_BYTES_PER_FILE_MAX = 32 * 1024;
const WIDE_COLUMNS_MIN = 50;
/** A table that full compactions write again and again. */
const FULL_COMPACTION_BYTES_MAX = GIBIBYTE;
/** An append table from which on the order of its rows decides what a query has to read. */
const CLUSTERING_BYTES_MIN = GIBIBYTE;

type Adviser = (facts: TableFacts) => Omit<Advice, 'table'> | null;

const ADVISERS: readonly Adviser[] = [
  sortedRuns,
  smallFiles,
  deletes,
  buckets,
  snapshots,
  statistics,
  changelog,
  clustering,
];

/** All advice on a table, the most pressing first; none for an empty one. */
export function adviseOn(facts: TableFacts): readonly Advice[] {
  const { table } = facts;
  return ADVISERS.map((adviser) => adviser(facts)).flatMap((advice) => (advice === null ? [] : [{ table, ...advice }]));
}

function sum(facts: TableFacts, of: (bucket: BucketFacts) => number): number {
  return facts.buckets.reduce((total, bucket) => total + of(bucket), 0);
}

function totalBytes(facts: TableFacts): number {
  return sum(facts, (bucket) => bucket.sizeBytes);
}

function compactCommand({ table }: TableFacts, full: boolean): string {
  return `tributary table compact --table ${table}${full ? ' --full' : ''}`;
}

/** Where an option of the table is set. */
function optionChange(facts: TableFacts, key: string, value: string): string {
  if (isMirrored(facts)) return `options: { ${key}: ${value} } for the table in the configuration, and a restart`;
  const change = JSON.stringify([{ action: 'setOption', key, value }]);
  return `tributary table alter --table ${facts.table} --changes FILE with ${change}`;
}

function isMirrored({ optionTexts }: TableFacts): boolean {
  return optionTexts['tributary.pipeline'] !== undefined;
}

function sortedRuns(facts: TableFacts): Omit<Advice, 'table'> | null {
  const { stopTrigger, compactionTrigger } = facts.options;
  const many = facts.buckets.filter((bucket) => bucket.runCount > stopTrigger);
  if (many.length === 0) return null;
  const most = many.reduce((highest, bucket) => Math.max(highest, bucket.runCount), 0);
  return {
    subject: 'sorted-runs',
    reason: `${many.length} of ${facts.buckets.length} buckets have more than ${stopTrigger} sorted runs, up to ${most}: every read merges them, ${compactionTrigger} are usual`,
    change: compactCommand(facts, false),
    remedy: 'compact',
  };
}

/** Keyed tables keep their files few by merging runs; append tables by nothing else than compaction. */
function smallFiles(facts: TableFacts): Omit<Advice, 'table'> | null {
  if (facts.isKeyed) return null;
  const { appendFileCountMin, targetFileSizeBytes } = facts.options;
  const crowded = facts.buckets.filter((bucket) => bucket.smallFileCount >= appendFileCountMin);
  const smallCount = crowded.reduce((total, bucket) => total + bucket.smallFileCount, 0);
  if (smallCount === 0) return null;
  const meanBytes = totalBytes(facts) / sum(facts, (bucket) => bucket.fileCount);
  return {
    subject: 'small-files',
    reason: `${smallCount} small files, ${sizeText(meanBytes)} a file on average, where ${sizeText(targetFileSizeBytes)} are aimed at: every one is opened by itself`,
    change: compactCommand(facts, false),
    remedy: 'compact',
  };
}

function deletes(facts: TableFacts): Omit<Advice, 'table'> | null {
  const deleted = sum(facts, (bucket) => bucket.deletedRowCount);
  const rows = sum(facts, (bucket) => bucket.rowCount);
  if (deleted < DELETED_ROWS_MIN || deleted / rows <= DELETED_SHARE_MAX) return null;
  return {
    subject: 'deletes',
    reason: `${deleted} of ${rows} rows in the files (${percent(deleted / rows)}) are deleted, and every read passes them by`,
    change: compactCommand(facts, true),
    remedy: 'compact-full',
  };
}

function buckets(facts: TableFacts): Omit<Advice, 'table'> | null {
  const { bucket } = facts.options;
  const bytes = totalBytes(facts);
  if (bucket <= 0 || facts.buckets.length === 0) return null;
  const meanBytes = bytes / facts.buckets.length;
  const isFew = meanBytes > BUCKET_BYTES_MAX;
  // Buckets that no row has come to count: they show how thinly the others are filled.
  const isMany = bucket > 1 && meanBytes < BUCKET_BYTES_MIN;
  const wanted = Math.max(1, Math.ceil((meanBytes * bucket) / BUCKET_BYTES_AIM));
  if ((!isFew && !isMany) || wanted === bucket) return null;
  const what = `bucket=${bucket}, ${sizeText(meanBytes)} a bucket on average`;
  return {
    subject: 'buckets',
    reason: isFew
      ? `${what}: a bucket is compacted by one thread, and above ${sizeText(BUCKET_BYTES_MAX)} that takes minutes`
      : `${what}: below ${sizeText(BUCKET_BYTES_MIN)}, buckets are more files for the same rows`,
    change: rescaleChange(facts, wanted),
    remedy: null,
  };
}

/** The rows of a table have to be written again. */
function rescaleChange(facts: TableFacts, bucketCount: number): string {
  const command = `tributary table rescale --table ${facts.table} --bucket-num ${bucketCount}`;
  if (!isMirrored(facts)) return `${command}, while nobody writes to it`;
  return `stop the daemon, then ${command}, then buckets: ${bucketCount} (or auto) in the configuration, and start it`;
}

function snapshots(facts: TableFacts): Omit<Advice, 'table'> | null {
  const { expiredSnapshotCount: expired, snapshotCount } = facts;
  if (expired < EXPIRED_SNAPSHOTS_MIN) return null;
  return {
    subject: 'snapshots',
    reason: `${expired} of ${snapshotCount} snapshots are older than snapshot.time-retained, and keep files that nothing else needs`,
    change: `tributary maintenance ${facts.table}`,
    remedy: 'expire',
  };
}

function statistics(facts: TableFacts): Omit<Advice, 'table'> | null {
  const { statsMode, statsKeepFirstColumns } = facts.options;
  const fileCount = sum(facts, (bucket) => bucket.fileCount);
  const isLimited = statsMode === 'none' || statsMode === 'counts' || statsKeepFirstColumns >= 0;
  if (fileCount === 0 || facts.columnCount < WIDE_COLUMNS_MIN || isLimited) return null;
  const bytesPerFile = facts.metadataBytes / fileCount;
  if (bytesPerFile <= METADATA_BYTES_PER_FILE_MAX) return null;
  return {
    subject: 'statistics',
    reason: `${sizeText(bytesPerFile)} of metadata a data file for ${facts.columnCount} columns: every scan reads the bounds of all of them`,
    change: optionChange(facts, 'metadata.stats-keep-first-n-columns', '32'),
    remedy: null,
  };
}

function changelog(facts: TableFacts): Omit<Advice, 'table'> | null {
  const { changelogProducer, fullCompactionDeltaCommits } = facts.options;
  const bytes = totalBytes(facts);
  const isEach = (fullCompactionDeltaCommits ?? 1) <= 1;
  if (changelogProducer !== 'full-compaction' || !isEach || bytes <= FULL_COMPACTION_BYTES_MAX) return null;
  return {
    subject: 'changelog',
    reason: `changelog-producer=full-compaction writes ${sizeText(bytes)} again with every commit`,
    change: `changelog-producer=lookup, or ${optionChange(facts, 'full-compaction.delta-commits', '10')}`,
    remedy: null,
  };
}

function clustering(facts: TableFacts): Omit<Advice, 'table'> | null {
  const bytes = totalBytes(facts);
  const isSorted = facts.optionTexts['clustering.columns'] !== undefined;
  if (facts.isKeyed || facts.options.bucket > 0 || isSorted || bytes < CLUSTERING_BYTES_MIN) return null;
  return {
    subject: 'clustering',
    reason: `${sizeText(bytes)} of rows in the order in which they came: a query for some of them opens every file`,
    change: `tributary table compact --table ${facts.table} --order-strategy zorder --order-by COLUMN,… with the columns that queries filter by`,
    remedy: null,
  };
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}
