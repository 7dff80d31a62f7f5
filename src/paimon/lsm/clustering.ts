// What the rows of an append table without buckets are sorted by, and which of its files are to be sorted next where that
// is done a few at a time (`clustering.incremental`). Source: IncrementalClusterManager, IncrementalClusterStrategy.
import { TributaryError } from '../../base/errors.ts';
import type { DataFileMeta } from '../meta/data-file-meta.ts';
import { BUCKET_DYNAMIC, type TableOptions, tableOptions } from '../schema/table-options.ts';
import type { TableSchema } from '../schema/table-schema.ts';
import { pickCompaction } from './pick-compaction.ts';
import { type OrderStrategy, type SortKeyMaker, sortKeyMaker } from './sort-key.ts';
import type { SortedRun } from './sorted-run.ts';

/** What rows are sorted by. */
export interface SortOrder {
  readonly strategy: OrderStrategy;
  readonly columns: readonly string[];
}

/** Files that are sorted together, and the level that they go to. */
export interface ClusterPick {
  readonly files: readonly DataFileMeta[];
  readonly outputLevel: number;
}

/** From so many columns on, `clustering.strategy=auto` is `hilbert`. */
const HILBERT_COLUMNS_MIN = 5;

/** What the options `clustering.columns` and `clustering.strategy` say; null where they name no column. */
export function clusteringOf(schema: Pick<TableSchema, 'options' | 'primaryKeys'>): SortOrder | null {
  const { clusteringColumns: columns, clusteringStrategy } = tableOptions(schema);
  if (columns.length === 0) return null;
  if (clusteringStrategy !== 'auto') return { strategy: clusteringStrategy, columns };
  if (columns.length === 1) return { strategy: 'order', columns };
  return { strategy: columns.length < HILBERT_COLUMNS_MIN ? 'zorder' : 'hilbert', columns };
}

/** Whether compactions sort a table's files, a few at a time. */
export function isClusteredBySteps(schema: TableSchema): boolean {
  const { clusteringIncremental, bucket } = tableOptions(schema);
  return clusteringIncremental && bucket === BUCKET_DYNAMIC && schema.primaryKeys.length === 0;
}

/** Makes the keys by which rows are sorted. Throws `E3392` for a table or columns that cannot be sorted by. */
export function sortKeysOf(schema: TableSchema, order: SortOrder | null): SortKeyMaker {
  if (schema.primaryKeys.length > 0) throw unsortable('rows of a primary key are in its order');
  const { bucket, rowTracking } = tableOptions(schema);
  // Files hold the rows of an id and those that follow it.
  if (rowTracking) throw unsortable('its rows have ids');
  if (bucket !== BUCKET_DYNAMIC)
    throw unsortable(`rows of a bucket stay in the order of their writes: bucket=${bucket}`);
  if (order === null || order.columns.length === 0) throw unsortable('no columns to sort by');
  const indexes = order.columns.map((name) => schema.fields.findIndex((field) => field.name === name));
  const unknown = order.columns.find((_, at) => indexes[at] < 0);
  if (unknown !== undefined) throw unsortable(`column is not there: column=${unknown}`);
  return sortKeyMaker(schema.fields, indexes, order.strategy);
}

function unsortable(reason: string): TributaryError {
  return new TributaryError('E3392', `table cannot be sorted: ${reason}`);
}

/**
 * The files of a partition that are to be sorted next: as universal compaction takes sorted runs, each unsorted file and
 * each level of sorted ones being a run. Null for none.
 */
export function pickClustering(files: readonly DataFileMeta[], options: TableOptions): ClusterPick | null {
  const pick = pickCompaction(clusteredRuns(files), {
    runsTrigger: options.compactionTrigger,
    levelCount: options.levelCount,
    sizeAmplificationPercentMax: options.maxSizeAmplificationPercent,
    sizeRatioPercent: options.sizeRatioPercent,
    forceUpLevel0: false,
    dropsDeletesAlways: true,
    isFullDue: false,
    totalSizeThresholdBytes: null,
    incrementalSizeThresholdBytes: null,
  });
  return pick === null ? null : { files: pick.runs.flatMap((run) => run.files), outputLevel: pick.outputLevel };
}

/**
 * All files, to the highest level; null where all are there already and `isSorted` says of the first that it was sorted
 * by the columns of now.
 */
export function pickFullClustering(
  files: readonly DataFileMeta[],
  { levelCount }: Pick<TableOptions, 'levelCount'>,
  isSorted: (file: DataFileMeta) => boolean,
): ClusterPick | null {
  const runs = clusteredRuns(files);
  const outputLevel = levelCount - 1;
  if (runs.length === 0) return null;
  if (runs.length === 1 && runs[0].level === outputLevel && isSorted(runs[0].files[0])) return null;
  return { files: runs.flatMap((run) => run.files), outputLevel };
}

/** The order of unsorted files is that of the table's manifests. */
function clusteredRuns(files: readonly DataFileMeta[]): readonly SortedRun[] {
  const levels = [...Map.groupBy(files, (file) => file.level)].sort(([a], [b]) => a - b);
  return levels.flatMap(([level, run]) =>
    level === 0 ? run.map((file) => ({ level, files: [file] })) : [{ level, files: run }],
  );
}
