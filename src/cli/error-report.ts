// What a person (or a script, with --json) is told of a failure: code, message, meaning, what to do, where to read on.
import { TributaryError } from '../base/errors.ts';
import type { Redactor } from './redact.ts';

/** A failure, ready to be printed; holds no secret. */
export interface ErrorReport {
  readonly code: string;
  readonly message: string;
  readonly meaning: string;
  readonly remedy: string;
  /** Messages of what led to it, nearest first. */
  readonly causes: readonly string[];
  readonly docs: string;
  readonly exit: number;
  /** The stack of the error and of its causes; null unless asked for. */
  readonly stack: string | null;
}

const CAUSES_MAX = 5;

/** The report of any thrown value; what has no code is E9001. Only the texts of causes are foreign and cleaned. */
export function reportOf(
  error: unknown,
  options: { readonly redactor: Redactor; readonly debug: boolean },
): ErrorReport {
  const { redactor, debug } = options;
  const coded = error instanceof TributaryError ? error : unexpected(error);
  const causes = causesOf(coded);
  return {
    code: coded.code,
    message: coded.message,
    meaning: coded.entry.meaning,
    remedy: coded.entry.remedy,
    causes: [...contextOf(coded), ...causes.map(textOf)].map((text) => redactor.clean(text)),
    docs: `docs/ERRORS.md#${coded.code.toLowerCase()}`,
    exit: coded.entry.exit,
    stack: debug ? redactor.clean([coded, ...causes].map(stackOf).join('\ncaused by ')) : null,
  };
}

/** The report as a block of text, without a newline at its end. */
export function reportText(report: ErrorReport): string {
  const lines = [`${report.code} ${report.message}`, `  Why:   ${report.meaning}`, `  Do:    ${report.remedy}`];
  for (const cause of report.causes) lines.push(`  Cause: ${cause.replaceAll('\n', '\n         ')}`);
  lines.push(`  Docs:  ${report.docs}`);
  if (report.stack !== null) lines.push(report.stack);
  return lines.join('\n');
}

/** The report as one line of JSON. */
export function reportJson({ exit: _, stack, ...report }: ErrorReport): string {
  return JSON.stringify({ error: stack === null ? report : { ...report, stack } });
}

/** The error with a code that stands for any thrown value. */
export function unexpected(error: unknown): TributaryError {
  if (error instanceof TributaryError) return error;
  const name = error instanceof Error ? error.name : typeof error;
  return new TributaryError('E9001', `unexpected error: name=${name}`, { cause: error });
}

function causesOf(error: TributaryError): readonly unknown[] {
  const causes: unknown[] = [];
  let cause = error.cause;
  while (cause !== undefined && cause !== null && causes.length < CAUSES_MAX) {
    causes.push(cause);
    cause = cause instanceof Error ? cause.cause : undefined;
  }
  return causes;
}

function contextOf({ context }: TributaryError): readonly string[] {
  const values = Object.entries(context).filter(([, value]) => value !== null && value !== '');
  return values.length === 0 ? [] : [values.map(([name, value]) => `${name}=${String(value)}`).join(' ')];
}

function textOf(cause: unknown): string {
  if (cause instanceof TributaryError) return `${cause.code} ${cause.message}`;
  if (cause instanceof AggregateError && cause.message === '') return cause.errors.map(textOf).join('; ');
  return cause instanceof Error ? cause.message : String(cause);
}

function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
