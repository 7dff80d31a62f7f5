// Findings about a source: what `tributary check` prints and what `open` refuses to start with.
import { TributaryError } from '../base/errors.ts';
import type { ErrorCode } from '../base/error-codes.ts';
import type { SourceTable } from '../change/source-table.ts';

/** One finding. */
export interface CheckResult {
  /** What was looked at, e.g. `wal_level` or `table public.orders`. */
  readonly subject: string;
  readonly status: 'ok' | 'warn' | 'fail';
  /** The code that `open` throws for a failure. */
  readonly code: ErrorCode | null;
  readonly message: string;
  /** The SQL that puts it right; null where there is none. */
  readonly fix: string | null;
}

/** What a look at a source finds. */
export interface SourceCheck {
  readonly results: readonly CheckResult[];
  /** The tables that can be mirrored. */
  readonly tables: readonly SourceTable[];
}

/** Throws the first failure as an error with its code, if there is one. */
export function throwFirstFailure(results: readonly CheckResult[]): void {
  const failure = results.find((result) => result.status === 'fail');
  if (failure === undefined) return;
  const fix = failure.fix === null ? '' : ` fix=${failure.fix}`;
  throw new TributaryError(failure.code ?? 'E2022', `${failure.subject}: ${failure.message}${fix}`);
}
