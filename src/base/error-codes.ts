// Every coded error of Tributary: its kind, the exit code of a command that ends with it, what it means and what
// the operator can do. docs/ERRORS.md is made from this table.
// Ranges: 1xxx configuration, 2xxx source, 3xxx lake and storage, 4xxx values and rows, 5xxx other writers,
// 6xxx queries and commands, 9xxx the program and its surroundings.

/** What the caller does about an error: see docs/CONVENTIONS.md, "Errors". */
export type ErrorKind = 'retry' | 'config' | 'source' | 'data' | 'fenced' | 'bug';

/** One row of the table of error codes. */
export interface ErrorCodeEntry {
  readonly kind: ErrorKind;
  /** Exit code of a command: 1 unexpected, 2 configuration, 3 refused for safety, 4 source unreachable, 5 lake unreachable. */
  readonly exit: 1 | 2 | 3 | 4 | 5;
  /** One sentence: what has happened. */
  readonly meaning: string;
  /** What the operator can do. */
  readonly remedy: string;
}

export const ERROR_CODES = {
  // 3xxx lake and storage
  // 9xxx the program
  E9001: {
    kind: 'bug',
    exit: 1,
    meaning: 'A state that only a bug can produce was found.',
    remedy: 'Report it with the message and the log; the lake was not changed by the failing step.',
  },
} as const satisfies Record<string, ErrorCodeEntry>;

/** A known error code, such as `E9001`. */
export type ErrorCode = keyof typeof ERROR_CODES;
