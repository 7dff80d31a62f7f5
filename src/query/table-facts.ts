// What advice on a table's layout rests on: figures of its newest snapshot, from metadata alone.
import type { DataFileMeta } from '../paimon/meta/data-file-meta.ts';
import { DELETION_VECTORS, type IndexManifestEntry, type ManifestEntry } from '../paimon/meta/manifest-entry.ts';
import { runsOf } from '../paimon/lsm/bucket-compaction.ts';
import { bucketKey } from '../paimon/lsm/live-files.ts';
import { planExpiry, retentionOf } from '../paimon/maintenance/expire-snapshots.ts';
import { type TableOptions, tableOptions } from '../paimon/schema/table-options.ts';
import type { TableSchema } from '../paimon/schema/table-schema.ts';
import type { Table } from '../paimon/table.ts';

/** One bucket of one partition. */
export interface BucketFacts {
  readonly fileCount: number;
  /** Files below `compaction.small-file-ratio` of the target size. */
  readonly smallFileCount: number;
  readonly sizeBytes: number;
  /** Sorted runs that a read merges; 0 in append tables. */
  readonly runCount: number;
  readonly rowCount: number;
  /** Rows that are retracts, or that a deletion vector hides. */
  readonly deletedRowCount: number;
}

/** A table in the figures that advice rests on. */
export interface TableFacts {
  /** `database.table` */
  readonly table: string;
  readonly isKeyed: boolean;
  readonly options: TableOptions;
  /** Options as they are written. */
  readonly optionTexts: Readonly<Record<string, string>>;
  readonly columnCount: number;
  readonly buckets: readonly BucketFacts[];
  /** Of the manifests of the newest snapshot. */
  readonly metadataBytes: number;
  readonly snapshotCount: number;
  /** Snapshots that the table's retention does not ask for any more, up to 1,000. */
  readonly expiredSnapshotCount: number;
}

const EXPIRED_MAX = 1000;

/** Reads the facts; no data file is opened. */
export async function readTableFacts(name: string, table: Table, nowMs: number): Promise<TableFacts> {
  const schema = await table.refresh();
  const options = tableOptions(schema);
  const latest = await table.latestSnapshot();
  const manifests = latest === null ? [] : await table.manifests.manifestsOf(latest);
  const entries = await table.manifests.liveEntriesIn(manifests);
  const hidden = hiddenRowCounts(await table.indexEntries());
  const byBucket = Map.groupBy(entries, (entry) => bucketKey(entry.partition, entry.bucket));
  const ids = await table.snapshots.ids();
  return {
    table: name,
    isKeyed: schema.primaryKeys.length > 0,
    options,
    optionTexts: schema.options,
    columnCount: schema.fields.length,
    buckets: [...byBucket.values()].map((files) => bucketFacts(files, { schema, options, hidden })),
    metadataBytes: manifests.reduce((sum, { fileSize }) => sum + fileSize, 0),
    snapshotCount: ids.length,
    expiredSnapshotCount: ids.length === 0 ? 0 : await expiredCount(table, options, { ids, nowMs }),
  };
}

interface BucketContext {
  readonly schema: TableSchema;
  readonly options: TableOptions;
  /** Rows that deletion vectors hide, by file name. */
  readonly hidden: ReadonlyMap<string, number>;
}

function bucketFacts(
  entries: readonly ManifestEntry[],
  { schema, options: { smallFileSizeBytes }, hidden }: BucketContext,
): BucketFacts {
  const files = entries.map((entry) => entry.file);
  const sum = (of: (file: DataFileMeta) => number): number => files.reduce((total, file) => total + of(file), 0);
  return {
    fileCount: files.length,
    smallFileCount: files.filter((file) => file.fileSize < smallFileSizeBytes).length,
    sizeBytes: sum((file) => file.fileSize),
    runCount: schema.primaryKeys.length === 0 || entries[0].bucket < 0 ? 0 : runsOf(schema, files).length,
    rowCount: sum((file) => file.rowCount),
    deletedRowCount: sum((file) => (file.deleteRowCount ?? 0) + (hidden.get(file.fileName) ?? 0)),
  };
}

/** Rows that deletion vectors hide, by the name of the data file. */
function hiddenRowCounts(index: readonly IndexManifestEntry[]): ReadonlyMap<string, number> {
  const vectors = index.filter(({ indexType }) => indexType === DELETION_VECTORS);
  return new Map(
    vectors.flatMap(({ deletionVectorRanges }) =>
      (deletionVectorRanges ?? []).map(({ dataFileName, cardinality }) => [dataFileName, Number(cardinality ?? 0n)]),
    ),
  );
}

async function expiredCount(
  table: Table,
  options: TableOptions,
  at: { readonly ids: readonly bigint[]; readonly nowMs: number },
): Promise<number> {
  const [earliest] = at.ids;
  const end = await planExpiry({
    earliest,
    latest: at.ids[at.ids.length - 1],
    settings: { retention: retentionOf(options), countMax: EXPIRED_MAX, nowMs: at.nowMs },
    consumers: [],
    timeOf: async (id) => (await table.snapshot(id)).timeMillis,
  });
  return Number(end - earliest);
}
