// The way into one Paimon table: its schemas and snapshots, reads, changes, and what writes to it.
import type { Clock } from '../base/clock.ts';
import { TributaryError } from '../base/errors.ts';
import type { Random } from '../base/random.ts';
import type { FileStore } from '../storage/file-store.ts';
import type { TaskRunner } from './lsm/task-runner.ts';
import type { LiveFiles } from './lsm/live-files.ts';
import type { TableWriter } from './lsm/table-writer.ts';
import type { Snapshot, SnapshotId } from './meta/snapshot.ts';
import type { ReadBatch, ReadOptions, ScanPlan, SnapshotChanges } from './scan/scan.ts';
import type { TableSchema } from './schema/table-schema.ts';

/** Which changes of a table to give: those of the snapshots after `after`, up to and including `upTo`. */
export interface ChangeRange {
  readonly after: SnapshotId;
  readonly upTo: SnapshotId;
  /** Names of the columns, in the wanted order; all of them unless given. */
  readonly columns?: readonly string[];
  readonly signal?: AbortSignal;
}

/** What writers and compactions of a table work with. */
export interface WriteComponents {
  readonly runner: TaskRunner;
  readonly random: Random;
  readonly clock: Clock;
  /** The files of the latest snapshot; shared by the one writer and the one compactor of a table. */
  readonly liveFiles: LiveFiles;
}

/** One table (or a branch of it). Holds nothing open; `schema` is as of `open` or the last `refresh`. */
export class Table {
  readonly store: FileStore;
  /** The table's directory in the store, such as `shop.db/orders`. */
  readonly path: string;
  /** The latest schema. */
  schema: TableSchema;

  private constructor(store: FileStore, path: string, schema: TableSchema) {
    this.store = store;
    this.path = path;
    this.schema = schema;
  }

  /** Opens `<database>.db/<name>`. Throws `E3400` if there is no such table. */
  static async open(_store: FileStore, _database: string, name: string): Promise<Table> {
    throw new TributaryError('E9001', `tables are not there yet: name=${name}`);
  }

  /** Reads the latest schema again. */
  async refresh(): Promise<void> {}

  /** The newest snapshot; null for a table that was never committed to. */
  async latestSnapshot(): Promise<Snapshot | null> {
    return null;
  }

  /** The snapshot of that id. Throws `E3401` if it is not there (any more). */
  async snapshot(id: SnapshotId): Promise<Snapshot> {
    throw new TributaryError('E9001', `tables are not there yet: snapshot=${id}`);
  }

  /** What a read would read. */
  async plan(_options: ReadOptions = {}): Promise<ScanPlan> {
    throw new TributaryError('E9001', 'tables are not there yet');
  }

  /** The rows of one state of the table, in no particular order. */
  read(_options: ReadOptions = {}): AsyncIterable<ReadBatch> {
    throw new TributaryError('E9001', 'tables are not there yet');
  }

  /** The changes of a range of snapshots, in snapshot order, as the table's changelog producer promises them. */
  changes(_range: ChangeRange): AsyncIterable<SnapshotChanges> {
    throw new TributaryError('E9001', 'tables are not there yet');
  }

  /** The live files of the latest snapshot. */
  async liveFiles(): Promise<LiveFiles> {
    throw new TributaryError('E9001', 'tables are not there yet');
  }

  /** The one writer of the table. */
  openWriter(_components: WriteComponents): TableWriter {
    throw new TributaryError('E9001', 'tables are not there yet');
  }
}
