// Replication slots: what they say, making and dropping them.
import type pg from 'pg';
import type { Clock } from '../../base/clock.ts';
import { TributaryError } from '../../base/errors.ts';
import { connect, disconnect } from './connect.ts';
import { type Lsn, parseLsn } from './lsn.ts';
import { quoteIdentifier } from './postgres-table.ts';
import { endSession, watchSession } from './session-watch.ts';
import type { ConnectionSettings } from '../connection-settings.ts';
import type { PostgresSettings } from './settings.ts';
import { field, runStatement, SqlSession, type SqlRunner, type TextRow } from './sql-session.ts';

/** A slot as the server describes it. */
export interface SlotState {
  readonly name: string;
  readonly plugin: string | null;
  readonly database: string | null;
  readonly activePid: number | null;
  readonly confirmed: Lsn | null;
  readonly walStatus: string | null;
  readonly retainedBytes: number;
  readonly safeBytes: number | null;
}

const SLOTS = `
select slot_name as name, plugin, database, active_pid::text as pid, confirmed_flush_lsn::text as confirmed, wal_status,
  safe_wal_size::text as safe,
  coalesce(case when pg_is_in_recovery() then 0 else pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn) end, 0)::text as retained
from pg_replication_slots`;

function slotOf(row: TextRow): SlotState {
  const { pid, confirmed, safe } = row;
  return {
    name: field(row, 'name'),
    plugin: row['plugin'] ?? null,
    database: row['database'] ?? null,
    activePid: pid === null || pid === undefined ? null : Number(pid),
    confirmed: confirmed === null || confirmed === undefined ? null : parseLsn(confirmed),
    walStatus: row['wal_status'] ?? null,
    retainedBytes: Math.max(0, Number(field(row, 'retained'))),
    safeBytes: safe === null || safe === undefined ? null : Math.max(0, Number(safe)),
  };
}

/** The slot of the name, or null. */
export async function readSlot(sql: SqlRunner, name: string): Promise<SlotState | null> {
  const rows = await sql.query(`${SLOTS} where slot_name = $1`, [name]);
  return rows[0] === undefined ? null : slotOf(rows[0]);
}

/** End of what is durable of the log: the log is only sent up to there. */
export async function readLogEnd(sql: SqlRunner): Promise<Lsn> {
  const [row] = await sql.query(
    'select (case when pg_is_in_recovery() then pg_last_wal_replay_lsn() else pg_current_wal_flush_lsn() end)::text as log_end',
  );
  return parseLsn(field(row, 'log_end'));
}

/** All slots of the server, by name. Throws E2010 to E2013. */
export async function listSlots(settings: ConnectionSettings): Promise<readonly SlotState[]> {
  const sql = new SqlSession(settings);
  try {
    return (await sql.query(`${SLOTS} order by slot_name`)).map(slotOf);
  } finally {
    await sql.close();
  }
}

/** Drops the slot; the log it kept is gone. Throws E2030 while someone uses it, E2024 if there is none. */
export async function dropSlot(settings: ConnectionSettings, name: string): Promise<void> {
  const sql = new SqlSession(settings);
  try {
    const slot = await readSlot(sql, name);
    if (slot === null) throw new TributaryError('E2024', `no such slot: slot=${name}`);
    if (slot.activePid !== null) {
      throw new TributaryError('E2030', `slot is in use: slot=${name} pid=${slot.activePid}`);
    }
    await sql.query('select pg_drop_replication_slot($1)', [name]);
  } finally {
    await sql.close();
  }
}

/** A new slot with the snapshot of the moment from which it keeps the log. */
export interface CreatedSlot {
  readonly consistentPoint: Lsn;
  readonly snapshotName: string;
  /** The snapshot can be imported while this connection is open and idle. The caller ends it. */
  readonly client: pg.Client;
}

/** The slot to be made. */
export interface SlotRequest {
  readonly name: string;
  readonly temporary: boolean;
  readonly versionNumber: number;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/**
 * Makes the slot and exports its snapshot. Throws E2001 if the connection is lost meanwhile, E2024 or E2028 if the server
 * refuses, and the signal's reason when it aborts: the server then drops what it has of the slot.
 */
export async function createSlot(settings: PostgresSettings, options: SlotRequest): Promise<CreatedSlot> {
  const { signal } = options;
  signal.throwIfAborted();
  const client = await connect(settings, 'replication', () => {
    // The copy's own connection notices; the snapshot may be gone by then in any case.
  });
  const failover = !options.temporary && settings.slot.failover === 'auto' && options.versionNumber >= 170_000;
  const kind = options.temporary ? 'TEMPORARY LOGICAL' : 'LOGICAL';
  const wanted = failover ? "(SNAPSHOT 'export', FAILOVER)" : 'EXPORT_SNAPSHOT';
  let stopWatching: () => Promise<void> = () => Promise.resolve();
  try {
    // The slot waits for every transaction that is running, however long that takes.
    const statement = "select pg_backend_pid()::text as pid, set_config('lock_timeout', '0', false)";
    const [session] = await runStatement(client, statement);
    const pid = field(session, 'pid');
    stopWatching = endOnAbort(settings, client, { pid, signal });
    const command = `CREATE_REPLICATION_SLOT ${quoteIdentifier(options.name)} ${kind} pgoutput ${wanted}`;
    const endWatch = watchSession({ client, pid }, { settings, clock: options.clock });
    const [row] = await runStatement(client, command, [], 'unlimited').finally(endWatch);
    const consistentPoint = parseLsn(field(row, 'consistent_point'));
    await stopWatching();
    signal.throwIfAborted();
    return { consistentPoint, snapshotName: field(row, 'snapshot_name'), client };
  } catch (error) {
    await stopWatching();
    await disconnect(client);
    signal.throwIfAborted();
    throw slotError(options.name, error);
  }
}

/**
 * Ends the session on the server when the signal aborts: while it waits for a lock it would not notice that the
 * connection is gone. The returned function resolves when that is done or not needed any more.
 */
function endOnAbort(
  settings: ConnectionSettings,
  client: pg.Client,
  session: { readonly pid: string; readonly signal: AbortSignal },
): () => Promise<void> {
  let ending: Promise<void> = Promise.resolve();
  const end = async (): Promise<void> => {
    // A server that cannot be asked cannot be waited for either.
    if (!(await endSession(settings, session.pid))) client.connection.stream.destroy();
  };
  const onAbort = (): void => {
    ending = end();
  };
  session.signal.addEventListener('abort', onAbort, { once: true });
  if (session.signal.aborted) onAbort();
  return () => {
    session.signal.removeEventListener('abort', onAbort);
    return ending;
  };
}

function slotError(name: string, error: unknown): unknown {
  if (!(error instanceof TributaryError)) return error;
  const state = error.context['state'];
  const cause = { cause: error.cause };
  if (state === '53400') return new TributaryError('E2028', `no free replication slot: slot=${name}`, cause);
  if (state === '')
    return new TributaryError('E2001', `connection was lost while the slot was made: slot=${name}`, cause);
  if (state === '42602') return new TributaryError('E2024', `not a name for a slot: slot=${name}`, cause);
  return error;
}
