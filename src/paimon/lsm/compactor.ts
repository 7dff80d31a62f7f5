// Keeps the buckets of one table compacted: decides, runs the work, publishes it, and goes on from the table's newest
// files when another writer was faster. Source: format notes 05 sections 2 and 3.
import type { Clock } from '../../base/clock.ts';
import { isTributaryError, TributaryError } from '../../base/errors.ts';
import type { Random } from '../../base/random.ts';
import type { FileStore } from '../../storage/file-store.ts';
import { compareBinaryRows } from '../format/binary-row.ts';
import type { DataFileMeta } from '../meta/data-file-meta.ts';
import { FILE_ADD, FILE_DELETE, type ManifestEntry } from '../meta/manifest-entry.ts';
import type { SchemaStore } from '../schema/schema-store.ts';
import { tableOptions } from '../schema/table-options.ts';
import type { TableSchema } from '../schema/table-schema.ts';
import type { CompactResult } from './compact-task.ts';
import { filePaths } from './file-paths.ts';
import { tableLayout } from './key-value-file.ts';
import { bucketKey, type LiveFiles } from './live-files.ts';
import { requireSupportedEngine } from './merge/merge-engine.ts';
import { type CompactionPick, pickCompaction, pickFullCompaction, type PickSettings } from './pick-compaction.ts';
import { type SortedRun, sortedRuns } from './sorted-run.ts';
import type { TaskRunner } from './task-runner.ts';

/** A change of files that alters no content. */
export interface CompactionChange {
  readonly deleted: readonly ManifestEntry[];
  readonly added: readonly ManifestEntry[];
}

/** Publishes what a compaction did. */
export interface CompactionCommitter {
  /**
   * Publishes the change as one COMPACT snapshot. Throws `E3450`, `E3451` or `E3456` when the table no longer has the
   * files; nothing was published then.
   */
  commit(change: CompactionChange): Promise<void>;
  /** The live files of the newest snapshot. */
  latestFiles(): Promise<readonly ManifestEntry[]>;
}

/** What a compactor works with. */
export interface CompactorParts {
  readonly store: FileStore;
  /** The table's directory. */
  readonly tablePath: string;
  readonly schemas: SchemaStore;
  /** Shared with the table's writer. */
  readonly liveFiles: LiveFiles;
  readonly runner: TaskRunner;
  readonly random: Random;
  readonly clock: Clock;
  readonly committer: CompactionCommitter;
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

interface BucketJob {
  readonly entry: ManifestEntry;
  readonly pick: CompactionPick;
}

interface BucketOutcome {
  readonly job: BucketJob;
  readonly result: CompactResult;
}

/** One compactor of a table; one call at a time. */
export class Compactor {
  private readonly parts: CompactorParts;

  constructor(parts: CompactorParts) {
    this.parts = parts;
  }

  /** The most sorted runs that any bucket has: from `num-sorted-run.stop-trigger` on, writers are to wait. */
  runCountMax(schema: TableSchema): number {
    const counts = this.buckets().map((entries) => runsOf(schema, entries).length);
    return counts.reduce((most, count) => Math.max(most, count), 0);
  }

  /**
   * Compacts what is due (`full`: everything to the highest level) and publishes it as one snapshot; null if nothing is
   * due. Append tables need no compaction. Throws `E3350` (merge engine), `E3354` (a feature that compactions have to
   * keep up and this one cannot), `E3355`, and what the committer throws.
   */
  async compact(
    options: { readonly full?: boolean; readonly signal?: AbortSignal } = {},
  ): Promise<CompactionReport | null> {
    const schema = await this.latestSchema();
    if (schema.primaryKeys.length === 0) return null;
    requireCompactable(schema);
    const jobs = this.dueJobs(schema, options.full ?? false);
    if (jobs.length === 0) return null;
    const outcomes = await this.runAll(schema, jobs);
    try {
      options.signal?.throwIfAborted();
      return await this.publish(outcomes);
    } catch (error) {
      // Nothing was published unless the outcome is unknown (E3453, E3457): then the files must stay.
      if (!isTributaryError(error, 'E3453', 'E3457')) await this.deleteWritten(schema, outcomes);
      if (!isTributaryError(error, 'E3450', 'E3451', 'E3456')) throw error;
      await this.reload();
      return report('conflict', outcomes);
    }
  }

  private buckets(): readonly ManifestEntry[][] {
    const real = this.parts.liveFiles.entries().filter((entry) => entry.bucket >= 0);
    return [...Map.groupBy(real, (entry) => bucketKey(entry.partition, entry.bucket)).values()];
  }

  private async latestSchema(): Promise<TableSchema> {
    const schema = await this.parts.schemas.latest();
    if (schema === null) throw new TributaryError('E3120', `table not found: table=${this.parts.tablePath}`);
    return schema;
  }

  private dueJobs(schema: TableSchema, full: boolean): readonly BucketJob[] {
    const settings = pickSettings(schema);
    const jobs: BucketJob[] = [];
    for (const entries of this.buckets()) {
      const runs = runsOf(schema, entries);
      const pick = full ? pickFullCompaction(runs, settings) : pickCompaction(runs, settings);
      if (pick !== null) jobs.push({ entry: entries[0], pick });
    }
    return jobs;
  }

  /** Runs all jobs; if one fails, the files of the others are removed. */
  private async runAll(schema: TableSchema, jobs: readonly BucketJob[]): Promise<readonly BucketOutcome[]> {
    const settled = await Promise.allSettled(jobs.map((job) => this.run(schema, job)));
    const done = settled.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
    const failed = settled.find((one) => one.status === 'rejected');
    if (failed === undefined) return done;
    await this.deleteWritten(schema, done);
    throw failed.reason;
  }

  private async run(schema: TableSchema, job: BucketJob): Promise<BucketOutcome> {
    const { tablePath, runner, random, clock, schemas } = this.parts;
    const files = job.pick.runs.flatMap((run) => run.files);
    const ids = [...new Set(files.map((file) => file.schemaId))];
    const nowMs = clock.nowMs();
    const request = {
      tablePath,
      schema,
      fileSchemas: await Promise.all(ids.map((id) => schemas.read(id))),
      partition: job.entry.partition,
      bucket: job.entry.bucket,
      files,
      outputLevel: job.pick.outputLevel,
      dropDeletes: job.pick.dropDeletes,
      fileUuid: random.uuid(),
      creationTimeMs: nowMs - new Date(nowMs).getTimezoneOffset() * 60_000,
    };
    return { job, result: await runner.run('compact', request, new Set()) };
  }

  private async publish(outcomes: readonly BucketOutcome[]): Promise<CompactionReport | null> {
    const deleted = outcomes.flatMap(({ job, result }) => result.before.map((file) => entryOf(job, FILE_DELETE, file)));
    const added = outcomes.flatMap(({ job, result }) => result.after.map((file) => entryOf(job, FILE_ADD, file)));
    if (deleted.length === 0 && added.length === 0) return null;
    await this.parts.committer.commit({ deleted, added });
    this.parts.liveFiles.replace(deleted, added);
    return report('committed', outcomes);
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

  private async deleteWritten(schema: TableSchema, outcomes: readonly BucketOutcome[]): Promise<void> {
    const paths = filePaths(this.parts.tablePath, schema);
    for (const { job, result } of outcomes) {
      for (const file of result.written) {
        // What cannot be removed is an orphan that no snapshot names; the failure that led here is what counts.
        await this.parts.store.delete(paths.file(job.entry.partition, job.entry.bucket, file)).catch(() => {});
      }
    }
  }
}

function entryOf(job: BucketJob, kind: number, file: DataFileMeta): ManifestEntry {
  const { partition, bucket, totalBuckets } = job.entry;
  return { kind, partition, bucket, totalBuckets, file };
}

function nameAndLevel(entry: ManifestEntry): string {
  return `${bucketKey(entry.partition, entry.bucket)}/${entry.file.level}/${entry.file.fileName}`;
}

function runsOf(schema: TableSchema, entries: readonly ManifestEntry[]): readonly SortedRun[] {
  const { fields, keyIndexes } = tableLayout(schema);
  const types = keyIndexes.map((index) => fields[index].type);
  return sortedRuns(
    entries.map((entry) => entry.file),
    (a, b) => compareBinaryRows(types, a.minKey, b.minKey),
  );
}

function pickSettings(schema: TableSchema): PickSettings {
  const options = tableOptions(schema);
  return {
    runsTrigger: options.compactionTrigger,
    levelCount: options.levelCount,
    sizeAmplificationPercentMax: options.maxSizeAmplificationPercent,
    sizeRatioPercent: options.sizeRatioPercent,
    forceUpLevel0: options.compactionForceUpLevelZero || options.forceLookup,
    totalSizeThresholdBytes: options.compactionTotalSizeThresholdBytes,
    incrementalSizeThresholdBytes: options.compactionIncrementalSizeThresholdBytes,
  };
}

/** Compactions of these tables have to write changelogs or deletion vectors, or to drop expired rows. */
function requireCompactable(schema: TableSchema): void {
  requireSupportedEngine(schema);
  const { changelogProducer, deletionVectors } = tableOptions(schema);
  const refuse = (feature: string): never => {
    throw new TributaryError('E3354', `table cannot be compacted yet: ${feature}`);
  };
  if (changelogProducer === 'lookup' || changelogProducer === 'full-compaction') {
    refuse(`changelog-producer=${changelogProducer}`);
  }
  if (deletionVectors) refuse('deletion-vectors.enabled=true');
  if (schema.options['record-level.expire-time'] !== undefined) refuse('record-level.expire-time is set');
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
