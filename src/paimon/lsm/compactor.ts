// Keeps the buckets of one table compacted: decides, runs the work, publishes it, and goes on from the table's newest
// files when another writer was faster. Source: format notes 05 sections 2 and 3.
import { assert, isTributaryError, TributaryError } from '../../base/errors.ts';
import type { DataFileMeta } from '../meta/data-file-meta.ts';
import {
  DELETION_VECTORS,
  FILE_ADD,
  FILE_DELETE,
  type IndexManifestEntry,
  type ManifestEntry,
} from '../meta/manifest-entry.ts';
import { tableOptions } from '../schema/table-options.ts';
import type { TableSchema } from '../schema/table-schema.ts';
import { AppendCompaction } from './append-compaction.ts';
import { BucketCompaction, type BucketCompactionParts, type BucketWork, runsOf } from './bucket-compaction.ts';
import { ClusterCompaction } from './cluster-compaction.ts';
import { isClusteredBySteps } from './clustering.ts';
import type { CompactResult } from './compaction-result.ts';
import { deletionFilesOf, writeDeletionVectors } from './deletion-vector.ts';
import { filePaths } from './file-paths.ts';
import { bucketKey, type LiveFiles } from './live-files.ts';
import { mayBePublished } from './commit-outcome.ts';

/** A change of files that alters no content. */
export interface CompactionChange {
  readonly deleted: readonly ManifestEntry[];
  readonly added: readonly ManifestEntry[];
  /** ADD entries of changelog files. */
  readonly changelog: readonly ManifestEntry[];
  /** Index files: DELETE entries of those that are replaced, ADD entries of the new ones. */
  readonly index: readonly IndexManifestEntry[];
}

/** Publishes what a compaction did. */
export interface CompactionCommitter {
  /**
   * Publishes the change as one COMPACT snapshot. Throws `E3381`, `E3450`, `E3451` or `E3456` when the table no longer has the
   * files; nothing was published then.
   */
  commit(change: CompactionChange): Promise<void>;
  /** The live files of the newest snapshot. */
  latestFiles(): Promise<readonly ManifestEntry[]>;
  /** The index files of the newest snapshot that is known. */
  indexEntries(): Promise<readonly IndexManifestEntry[]>;
}

/** What a compactor works with. */
export interface CompactorParts extends BucketCompactionParts {
  /** Shared with the table's writer. */
  readonly liveFiles: LiveFiles;
  readonly committer: CompactionCommitter;
}

/** What to compact. */
export interface CompactOptions {
  /** Everything to the highest level, instead of what is due. */
  readonly full?: boolean;
  /** Decisions in a row, published as one: 1 unless given. */
  readonly rounds?: number;
  /** Of each partition of an append table without buckets, one group of files of like sizes, for a commit to wait for. */
  readonly isBrief?: boolean;
  /** Keys of the buckets (see `bucketKey`); all unless given. */
  readonly only?: ReadonlySet<string>;
  readonly signal?: AbortSignal;
}

/** What one round did. */
export interface CompactionReport {
  /** `conflict`: another writer changed the files; the work was thrown away and the live files read again. */
  readonly outcome: 'committed' | 'conflict';
  readonly bucketCount: number;
  readonly filesBefore: number;
  readonly filesAfter: number;
  /** Rows and bytes that were written anew. */
  readonly writtenRows: number;
  readonly writtenBytes: number;
}

interface BucketOutcome {
  /** Any file of the bucket. */
  readonly entry: ManifestEntry;
  readonly result: CompactResult;
  /** The bucket's index files of deletion vectors before. */
  readonly index: readonly IndexManifestEntry[];
}

/** One compactor of a table; one call at a time. */
export class Compactor {
  private readonly parts: CompactorParts;
  private readonly buckets = new Map<string, BucketWork>();

  constructor(parts: CompactorParts) {
    this.parts = parts;
  }

  /**
   * The most sorted runs that any bucket has: from `num-sorted-run.stop-trigger` on, writers are to wait. Those of append
   * tables need not.
   */
  runCountMax(schema: TableSchema): number {
    if (schema.primaryKeys.length === 0) return 0;
    const counts = [...this.liveBuckets().values()].map((entries) => runsOf(schema, filesOf(entries)).length);
    return counts.reduce((most, count) => Math.max(most, count), 0);
  }

  /**
   * Compacts what is due (`full`: everything to the highest level) and publishes it as one snapshot; null if nothing is
   * due. In append tables small files are written together, or sorted where their options say so. Throws `E3355`,
   * `E3371`, `E3392` and what the committer throws.
   */
  async compact(options: CompactOptions = {}): Promise<CompactionReport | null> {
    const schema = await this.latestSchema();
    // The ids of rows that the writer has added are known to the table alone.
    if (tableOptions(schema).rowTracking) await this.reload();
    const outcomes = await this.runAll(schema, options);
    if (outcomes === 'conflict') return report('conflict', []);
    if (outcomes.length === 0) return null;
    const written: string[] = [];
    try {
      options.signal?.throwIfAborted();
      return await this.publish(schema, outcomes, written);
    } catch (error) {
      // Nothing was published unless the outcome is unknown (E3453, E3457): then the files must stay.
      if (!mayBePublished(error)) await this.deleteWritten(schema, outcomes, written);
      if (!isTributaryError(error, 'E3381', 'E3450', 'E3451', 'E3456')) throw error;
      await this.reload();
      return report('conflict', outcomes);
    }
  }

  private liveBuckets(): Map<string, ManifestEntry[]> {
    const real = this.parts.liveFiles.entries().filter((entry) => entry.bucket >= 0);
    return Map.groupBy(real, (entry) => bucketKey(entry.partition, entry.bucket));
  }

  private async latestSchema(): Promise<TableSchema> {
    const schema = await this.parts.schemas.latest();
    if (schema === null) throw new TributaryError('E3120', `table not found: table=${this.parts.tablePath}`);
    return schema;
  }

  /**
   * Compacts all buckets that are asked for; if one fails, the files of the others are removed. A failure on files that
   * the table no longer has is a conflict: they may be gone, or hold what cannot be merged with what came since.
   */
  private async runAll(schema: TableSchema, options: CompactOptions): Promise<readonly BucketOutcome[] | 'conflict'> {
    const index = tableOptions(schema).deletionVectors ? await this.parts.committer.indexEntries() : [];
    const vectors = index.filter((entry) => entry.indexType === DELETION_VECTORS);
    const indexFiles = Map.groupBy(vectors, (entry) => bucketKey(entry.partition, entry.bucket));
    const asked = [...this.liveBuckets()].filter(([key]) => options.only?.has(key) ?? true);
    const work = asked.map(([key, entries]) =>
      this.run(schema, { key, entries, index: indexFiles.get(key) ?? [] }, options),
    );
    const settled = await Promise.allSettled(work);
    const done = settled.flatMap((one) => (one.status === 'fulfilled' && one.value !== null ? [one.value] : []));
    const failed = settled.find((one) => one.status === 'rejected');
    if (failed === undefined) return done;
    await this.deleteWritten(schema, done, []);
    options.signal?.throwIfAborted();
    await this.reload();
    const live = new Set(this.parts.liveFiles.entries().map(nameAndLevel));
    if (asked.some(([, entries]) => entries.some((entry) => !live.has(nameAndLevel(entry))))) return 'conflict';
    throw failed.reason;
  }

  private async run(
    schema: TableSchema,
    of: {
      readonly key: string;
      readonly entries: readonly ManifestEntry[];
      readonly index: readonly IndexManifestEntry[];
    },
    options: CompactOptions,
  ): Promise<BucketOutcome | null> {
    const { entries, index } = of;
    const [entry] = entries;
    const files = filesOf(entries);
    const names = new Set(files.map((file) => file.fileName));
    // The reference leaves vectors behind of files that a full compaction has written again.
    const paths = filePaths(this.parts.tablePath, schema);
    const known = index.flatMap((file) => deletionFilesOf(file, paths.index(file))).filter(([name]) => names.has(name));
    const state = { place: entry, files, deletionVectors: new Map(known) };
    const { full = false, rounds = 1, isBrief = false } = options;
    const wish = { full, rounds, isBrief };
    const result = await this.bucket(schema, of.key).compact(schema, state, wish);
    return result === null ? null : { entry, result, index };
  }

  private bucket(schema: TableSchema, key: string): BucketWork {
    const known = this.buckets.get(key) ?? this.newBucket(schema);
    this.buckets.set(key, known);
    return known;
  }

  private newBucket(schema: TableSchema): BucketWork {
    if (schema.primaryKeys.length > 0) return new BucketCompaction(this.parts);
    return isClusteredBySteps(schema) ? new ClusterCompaction(this.parts) : new AppendCompaction(this.parts);
  }

  /** Paths of new index files are put into `written`. */
  private async publish(
    schema: TableSchema,
    outcomes: readonly BucketOutcome[],
    written: string[],
  ): Promise<CompactionReport | null> {
    const entriesOf = (kind: number, files: (result: CompactResult) => readonly DataFileMeta[]): ManifestEntry[] =>
      outcomes.flatMap((outcome) => files(outcome.result).map((file) => entryOf(outcome, kind, file)));
    const deleted = entriesOf(FILE_DELETE, (result) => result.before);
    const added = entriesOf(FILE_ADD, (result) => result.after);
    const changelog = entriesOf(FILE_ADD, (result) => result.changelog);
    const index: IndexManifestEntry[] = [];
    for (const outcome of outcomes) index.push(...(await this.indexChange(schema, outcome, written)));
    if (deleted.length + added.length + index.length === 0) return null;
    await this.parts.committer.commit({ deleted, added, changelog, index });
    this.parts.liveFiles.replace(deleted, added);
    return report('committed', outcomes);
  }

  /** The bucket's index files before, deleted, and the one that holds all its deletion vectors now. */
  private async indexChange(
    schema: TableSchema,
    { entry, result, index }: BucketOutcome,
    written: string[],
  ): Promise<readonly IndexManifestEntry[]> {
    if (result.deletionVectors === null) return [];
    const { partition, bucket } = entry;
    const { deletionVectorsBitmap64 } = tableOptions(schema);
    const { bytes, ranges } = writeDeletionVectors(result.deletionVectors, { bitmap64: deletionVectorsBitmap64 });
    const added = {
      kind: FILE_ADD,
      partition,
      bucket,
      indexType: DELETION_VECTORS,
      fileName: `index-${this.parts.random.uuid()}-0`,
      fileSize: bytes.length,
      rowCount: ranges.length,
      deletionVectorRanges: ranges,
      externalPath: null,
    };
    const path = filePaths(this.parts.tablePath, schema).index(added);
    written.push(path);
    const created = await this.parts.store.create(path, bytes);
    assert(created, `file of a fresh name exists already: ${path}`);
    return [...index.map((before) => ({ ...before, kind: FILE_DELETE })), added];
  }

  /** Goes on from the newest snapshot. Files that the writer commits meanwhile are left alone. */
  private async reload(): Promise<void> {
    const { liveFiles, committer } = this.parts;
    const known = liveFiles.entries();
    const latest = await committer.latestFiles();
    const names = new Set(latest.map(nameAndLevel));
    liveFiles.replace(
      known.filter((entry) => !names.has(nameAndLevel(entry))),
      latest,
    );
  }

  private async deleteWritten(
    schema: TableSchema,
    outcomes: readonly BucketOutcome[],
    indexPaths: readonly string[],
  ): Promise<void> {
    for (const { entry, result } of outcomes) {
      const compaction = this.bucket(schema, bucketKey(entry.partition, entry.bucket));
      await compaction.discard(schema, entry, [...result.written, ...result.changelog]);
    }
    // What cannot be removed is an orphan that no snapshot names; the failure that led here is what counts.
    for (const path of indexPaths) await this.parts.store.delete(path).catch(() => {});
  }
}

function entryOf({ entry }: BucketOutcome, kind: number, file: DataFileMeta): ManifestEntry {
  const { partition, bucket, totalBuckets } = entry;
  return { kind, partition, bucket, totalBuckets, file };
}

function filesOf(entries: readonly ManifestEntry[]): readonly DataFileMeta[] {
  return entries.map((entry) => entry.file);
}

function nameAndLevel(entry: ManifestEntry): string {
  return `${bucketKey(entry.partition, entry.bucket)}/${entry.file.level}/${entry.file.fileName}`;
}

function report(outcome: CompactionReport['outcome'], outcomes: readonly BucketOutcome[]): CompactionReport {
  const sum = (of: (result: CompactResult) => number): number =>
    outcomes.reduce((total, { result }) => total + of(result), 0);
  return {
    outcome,
    bucketCount: outcomes.length,
    filesBefore: sum((result) => result.before.length),
    filesAfter: sum((result) => result.after.length),
    writtenRows: sum((result) => result.written.reduce((rows, file) => rows + file.rowCount, 0)),
    writtenBytes: sum((result) => result.written.reduce((bytes, file) => bytes + file.fileSize, 0)),
  };
}
