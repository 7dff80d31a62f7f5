// A consistent copy of existing rows: one read-only transaction on an exported snapshot, read by COPY.
import type pg from 'pg';
import { TributaryError } from '../../base/errors.ts';
import type { SourceIdentity, SourcePosition } from '../../change/position.ts';
import type { ChangeBatch } from '../../change/change-batch.ts';
import type { TableKey } from '../../change/table-key.ts';
import type { Incarnations, InitialCopy } from '../source.ts';
import { connect, disconnect } from './connect.ts';
import { copiedRows, copyStatement } from './copied-rows.ts';
import { formatLsn } from './lsn.ts';
import { type PostgresTable, quotedName } from './postgres-table.ts';
import type { WatchedSession, WatchParts } from './session-watch.ts';
import type { CreatedSlot } from './slot.ts';
import { field, runStatement } from './sql-session.ts';

/** What the copy is of. */
export interface CopySource {
  readonly identity: SourceIdentity;
  readonly incarnations: Incarnations;
  readonly tables: ReadonlyMap<TableKey, PostgresTable>;
}

/** The copy on a snapshot that a slot exported. */
export class SnapshotCopy implements InitialCopy {
  readonly position: SourcePosition;
  readonly identity: SourceIdentity;
  readonly incarnations: Incarnations;
  private readonly tables: ReadonlyMap<TableKey, PostgresTable>;
  private readonly client: pg.Client;
  private readonly session: WatchedSession;
  private readonly watch: WatchParts;

  private constructor(
    session: WatchedSession,
    position: SourcePosition,
    from: { source: CopySource; watch: WatchParts },
  ) {
    const { source, watch } = from;
    this.client = session.client;
    this.session = session;
    this.watch = watch;
    this.position = position;
    this.identity = source.identity;
    this.incarnations = source.incarnations;
    this.tables = source.tables;
  }

  /** Imports the snapshot and lets the slot's connection go, which drops a temporary slot. */
  static async begin(watch: WatchParts, slot: CreatedSlot, source: CopySource): Promise<SnapshotCopy> {
    const client = await connect(watch.settings, 'sql', () => {
      // The statement that needs the connection reports that it is gone.
    });
    try {
      // Since version 17 a transaction can have a limit of its own.
      await runStatement(
        client,
        "select set_config(name, '0', false) from pg_settings where name = 'transaction_timeout'",
      );
      await runStatement(client, 'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
      await runStatement(client, `SET TRANSACTION SNAPSHOT '${slot.snapshotName}'`);
      const [session] = await runStatement(client, 'select pg_backend_pid()::text as pid');
      const pid = field(session, 'pid');
      return new SnapshotCopy({ client, pid }, formatLsn(slot.consistentPoint), { source, watch });
    } catch (error) {
      await disconnect(client);
      throw error;
    } finally {
      await disconnect(slot.client);
    }
  }

  /**
   * A copy given up half-way leaves the connection within it: only `close` is left to do.
   * Throws E4001 to E4007 for values that cannot be held, E2001 if the connection is lost, E2013 if COPY fails, E2014 if
   * the table was truncated since the snapshot.
   */
  async *rows(key: TableKey, signal: AbortSignal): AsyncGenerator<ChangeBatch, void, undefined> {
    const table = this.tables.get(key);
    if (table === undefined) throw new TributaryError('E9001', `table is not part of the copy: table=${key}`);
    await this.refuseRewritten(table);
    const { session, watch, position } = this;
    yield* copiedRows({ session, watch, position, table, statement: copyStatement(table) }, signal);
  }

  /**
   * TRUNCATE does not obey snapshots: a table truncated since ours looks empty in it, while the log goes on from rows
   * that were there. It has other files then than our snapshot of the catalog says; from the lock on it cannot happen.
   */
  private async refuseRewritten(table: PostgresTable): Promise<void> {
    await runStatement(this.client, `LOCK TABLE ${quotedName(table.source)} IN ACCESS SHARE MODE`);
    const [row] = await runStatement(
      this.client,
      `select count(*)::text as rewritten from pg_class c
       where (c.oid = ${table.oid} or c.oid in (select relid from pg_partition_tree(${table.oid})))
         and c.relfilenode <> coalesce(pg_relation_filenode(c.oid), 0)`,
    );
    if (field(row, 'rewritten') === '0') return;
    throw new TributaryError('E2014', `table was truncated or rewritten since the snapshot: table=${table.source.key}`);
  }

  async close(): Promise<void> {
    await disconnect(this.client);
  }
}
