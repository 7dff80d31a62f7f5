// The compaction of one bucket: decides, runs the work, and decides again on what is left, as often as it is asked to.
// Source: format notes 05 sections 2 and 3.
import { type Clock, localTimeMs } from '../../base/clock.ts';
import type { Random } from '../../base/random.ts';
import type { FileStore } from '../../storage/file-store.ts';
import type { SpillSpace } from '../../storage/spill-space.ts';
import type { DataFileMeta } from '../meta/data-file-meta.ts';
import type { ManifestEntry } from '../meta/manifest-entry.ts';
import type { SchemaStore } from '../schema/schema-store.ts';
import { tableOptions } from '../schema/table-options.ts';
import type { TableSchema } from '../schema/table-schema.ts';
import { combineResults, type CompactResult } from './compaction-result.ts';
import type { DeletedRows, DeletionFile } from './deletion-vector.ts';
import { filePaths } from './file-paths.ts';
import { tableLayout } from './key-value-file.ts';
import { type CompactionPick, pickCompaction, pickFullCompaction, type PickSettings } from './pick-compaction.ts';
import type { Place } from './row-places.ts';
import { holdsExpired, recordExpiryOf } from './record-expiry.ts';
import { sizeRatioPercent } from './size-ratio.ts';
import { type SortedRun, sortedRuns } from './sorted-run.ts';
import type { TaskRunner } from './task-runner.ts';
import { keyRowOrder } from './key-values.ts';
import type { BucketTask } from './compact-task.ts';

/** What compactions of a table's buckets work with. */
export interface BucketCompactionParts {
  readonly store: FileStore;
  /** The table's directory. */
  readonly tablePath: string;
  readonly schemas: SchemaStore;
  readonly runner: TaskRunner;
  readonly random: Random;
  readonly clock: Clock;
  /** What temporary files of sorts may take; see `SpillSpace` unless given. */
  readonly spill?: SpillSpace;
}

/** A bucket as it is. */
export interface BucketState {
  readonly place: Place;
  readonly files: readonly DataFileMeta[];
  /** The deletion vectors of its files, by data file name. */
  readonly deletionVectors: ReadonlyMap<string, DeletionFile | DeletedRows>;
}

/** How far to go. */
export interface CompactionWish {
  /** First everything to the highest level. */
  readonly full: boolean;
  /** Decisions in a row, each on what the one before has left. */
  readonly rounds: number;
  /** Of an append table without buckets, no more than a commit can wait for. */
  readonly isBrief: boolean;
}

/** Compacts one bucket. */
export interface BucketWork {
  /** Does what is due; null if nothing is. Removes what it has written if it fails. */
  compact(schema: TableSchema, bucket: BucketState, wish: CompactionWish): Promise<CompactResult | null>;
  /** Removes files that no snapshot will name. Never throws. */
  discard(schema: TableSchema, place: Place, files: readonly DataFileMeta[]): Promise<void>;
}

/** Remembers what decisions depend on beside the files: one a bucket. */
export class BucketCompaction implements BucketWork {
  private readonly parts: BucketCompactionParts;
  /** Decisions in a row that found nothing to do: `lookup-compact=gentle` counts them. */
  private idleCount = 0;
  private lastFullMs: number | null = null;

  constructor(parts: BucketCompactionParts) {
    this.parts = parts;
  }

  async compact(schema: TableSchema, bucket: BucketState, wish: CompactionWish): Promise<CompactResult | null> {
    let state = bucket;
    let total: CompactResult | null = null;
    for (let round = 0; round < wish.rounds; round++) {
      const pick = wish.full && round === 0 ? await this.pickFull(schema, state) : this.pick(schema, state);
      if (pick === null) continue;
      try {
        const result = await this.run(schema, state, pick);
        state = stateAfter(state, result);
        total = total === null ? result : await this.combine(schema, bucket.place, { first: total, second: result });
      } catch (error) {
        if (total !== null) await this.discard(schema, bucket.place, [...total.written, ...total.changelog]);
        throw error;
      }
    }
    return total;
  }

  discard(schema: TableSchema, place: Place, files: readonly DataFileMeta[]): Promise<void> {
    return discardFiles(this.parts, { schema, place, files });
  }

  private async pickFull(schema: TableSchema, state: BucketState): Promise<CompactionPick | null> {
    const { compactionForceRewriteAllFiles } = tableOptions(schema);
    const expiry = recordExpiryOf(schema, this.parts.clock.nowMs());
    const schemas = new Map(
      expiry === null ? [] : (await schemasOf(this.parts, state.files)).map((one) => [one.id, one]),
    );
    return pickFullCompaction(runsOf(schema, state.files), this.settings(schema, false), (file) => {
      const fileSchema = schemas.get(file.schemaId);
      const isExpired = expiry !== null && fileSchema !== undefined && holdsExpired(file, fileSchema, expiry);
      return compactionForceRewriteAllFiles || isExpired || state.deletionVectors.has(file.fileName);
    });
  }

  private pick(schema: TableSchema, state: BucketState): CompactionPick | null {
    const runs = runsOf(schema, state.files);
    const options = tableOptions(schema);
    const isGentle = options.needsLookup && options.lookupCompactGentle;
    const always = options.needsLookup ? !isGentle : options.compactionForceUpLevelZero;
    let pick = pickCompaction(runs, this.settings(schema, always));
    if (pick === null && isGentle && ++this.idleCount >= options.lookupCompactIntervalMax) {
      this.idleCount = 0;
      pick = pickCompaction(runs, this.settings(schema, true));
    }
    if (pick !== null && pick.runs.length === runs.length) this.lastFullMs = this.parts.clock.nowMs();
    return pick;
  }

  private settings(schema: TableSchema, forceUpLevel0: boolean): PickSettings {
    const options = tableOptions(schema);
    const intervalMs = options.compactionIntervalMs;
    const sinceFullMs =
      this.lastFullMs === null ? Number.POSITIVE_INFINITY : this.parts.clock.nowMs() - this.lastFullMs;
    return {
      runsTrigger: options.compactionTrigger,
      levelCount: options.levelCount,
      sizeAmplificationPercentMax: options.maxSizeAmplificationPercent,
      sizeRatioPercent: sizeRatioPercent(options, localTimeMs(this.parts.clock.nowMs())),
      forceUpLevel0,
      dropsDeletesAlways: options.deletionVectors,
      isFullDue: intervalMs !== null && sinceFullMs > intervalMs,
      totalSizeThresholdBytes: options.compactionTotalSizeThresholdBytes,
      incrementalSizeThresholdBytes: options.compactionIncrementalSizeThresholdBytes,
    };
  }

  private async run(schema: TableSchema, state: BucketState, pick: CompactionPick): Promise<CompactResult> {
    const { runner, clock } = this.parts;
    const files = pick.runs.flatMap((run) => run.files);
    const nowMs = clock.nowMs();
    const { levelCount, needsLookup } = tableOptions(schema);
    const higherFiles = needsLookup ? state.files.filter((file) => file.level > pick.outputLevel) : [];
    const request = {
      ...(await bucketTask(this.parts, { schema, place: state.place, files: [...files, ...higherFiles], nowMs })),
      files,
      higherFiles,
      deletionVectors: state.deletionVectors,
      outputLevel: pick.outputLevel,
      maxLevel: state.files.reduce((highest, file) => Math.max(highest, file.level), levelCount - 1),
      dropDeletes: pick.dropDeletes,
      rewritesFiles: pick.rewritesFiles,
      nowMs,
    };
    return runner.run('compact', request, new Set());
  }

  private async combine(
    schema: TableSchema,
    place: Place,
    results: { readonly first: CompactResult; readonly second: CompactResult },
  ): Promise<CompactResult> {
    const { result, obsolete } = combineResults(results.first, results.second);
    await this.discard(schema, place, obsolete);
    return result;
  }
}

/** The schema versions that the files were written with. */
async function schemasOf(
  { schemas }: Pick<BucketCompactionParts, 'schemas'>,
  files: readonly DataFileMeta[],
): Promise<readonly TableSchema[]> {
  const ids = files.map((file) => file.schemaId);
  return [...(await schemas.readAll(ids, [])).values()];
}

/** What every task that writes files of a bucket anew is told; `files` are all that it reads. */
export async function bucketTask(
  parts: BucketCompactionParts,
  of: {
    readonly schema: TableSchema;
    readonly place: Place;
    readonly files: readonly DataFileMeta[];
    readonly nowMs: number;
  },
): Promise<BucketTask> {
  const { partition, bucket } = of.place;
  return {
    tablePath: parts.tablePath,
    schema: of.schema,
    fileSchemas: await schemasOf(parts, of.files),
    partition,
    bucket,
    fileUuid: parts.random.uuid(),
    creationTimeMs: localTimeMs(of.nowMs),
  };
}

/** Removes files of a bucket that no snapshot will name. Never throws. */
export async function discardFiles(
  { store, tablePath }: Pick<BucketCompactionParts, 'store' | 'tablePath'>,
  of: { readonly schema: TableSchema; readonly place: Place; readonly files: readonly DataFileMeta[] },
): Promise<void> {
  const paths = filePaths(tablePath, of.schema);
  for (const file of of.files) {
    // What cannot be removed is an orphan that no snapshot names; what led here is what counts.
    for (const path of paths.ownFiles(of.place.partition, of.place.bucket, file))
      await store.delete(path).catch(() => {});
  }
}

/** The same for entries of any buckets. */
export async function discardEntries(
  { store, tablePath, schema }: Pick<BucketCompactionParts, 'store' | 'tablePath'> & { readonly schema: TableSchema },
  entries: readonly ManifestEntry[],
): Promise<void> {
  for (const entry of entries) {
    await discardFiles({ store, tablePath }, { schema, place: entry, files: [entry.file] });
  }
}

function stateAfter(state: BucketState, result: CompactResult): BucketState {
  const gone = new Set(result.before.map((file) => file.fileName));
  return {
    place: state.place,
    files: [...state.files.filter((file) => !gone.has(file.fileName)), ...result.after],
    deletionVectors: result.deletionVectors ?? state.deletionVectors,
  };
}

/** The sorted runs of a bucket's files. */
export function runsOf(schema: TableSchema, files: readonly DataFileMeta[]): readonly SortedRun[] {
  const order = keyRowOrder(tableLayout(schema));
  return sortedRuns(files, (a, b) => order(a.minKey, b.minKey));
}
