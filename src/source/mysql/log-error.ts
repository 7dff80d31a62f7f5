// What the server's and the driver's errors on a log connection mean.
import { TributaryError } from '../../base/errors.ts';
import { ServerError } from './raw-connection.ts';

const LOG_ERROR = 1236;
const DENIED = new Set([1045, 1227]);
const SAME_REPLICA = /same server_uuid|same server_id|server_id as this/i;
const GONE =
  /purged|could not find|not in the (?:master|source)'s binlog|no longer|missing transactions|diverged|misses/i;

/**
 * The coded error: E2001 (lost, try again), E2022 (no right), E2035 (another replica has our number), E2100 (log gone),
 * E2013 (anything else, try again). A coded error stays what it is.
 */
export function logError(error: unknown, serverId: number): TributaryError {
  if (error instanceof TributaryError) return error;
  if (!(error instanceof ServerError)) return new TributaryError('E2001', 'the log was lost', { cause: error });
  const { number, message } = error;
  const cause = { cause: error, context: { state: String(number) } };
  if (DENIED.has(number)) return new TributaryError('E2022', `no right to read the log: state=${number}`, cause);
  if (SAME_REPLICA.test(message)) {
    return new TributaryError('E2035', `another replica has our number: server_id=${serverId}`, cause);
  }
  if (number === LOG_ERROR && GONE.test(message)) {
    return new TributaryError(
      'E2100',
      `the server has not the log after our position any more: state=${number}`,
      cause,
    );
  }
  return new TributaryError('E2013', `the log failed: state=${number}`, cause);
}
