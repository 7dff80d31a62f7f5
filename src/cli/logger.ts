// The log of the program: readable lines on a terminal, JSON lines otherwise, on standard error.
import { pino } from 'pino';
import type { Clock } from '../base/clock.ts';
import { TributaryError } from '../base/errors.ts';
import type { LogFields, Logger } from '../base/log.ts';
import type { Redactor } from './redact.ts';

/** Severities, least first. */
export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** Where lines go: standard error, or a test's collection. */
export interface LineSink {
  write(line: string): unknown;
  /** Whether a person reads it on a terminal. */
  readonly isTTY?: boolean;
}

/** How the log is written. */
export interface LoggerOptions {
  readonly level: LogLevel;
  readonly format: 'auto' | 'text' | 'json';
  readonly sink: LineSink;
  readonly redactor: Redactor;
  readonly clock: Clock;
}

type Write = (level: LogLevel, message: string, fields: LogFields) => void;

/** A logger with these settings. Stacks are written at level debug only. */
export function createLogger(options: LoggerOptions): Logger {
  const text = options.format === 'text' || (options.format === 'auto' && options.sink.isTTY === true);
  const write = text ? textWriter(options) : jsonWriter(options);
  return {
    debug: (message, fields = {}) => write('debug', message, fields),
    info: (message, fields = {}) => write('info', message, fields),
    warn: (message, fields = {}) => write('warn', message, fields),
    error: (message, error, fields = {}) => {
      write('error', message, { ...fields, ...errorFields(error, options.level === 'debug') });
    },
  };
}

/** What a log line says of an error: its code and message, and the messages of its causes. */
function errorFields(error: TributaryError | Error, withStack: boolean): LogFields {
  const causes: string[] = [];
  for (let cause = error.cause; cause instanceof Error && causes.length < 5; cause = cause.cause)
    causes.push(cause.message);
  return {
    ...(error instanceof TributaryError ? { code: error.code, kind: error.kind } : {}),
    error: error.message,
    ...(causes.length > 0 ? { cause: causes.join(': ') } : {}),
    ...(withStack && error.stack !== undefined ? { stack: error.stack } : {}),
  };
}

function jsonWriter({ level, sink, redactor }: LoggerOptions): Write {
  const log = pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    { write: (line: string) => sink.write(line) },
  );
  return (severity, message, fields) => log[severity](cleanFields(fields, redactor), message);
}

function textWriter({ level, sink, redactor, clock }: LoggerOptions): Write {
  const order: readonly LogLevel[] = ['debug', 'info', 'warn', 'error'];
  return (severity, message, fields) => {
    if (order.indexOf(severity) < order.indexOf(level)) return;
    const time = new Date(clock.nowMs()).toISOString().slice(11, 19);
    const values = Object.entries(cleanFields(fields, redactor))
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => ` ${name}=${String(value)}`);
    sink.write(`${time} ${severity.padEnd(5)} ${message}${values.join('')}\n`);
  };
}

/** Texts in fields may be foreign (a driver's message); integers of 64 bits are written as text. */
function cleanFields(fields: LogFields, redactor: Redactor): LogFields {
  const cleaned = Object.entries(fields).map(([name, value]) => {
    if (typeof value === 'string') return [name, redactor.clean(value)];
    return [name, typeof value === 'bigint' ? value.toString() : value];
  });
  return Object.fromEntries(cleaned) as LogFields;
}
