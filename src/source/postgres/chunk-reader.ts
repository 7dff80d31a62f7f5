// Reads the rows of tables in chunks, each in a short transaction of its own: what it sees, and up to where in the log
// that is, comes with it. One session for all, one chunk at a time.
import { isTributaryError } from '../../base/errors.ts';
import type { ChangeBatch } from '../../change/change-batch.ts';
import type { SourcePosition } from '../../change/position.ts';
import type { ChunkRange, CopyChunk } from '../source.ts';
import { connect, disconnect } from './connect.ts';
import { copiedRows, copyStatement, rowsOf } from './copied-rows.ts';
import { type KeyBound, keyNames, keysCondition, rangeCondition } from './key-condition.ts';
import { formatLsn, type Lsn, parseLsn } from './lsn.ts';
import type { PostgresTable } from './postgres-table.ts';
import type { WatchedSession, WatchParts } from './session-watch.ts';
import { field, runStatement, type SqlRunner } from './sql-session.ts';
import { type DueTransactions, parseSnapshot } from './visible-transactions.ts';

/** SQLSTATE lock_not_available. */
const LOCK_TIMEOUT = '55P03';
/** A page of the log begins with a header of at most so many bytes: no record ends within it. */
const PAGE_HEADER_BYTES = 40n;

// Whatever is visible has its commit record before the end of what is inserted.
const SNAPSHOT = `
select txid_current_snapshot()::text as snapshot, current_setting('wal_block_size') as page_size,
  pg_current_wal_insert_lsn()::text as position`;

/**
 * The number of a transaction that begins now. (A snapshot does not tell which have begun: its end is the newest that is
 * over.) Throws E2010 to E2013.
 */
export async function beginNow(sql: SqlRunner): Promise<bigint> {
  const [row] = await sql.query('select txid_current()::text as id');
  return BigInt(field(row, 'id'));
}

/** Reads chunks. */
export class ChunkReader {
  private readonly watch: WatchParts;
  private readonly due: DueTransactions;
  private session: WatchedSession | null = null;

  /** `due` are the transactions that a chunk has to show. */
  constructor(watch: WatchParts, due: DueTransactions) {
    this.watch = watch;
    this.due = due;
  }

  /**
   * As `ChunkedCopies.openChunk`; null, too, while somebody else's lock on the table is waited for. Throws E2001, E2010 to
   * E2013.
   */
  async open(table: PostgresTable, range: ChunkRange, signal: AbortSignal): Promise<CopyChunk | null> {
    const due = this.due.now();
    try {
      signal.throwIfAborted();
      const session = await this.begin(table);
      const [row] = await runStatement(session.client, SNAPSHOT);
      if (!this.due.settle(due, parseSnapshot(field(row, 'snapshot')))) return await this.giveBack(session);
      const position = formatLsn(endOfRecords(parseLsn(field(row, 'position')), BigInt(field(row, 'page_size'))));
      return await this.chunk(session, { table, range, position, signal });
    } catch (error) {
      await this.close();
      if (isLockTimeout(error)) return null;
      throw error;
    }
  }

  /** Ends the session. */
  async close(): Promise<void> {
    const { session } = this;
    this.session = null;
    if (session !== null) await disconnect(session.client);
  }

  /** The lock before the snapshot: a TRUNCATE, which obeys no snapshot, cannot come between the two. */
  private async begin(table: PostgresTable): Promise<WatchedSession> {
    this.session ??= await this.connected();
    const { client } = this.session;
    await runStatement(client, 'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
    await runStatement(client, `LOCK TABLE ${rowsOf(table)} IN ACCESS SHARE MODE`);
    return this.session;
  }

  private async connected(): Promise<WatchedSession> {
    const client = await connect(this.watch.settings, 'sql', () => {
      // The statement that needs the connection reports that it is gone.
      this.session = null;
    });
    // The order of the key comes from its index, whatever the planner knows of a table that was never analyzed.
    const statement = `select pg_backend_pid()::text as pid, set_config('enable_seqscan', 'off', false),
      set_config('jit', 'off', false), set_config('lock_timeout', '1s', false)`;
    const [row] = await runStatement(client, statement);
    return { client, pid: field(row, 'pid') };
  }

  private async giveBack(session: WatchedSession): Promise<null> {
    await runStatement(session.client, 'ROLLBACK');
    return null;
  }

  private async chunk(
    session: WatchedSession,
    of: { table: PostgresTable; range: ChunkRange; position: SourcePosition; signal: AbortSignal },
  ): Promise<CopyChunk> {
    const { table, range, position, signal } = of;
    const after = range.kind === 'after' && range.bound !== null ? (JSON.parse(range.bound) as KeyBound) : null;
    const upTo = range.kind === 'after' ? await lastKey(session, table, { after, rowsMax: range.rowsMax }) : null;
    const where = range.kind === 'keys' ? keysCondition(table, range.keys) : rangeCondition(table, after, upTo);
    const statement = copyStatement(table, where);
    const { watch } = this;
    let isRead = false;
    return {
      position,
      next: upTo === null ? null : JSON.stringify(upTo),
      async *rows(): AsyncGenerator<ChangeBatch> {
        yield* copiedRows({ session, watch, table, statement, position }, signal);
        isRead = true;
      },
      close: () => (isRead ? this.end(session) : this.close()),
    };
  }

  private async end(session: WatchedSession): Promise<void> {
    // The next chunk opens a session of its own where this one is gone.
    await runStatement(session.client, 'COMMIT').catch(() => this.close());
  }
}

/** The key of the last of the next `rowsMax` rows; null where there are not so many. */
async function lastKey(
  { client }: WatchedSession,
  table: PostgresTable,
  { after, rowsMax }: { readonly after: KeyBound | null; readonly rowsMax: number },
): Promise<KeyBound | null> {
  const names = keyNames(table);
  const texts = names.map((name, index) => `${name}::text as k${index}`).join(', ');
  const where = rangeCondition(table, after, null);
  const condition = where === '' ? '' : ` WHERE ${where}`;
  const statement = `SELECT ${texts} FROM ${rowsOf(table)}${condition} ORDER BY ${names.join(', ')} OFFSET ${rowsMax - 1} LIMIT 1`;
  const [row] = await runStatement(client, statement);
  return row === undefined ? null : names.map((_, index) => field(row, `k${index}`));
}

/** The same place before the header of a page: an idle log never gets beyond that. */
function endOfRecords(lsn: Lsn, pageSize: bigint): Lsn {
  const inPage = lsn % pageSize;
  return inPage <= PAGE_HEADER_BYTES ? lsn - inPage : lsn;
}

function isLockTimeout(error: unknown): boolean {
  return isTributaryError(error, 'E2013') && error.context['state'] === LOCK_TIMEOUT;
}
