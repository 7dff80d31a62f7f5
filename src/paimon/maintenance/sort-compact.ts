// Sorts the rows of an append table without buckets by some columns, partition by partition, so that queries by these
// columns read few files: wholly, or level by level as they come. Source: SortCompactAction, IncrementalClusterManager.
import { type Clock, localTimeMs } from '../../base/clock.ts';
import { TributaryError } from '../../base/errors.ts';
import type { Random } from '../../base/random.ts';
import type { FileStore } from '../../storage/file-store.ts';
import type { RunStore } from '../../storage/scratch-store.ts';
import type { TableCommitter } from '../commit/table-commit.ts';
import { mayBePublished } from '../lsm/commit-outcome.ts';
import { discardEntries } from '../lsm/bucket-compaction.ts';
import { DataFileFormat, DataFileWriter, FileNames } from '../lsm/data-file-writer.ts';
import { type DeletedRows, deletionFilesOf, readDeletionVector } from '../lsm/deletion-vector.ts';
import { ExternalSorter } from '../lsm/external-sorter.ts';
import { filePaths } from '../lsm/file-paths.ts';
import { tableLayout } from '../lsm/key-value-file.ts';
import { sequenceFrom } from '../lsm/key-values.ts';
import { partitionKey } from '../lsm/live-files.ts';
import { readFile } from '../lsm/section-reader.ts';
import { type OrderStrategy, type SortKeyMaker, sortKeyMaker } from '../lsm/sort-key.ts';
import { type DataFileMeta, FILE_SOURCE_APPEND } from '../meta/data-file-meta.ts';
import { FILE_ADD, FILE_DELETE, type IndexManifestEntry, type ManifestEntry } from '../meta/manifest-entry.ts';
import type { SchemaStore } from '../schema/schema-store.ts';
import { BUCKET_DYNAMIC, tableOptions } from '../schema/table-options.ts';
import type { TableSchema } from '../schema/table-schema.ts';

/** The table whose rows are sorted. */
export interface SortedTable {
  readonly store: FileStore;
  /** The table's directory in the store. */
  readonly path: string;
  readonly schema: TableSchema;
  readonly schemas: SchemaStore;
}

/** What the rows are sorted by. */
export interface SortOrder {
  readonly strategy: OrderStrategy;
  readonly columns: readonly string[];
}

/** What the options `clustering.columns` and `clustering.strategy` say; null where they name no column. */
export function clusteringOf(schema: TableSchema): SortOrder | null {
  const { clusteringColumns: columns, clusteringStrategy } = tableOptions(schema);
  if (columns.length === 0) return null;
  if (clusteringStrategy !== 'auto') return { strategy: clusteringStrategy, columns };
  if (columns.length === 1) return { strategy: 'order', columns };
  return { strategy: columns.length < HILBERT_COLUMNS_MIN ? 'zorder' : 'hilbert', columns };
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

/** From so many columns on, `clustering.strategy=auto` is `hilbert`. */
const HILBERT_COLUMNS_MIN = 5;
/** A sorter holds what waits, a copy while it sorts, and keys. */
const COPIES = 3;

/**
 * Sorts every partition and publishes all as one OVERWRITE snapshot that replaces just the files that were read: what
 * others append meanwhile stays. Null for an empty table. Throws `E3392` for a table or columns that cannot be sorted by,
 * `E3450` where another has replaced the files meanwhile, and what the committer throws.
 */
export async function sortCompact(table: SortedTable, order: SortOrder, parts: SortParts): Promise<SortReport | null> {
  const keysOf = requireSortable(table.schema, order);
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

/** Throws `E3392`. */
function requireSortable(schema: TableSchema, { strategy, columns }: SortOrder): SortKeyMaker {
  if (schema.primaryKeys.length > 0) throw unsortable('rows of a primary key are in its order');
  const { bucket, rowTracking } = tableOptions(schema);
  // Files hold the rows of an id and those that follow it.
  if (rowTracking) throw unsortable('its rows have ids');
  if (bucket !== BUCKET_DYNAMIC)
    throw unsortable(`rows of a bucket stay in the order of their writes: bucket=${bucket}`);
  if (columns.length === 0) throw unsortable('no columns to sort by');
  const indexes = columns.map((name) => schema.fields.findIndex((field) => field.name === name));
  const unknown = columns.find((_, at) => indexes[at] < 0);
  if (unknown !== undefined) throw unsortable(`column is not there: column=${unknown}`);
  return sortKeyMaker(schema.fields, indexes, strategy);
}

function unsortable(reason: string): TributaryError {
  return new TributaryError('E3392', `table cannot be sorted: ${reason}`);
}

/** The work on one table. */
class Sorting {
  private readonly table: SortedTable;
  private readonly keysOf: SortKeyMaker;
  private readonly parts: SortParts;
  private readonly index: readonly IndexManifestEntry[];
  private readonly before: ManifestEntry[] = [];
  private readonly after: ManifestEntry[] = [];
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
  }

  /** Writes all rows of a partition anew, in order. */
  async sortPartition(entries: readonly ManifestEntry[]): Promise<void> {
    const { schema } = this.table;
    const { spill, memoryBytesMax } = this.parts;
    const bytesMax = Math.floor(memoryBytesMax / COPIES);
    const sorter = new ExternalSorter({ schema, keysOf: this.keysOf, spill, bytesMax });
    const files = entries.map(({ file }) => file).sort((a, b) => Number(a.minSequenceNumber - b.minSequenceNumber));
    const reader = await this.reader(entries);
    for (const file of files) for await (const batch of readFile(reader, file)) await sorter.add(batch);
    const [{ partition, bucket, totalBuckets }] = entries;
    const written = await this.write(sorter, entries[0], files[0].minSequenceNumber);
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

  private async write(
    sorter: ExternalSorter,
    { partition, bucket }: ManifestEntry,
    firstSequence: bigint,
  ): Promise<readonly DataFileMeta[]> {
    const { store, path, schema } = this.table;
    const { random, clock } = this.parts;
    const writer = new DataFileWriter({
      store,
      format: new DataFileFormat(schema, { content: 'data', level: 0 }),
      directory: filePaths(path, schema).bucket(partition, bucket),
      names: new FileNames(random.uuid()),
      fileSource: FILE_SOURCE_APPEND,
      creationTimeMs: localTimeMs(clock.nowMs()),
    });
    try {
      let sequence = firstSequence;
      for await (const { rowCount, columns } of sorter.sorted()) {
        const rows = { rowCount, columns, kinds: new Uint8Array(rowCount), sequence: sequenceFrom(sequence, rowCount) };
        await writer.append(rows, null, 0, rowCount);
        sequence += BigInt(rowCount);
      }
      return await writer.finish();
    } catch (error) {
      await writer.abort();
      throw error;
    }
  }

  private async reader(entries: readonly ManifestEntry[]) {
    const { store, path, schema, schemas } = this.table;
    const paths = filePaths(path, schema);
    const [{ partition, bucket }] = entries;
    const ids = entries.map(({ file }) => file.schemaId);
    const versions = await schemas.readAll(ids, [schema]);
    return {
      store,
      layout: tableLayout(schema),
      schemas: versions,
      pathOf: (file: DataFileMeta): string => paths.file(partition, bucket, file),
      deletedRows: await this.deletedRows(new Set(entries.map(({ file }) => file.fileName))),
    };
  }

  private async deletedRows(names: ReadonlySet<string>): Promise<ReadonlyMap<string, DeletedRows>> {
    const paths = filePaths(this.table.path, this.table.schema);
    const rows = new Map<string, DeletedRows>();
    for (const entry of this.index) {
      for (const [name, vector] of deletionFilesOf(entry, paths.index(entry))) {
        if (names.has(name)) rows.set(name, await readDeletionVector(this.table.store, vector));
      }
    }
    return rows;
  }
}
