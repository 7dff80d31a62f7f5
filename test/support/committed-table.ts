// A table in a lake that tests commit to: rows by hand, one snapshot a call.
import { seededRandom } from '../../src/base/random.ts';
import { FileSystemCatalog, parseTableName } from '../../src/paimon/catalog/file-system-catalog.ts';
import type { TableCommitter } from '../../src/paimon/commit/table-commit.ts';
import { LiveFiles } from '../../src/paimon/lsm/live-files.ts';
import type { TableWriter } from '../../src/paimon/lsm/table-writer.ts';
import { InlineRunner } from '../../src/paimon/lsm/task-runner.ts';
import { Table } from '../../src/paimon/table.ts';
import type { FileStore } from '../../src/storage/file-store.ts';
import { EagerClock } from './eager-clock.ts';
import { batchOf, type Change, schemaOf, type TableSpec } from './written-table.ts';

/** One table, its writer and its committer. */
export class CommittedTable {
  readonly table: Table;
  private readonly writer: TableWriter;
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
    const table = await Table.open(store, place);
    const parts = { clock: new EagerClock(), random: seededRandom(1) };
    const committer = await table.committer(parts);
    const writer = table.openWriter({ ...parts, runner: new InlineRunner(store), liveFiles: new LiveFiles() });
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
    const { added, deleted, changelog } = message;
    const kind = message.overwrite ? 'OVERWRITE' : 'APPEND';
    this.identifier += 1n;
    const by = { commitUser: 'test', commitIdentifier: this.identifier };
    const snapshot = await this.committer.commit({ kind, added, deleted, changelog, ...by });
    this.writer.committed(message);
    return snapshot.id;
  }

  /** The next commit replaces everything before. */
  truncate(): Promise<void> {
    return this.writer.truncate();
  }
}
