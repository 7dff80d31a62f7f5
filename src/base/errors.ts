// The one error type that Tributary throws, and the assertion for states that only a bug can break.
import { ERROR_CODES, type ErrorCode, type ErrorCodeEntry, type ErrorKind } from './error-codes.ts';

/** Values that explain an error; never a password or a row's values. */
export type ErrorContext = Readonly<Record<string, string | number | bigint | boolean | null>>;

/** An error with a code of `ERROR_CODES`; `cause` holds what led to it and is never part of the message. */
export class TributaryError extends Error {
  readonly code: ErrorCode;
  readonly context: ErrorContext;

  constructor(
    code: ErrorCode,
    message: string,
    options: { readonly cause?: unknown; readonly context?: ErrorContext } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'TributaryError';
    this.code = code;
    this.context = options.context ?? {};
  }

  /** What the caller does about it. */
  get kind(): ErrorKind {
    return this.entry.kind;
  }

  /** The row of the table of codes. */
  get entry(): ErrorCodeEntry {
    return ERROR_CODES[this.code];
  }
}

/** Throws `E9001` (bug) unless the condition holds. Never for input from a socket, a file or a user. */
export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new TributaryError('E9001', message);
}

/** Closes an exhaustive `switch`. */
export function unreachable(value: never): never {
  throw new TributaryError('E9001', `unreachable case: ${String(value)}`);
}

/** True for a `TributaryError`, with one of the given codes if any are given. */
export function isTributaryError(error: unknown, ...codes: readonly ErrorCode[]): error is TributaryError {
  return error instanceof TributaryError && (codes.length === 0 || codes.includes(error.code));
}
