// Writes an empty message into the log now and then, so that the slot of a database that nobody writes to still moves
// on. Transactional, because other messages do not free log (see docs on the slot).
import type { Clock } from '../../base/clock.ts';
import { isTributaryError } from '../../base/errors.ts';
import type { Logger } from '../../base/log.ts';
import type { PostgresSettings } from './settings.ts';
import type { SqlRunner } from './sql-session.ts';

/** Starts the heartbeat; the returned function ends it. A server that refuses is left alone after one line in the log. */
export function startHeartbeat(
  sql: SqlRunner,
  settings: PostgresSettings['heartbeat'],
  components: { readonly clock: Clock; readonly logger: Logger },
): () => void {
  if (settings.emit === 'never') return () => undefined;
  let busy = false;
  const beat = async (): Promise<void> => {
    await sql.query("select pg_logical_emit_message(true, 'tributary', '')");
    busy = false;
  };
  const refused = (error: unknown): void => {
    if (isTributaryError(error) && error.kind === 'retry' && error.code !== 'E2013') {
      // The log's own connection reports a server that is gone; the next beat tries again.
      busy = false;
      return;
    }
    stop();
    components.logger.warn('heartbeat is not possible and was switched off', {
      error: error instanceof Error ? error.message : '',
    });
  };
  const stop = components.clock.every(settings.intervalMs, () => {
    if (busy) return;
    busy = true;
    beat().catch(refused);
  });
  return stop;
}
