// A table made, written, committed and compacted through the public way in, on a memory store.
import { seededRandom } from '../../src/base/random.ts';
import { FileSystemCatalog } from '../../src/paimon/catalog/file-system-catalog.ts';
import type { TableCommitter } from '../../src/paimon/commit/table-commit.ts';
import { cellAt } from '../../src/paimon/format/cell.ts';
import type { CompactionReport, CompactOptions, Compactor } from '../../src/paimon/lsm/compactor.ts';
import type { TableWriter } from '../../src/paimon/lsm/table-writer.ts';
import { InlineRunner } from '../../src/paimon/lsm/task-runner.ts';
import type { Snapshot } from '../../src/paimon/meta/snapshot.ts';
import type { ReadOptions } from '../../src/paimon/scan/scan.ts';
import { Table } from '../../src/paimon/table.ts';
import type { FileStore } from '../../src/storage/file-store.ts';
import { MemoryFileStore } from '../../src/storage/memory/memory-file-store.ts';
import { EagerClock } from './eager-clock.ts';
import { LsmInvariants } from './lsm-invariants.ts';
import { batchOf, type Change, plain, schemaOf, type TableSpec } from './written-table.ts';

/** A table `db.t` with its writer, committer and compactor. */
export class RealTable {
  readonly store: FileStore;
  readonly table: Table;
  readonly committer: TableCommitter;
  readonly compactor: Compactor;
  private readonly openWriter: () => TableWriter;
  private readonly invariants: LsmInvariants;
  private opened: TableWriter | null = null;
  private identifier = 0n;

  private constructor(
    table: Table,
    parts: Pick<RealTable, 'committer' | 'compactor'> & { readonly openWriter: () => TableWriter },
  ) {
    this.store = table.store;
    this.table = table;
    this.committer = parts.committer;
    this.compactor = parts.compactor;
    this.openWriter = parts.openWriter;
    this.invariants = new LsmInvariants(() => Table.open(this.store, { database: 'db', table: 't' }));
  }

  /** Opened when it is first used: some tables can be read and not written. */
  get writer(): TableWriter {
    this.opened ??= this.openWriter();
    return this.opened;
  }

  static async create(spec: TableSpec): Promise<RealTable> {
    const clock = new EagerClock();
    const store = new MemoryFileStore(clock);
    const { fields, partitionKeys, primaryKeys, options, comment } = schemaOf(spec);
    const definition = { fields, partitionKeys, primaryKeys, options, comment };
    await new FileSystemCatalog(store).createTable({ database: 'db', table: 't' }, definition, 0);
    return RealTable.open(store);
  }

  /** Opens what is in the store, as after a restart. */
  static async open(store: FileStore, seed = 1): Promise<RealTable> {
    const clock = new EagerClock();
    const random = seededRandom(seed);
    const table = await Table.open(store, { database: 'db', table: 't' });
    const liveFiles = await table.liveFiles();
    const components = { runner: new InlineRunner(store), random, clock, liveFiles };
    const committer = await table.committer({ clock, random });
    const compactor = await table.openCompactor(components, { committer, commitUser: 'compaction' });
    return new RealTable(table, { committer, compactor, openWriter: () => table.openWriter(components) });
  }

  /** Writes the changes and commits them; null if there was nothing to commit. */
  async commit(changes: readonly Change[]): Promise<Snapshot | null> {
    if (changes.length > 0) this.writer.write(batchOf(this.table.schema, changes));
    const message = await this.writer.prepareCommit();
    if (message === null) return null;
    this.identifier += 1n;
    const { overwrite, ...files } = message;
    const snapshot = await this.committer.commit({
      ...files,
      kind: overwrite ? 'OVERWRITE' : 'APPEND',
      commitUser: 'writer',
      commitIdentifier: this.identifier,
    });
    this.writer.committed(message);
    return snapshot;
  }

  /** Compacts, and checks what holds after every compaction. */
  async compact(options: CompactOptions = {}): Promise<CompactionReport | null> {
    const report = await this.compactor.compact(options);
    await this.invariants.check();
    return report;
  }

  /** The rows as values, in the order read; bytes as text. */
  async rows(options: ReadOptions = {}): Promise<unknown[][]> {
    const rows: unknown[][] = [];
    for await (const batch of this.table.read(options)) {
      for (let row = 0; row < batch.rowCount; row++) {
        rows.push(batch.columns.map((vector, column) => plain(cellAt(batch.fields[column].type, vector, row))));
      }
    }
    return rows;
  }
}
