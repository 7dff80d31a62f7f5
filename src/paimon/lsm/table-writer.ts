// Writes one table: buffers batches, flushes them to files that no snapshot names yet, and hands those files to the
// commit.
import { type Clock, localTimeMs } from '../../base/clock.ts';
import { assert, TributaryError } from '../../base/errors.ts';
import type { Random } from '../../base/random.ts';
import { Turns } from '../../base/turns.ts';
import { transferList } from '../../column/vector.ts';
import type { FileStore } from '../../storage/file-store.ts';
import { SpillSpace } from '../../storage/spill-space.ts';
import { FILE_DELETE, type ManifestEntry } from '../meta/manifest-entry.ts';
import { tableOptions } from '../schema/table-options.ts';
import type { TableSchema } from '../schema/table-schema.ts';
import { CrossPartitionBuckets, type KeysAt } from './cross-partition-buckets.ts';
import { type DeletionFile, deletionFilesOf } from './deletion-vector.ts';
import { DynamicBuckets, type LatestIndex } from './dynamic-buckets.ts';
import { filePaths } from './file-paths.ts';
import type { LiveFiles } from './live-files.ts';
import { liveRowDeletes } from './live-row-deletes.ts';
import { Memtable } from './memtable.ts';
import type { TaskRunner } from './task-runner.ts';
import type { CommitMessage, WriteBatch } from './write-batch.ts';
import { requireWritable, type WriteMode } from './write-mode.ts';

/** What a writer works with. */
export interface TableWriterOptions {
  readonly store: FileStore;
  /** The table's directory in the store. */
  readonly tablePath: string;
  readonly schema: TableSchema;
  /** The files of the latest snapshot; shared with the compactor, updated by `committed` and by compactions. */
  readonly liveFiles: LiveFiles;
  /** Asked for once where buckets are dynamic, and by lookups where there are deletion vectors; none unless given. */
  readonly latestIndex?: LatestIndex;
  /** Asked for once, where keys may move between partitions; none unless given. */
  readonly presentKeys?: () => AsyncIterable<KeysAt>;
  /** Temporary files of the index of these keys; see `SpillSpace` for what they may take unless given. */
  readonly spill?: SpillSpace;
  readonly runner: TaskRunner;
  readonly random: Random;
  readonly clock: Clock;
  /** An input changelog is what was written, before-images or not; default false: it is completed. */
  readonly changesAsGiven?: boolean;
  /** The rows get greater sequence numbers than this, whatever the live files have; -1 unless given. */
  readonly afterSequence?: bigint;
  /** Who commits, as files of postponed buckets are named; somebody new unless given. */
  readonly commitUser?: string;
}

type Taken = ReturnType<Memtable['take']>;

/** A flush is split above this size, so that no column of it comes near the 2 GiB an arena can hold. */
const FLUSH_BYTES_MAX = 1024 ** 3;
/** Rows of -D that a truncation buffers before it flushes them. */
const TRUNCATE_FLUSH_BYTES = 64 * 1024 * 1024;

/**
 * The one writer of a table. `write` and `bufferedBytes` are synchronous. The other calls take what was written before
 * the call, may overlap with one another and with writes, and take effect in the order they were made. After a rejected
 * promise every further call fails with the same error but `abort` and `discard`.
 */
export class TableWriter {
  private readonly options: TableWriterOptions;
  private readonly mode: WriteMode;
  /** Null where buckets are not dynamic. */
  private readonly assigner: DynamicBuckets | CrossPartitionBuckets | null;
  /** What stands before the uuid in names of files. */
  private readonly fileTag: string;
  private readonly memtable = new Memtable();
  private flushingBytes = 0;
  /** The calls so far; never rejects. */
  private readonly queue = new Turns();
  private failure: Error | null = null;
  private nextSequence: bigint;
  /** Files that no message has named yet. */
  private fresh: { added: ManifestEntry[]; changelog: ManifestEntry[] } = { added: [], changelog: [] };
  /** The next message replaces everything that was there before `fresh`. */
  private isTruncated = false;
  private readonly outstanding: CommitMessage[] = [];

  private constructor(options: TableWriterOptions) {
    this.options = options;
    this.mode = requireWritable(options.schema);
    this.assigner = assignerOf(this.mode, options);
    this.fileTag = this.mode.isPostponed ? writerTag(options) : '';
    const known = options.liveFiles.maxSequenceNumber();
    const { afterSequence = -1n } = options;
    this.nextSequence = (known > afterSequence ? known : afterSequence) + 1n;
  }

  /** Throws `E3301` for tables that cannot be written. */
  static open(options: TableWriterOptions): TableWriter {
    return new TableWriter(options);
  }

  /** Bytes of rows that are buffered or being flushed. */
  get bufferedBytes(): number {
    return this.memtable.sizeBytes + this.flushingBytes;
  }

  /** Bytes of rows that no flush has taken yet. */
  get waitingBytes(): number {
    return this.memtable.sizeBytes;
  }

  /** Whether an earlier call was rejected, so that every further one fails. */
  get hasFailed(): boolean {
    return this.failure !== null;
  }

  /** Buffers the rows; the batch belongs to the writer from here on. */
  write(batch: WriteBatch): void {
    this.requireUsable();
    const { fields } = this.options.schema;
    assert(batch.columns.length === fields.length, `batch has other columns than the table: ${this.options.tablePath}`);
    this.memtable.add(batch);
  }

  /** Makes everything written so far durable in files that no snapshot names; resolves when that is so. */
  flush(): Promise<void> {
    const taken = this.takeMemtable();
    return this.enqueue(() => this.flushTaken(taken));
  }

  /**
   * Empties the table: the next message overwrites its content or, where a changelog has to say what went, a -D is
   * written for every live row. What is written afterwards stays.
   */
  truncate(): Promise<void> {
    const taken = this.takeMemtable();
    return this.enqueue(() => (this.mode.deletesOnTruncate ? this.deleteRows(taken) : this.dropRows(taken)));
  }

  /**
   * Flushes everything written before the call and hands out all files since the call before; null if there is
   * nothing. Several messages may be outstanding; they are to be committed in order.
   */
  prepareCommit(): Promise<CommitMessage | null> {
    const taken = this.takeMemtable();
    return this.enqueue(async () => {
      await this.flushTaken(taken);
      const index = this.fresh.added.length === 0 ? [] : await this.assigner?.writeIndex();
      return this.nextMessage(index ?? []);
    });
  }

  /** A snapshot names the message's files now; it is the oldest outstanding one. */
  committed(message: CommitMessage): void {
    assert(this.outstanding[0] === message, `message was committed out of order: table=${this.options.tablePath}`);
    this.outstanding.shift();
    const { liveFiles } = this.options;
    liveFiles.replace(message.overwrite ? liveFiles.entries() : message.deleted, message.added);
  }

  /** Deletes the files of a message that is certain never to be committed; the writer is to be aborted then. */
  async discard(message: CommitMessage): Promise<void> {
    const at = this.outstanding.indexOf(message);
    assert(at >= 0, `message is not outstanding: table=${this.options.tablePath}`);
    this.outstanding.splice(at, 1);
    this.failure ??= new TributaryError('E9001', `message was discarded: table=${this.options.tablePath}`);
    await this.deleteFiles([...message.added, ...message.changelog]);
    const { store, tablePath, schema } = this.options;
    for (const entry of message.index) await store.delete(filePaths(tablePath, schema).index(entry));
  }

  /** Drops what is buffered and deletes the files that no message has named; outstanding messages are left alone. */
  async abort(): Promise<void> {
    this.failure ??= new TributaryError('E9001', `writer was aborted: table=${this.options.tablePath}`);
    this.memtable.take();
    await this.queue.ended();
    this.flushingBytes = 0;
    await this.assigner?.close();
    await this.deleteFresh();
  }

  /**
   * Of an overwrite: that no key that was written is among these, which are in partitions that stay. Throws `E3318`; looks
   * at them only where keys may move between partitions.
   */
  async requireApart(staying: AsyncIterable<KeysAt>): Promise<void> {
    if (this.assigner instanceof CrossPartitionBuckets) await this.assigner.requireApart(staying);
  }

  private requireUsable(): void {
    if (this.failure !== null) throw this.failure;
  }

  private takeMemtable(): Taken {
    const taken = this.memtable.take();
    this.flushingBytes += taken.sizeBytes;
    return taken;
  }

  /** Runs the calls one after the other. */
  private enqueue<T>(action: () => Promise<T>): Promise<T> {
    return this.queue.take(async () => {
      this.requireUsable();
      try {
        return await action();
      } catch (error) {
        // Rows may be lost to this writer now: nothing that comes later may be committed without them.
        this.failure ??= error as Error;
        throw error;
      }
    });
  }

  private async flushTaken({ batches, sizeBytes }: Taken): Promise<void> {
    try {
      let part: WriteBatch[] = [];
      let partBytes = 0;
      for (const batch of batches) {
        if (part.length > 0 && partBytes + batch.sizeBytes > FLUSH_BYTES_MAX) {
          await this.flushBatches(part);
          part = [];
          partBytes = 0;
        }
        part.push(batch);
        partBytes += batch.sizeBytes;
      }
      if (part.length > 0) await this.flushBatches(part);
    } finally {
      this.flushingBytes -= sizeBytes;
    }
  }

  private async flushBatches(given: readonly WriteBatch[]): Promise<void> {
    const { tablePath, schema, runner, random, clock } = this.options;
    const batches = await this.withBuckets(given);
    if (batches.length === 0) return;
    const asGiven = this.options.changesAsGiven === true;
    const { hasInputChangelog } = this.mode;
    const completesChanges = this.mode.completesChanges && !asGiven;
    const needsFiles = completesChanges || batches.some((batch) => batch.hasMissing);
    const needsBefore = hasInputChangelog && !asGiven && batches.some((batch) => !batch.beforeImages);
    if (needsFiles || needsBefore) this.mode.requireLookups();
    // The files first: of files that a compaction replaces meanwhile, newer vectors hide what newer files hold.
    const liveFiles = needsFiles ? this.presentFiles() : [];
    const deletionVectors = await this.deletionVectors(liveFiles);
    const transfer = new Set<ArrayBuffer>();
    for (const batch of batches) {
      transferList(batch.columns, transfer);
      transfer.add(batch.kinds.buffer as ArrayBuffer);
      if (batch.buckets !== undefined) transfer.add(batch.buckets.buffer as ArrayBuffer);
    }
    const request = {
      tablePath,
      schema,
      batches,
      completesChanges,
      firstSequence: this.nextSequence,
      liveFiles,
      deletionVectors,
      fileUuid: `${this.fileTag}${random.uuid()}`,
      creationTimeMs: localTimeMs(clock.nowMs()),
    };
    const result = await runner.run('flush', request, transfer);
    this.nextSequence = result.nextSequence;
    this.fresh.added.push(...result.added);
    this.fresh.changelog.push(...result.changelog);
  }

  private async deletionVectors(files: readonly ManifestEntry[]): Promise<ReadonlyMap<string, DeletionFile>> {
    const { tablePath, schema, latestIndex } = this.options;
    if (files.length === 0 || latestIndex === undefined || !tableOptions(schema).deletionVectors) return new Map();
    const paths = filePaths(tablePath, schema);
    const index = await latestIndex();
    return new Map(index.flatMap((entry) => deletionFilesOf(entry, paths.index(entry))));
  }

  private async withBuckets(batches: readonly WriteBatch[]): Promise<readonly WriteBatch[]> {
    if (this.assigner === null) return batches;
    const assigned: WriteBatch[] = [];
    for (const batch of batches) assigned.push(await this.assigner.assign(batch));
    return assigned.filter((batch) => batch.rowCount > 0);
  }

  /** The files that hold the table as the messages so far leave it. */
  private handedOutFiles(): ManifestEntry[] {
    let entries = this.options.liveFiles.entries();
    for (const message of this.outstanding)
      entries = message.overwrite ? [...message.added] : [...entries, ...message.added];
    return entries;
  }

  /** The files that hold the table as of everything flushed. */
  private presentFiles(): ManifestEntry[] {
    return [...(this.isTruncated ? [] : this.handedOutFiles()), ...this.fresh.added];
  }

  private nextMessage(index: CommitMessage['index']): CommitMessage | null {
    const { added, changelog } = this.fresh;
    const deleted = this.isTruncated ? this.handedOutFiles().map((entry) => ({ ...entry, kind: FILE_DELETE })) : [];
    this.fresh = { added: [], changelog: [] };
    this.isTruncated = false;
    if (added.length + changelog.length + deleted.length === 0) return null;
    const message = { added, deleted, changelog, index, overwrite: deleted.length > 0 };
    this.outstanding.push(message);
    return message;
  }

  /** TRUNCATE where no changelog is completed: nothing of before is read again. */
  private async dropRows({ sizeBytes }: Taken): Promise<void> {
    this.flushingBytes -= sizeBytes;
    await this.deleteFresh();
    await this.assigner?.forget();
    this.isTruncated = true;
  }

  /** TRUNCATE where the changelog is completed: a -D for every live row. */
  private async deleteRows(taken: Taken): Promise<void> {
    await this.flushTaken(taken);
    const deletes = new Memtable();
    const files = this.presentFiles();
    const deletionVectors = await this.deletionVectors(files);
    for await (const batch of liveRowDeletes({ ...this.options, deletionVectors }, files)) {
      deletes.add(batch);
      if (deletes.sizeBytes >= TRUNCATE_FLUSH_BYTES) await this.flushBatches(deletes.take().batches);
    }
    if (!deletes.isEmpty) await this.flushBatches(deletes.take().batches);
  }

  private async deleteFresh(): Promise<void> {
    const { added, changelog } = this.fresh;
    this.fresh = { added: [], changelog: [] };
    await this.deleteFiles([...added, ...changelog]);
  }

  private async deleteFiles(entries: readonly ManifestEntry[]): Promise<void> {
    const { store, tablePath, schema } = this.options;
    const paths = filePaths(tablePath, schema);
    for (const { partition, bucket, file } of entries) {
      for (const path of paths.ownFiles(partition, bucket, file)) await store.delete(path);
    }
  }
}

async function* none(): AsyncGenerator<never> {}

function assignerOf(mode: WriteMode, options: TableWriterOptions): DynamicBuckets | CrossPartitionBuckets | null {
  const { latestIndex = async () => [], presentKeys = none, spill = new SpillSpace() } = options;
  if (mode.assigner === null) return null;
  if (mode.assigner === 'hashes') return new DynamicBuckets({ ...options, latestIndex });
  return new CrossPartitionBuckets({ ...options, presentKeys, spill });
}

/** Names one writer: a compaction of postponed buckets takes the rows of files with the same name in their order. */
function writerTag({ random, commitUser = random.uuid() }: TableWriterOptions): string {
  const number = Math.floor(random.unit() * 2147483647);
  // At a slash a directory would begin.
  return `-u-${commitUser.replaceAll('/', '-')}-s-${number}-w-`;
}
