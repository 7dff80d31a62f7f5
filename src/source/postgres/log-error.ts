// What the server's and the driver's errors on a log connection mean.
import { TributaryError } from '../../base/errors.ts';
import { errorState } from './connect.ts';
import type { PostgresSettings } from './settings.ts';

const CONNECTION_LOST = /^(?:|08...|57P0.|E[A-Z]+)$/;

/**
 * The coded error: E2001 (lost, try again), E2023 (publication gone), E2030 (slot in use), E2100 (slot lost), E2013
 * (anything else, try again). A coded error stays what it is, except that of a failed statement.
 */
export function logError(settings: Pick<PostgresSettings, 'slot' | 'publication'>, error: unknown): TributaryError {
  if (error instanceof TributaryError && error.code !== 'E2013') return error;
  const cause = error instanceof TributaryError ? error.cause : error;
  const state = errorState(cause);
  const text = cause instanceof Error ? cause.message : '';
  const slot = settings.slot.name;
  switch (state) {
    case '55006':
      return new TributaryError(
        'E2030',
        `slot is in use: slot=${slot} pid=${/PID (\d+)/.exec(text)?.[1] ?? 'unknown'}`,
        {
          cause,
        },
      );
    case '55000':
      if (/invalidated|no longer/.test(text))
        return new TributaryError('E2100', `slot is lost: slot=${slot}`, { cause });
      break;
    case '58P01':
      return new TributaryError('E2100', `log that the slot needs was removed: slot=${slot}`, { cause });
    case '42704':
      // That the slot is there was looked at before.
      return new TributaryError('E2023', `publication does not exist: publication=${settings.publication.name}`, {
        cause,
      });
    default:
  }
  if (CONNECTION_LOST.test(state)) return new TributaryError('E2001', `the log was lost: slot=${slot}`, { cause });
  return new TributaryError('E2013', `the log failed: slot=${slot} state=${state}`, { cause, context: { state } });
}
