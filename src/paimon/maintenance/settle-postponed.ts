// Puts the rows that wait in postponed buckets into real ones, as one COMPACT snapshot. Source: format notes 03 section 8
// (CompactPostponeBucketAction, PostponeBucketCommittableRewriter).
import type { Clock } from '../../base/clock.ts';
import type { Random } from '../../base/random.ts';
import { vectorSizeBytes } from '../../column/vector.ts';
import type { FileStore } from '../../storage/file-store.ts';
import type { TableCommitter } from '../commit/table-commit.ts';
import { readDataFile } from '../lsm/data-file-reader.ts';
import { filePaths } from '../lsm/file-paths.ts';
import type { KeyValueBatch } from '../lsm/key-values.ts';
import { LiveFiles, partitionKey } from '../lsm/live-files.ts';
import { TableWriter } from '../lsm/table-writer.ts';
import type { TaskRunner } from '../lsm/task-runner.ts';
import type { CommitMessage, WriteBatch } from '../lsm/write-batch.ts';
import { FILE_DELETE, type ManifestEntry } from '../meta/manifest-entry.ts';
import type { SchemaStore } from '../schema/schema-store.ts';
import { BUCKET_POSTPONE, tableOptions } from '../schema/table-options.ts';
import type { TableSchema } from '../schema/table-schema.ts';
import { mayBePublished } from '../lsm/commit-outcome.ts';

/** Rows are flushed to files from this size on. */
const FLUSH_BYTES = 64 * 1024 * 1024;

/** The table and what works on it. */
export interface PostponedTable {
  readonly store: FileStore;
  /** The table's directory in the store. */
  readonly path: string;
  readonly schema: TableSchema;
  readonly schemas: SchemaStore;
}

/** What the work is done with. */
export interface SettlingParts {
  readonly runner: TaskRunner;
  readonly random: Random;
  readonly clock: Clock;
  readonly committer: TableCommitter;
  readonly commitUser: string;
  readonly commitIdentifier: bigint;
}

/** What was moved. */
export interface Settlement {
  readonly filesBefore: number;
  readonly filesAfter: number;
  /** Rows that waited. */
  readonly rows: number;
}

/** A writer of some partitions and what it has written. */
interface Written {
  readonly writer: TableWriter;
  message: CommitMessage | null;
}

/**
 * Writes all waiting rows to the buckets of their partitions, of which there are `postpone.default-bucket-num` where a
 * partition has none yet, and publishes that; null where no row waits. Files that other writers add meanwhile go on
 * waiting. Throws what the committer throws.
 */
export async function settlePostponed(table: PostponedTable, parts: SettlingParts): Promise<Settlement | null> {
  if (tableOptions(table.schema).bucket !== BUCKET_POSTPONE) return null;
  const live = parts.committer.liveEntries();
  const waiting = live.filter(({ bucket }) => bucket === BUCKET_POSTPONE);
  if (waiting.length === 0) return null;
  const written: Written[] = [];
  try {
    const bucketCount = bucketCounts(table.schema, live);
    for (const [buckets, entries] of Map.groupBy(waiting, bucketCount)) {
      const one: Written = { writer: openWriter(table, parts, { buckets, live }), message: null };
      written.push(one);
      one.message = await writeRows(table, one.writer, entries);
    }
    const messages = written.flatMap(({ message }) => (message === null ? [] : [message]));
    const { committer, commitUser, commitIdentifier } = parts;
    const deleted = waiting.map((entry) => ({ ...entry, kind: FILE_DELETE }));
    const added = messages.flatMap((message) => message.added);
    const changelog = messages.flatMap((message) => message.changelog);
    await committer.commit({ kind: 'COMPACT', deleted, added, changelog, commitUser, commitIdentifier });
    const rows = waiting.reduce((sum, { file }) => sum + file.rowCount, 0);
    return { filesBefore: waiting.length, filesAfter: added.length, rows };
  } catch (error) {
    // Where the outcome of the commit is not certain, a snapshot may name the files.
    const isUncertain = mayBePublished(error);
    for (const { writer, message } of written) {
      if (message !== null && !isUncertain) await writer.discard(message);
      await writer.abort();
    }
    throw error;
  }
}

/** How many buckets the partition of an entry has, or gets. */
function bucketCounts(schema: TableSchema, live: readonly ManifestEntry[]): (entry: ManifestEntry) => number {
  const known = new Map<string, number>();
  for (const { partition, bucket, totalBuckets } of live) {
    if (bucket >= 0) known.set(partitionKey(partition), totalBuckets);
  }
  const { postponeDefaultBuckets } = tableOptions(schema);
  return ({ partition }) => known.get(partitionKey(partition)) ?? postponeDefaultBuckets;
}

/** A writer of the table as one with a fixed number of buckets. */
function openWriter(
  { store, path: tablePath, schema }: PostponedTable,
  { runner, random, clock }: SettlingParts,
  into: { readonly buckets: number; readonly live: readonly ManifestEntry[] },
): TableWriter {
  return TableWriter.open({
    store,
    tablePath,
    schema: { ...schema, options: { ...schema.options, bucket: String(into.buckets) } },
    liveFiles: new LiveFiles(into.live),
    runner,
    random,
    clock,
    changesAsGiven: true,
  });
}

async function writeRows(
  { store, path, schema, schemas }: PostponedTable,
  writer: TableWriter,
  entries: readonly ManifestEntry[],
): Promise<CommitMessage | null> {
  const paths = filePaths(path, schema);
  // The rows of one writer stay in their order; files of one moment are in that of their manifest.
  const timeOf = ({ file }: ManifestEntry): number => file.creationTimeMs ?? 0;
  const inOrder = entries.toSorted((a, b) => timeOf(a) - timeOf(b));
  for (const { partition, bucket, file } of inOrder) {
    const fileSchema = file.schemaId === schema.id ? schema : await schemas.read(file.schemaId);
    const request = { path: paths.file(partition, bucket, file), file, fileSchema, fields: schema.fields };
    for await (const batch of readDataFile(store, request)) {
      writer.write(changesOf(batch));
      if (writer.bufferedBytes >= FLUSH_BYTES) await writer.flush();
    }
  }
  return writer.prepareCommit();
}

function changesOf({ rowCount, columns, kinds }: KeyValueBatch): WriteBatch {
  const sizeBytes = columns.reduce((sum, vector) => sum + vectorSizeBytes(vector), rowCount);
  return { rowCount, columns, kinds, beforeImages: true, hasMissing: false, sizeBytes };
}
