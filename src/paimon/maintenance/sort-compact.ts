// Sorts all rows of an append table without buckets by some columns, partition by partition, so that queries by these
// columns read few files. Source: SortCompactAction.
import type { Clock } from '../../base/clock.ts';
import type { Random } from '../../base/random.ts';
import type { FileStore } from '../../storage/file-store.ts';
import type { RunStore } from '../../storage/scratch-store.ts';
import type { TableCommitter } from '../commit/table-commit.ts';
import { discardEntries } from '../lsm/bucket-compaction.ts';
import { type SortOrder, sortKeysOf } from '../lsm/clustering.ts';
import { mayBePublished } from '../lsm/commit-outcome.ts';
import { readDeletionVectors } from '../lsm/deletion-vector.ts';
import { partitionKey } from '../lsm/live-files.ts';
import { sortFiles } from '../lsm/sort-files.ts';
import type { SortKeyMaker } from '../lsm/sort-key.ts';
import { FILE_ADD, FILE_DELETE, type IndexManifestEntry, type ManifestEntry } from '../meta/manifest-entry.ts';
import { deletionFilesByBucket } from '../scan/plan.ts';
import type { SchemaStore } from '../schema/schema-store.ts';
import type { TableSchema } from '../schema/table-schema.ts';

/** The table whose rows are sorted. */
export interface SortedTable {
  readonly store: FileStore;
  /** The table's directory in the store. */
  readonly path: string;
  readonly schema: TableSchema;
  readonly schemas: SchemaStore;
}

/** What the work is done with. */
export interface SortParts {
  readonly random: Random;
  readonly clock: Clock;
  readonly committer: TableCommitter;
  readonly commitUser: string;
  readonly commitIdentifier: bigint;
  /** Takes sorted runs while rows are sorted; what is in it is this call's alone, and may stay there where it fails. */
  readonly spill: RunStore;
  /** Bytes of rows that are in memory at a time, about. */
  readonly memoryBytesMax: number;
}

/** What was done. */
export interface SortReport {
  readonly partitions: number;
  readonly filesBefore: number;
  readonly filesAfter: number;
  readonly rows: number;
}

/**
 * Sorts every partition and publishes all as one OVERWRITE snapshot that replaces just the files that were read: what
 * others append meanwhile stays. Null for an empty table. Throws `E3392` for a table or columns that cannot be sorted by,
 * `E3450` where another has replaced the files meanwhile, and what the committer throws.
 */
export async function sortCompact(table: SortedTable, order: SortOrder, parts: SortParts): Promise<SortReport | null> {
  const keysOf = sortKeysOf(table.schema, order);
  const live = parts.committer.liveEntries();
  const index = await parts.committer.indexEntries();
  const sorting = new Sorting(table, keysOf, { parts, index });
  const partitions = [...Map.groupBy(live, ({ partition }) => partitionKey(partition)).values()];
  if (partitions.length === 0) return null;
  try {
    for (const entries of partitions) await sorting.sortPartition(entries);
    await parts.committer.commit({ kind: 'OVERWRITE', ...sorting.change() });
  } catch (error) {
    if (!mayBePublished(error)) await sorting.discard();
    throw error;
  }
  return sorting.report();
}

/** The work on one table. */
class Sorting {
  private readonly table: SortedTable;
  private readonly keysOf: SortKeyMaker;
  private readonly parts: SortParts;
  private readonly index: readonly IndexManifestEntry[];
  private readonly before: ManifestEntry[] = [];
  private readonly after: ManifestEntry[] = [];
  private readonly deletionFilesOf: ReturnType<typeof deletionFilesByBucket>;
  private partitionCount = 0;

  constructor(
    table: SortedTable,
    keysOf: SortKeyMaker,
    of: { readonly parts: SortParts; readonly index: readonly IndexManifestEntry[] },
  ) {
    this.table = table;
    this.keysOf = keysOf;
    this.parts = of.parts;
    this.index = of.index;
    this.deletionFilesOf = deletionFilesByBucket({ tablePath: table.path, schema: table.schema }, of.index);
  }

  /** Writes all rows of a partition anew, in order. */
  async sortPartition(entries: readonly ManifestEntry[]): Promise<void> {
    const { path: tablePath, schema } = this.table;
    const [place] = entries;
    const { partition, bucket, totalBuckets } = place;
    const files = entries.map(({ file }) => file);
    const deletedRows = await readDeletionVectors(this.table.store, this.deletionFilesOf(place));
    const parts = { ...this.parts, store: this.table.store, schemas: this.table.schemas, tablePath };
    const written = await sortFiles(parts, { schema, place, files, deletedRows, keysOf: this.keysOf });
    this.before.push(...entries);
    this.after.push(...written.map((file) => ({ kind: FILE_ADD, partition, bucket, totalBuckets, file })));
    this.partitionCount++;
  }

  /** The files read go, with the deletion vectors of their partitions, and the sorted ones come. */
  change() {
    const { commitUser, commitIdentifier } = this.parts;
    const partitions = new Set(this.before.map(({ partition }) => partitionKey(partition)));
    const index = this.index.filter(({ partition }) => partitions.has(partitionKey(partition)));
    return {
      deleted: this.before.map((entry) => ({ ...entry, kind: FILE_DELETE })),
      added: this.after,
      changelog: [],
      index: index.map((entry) => ({ ...entry, kind: FILE_DELETE })),
      commitUser,
      commitIdentifier,
    };
  }

  report(): SortReport {
    return {
      partitions: this.partitionCount,
      filesBefore: this.before.length,
      filesAfter: this.after.length,
      rows: this.after.reduce((sum, { file }) => sum + file.rowCount, 0),
    };
  }

  /** Removes what no snapshot will name. Never throws. */
  async discard(): Promise<void> {
    const { store, path: tablePath, schema } = this.table;
    await discardEntries({ store, tablePath, schema }, this.after);
  }
}
