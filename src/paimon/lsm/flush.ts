// A flush: the whole memtable to level-0 files and, where the table has an input changelog, changelog files. A function
// of plain data, so that it runs in a worker thread.
import { releaseBuffers } from '../../column/concat.ts';
import { transferList } from '../../column/vector.ts';
import type { FileStore } from '../../storage/file-store.ts';
import type { DataFileMeta } from '../meta/data-file-meta.ts';
import { FILE_SOURCE_APPEND } from '../meta/data-file-meta.ts';
import { FILE_ADD, type ManifestEntry } from '../meta/manifest-entry.ts';
import { SchemaStore } from '../schema/schema-store.ts';
import { BUCKET_POSTPONE, tableOptions } from '../schema/table-options.ts';
import type { TableSchema } from '../schema/table-schema.ts';
import { DataFileFormat, DataFileWriter, FileNames } from './data-file-writer.ts';
import { type DeletionFile, readDeletionVector } from './deletion-vector.ts';
import { filePaths } from './file-paths.ts';
import type { FileContent } from './file-encoding.ts';
import { completeChanges, fillMissing, type LogRows, missingColumns, rowsToLookUp } from './fill.ts';
import { lookUpRows, type OpenEntry } from './flush-lookup.ts';
import { tableLayout } from './key-value-file.ts';
import { type KeyValueBatch, type KeyValueLayout, sequenceFrom } from './key-values.ts';
import { openLookupFile } from './lookup-file.ts';
import { mergeFunctionOf } from './merge/merge-engine.ts';
import { gatherMerged } from './merge/merge-window.ts';
import { batchOrder } from './merge/run-cursor.ts';
import type { RowPlaces } from './row-places.ts';
import type { WriteBatch } from './write-batch.ts';
import { joinRows, keyStarts, placeAndSort, type SortedRows, sortPlaced } from './write-rows.ts';

/** What a flush is made of. */
export interface FlushRequest {
  /** The table's directory. */
  readonly tablePath: string;
  readonly schema: TableSchema;
  /** The memtable in write order; at least one row. */
  readonly batches: readonly WriteBatch[];
  /** Changes of an input changelog are given the before-images that they lack. */
  readonly completesChanges: boolean;
  /** The sequence number of the first row. */
  readonly firstSequence: bigint;
  /** The files that hold the table's present content, for lookups: committed and flushed ones. */
  readonly liveFiles: readonly ManifestEntry[];
  /** Their deletion vectors, by file name. */
  readonly deletionVectors: ReadonlyMap<string, DeletionFile>;
  /** Unique within the table; part of the file names. */
  readonly fileUuid: string;
  /** As in `DataFileMeta.creationTimeMs`. */
  readonly creationTimeMs: number;
}

/** What a flush has written: durable files that no snapshot names. */
export interface FlushResult {
  readonly added: readonly ManifestEntry[];
  readonly changelog: readonly ManifestEntry[];
  /** The first sequence number that the flush has not used. */
  readonly nextSequence: bigint;
}

/**
 * Writes the memtable to files (and empties the batches where the task owns their buffers); removes what it has written if it fails. Throws `E3300` for a missing value that no
 * earlier version of its row has, `E3301` and `E3304` for what the table cannot take.
 */
export async function runFlush(request: FlushRequest, store: FileStore, ownsBuffers = false): Promise<FlushResult> {
  const layout = tableLayout(request.schema);
  const { bucket, changelogProducer } = tableOptions(request.schema);
  const isPostponed = bucket === BUCKET_POSTPONE;
  const isMerged = request.schema.primaryKeys.length > 0 && !isPostponed;
  const hasChangelog = isMerged && changelogProducer === 'input';
  const sorted = placeAndSort(request.schema, layout, joinRows(request.schema, request.batches, ownsBuffers));
  const rows = isMerged ? await wholeRows(request, store, sorted) : sorted;
  const changes = isPostponed ? waitingRows(rows) : placedChanges(request, layout, rows);
  const output = new FlushOutput(request, store, rows);
  try {
    const kept = isMerged ? mergeChanges(request.schema, rows, changes) : changes;
    await output.write(isPostponed ? 'postponed' : 'data', kept);
    if (hasChangelog) await output.write('changelog', changes);
  } catch (error) {
    await output.abort();
    throw error;
  }
  // Of large arrays the garbage collector sees little: the next flush would come before it.
  if (ownsBuffers) releaseBuffers(transferList([...sorted.columns, ...rows.columns]));
  return output.result();
}

/** Fills missing values and, for an input changelog, gives every change its before-image. */
async function wholeRows(request: FlushRequest, store: FileStore, rows: SortedRows): Promise<SortedRows> {
  const layout = tableLayout(request.schema);
  const beforeImages = request.completesChanges;
  const missing = missingColumns(rows.columns, rows.rowCount);
  if (missing.length === 0 && !beforeImages) return rows;
  const names = layout.fields.map((field) => field.name);
  const log: LogRows = { ...rows, names, previous: previousRows(layout, rows) };
  const found = await lookUpRows({
    layout,
    rows,
    wanted: rowsToLookUp(log, { beforeImages }),
    columns: beforeImages ? layout.fields.map((_, index) => index) : missing,
    liveFiles: request.liveFiles,
    openEntry: entryOpener(request, store),
    deletedRows: async ({ fileName }) => {
      const vector = request.deletionVectors.get(fileName);
      return vector === undefined ? null : readDeletionVector(store, vector);
    },
  });
  const filled = fillMissing(log, found);
  if (!beforeImages) return { ...rows, columns: filled };
  const { rowCount, columns, kinds, origins } = completeChanges(log, filled, found);
  const { places, groups } = rows.places;
  const newGroups = Int32Array.from(origins, (origin) => groups[origin]);
  const flags = new Uint8Array(rowCount).fill(1);
  return sortPlaced(
    layout,
    { rowCount, columns, kinds, beforeImages: flags, buckets: null },
    { places, groups: newGroups },
  );
}

/** For each row the row before it of the same key in write order; -1 for the first. */
function previousRows(layout: KeyValueLayout, rows: SortedRows): Int32Array {
  const previous = new Int32Array(rows.rowCount).fill(-1);
  const starts = keyStarts(layout, rows);
  for (const [group, start] of starts.entries()) {
    const end = group + 1 < starts.length ? starts[group + 1] : rows.rowCount;
    for (let index = start + 1; index < end; index++) previous[rows.order[index]] = rows.order[index - 1];
  }
  return previous;
}

/** Rows in the order in which files hold them. */
interface PlacedRows {
  readonly batch: KeyValueBatch;
  /** Rows of the batch by place, then key. */
  readonly order: Uint32Array;
  /** The place of each row of the batch, as a number of `RowPlaces.places`. */
  readonly groups: RowPlaces['groups'];
}

/** All rows, as they were written; those of a key by their sequence fields. */
function placedChanges({ firstSequence }: FlushRequest, layout: KeyValueLayout, rows: SortedRows): PlacedRows {
  const { rowCount, columns, kinds, places } = rows;
  const batch = { rowCount, columns, kinds, sequence: sequenceFrom(firstSequence, rowCount) };
  const order = layout.sequenceIndexes.length === 0 ? rows.order : bySequenceFields(layout, rows, batch);
  return { batch, order, groups: places.groups };
}

/** All rows, as they were written: the compaction that puts them into buckets numbers them. */
function waitingRows({ rowCount, columns, kinds, order, places }: SortedRows): PlacedRows {
  const values = new Int32Array(2 * rowCount).fill(-1);
  const sequence = { kind: 'i64', length: rowCount, values, validity: null } as const;
  return { batch: { rowCount, columns, kinds, sequence }, order, groups: places.groups };
}

/** The rows that are left of each key. */
function mergeChanges(schema: TableSchema, rows: SortedRows, { batch, order, groups }: PlacedRows): PlacedRows {
  const layout = tableLayout(schema);
  const groupStarts = keyStarts(layout, rows);
  const merged = mergeFunctionOf(schema, { layout, dropRetracts: false })({
    rowCount: rows.rowCount,
    groupCount: groupStarts.length,
    groupStarts,
    sources: new Uint32Array(rows.rowCount),
    rows: order,
    kinds: [batch.kinds],
    columns: [batch.columns],
    levels: [0],
  });
  const chosen = merged.selection.rows;
  if (merged.columns === null && merged.kinds === null) return { batch, order: chosen, groups };
  return {
    batch: gatherMerged([batch], merged),
    order: Uint32Array.from(chosen, (_, index) => index),
    groups: Int32Array.from(chosen, (row) => groups[row]),
  };
}

/** The order with the rows of each key sorted by their sequence fields, equal ones in write order. */
function bySequenceFields(layout: KeyValueLayout, rows: SortedRows, batch: KeyValueBatch): Uint32Array {
  const starts = keyStarts(layout, rows);
  const { bySequence } = batchOrder(batch, batch, layout);
  const order = rows.order.slice();
  for (const [group, start] of starts.entries()) {
    const end = group + 1 < starts.length ? starts[group + 1] : order.length;
    if (end - start > 1) order.subarray(start, end).sort(bySequence);
  }
  return order;
}

/** The files of a flush, bucket by bucket. */
class FlushOutput {
  private readonly request: FlushRequest;
  private readonly store: FileStore;
  private readonly rows: SortedRows;
  private readonly names: FileNames;
  private readonly writers: DataFileWriter[] = [];
  private readonly written = { data: [] as ManifestEntry[], changelog: [] as ManifestEntry[] };

  constructor(request: FlushRequest, store: FileStore, rows: SortedRows) {
    this.request = request;
    this.store = store;
    this.rows = rows;
    this.names = new FileNames(request.fileUuid);
  }

  /** Writes rows that are in order of their places. */
  async write(content: FileContent, { batch, order, groups }: PlacedRows): Promise<void> {
    const { tablePath, schema, creationTimeMs } = this.request;
    const { places } = this.rows.places;
    const format = new DataFileFormat(schema, { content, level: 0 });
    const paths = filePaths(tablePath, schema);
    const { store, names, written } = this;
    const entries = content === 'changelog' ? written.changelog : written.data;
    const target = { store, format, names, fileSource: FILE_SOURCE_APPEND, creationTimeMs };
    for (let from = 0; from < order.length; ) {
      const group = groups[order[from]];
      let to = from + 1;
      while (to < order.length && groups[order[to]] === group) to++;
      const { partition, bucket } = places[group];
      const writer = new DataFileWriter({ ...target, directory: paths.bucket(partition, bucket) });
      this.writers.push(writer);
      await writer.append(batch, order, from, to);
      const files = await writer.finish();
      entries.push(...files.map((file) => this.entry(group, file)));
      from = to;
    }
  }

  private entry(group: number, file: DataFileMeta): ManifestEntry {
    const { partition, bucket } = this.rows.places.places[group];
    return { kind: FILE_ADD, partition, bucket, totalBuckets: tableOptions(this.request.schema).bucket, file };
  }

  /** Removes every file written. Never throws. */
  async abort(): Promise<void> {
    for (const writer of this.writers) await writer.abort();
  }

  result(): FlushResult {
    const nextSequence = this.request.firstSequence + BigInt(this.rows.rowCount);
    return { added: this.written.data, changelog: this.written.changelog, nextSequence };
  }
}

/** Opens data files of any schema version of the table. */
function entryOpener(request: FlushRequest, store: FileStore): OpenEntry {
  const { tablePath, schema } = request;
  const schemas = new SchemaStore(store, tablePath);
  const paths = filePaths(tablePath, schema);
  const { fields, keyIndexes } = tableLayout(schema);
  const keyFields = keyIndexes.map((index) => fields[index]);
  return async ({ partition, bucket, file }) => {
    const fileSchema = file.schemaId === schema.id ? schema : await schemas.read(file.schemaId);
    const path = paths.file(partition, bucket, file);
    return openLookupFile(store, { path, file, fileSchema, fields: keyFields });
  };
}
