// The difference of two states of a table: of the files that only one of them has, the rows of the later state that the
// earlier one does not have the same. Source: format notes 05 section 10 (SnapshotReaderImpl.readIncrementalDiff,
// IncrementalDiffSplitRead).
import { rowEquality, type RowEquality } from '../../column/equal.ts';
import { DELETE, isRetract } from '../../column/row-kind.ts';
import { takeVector } from '../../column/take.ts';
import type { ManifestStore } from '../commit/manifest-store.ts';
import type { PlainCondition } from '../format/condition.ts';
import type { DeletionFile } from '../lsm/deletion-vector.ts';
import { flaggedRows } from '../lsm/live-rows.ts';
import { tableLayout } from '../lsm/key-value-file.ts';
import type { KeyValueBatch, KeyValueLayout } from '../lsm/key-values.ts';
import { bucketKey } from '../lsm/live-files.ts';
import { mergeFunctionOf } from '../lsm/merge/merge-engine.ts';
import { batchOrder, type BatchOrder } from '../lsm/merge/run-cursor.ts';
import type { DataFileMeta } from '../meta/data-file-meta.ts';
import { fileIdentity } from '../meta/merge-entries.ts';
import type { ManifestEntry } from '../meta/manifest-entry.ts';
import type { Snapshot } from '../meta/snapshot.ts';
import type { DataField } from '../schema/data-type.ts';
import { tableOptions } from '../schema/table-options.ts';
import type { TableSchema } from '../schema/table-schema.ts';
import { deletionFilesByBucket, readsAboveLevel0 } from './plan.ts';
import { manifestMayMeet, ScanSelection, type WantedFiles } from './scan-selection.ts';
import { bucketReader, firstRows, mergeLiveFiles, Output, readLiveFile, type ReadSource } from './read.ts';
import type { ReadBatch } from './scan.ts';

/** Files of one state of a bucket that the other state does not have. */
interface StateFiles {
  readonly files: readonly DataFileMeta[];
  readonly deletionFiles: ReadonlyMap<string, DeletionFile>;
}

/** A bucket in which the states differ. */
interface BucketDiff {
  readonly partition: Uint8Array;
  readonly bucket: number;
  readonly before: StateFiles;
  readonly after: StateFiles;
}

/** What there is to compare, and what to give of it. */
export interface DiffPlan {
  readonly schema: TableSchema;
  readonly buckets: readonly BucketDiff[];
  /** The fields to give, in order. */
  readonly fields: readonly DataField[];
  readonly where: readonly PlainCondition[];
}

/** What a difference is planned from. */
interface DiffSource extends ReadSource {
  readonly manifests: ManifestStore;
  readonly schema: TableSchema;
}

/** The buckets whose files differ; a file that both states have holds nothing new. */
export async function planDiff(
  source: DiffSource,
  states: { readonly before: Snapshot; readonly after: Snapshot },
  where: readonly PlainCondition[],
): Promise<Pick<DiffPlan, 'schema' | 'buckets'>> {
  const { schema } = source;
  const before = await visibleEntries(source, states.before, where);
  const after = await visibleEntries(source, states.after, where);
  const buckets: BucketDiff[] = [];
  for (const [key, place] of new Map([...placesOf(before.entries), ...placesOf(after.entries)])) {
    const own = (state: VisibleState, other: VisibleState): StateFiles => {
      const known = new Set((other.entries.get(key) ?? []).map(fileIdentity));
      const entries = (state.entries.get(key) ?? []).filter((entry) => !known.has(fileIdentity(entry)));
      return {
        files: entries.map((entry) => entry.file),
        deletionFiles: state.deletionFiles(place),
      };
    };
    buckets.push({ ...place, before: own(before, after), after: own(after, before) });
  }
  return { schema, buckets };
}

interface VisibleState {
  readonly entries: ReadonlyMap<string, readonly ManifestEntry[]>;
  readonly deletionFiles: ReturnType<typeof deletionFilesByBucket>;
}

/** The files of a state that batch reads see, by bucket. */
async function visibleEntries(
  { manifests, schema, tablePath }: DiffSource,
  snapshot: Snapshot,
  where: readonly PlainCondition[],
): Promise<VisibleState> {
  const levelMin = schema.primaryKeys.length > 0 && readsAboveLevel0(schema) ? 1 : 0;
  const list = (await manifests.manifestsOf(snapshot)).filter((manifest) => manifestMayMeet(manifest, where, schema));
  const isVisible: WantedFiles['isVisible'] = ({ bucket, level }) => bucket >= 0 && level >= levelMin;
  const wanted = { schema, where, isVisible, standAlone: false, fileSchemas: new Map() };
  const entries = await manifests.liveEntriesIn(list, new ScanSelection(wanted));
  const index = tableOptions(schema).deletionVectors ? await manifests.indexEntriesOf(snapshot) : [];
  return {
    entries: Map.groupBy(entries, ({ partition, bucket }) => bucketKey(partition, bucket)),
    deletionFiles: deletionFilesByBucket({ tablePath, schema }, index),
  };
}

function placesOf(
  entries: VisibleState['entries'],
): readonly (readonly [string, Pick<ManifestEntry, 'partition' | 'bucket'>])[] {
  return [...entries].map(([key, [{ partition, bucket }]]) => [key, { partition, bucket }] as const);
}

/** The rows of the difference; with `keepRetracts` those that went away, too, as -D. No batch is empty. */
export async function* readDiff(
  source: ReadSource,
  plan: DiffPlan,
  options: { readonly limit?: number; readonly keepRetracts?: boolean; readonly signal?: AbortSignal },
): AsyncGenerator<ReadBatch> {
  const { schema, fields, where } = plan;
  const output = new Output(tableLayout(schema), fields, where);
  let left = options.limit ?? Number.POSITIVE_INFINITY;
  for (const bucket of plan.buckets) {
    for await (const batch of bucketRows(source, bucket, { schema, keepRetracts: options.keepRetracts ?? false })) {
      options.signal?.throwIfAborted();
      const rows = output.of(batch);
      if (rows === null) continue;
      if (left <= 0) return;
      yield rows.rowCount <= left ? rows : firstRows(rows, left);
      left -= rows.rowCount;
    }
  }
}

interface DiffHow {
  readonly schema: TableSchema;
  readonly keepRetracts: boolean;
}

async function* bucketRows(source: ReadSource, diff: BucketDiff, how: DiffHow): AsyncGenerator<KeyValueBatch> {
  const layout = tableLayout(how.schema);
  const { partition, bucket, before, after } = diff;
  const reader = await bucketReader(source, how.schema, {
    split: { partition, bucket, files: [...before.files, ...after.files] },
    layout,
  });
  if (how.schema.primaryKeys.length === 0) {
    for (const file of after.files) {
      yield* readLiveFile(reader, file, {
        deletionFile: after.deletionFiles.get(file.fileName),
        dropRetracts: false,
      });
    }
    return;
  }
  const merge = mergeFunctionOf(how.schema, { layout, dropRetracts: !how.keepRetracts });
  yield* differingRows(mergeLiveFiles(reader, before, merge), mergeLiveFiles(reader, after, merge), { layout, ...how });
}

/** Where a walk through one of the states stands. */
class Walk {
  private readonly iterator: AsyncIterator<KeyValueBatch>;
  batch: KeyValueBatch | null = null;
  row = 0;
  /** Rows of the batch that belong to the difference. */
  kept = new Uint8Array(0);

  constructor(rows: AsyncIterable<KeyValueBatch>) {
    this.iterator = rows[Symbol.asyncIterator]();
  }

  /** Whether the batch has no row left. */
  get isSpent(): boolean {
    return this.batch !== null && this.row >= this.batch.rowCount;
  }

  async load(): Promise<void> {
    const next = await this.iterator.next();
    this.batch = next.done === true ? null : next.value;
    this.row = 0;
    this.kept = new Uint8Array(this.batch?.rowCount ?? 0);
  }

  /** The kept rows of the batch. */
  taken(kindOf: (kind: number) => number): KeyValueBatch | null {
    const { batch } = this;
    const rows = flaggedRows(this.kept);
    if (batch === null || rows.length === 0) return null;
    return {
      rowCount: rows.length,
      columns: batch.columns.map((column) => takeVector(column, rows)),
      sequence: takeVector(batch.sequence, rows) as KeyValueBatch['sequence'],
      kinds: Uint8Array.from(rows, (row) => kindOf(batch.kinds[row])),
    };
  }

  async close(): Promise<void> {
    await this.iterator.return?.();
  }
}

/** Walks through both states side by side; both are in key order and have each key once. */
async function* differingRows(
  beforeRows: AsyncIterable<KeyValueBatch>,
  afterRows: AsyncIterable<KeyValueBatch>,
  how: { readonly layout: KeyValueLayout; readonly keepRetracts: boolean },
): AsyncGenerator<KeyValueBatch> {
  const before = new Walk(beforeRows);
  const after = new Walk(afterRows);
  const toDelete = (): number => DELETE;
  const asStored = (kind: number): number => kind;
  try {
    await Promise.all([before.load(), after.load()]);
    while (after.batch !== null || (how.keepRetracts && before.batch !== null)) {
      compareBatches(before, after, how);
      // Rows that went away stand in the batch of the earlier state, all others in that of the later one.
      if (before.isSpent) {
        const gone = before.taken(toDelete);
        if (gone !== null) yield gone;
        await before.load();
      }
      if (after.isSpent) {
        const come = after.taken(asStored);
        if (come !== null) yield come;
        await after.load();
      }
    }
  } finally {
    await Promise.all([before.close(), after.close()]);
  }
}

/** Marks the rows of the difference, up to the end of either batch. */
function compareBatches(
  before: Walk,
  after: Walk,
  how: { readonly layout: KeyValueLayout; readonly keepRetracts: boolean },
): void {
  const [left, right] = [before.batch, after.batch];
  if (left === null || right === null) {
    keepRest(before, how.keepRetracts ? (kind) => !isRetract(kind) : () => false);
    keepRest(after, (kind) => how.keepRetracts || !isRetract(kind));
    return;
  }
  const order: BatchOrder = batchOrder(left, right, how.layout);
  const isEqual: RowEquality = rowEquality(left.columns, right.columns);
  while (!before.isSpent && !after.isSpent) {
    const compared = order.byKey(before.row, after.row);
    const [leftKind, rightKind] = [left.kinds[before.row], right.kinds[after.row]];
    if (compared < 0) before.kept[before.row++] = Number(how.keepRetracts && !isRetract(leftKind));
    else if (compared > 0) after.kept[after.row++] = Number(how.keepRetracts || !isRetract(rightKind));
    else {
      const isSame = isRetract(leftKind) === isRetract(rightKind) && isEqual(before.row, after.row);
      // A row that lost against the earlier one, by its sequence, is not the newer one.
      const isNewer = order.bySequence(before.row, after.row) <= 0;
      after.kept[after.row++] = Number(!isSame && isNewer && (how.keepRetracts || !isRetract(rightKind)));
      before.row++;
    }
  }
}

function keepRest(walk: Walk, isKept: (kind: number) => boolean): void {
  const { batch } = walk;
  if (batch === null) return;
  for (; walk.row < batch.rowCount; walk.row++) walk.kept[walk.row] = Number(isKept(batch.kinds[walk.row]));
}
