// Writing to a table in a few calls: rows, commits and the compaction that they make due, with everything that takes part
// in its place. The parts themselves are for programs that run several of them at a time.
import { type Clock, systemClock } from '../base/clock.ts';
import { type Random, systemRandom } from '../base/random.ts';
import { rowKindText, type RowKindText } from '../column/row-kind.ts';
import { type SpillSettings, SpillSpace } from '../storage/spill-space.ts';
import type { TableCommitter } from './commit/table-commit.ts';
import { columnsOfRows, type RowObject } from './format/row-objects.ts';
import type { CompactionReport, CompactOptions, Compactor } from './lsm/compactor.ts';
import { bucketKey, LiveFiles } from './lsm/live-files.ts';
import { createTaskRunner, type TaskRunner } from './lsm/task-runner.ts';
import type { TableWriter } from './lsm/table-writer.ts';
import type { CommitMessage } from './lsm/write-batch.ts';
import { discardEntries } from './lsm/bucket-compaction.ts';
import { columnUpdate, writeColumnUpdate } from './maintenance/update-columns.ts';
import { settlePostponed } from './maintenance/settle-postponed.ts';
import { TableUpkeep } from './maintenance/table-upkeep.ts';
import type { Snapshot } from './meta/snapshot.ts';
import { BUCKET_DYNAMIC, BUCKET_POSTPONE, tableOptions } from './schema/table-options.ts';
import type { Table } from './table.ts';
import { mayBePublished } from './lsm/commit-outcome.ts';

/** How a session writes. */
export interface SessionOptions {
  /** Who commits; of sessions that write at the same time each has its own. */
  readonly user: string;
  /** Worker threads for sorting and encoding; 0, the default, works in this thread. */
  readonly threadCount?: number;
  /** Bytes of buffered rows from which on they are written to files, before a commit names these; 64 MiB unless given. */
  readonly bufferBytesMax?: number;
  /** What temporary files may take: of sorts, and of the index of keys that move between partitions. */
  readonly spill?: SpillSettings;
  readonly clock?: Clock;
  readonly random?: Random;
}

/** How often a compaction begins anew where another has compacted the same files meanwhile. */
const COMPACTION_TRIES_MAX = 3;
const BUFFER_BYTES_MAX = 64 * 1024 * 1024;
const KINDS: readonly RowKindText[] = [0, 1, 2, 3].map(rowKindText);

/** One writer of a table: opened once, closed once, one call at a time. After an error it can only be closed. */
export class TableSession {
  private readonly table: Table;
  private readonly user: string;
  private readonly parts: {
    readonly clock: Clock;
    readonly random: Random;
    readonly runner: TaskRunner;
    readonly liveFiles: LiveFiles;
    readonly committer: TableCommitter;
    readonly writer: TableWriter;
    readonly compactor: Compactor;
    readonly upkeep: TableUpkeep;
    readonly bufferBytesMax: number;
  };
  private nextIdentifier: bigint;

  private constructor(table: Table, user: string, parts: TableSession['parts'], nextIdentifier: bigint) {
    this.table = table;
    this.user = user;
    this.parts = parts;
    this.nextIdentifier = nextIdentifier;
  }

  /** Throws `E3301` and `E3350` for tables that cannot be written. */
  static async open(table: Table, options: SessionOptions): Promise<TableSession> {
    const { user, threadCount = 0, bufferBytesMax = BUFFER_BYTES_MAX } = options;
    const { clock = systemClock, random = systemRandom, spill = {} } = options;
    await table.refresh();
    const committer = await table.committer({ clock, random });
    const runner = createTaskRunner(table.store, threadCount);
    const space = new SpillSpace(spill);
    const components = { clock, random, runner, spill: space, liveFiles: new LiveFiles(committer.liveEntries()) };
    const writer = table.openWriter({ ...components, commitUser: user });
    const compactor = await table.openCompactor(components, { committer, commitUser: `${user}-compaction` });
    const newest = await table.snapshots.newestBy(user);
    return new TableSession(
      table,
      user,
      { ...components, committer, writer, compactor, upkeep: new TableUpkeep(table, components), bufferBytesMax },
      (newest?.commitIdentifier ?? 0n) + 1n,
    );
  }

  /**
   * Takes rows: `+I` and `+U` put a row, or replace the one of the same key; `-D` takes it away. They are in the table
   * once `commit` resolves. Throws `E3137` for a row that does not fit, of which nothing is taken then.
   */
  async write(rows: readonly RowObject[], kind: RowKindText = '+I'): Promise<void> {
    if (rows.length === 0) return;
    const kinds = new Uint8Array(rows.length).fill(KINDS.indexOf(kind));
    const columns = columnsOfRows(this.table.schema.fields, rows);
    this.parts.writer.write({ ...columns, kinds, beforeImages: true, hasMissing: false });
    const { writer, bufferBytesMax } = this.parts;
    if (writer.bufferedBytes >= bufferBytesMax) await writer.flush();
  }

  /** Takes rows away by their key. */
  delete(rows: readonly RowObject[]): Promise<void> {
    return this.write(rows, '-D');
  }

  /**
   * Gives columns of rows other values, in a table with data evolution, as one snapshot, at once. Each row has its
   * `_ROW_ID` and the columns to change, which are the same in all of them. Throws `E3301` for other tables, `E3137` for
   * a row that does not fit, `E3382` for ids that are not there, `E3381` where the rows were changed meanwhile, and what
   * `TableCommitter.commit` throws.
   */
  async update(rows: readonly RowObject[]): Promise<Snapshot | null> {
    const { schema, store, schemas, path: tablePath } = this.table;
    const { committer, clock, random } = this.parts;
    const update = columnUpdate(schema, rows);
    await committer.refresh();
    const { latest } = committer;
    if (rows.length === 0 || latest === null) return null;
    const source = { store, schemas, tablePath, schema, entries: committer.liveEntries(), clock, random };
    const added = await writeColumnUpdate(source, update);
    const by = { commitUser: this.user, commitIdentifier: this.nextIdentifier, rowsAsOf: latest.id };
    try {
      const snapshot = await committer.commit({ kind: 'APPEND', added, deleted: [], changelog: [], ...by });
      this.nextIdentifier += 1n;
      return snapshot;
    } catch (error) {
      if (!mayBePublished(error)) await discardEntries(source, added);
      throw error;
    }
  }

  /**
   * Publishes what was written as one snapshot, and compacts what is due then, makes tags and lets snapshots go by the
   * table's options (unless it is `write-only`). Null where there was nothing to commit. `watermark` is the time, in
   * milliseconds, up to which the rows are complete. Throws what `TableCommitter.commit` throws, and `E3240`, after which
   * the session can be used.
   */
  async commit(options: { readonly watermark?: bigint } = {}): Promise<Snapshot | null> {
    const { writer, committer, upkeep } = this.parts;
    const message = await writer.prepareCommit();
    if (message === null) return null;
    const by = { commitUser: this.user, commitIdentifier: this.nextIdentifier };
    await this.publish(message, committer, options);
    writer.committed(message);
    const snapshot = await this.table.latestSnapshot();
    if (compactsWithCommits(this.table)) {
      const only = new Set(message.added.map((entry) => bucketKey(entry.partition, entry.bucket)));
      // Rows of deletion vectors and of first-row are seen, and lookup changelogs written, by this compaction.
      await this.merge({ only, isBrief: true });
    }
    await upkeep.run(by);
    return snapshot;
  }

  /**
   * Merges the files that are due, or all of them to the highest level; null where there was nothing to do. Rows of
   * postponed buckets are put into real ones before. Another's compaction of the same files comes first: `conflict` only
   * where that goes on. Throws `E3450` where another has just put rows of postponed buckets into real ones.
   */
  async compact(options: { readonly full?: boolean } = {}): Promise<CompactionReport | null> {
    await this.settle();
    return this.merge(options);
  }

  /** Ends the session; what was not committed is gone. */
  async close(): Promise<void> {
    await this.parts.writer.abort();
    await this.parts.runner.close();
  }

  private async merge(options: CompactOptions): Promise<CompactionReport | null> {
    let tries = COMPACTION_TRIES_MAX;
    let report: CompactionReport | null;
    do report = await this.parts.compactor.compact(options);
    while (report?.outcome === 'conflict' && --tries > 0);
    return report;
  }

  private async settle(): Promise<void> {
    if (tableOptions(this.table.schema).bucket !== BUCKET_POSTPONE) return;
    const { committer, liveFiles } = this.parts;
    await committer.refresh();
    const by = { commitUser: this.user, commitIdentifier: this.nextIdentifier };
    if ((await settlePostponed(this.table, { ...this.parts, ...by })) === null) return;
    this.nextIdentifier += 1n;
    liveFiles.replace(liveFiles.entries(), committer.liveEntries());
  }

  private async publish(
    message: CommitMessage,
    committer: TableCommitter,
    options: { readonly watermark?: bigint },
  ): Promise<void> {
    const { added, deleted, changelog, index } = message;
    const commitIdentifier = this.nextIdentifier;
    const by = { commitUser: this.user, commitIdentifier };
    try {
      await committer.commit({ kind: 'APPEND', added, deleted, changelog, index, ...by, ...options });
      this.nextIdentifier += 1n;
    } catch (error) {
      // Where the outcome of the commit is not certain, a snapshot may name the files.
      if (!mayBePublished(error)) await this.parts.writer.discard(message);
      throw error;
    }
  }
}

/** Whether those who write a table compact it, as in Flink: AppendTableSink leaves rows that are sorted later to others. */
function compactsWithCommits({ schema }: Table): boolean {
  const { writeOnly, bucket, dataEvolution, clusteringIncremental } = tableOptions(schema);
  const isUnaware = schema.primaryKeys.length === 0 && bucket === BUCKET_DYNAMIC;
  return !writeOnly && !(isUnaware && (dataEvolution || clusteringIncremental));
}
