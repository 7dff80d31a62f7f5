// What a table holds, by its metadata alone: rows, files, levels, snapshots, size.
import type { DataField } from '../paimon/schema/data-type.ts';
import { tableOptions } from '../paimon/schema/table-options.ts';
import type { Table } from '../paimon/table.ts';

/** A table in figures. */
export interface TableSummary {
  /** `database.table` */
  readonly table: string;
  readonly columns: readonly DataField[];
  readonly primaryKeys: readonly string[];
  readonly partitionKeys: readonly string[];
  readonly mergeEngine: string;
  readonly changelogProducer: string;
  /** Rows of the latest snapshot; where keys may have several versions in the files, all of them: an upper bound. */
  readonly rowCount: bigint;
  readonly isRowCountExact: boolean;
  readonly fileCount: number;
  readonly sizeBytes: number;
  readonly bucketCount: number;
  /** Files by level, ascending. */
  readonly levels: readonly { readonly level: number; readonly fileCount: number }[];
  readonly snapshotCount: number;
  readonly earliestSnapshotId: bigint | null;
  readonly latestSnapshotId: bigint | null;
  /** When the latest snapshot was committed, in milliseconds since the epoch. */
  readonly latestCommitMs: number | null;
}

/** Reads the figures of the latest snapshot; no data file is opened. */
export async function summarizeTable(name: string, table: Table): Promise<TableSummary> {
  const schema = await table.refresh();
  const { mergeEngine, changelogProducer } = tableOptions(schema);
  const latest = await table.latestSnapshot();
  const ids = await table.snapshots.ids();
  const entries = latest === null ? [] : await table.manifests.liveEntriesOf(latest);
  const byLevel = Map.groupBy(entries, (entry) => entry.file.level);
  const buckets = new Set(entries.map((entry) => `${entry.bucket}/${Buffer.from(entry.partition).toString('hex')}`));
  const exact = await exactRowCount(table);
  return {
    table: name,
    columns: schema.fields,
    primaryKeys: schema.primaryKeys,
    partitionKeys: schema.partitionKeys,
    mergeEngine,
    changelogProducer,
    rowCount: exact ?? entries.reduce((sum, { file }) => sum + BigInt(file.rowCount), 0n),
    isRowCountExact: exact !== null,
    fileCount: entries.length,
    sizeBytes: entries.reduce((sum, { file }) => sum + file.fileSize, 0),
    bucketCount: buckets.size,
    levels: [...byLevel]
      .map(([level, files]) => ({ level, fileCount: files.length }))
      .sort((a, b) => a.level - b.level),
    snapshotCount: ids.length,
    earliestSnapshotId: ids[0] ?? null,
    latestSnapshotId: latest?.id ?? null,
    latestCommitMs: latest?.timeMillis ?? null,
  };
}

/** The number of rows that a read gives, where no file has to be merged with another; else null. */
async function exactRowCount(table: Table): Promise<bigint | null> {
  const { splits } = await table.plan();
  const isPlain = splits.every(
    ({ rawConvertible, files, deletionFiles }) =>
      rawConvertible && files.every((file) => (file.deleteRowCount ?? 0) === 0 && !deletionFiles.has(file.fileName)),
  );
  if (!isPlain) return null;
  return splits.reduce((sum, { files }) => files.reduce((rows, file) => rows + BigInt(file.rowCount), sum), 0n);
}
