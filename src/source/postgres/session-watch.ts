// Watches a session that waits for its server without a limit of its own (a slot being made, a COPY): asks over
// another connection whether the server still works for it. TCP's keepalive does not tell a dead route where something
// in between answers it.
import type pg from 'pg';
import type { Clock } from '../../base/clock.ts';
import { isTributaryError } from '../../base/errors.ts';
import type { ConnectionSettings } from './settings.ts';
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

/**
 * Cuts the session's connection, which fails what waits for it, once the server cannot be asked, does not know the
 * session, or waits for us although we wait for it. The returned function ends the watch.
 */
export function watchSession({ client, pid }: WatchedSession, { settings, clock }: WatchParts): () => void {
  const { stream } = client.connection;
  let seenBytes = -1;
  let doubts = 0;
  let asking = false;
  const look = async (): Promise<void> => {
    const received = 'bytesRead' in stream ? Number(stream.bytesRead) : 0;
    if (stream.isPaused() || received !== seenBytes) {
      seenBytes = received;
      doubts = 0;
      return;
    }
    doubts = (await serverWorks(settings, pid)) ? 0 : doubts + 1;
    if (doubts >= DOUBTS_MAX) stream.destroy();
  };
  const lookAlone = async (): Promise<void> => {
    if (asking) return;
    asking = true;
    await look();
    asking = false;
  };
  return clock.every(SILENCE_MS, () => {
    // Never rejects: whoever waits for the session gets its error.
    lookAlone().catch(() => undefined);
  });
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

/** A session that has answered, or waits for us to read, while we wait for it, has lost what it sent. */
function isWorking(row: TextRow): boolean {
  const { state, waits_for: waitsFor } = row;
  return state === 'active' && waitsFor !== 'ClientWrite' && waitsFor !== 'ClientRead';
}
