// One table of a pipeline: where it stands, its writer, and the files of a checkpoint under way.
import { assert, isTributaryError, TributaryError } from '../base/errors.ts';
import { Turns } from '../base/turns.ts';
import type { ChangeBatch } from '../change/change-batch.ts';
import type { SourcePosition } from '../change/position.ts';
import type { SourceTable } from '../change/source-table.ts';
import { placementOf } from '../mapping/evolve.ts';
import type { LakeTable } from '../mapping/lake-table.ts';
import type { CommitRequest, TableCommitter } from '../paimon/commit/table-commit.ts';
import type { CompactionReport } from '../paimon/lsm/compactor.ts';
import type { LiveFiles } from '../paimon/lsm/live-files.ts';
import type { TableWriter } from '../paimon/lsm/table-writer.ts';
import type { CommitMessage } from '../paimon/lsm/write-batch.ts';
import type { Snapshot, SnapshotId } from '../paimon/meta/snapshot.ts';
import { tableOptions } from '../paimon/schema/table-options.ts';
import type { TableSchema } from '../paimon/schema/table-schema.ts';
import { type CommitStamp, stampProperties } from './commit-properties.ts';
import { partialRows } from './partial-rows.ts';
import { placed } from './placed-columns.ts';
import type { TableCopy } from './table-copy.ts';
import type { TableTelemetry } from './telemetry.ts';

/** What a mirrored table is made of. */
export interface MirroredTableParts {
  readonly source: SourceTable;
  readonly lake: LakeTable;
  readonly schema: TableSchema;
  /** The table's directory in the store. */
  readonly tablePath: string;
  readonly writer: TableWriter;
  /** Shared by the writer and the compactor. */
  readonly liveFiles: LiveFiles;
  readonly committer: TableCommitter;
  readonly telemetry: TableTelemetry;
  /** Where the lake stands; null if the table was never copied. */
  readonly place: SourcePosition | null;
  /** See `Incarnations`. */
  readonly incarnation: string;
  /** Its copy in chunks, which has begun before; null where there is none. */
  readonly copy: TableCopy | null;
}

/** Files sealed for one checkpoint: durable once the promise resolves, named by no snapshot yet. */
export type SealedFiles = Promise<CommitMessage | null>;

/** A table between the source and the lake. */
export class MirroredTable {
  readonly source: SourceTable;
  readonly lake: LakeTable;
  readonly telemetry: TableTelemetry;
  readonly schema: TableSchema;
  readonly tablePath: string;
  readonly liveFiles: LiveFiles;
  readonly committer: TableCommitter;
  /** Of the table in the source; the copy decides it. */
  incarnation: string;
  private readonly writer: TableWriter;
  private currentPlace: SourcePosition | null;
  private newestSnapshotId: SnapshotId | null;
  private failure: TributaryError | null = null;
  /** Rows that the table cannot take: the next flush or checkpoint tells. */
  private refusal: TributaryError | null = null;
  private readonly isPartial: boolean;
  /** Which columns of a batch the lake's are, where they are not the same in the same order. */
  private readonly placement: readonly number[] | null;
  private changed = false;
  private readonly publishing = new Turns();
  private currentCopy: TableCopy | null;

  constructor(parts: MirroredTableParts) {
    this.source = parts.source;
    this.lake = parts.lake;
    this.telemetry = parts.telemetry;
    this.schema = parts.schema;
    this.tablePath = parts.tablePath;
    this.liveFiles = parts.liveFiles;
    this.writer = parts.writer;
    this.committer = parts.committer;
    this.incarnation = parts.incarnation;
    this.isPartial = tableOptions(parts.schema).mergeEngine === 'partial-update';
    const placement = placementOf(parts.schema, parts.lake);
    this.placement = placement.every((column, index) => column === index) ? null : placement;
    this.currentPlace = parts.place;
    this.newestSnapshotId = parts.committer.latest?.id ?? null;
    this.telemetry.place = parts.place;
    this.telemetry.snapshotId = this.newestSnapshotId;
    this.telemetry.errorCode = null;
    this.currentCopy = parts.copy;
    this.telemetry.state = parts.place === null || parts.copy !== null ? 'copying' : 'streaming';
  }

  /** Its copy in chunks under way; null where there is none, or none any more. */
  get copy(): TableCopy | null {
    return this.currentCopy;
  }

  /** Where the log is to be read on from for this table; null until a whole copy is committed. */
  get place(): SourcePosition | null {
    return this.currentPlace;
  }

  /** The newest snapshot of the table, by whomever; null for an empty table. */
  get snapshotId(): SnapshotId | null {
    return this.newestSnapshotId;
  }

  /** Why the table was stopped; null while it is followed. */
  get error(): TributaryError | null {
    return this.failure;
  }

  /** The lake has columns that the source has no more: it alone knows what rows were before. */
  get hasOwnColumns(): boolean {
    return this.placement?.includes(-1) === true;
  }

  get bufferedBytes(): number {
    return this.writer.bufferedBytes + (this.currentCopy?.heldBytes ?? 0);
  }

  /** Bytes of rows that no flush has taken yet. */
  get waitingBytes(): number {
    return this.writer.waitingBytes;
  }

  /** Begins its copy in chunks; the log of the table is read from `place` on. */
  beginCopy(copy: TableCopy, place: SourcePosition): void {
    this.currentCopy = copy;
    this.currentPlace = place;
  }

  /** Its copy in chunks is complete. */
  endCopy(): void {
    assert(this.currentCopy?.isHolding === false, `copy ends within a chunk: table=${this.source.key}`);
    this.currentCopy = null;
    this.telemetry.state = 'streaming';
  }

  /** Takes changes in log order; nothing if the table was stopped. */
  write(batch: ChangeBatch): void {
    const admitted = this.failure !== null || this.currentCopy === null ? batch : this.currentCopy.admit(batch);
    if (admitted !== null) this.writeAdmitted(admitted);
  }

  /** Changes that waited for a chunk of the copy are written. */
  release(): void {
    for (const batch of this.currentCopy?.release() ?? []) this.writeAdmitted(batch);
  }

  private writeAdmitted(batch: ChangeBatch): void {
    if (this.failure !== null) return;
    this.put(batch);
    for (let row = 0; row < batch.rowCount; row++) this.telemetry.rows[batch.kinds[row]]++;
    if (batch.hasMissing) this.telemetry.missingValueBatches++;
  }

  /** Takes rows of the first copy, which are counted apart: they are no changes. */
  writeCopied(batch: ChangeBatch): void {
    if (this.failure !== null) return;
    const { rowCount, sizeBytes } = batch;
    this.put(batch);
    this.telemetry.copiedRows += rowCount;
    this.telemetry.copiedBytes += sizeBytes;
  }

  /** Takes deletes of rows that are of before a copy in place. */
  removeStale(batch: ChangeBatch): void {
    if (this.failure === null) this.put(batch);
  }

  private put(batch: ChangeBatch): void {
    this.changed = true;
    // Whoever waits for the flush that failed is about to stop the table; no checkpoint takes its rows any more.
    if (this.writer.hasFailed || this.refusal !== null) return;
    const rows = this.isPartial ? this.partialRows(batch) : batch;
    if (rows === null) return;
    this.writer.write(this.placement === null ? rows : placed(rows, this.schema, this.placement));
  }

  /** Flushes the memtable to files that no snapshot names. */
  flush(): Promise<void> {
    return this.refusal === null ? this.writer.flush() : Promise.reject(this.refusal);
  }

  /** Empties the table, after what was written so far and before what follows. */
  async truncate(): Promise<void> {
    if (this.failure !== null) return;
    this.telemetry.truncates++;
    this.changed = true;
    this.currentCopy?.emptied();
    await this.writer.truncate();
  }

  /**
   * Seals what was written so far for a checkpoint; what is written afterwards belongs to the next one. Null where
   * nothing changed.
   */
  seal(): SealedFiles {
    if (!this.changed) return Promise.resolve(null);
    this.changed = false;
    return this.refusal === null ? this.writer.prepareCommit() : Promise.reject(this.refusal);
  }

  /** Publishes sealed files as one snapshot; without files the place moves all the same, once the record is written. */
  async publish(sealed: CommitMessage | null, stamp: CommitStamp & { readonly isCopying: boolean }): Promise<void> {
    if (sealed === null) return;
    await this.exclusively(async () => {
      const snapshot = await this.commit({
        kind: sealed.overwrite ? 'OVERWRITE' : 'APPEND',
        added: sealed.added,
        // A compaction may have replaced files since the files were sealed: what goes away is what is there then.
        ...(sealed.overwrite ? { deleted: [], replaces: () => true } : { deleted: sealed.deleted }),
        changelog: sealed.changelog,
        index: sealed.index,
        commitUser: stamp.pipeline,
        commitIdentifier: stamp.checkpoint,
        properties: stampProperties({ ...stamp, incarnation: this.incarnation }),
      });
      this.writer.committed(sealed);
      this.newestSnapshotId = snapshot.id;
      this.telemetry.snapshotId = snapshot.id;
    });
  }

  /** What was written for buckets that are no more is written again once the pipeline has started anew. */
  private async commit(request: CommitRequest): Promise<Snapshot> {
    try {
      return await this.committer.commit(request);
    } catch (error) {
      if (!isTributaryError(error, 'E3452')) throw error;
      const message = `table was rescaled while it was mirrored: table=${this.tablePath}`;
      throw new TributaryError('E3393', message, { cause: error });
    }
  }

  /** Runs one publication of this table at a time, those of compactions included. */
  exclusively<T>(action: () => Promise<T>): Promise<T> {
    return this.publishing.take(action);
  }

  /** The checkpoint record that includes this table is durable. */
  reached(position: SourcePosition, commitTimeMs: number): void {
    this.currentPlace = position;
    this.telemetry.place = position;
    if (this.failure === null && this.currentCopy === null) this.telemetry.state = 'streaming';
    if (commitTimeMs > 0) this.telemetry.visibleCommitTimeMs = commitTimeMs;
  }

  /** A compaction has ended; the newest snapshot may be its own. */
  compacted(report: CompactionReport): void {
    this.newestSnapshotId = this.committer.latest?.id ?? null;
    this.telemetry.snapshotId = this.newestSnapshotId;
    if (report.outcome === 'committed') this.telemetry.compactions++;
    this.telemetry.compactedBytes += report.writtenBytes;
  }

  /** Stops following the table: what it got since its last checkpoint is dropped, its place stays. */
  async fail(error: TributaryError): Promise<void> {
    assert(this.failure === null, `table fails twice: table=${this.source.key}`);
    this.failure = error;
    this.changed = false;
    this.currentCopy?.release();
    this.telemetry.state = 'failed';
    this.telemetry.errorCode = error.code;
    await this.writer.abort();
  }

  private partialRows(batch: ChangeBatch): ChangeBatch | null {
    const { columns, keyColumns } = this.source;
    const names = columns.map((column) => column.name);
    try {
      return partialRows(batch, names, keyColumns);
    } catch (error) {
      if (!isTributaryError(error)) throw error;
      this.refusal = error;
      return null;
    }
  }

  /** Drops what no snapshot names. */
  async abort(): Promise<void> {
    await this.writer.abort();
  }
}
