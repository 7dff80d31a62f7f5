// A table in a lake that tests commit to: rows by hand, one snapshot a call.
import { seededRandom } from '../../src/base/random.ts';
import { FileSystemCatalog, parseTableName } from '../../src/paimon/catalog/file-system-catalog.ts';
import { liftedFiles, replacedPartitions } from '../../src/paimon/commit/overwrite.ts';
import type { TableCommitter } from '../../src/paimon/commit/table-commit.ts';
import { parsePartitionSpec } from '../../src/paimon/format/partition-spec.ts';
import { LiveFiles } from '../../src/paimon/lsm/live-files.ts';
import type { TableWriter } from '../../src/paimon/lsm/table-writer.ts';
import { InlineRunner } from '../../src/paimon/lsm/task-runner.ts';
import { Table } from '../../src/paimon/table.ts';
import type { FileStore } from '../../src/storage/file-store.ts';
import { EagerClock } from './eager-clock.ts';
import { batchOf, type Change, schemaOf, type TableSpec } from './written-table.ts';

const PARTS = { clock: new EagerClock(), random: seededRandom(1) };

/** One table, its writer and its committer. */
export class CommittedTable {
  readonly table: Table;
  private writer: TableWriter;
  private readonly committer: TableCommitter;
  private identifier = 0n;

  private constructor(table: Table, writer: TableWriter, committer: TableCommitter) {
    this.table = table;
    this.writer = writer;
    this.committer = committer;
  }

  /** Creates `database.table` in the store. */
  static async create(store: FileStore, name: string, spec: TableSpec): Promise<CommittedTable> {
    const place = parseTableName(name);
    await new FileSystemCatalog(store).createTable(place, schemaOf(spec), 0);
    return CommittedTable.open(store, name);
  }

  /** Opens a table that is there, as another process would. */
  static async open(store: FileStore, name: string): Promise<CommittedTable> {
    const table = await Table.open(store, parseTableName(name));
    const committer = await table.committer(PARTS);
    const liveFiles = new LiveFiles(committer.liveEntries());
    const writer = table.openWriter({ ...PARTS, runner: new InlineRunner(store), liveFiles });
    return new CommittedTable(table, writer, committer);
  }

  /** Flushes each part to files of its own and commits all as one snapshot; its id. */
  async commit(...parts: readonly (readonly Change[])[]): Promise<bigint> {
    for (const changes of parts) {
      this.writer.write(batchOf(this.table.schema, changes));
      await this.writer.flush();
    }
    const message = await this.writer.prepareCommit();
    if (message === null) throw new Error('nothing to commit');
    const { added, deleted, changelog, index } = message;
    const how = message.overwrite
      ? ({ kind: 'OVERWRITE', deleted: [], replaces: () => true } as const)
      : ({ kind: 'APPEND', deleted } as const);
    this.identifier += 1n;
    const by = { commitUser: 'test', commitIdentifier: this.identifier };
    const snapshot = await this.committer.commit({ ...how, added, changelog, index, ...by });
    this.writer.committed(message);
    return snapshot.id;
  }

  /** A new writer, which knows no more than what was committed. */
  reopen(): void {
    const { store } = this.table;
    const liveFiles = new LiveFiles(this.committer.liveEntries());
    this.writer = this.table.openWriter({ ...PARTS, runner: new InlineRunner(store), liveFiles });
  }

  /** Replaces partitions by the changes, as `tributary table write --overwrite` does, and begins with a new writer. */
  async overwrite(words: readonly string[], changes: readonly Change[]): Promise<void> {
    const { schema, store } = this.table;
    const writer = this.table.openOverwriter({ ...PARTS, runner: new InlineRunner(store) });
    writer.write(batchOf(schema, changes));
    const { added = [], index = [] } = (await writer.prepareCommit()) ?? {};
    const replaces = replacedPartitions(schema, added, parsePartitionSpec(schema, words));
    this.identifier += 1n;
    const by = { commitUser: 'test', commitIdentifier: this.identifier };
    const files = { added: liftedFiles(added, schema), deleted: [], changelog: [], index };
    if (replaces !== null) await this.committer.commit({ kind: 'OVERWRITE', ...files, replaces, ...by });
    this.reopen();
  }

  /** The next commit replaces everything before. */
  truncate(): Promise<void> {
    return this.writer.truncate();
  }
}
