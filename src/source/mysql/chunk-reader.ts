// Reads the rows of tables in chunks, each in a short transaction of its own: which transactions it shows comes with it.
// One session for all, one chunk at a time. Why it is right: docs/design/0003-first-copies.md.
import { isTributaryError } from '../../base/errors.ts';
import type { ChangeBatch } from '../../change/change-batch.ts';
import type { SourcePosition } from '../../change/position.ts';
import type { ConnectionSettings } from '../connection-settings.ts';
import type { ChunkRange, CopyChunk } from '../source.ts';
import { disconnect } from './connect.ts';
import type { Flavor } from './gtid.ts';
import { gtidOrder } from './gtids.ts';
import { selectedRows } from './initial-copy.ts';
import { boundExpressions, type KeyBound, keyNames, keysCondition, rangeCondition } from './key-condition.ts';
import { type MysqlTable, quotedName } from './mysql-table.ts';
import type { RawConnection } from './raw-connection.ts';
import { readLoggedPosition, readPosition } from './server.ts';
import { snapshotPosition } from './snapshot.ts';
import { field, openSession, quoteIdentifier, runStatement } from './sql-session.ts';

/** ER_LOCK_WAIT_TIMEOUT; and ER_TABLE_DEF_CHANGED: the table was altered or truncated after the snapshot. */
const NOT_NOW: ReadonlySet<unknown> = new Set(['1205', '1412']);
// Dates that a key has may be such as the calendar does not.
const CHUNK_SETTINGS =
  "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ; SET SESSION lock_wait_timeout = 1, sql_mode = 'ALLOW_INVALID_DATES'".split(
    '; ',
  );

/** Reads chunks. */
export class ChunkReader {
  private readonly settings: ConnectionSettings;
  private readonly flavor: Flavor;
  private session: RawConnection | null = null;

  constructor(settings: ConnectionSettings, flavor: Flavor) {
    this.settings = settings;
    this.flavor = flavor;
  }

  /**
   * Opens a chunk that shows all transactions of `due`; null where that cannot be had yet, and where a lock on the table is
   * waited for longer than a second. Throws E2001, E2010 to E2013.
   */
  async open(
    table: MysqlTable,
    of: { readonly range: ChunkRange; readonly due: SourcePosition; readonly signal: AbortSignal },
  ): Promise<CopyChunk | null> {
    try {
      of.signal.throwIfAborted();
      this.session ??= await this.connected();
      const { session } = this;
      const position =
        this.flavor === 'mariadb'
          ? await beginMariadb(session, table, of.due)
          : await beginMysql(session, table, of.due);
      if (position !== null) return await this.chunk(session, { table, position, ...of });
      await runStatement(session, 'ROLLBACK');
      return null;
    } catch (error) {
      this.close();
      if (isTributaryError(error, 'E2013') && NOT_NOW.has(error.context['state'])) return null;
      throw error;
    }
  }

  /** Ends the session. */
  close(): void {
    const { session } = this;
    this.session = null;
    if (session !== null) disconnect(session);
  }

  private async connected(): Promise<RawConnection> {
    const session = await openSession(this.settings, () => {
      // The statement that needs the connection reports that it is gone.
      this.session = null;
    });
    for (const statement of CHUNK_SETTINGS) await runStatement(session, statement);
    return session;
  }

  private async chunk(
    session: RawConnection,
    of: {
      readonly table: MysqlTable;
      readonly range: ChunkRange;
      readonly position: SourcePosition;
      readonly signal: AbortSignal;
    },
  ): Promise<CopyChunk> {
    const { table, range, position, signal } = of;
    const after = range.kind === 'after' && range.bound !== null ? (JSON.parse(range.bound) as KeyBound) : null;
    const upTo = range.kind === 'after' ? await lastKey(session, table, { after, rowsMax: range.rowsMax }) : null;
    const condition = range.kind === 'keys' ? keysCondition(table, range.keys) : rangeCondition(table, after, upTo);
    let isRead = false;
    return {
      position,
      next: upTo === null ? null : JSON.stringify(upTo),
      async *rows(): AsyncGenerator<ChangeBatch> {
        yield* selectedRows(session, { table, position, from: rowsOf(table, condition) }, signal);
        isRead = true;
      },
      close: async () => {
        // A server that still sends is told by the end of its connection.
        if (!isRead) this.close();
        // The next chunk opens a session of its own where this one is gone.
        else await runStatement(session, 'COMMIT').catch(() => this.close());
      },
    };
  }
}

/**
 * What a transaction shows is what the engine had committed when it first read a row; the lock that keeps TRUNCATE and
 * ALTER away comes before. The server counts a transaction as executed after the engine has committed it.
 */
async function beginMysql(
  session: RawConnection,
  table: MysqlTable,
  due: SourcePosition,
): Promise<SourcePosition | null> {
  await runStatement(session, 'START TRANSACTION READ ONLY');
  const sql = { query: (statement: string) => runStatement(session, statement) };
  if (!gtidOrder.includes(await readPosition(sql, 'mysql'), due)) return null;
  await readFirst(session, table);
  return readLoggedPosition(sql, 'mysql');
}

/** A snapshot stands at one place of the log. A table that was altered or truncated since cannot be read by it. */
async function beginMariadb(
  session: RawConnection,
  table: MysqlTable,
  due: SourcePosition,
): Promise<SourcePosition | null> {
  await runStatement(session, 'START TRANSACTION WITH CONSISTENT SNAPSHOT');
  const position = await snapshotPosition(session);
  if (!gtidOrder.includes(position, due)) return null;
  await readFirst(session, table);
  return position;
}

async function readFirst(session: RawConnection, table: MysqlTable): Promise<void> {
  await runStatement(session, `SELECT 1 FROM ${quotedName(table.source)} LIMIT 1`);
}

/** The key of the last of the next `rowsMax` rows; null where there are not so many. */
async function lastKey(
  session: RawConnection,
  table: MysqlTable,
  { after, rowsMax }: { readonly after: KeyBound | null; readonly rowsMax: number },
): Promise<KeyBound | null> {
  const expressions = boundExpressions(table);
  const texts = expressions.map((expression, index) => `${expression} AS k${index}`).join(', ');
  const order = keyNames(table).join(', ');
  const statement = `SELECT ${texts} FROM ${rowsOf(table, rangeCondition(table, after, null))} ORDER BY ${order} LIMIT 1 OFFSET ${rowsMax - 1}`;
  const [row] = await runStatement(session, statement);
  return row === undefined ? null : expressions.map((_, index) => field(row, `k${index}`));
}

/** The order comes from the index of the key, whatever the optimizer thinks of the table. */
function rowsOf(table: MysqlTable, condition: string): string {
  const rows = `${quotedName(table.source)} FORCE INDEX (${quoteIdentifier(table.keyIndex ?? 'PRIMARY')})`;
  return condition === '' ? rows : `${rows} WHERE ${condition}`;
}
