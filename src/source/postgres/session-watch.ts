// Watches a session that waits for its server without a limit of its own (a slot being made, a COPY): asks over
// another connection whether the server still works for it. TCP's keepalive does not tell a dead route where something
// in between answers it.
import type pg from 'pg';
import type { Clock } from '../../base/clock.ts';
import { isTributaryError } from '../../base/errors.ts';
import { APPLICATION_NAME } from './connect.ts';
import type { ConnectionSettings } from '../connection-settings.ts';
import { SqlSession, type TextRow } from './sql-session.ts';

/** How long nothing may come before the server is asked, and between two questions. */
const SILENCE_MS = 10_000;
/** Questions in a row whose answers do not show that the server works for the session. */
const DOUBTS_MAX = 2;

/** The session that is watched. */
export interface WatchedSession {
  readonly client: pg.Client;
  /** The server's process for it. */
  readonly pid: string;
}

/** What a watch works with. */
export interface WatchParts {
  readonly settings: ConnectionSettings;
  readonly clock: Clock;
}

/** Ends a watch. */
export type EndWatch = () => void;

/**
 * Cuts the session's connection, which fails what waits for it, once the server cannot be asked, does not know the
 * session, or waits for us although we wait for it; the server's end of it is ended too, as what it holds (a snapshot,
 * a lock) would stay for as long as TCP tries.
 */
export function watchSession(session: WatchedSession, parts: WatchParts): EndWatch {
  const watch = new SessionWatch(session, parts);
  return parts.clock.every(SILENCE_MS, () => watch.look());
}

class SessionWatch {
  private readonly session: WatchedSession;
  private readonly settings: ConnectionSettings;
  private seenBytes = -1;
  private doubts = 0;
  private asking = false;

  constructor(session: WatchedSession, { settings }: WatchParts) {
    this.session = session;
    this.settings = settings;
  }

  look(): void {
    const { stream } = this.session.client.connection;
    const received = 'bytesRead' in stream ? Number(stream.bytesRead) : 0;
    if (stream.isPaused() || received !== this.seenBytes) {
      this.seenBytes = received;
      this.doubts = 0;
    } else if (!this.asking) {
      this.asking = true;
      // Never rejects: whoever waits for the session gets its error.
      this.ask().catch(() => undefined);
    }
  }

  private async ask(): Promise<void> {
    const { client, pid } = this.session;
    this.doubts = (await serverWorks(this.settings, pid)) ? 0 : this.doubts + 1;
    if (this.doubts >= DOUBTS_MAX) {
      client.connection.stream.destroy();
      await endSession(this.settings, pid);
    }
    this.asking = false;
  }
}

/** Whether the server still does something for the session, as far as it can be told. Never rejects. */
async function serverWorks(settings: ConnectionSettings, pid: string): Promise<boolean> {
  const sql = new SqlSession(settings);
  try {
    const [row] = await sql.query('select state, wait_event as waits_for from pg_stat_activity where pid = $1::int', [
      pid,
    ]);
    return row !== undefined && isWorking(row);
  } catch (error) {
    // A server that answers with an error of its own, such as too many connections, can be reached.
    return isTributaryError(error) && /^\d/.test(String(error.context['state'] ?? ''));
  } finally {
    await sql.close();
  }
}

/** Ends a session of ours on the server; false if the server cannot be asked. Never rejects. */
export async function endSession(settings: ConnectionSettings, pid: string): Promise<boolean> {
  const sql = new SqlSession(settings);
  try {
    await sql.query(
      `select pg_terminate_backend(pid) from pg_stat_activity
       where pid = $1::int and usename = current_user and application_name = $2`,
      [pid, APPLICATION_NAME],
    );
    return true;
  } catch {
    return false;
  } finally {
    await sql.close();
  }
}

/** A session that has answered, or waits for us to read, while we wait for it, has lost what it sent. */
function isWorking(row: TextRow): boolean {
  const { state, waits_for: waitsFor } = row;
  return state === 'active' && waitsFor !== 'ClientWrite' && waitsFor !== 'ClientRead';
}
