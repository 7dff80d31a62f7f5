// The logger interface; the command line provides the implementation, tests may collect the lines.
import type { TributaryError } from './errors.ts';

/** Values beside a log message; never a password or a row's values. */
export type LogFields = Readonly<Record<string, string | number | bigint | boolean | null | undefined>>;

/** Writes one line a call. Messages are lower-case sentences without a final stop. */
export interface Logger {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  /** The one line for a failure, at the place that handles it. */
  error(message: string, error: TributaryError | Error, fields?: LogFields): void;
}

/** Discards everything. */
export const silentLogger: Logger = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
