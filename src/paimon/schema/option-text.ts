// Values of table options as Paimon writes them: sizes such as `128 mb`, durations such as `1 h`.
// Source: org.apache.paimon.options.MemorySize and org.apache.paimon.utils.TimeUtils.
import { TributaryError } from '../../base/errors.ts';

const SIZE_UNITS: Readonly<Record<string, number>> = {
  '': 1,
  b: 1,
  bytes: 1,
  k: 1024,
  kb: 1024,
  kibibytes: 1024,
  m: 1024 ** 2,
  mb: 1024 ** 2,
  mebibytes: 1024 ** 2,
  g: 1024 ** 3,
  gb: 1024 ** 3,
  gibibytes: 1024 ** 3,
  t: 1024 ** 4,
  tb: 1024 ** 4,
  tebibytes: 1024 ** 4,
};

const SECOND = 1000;
const DURATION_UNITS: Readonly<Record<string, number>> = {
  '': 1,
  ms: 1,
  milli: 1,
  millis: 1,
  millisecond: 1,
  milliseconds: 1,
  s: SECOND,
  sec: SECOND,
  secs: SECOND,
  second: SECOND,
  seconds: SECOND,
  m: 60 * SECOND,
  min: 60 * SECOND,
  minute: 60 * SECOND,
  minutes: 60 * SECOND,
  h: 3600 * SECOND,
  hour: 3600 * SECOND,
  hours: 3600 * SECOND,
  d: 86400 * SECOND,
  day: 86400 * SECOND,
  days: 86400 * SECOND,
};

/** Bytes of a size: a whole number and a unit (none is bytes; all are powers of 1024). Throws `E3105`. */
export function parseSizeBytes(text: string, option: string): number {
  return parseAmount(text, SIZE_UNITS, option);
}

/** Milliseconds of a duration: a whole number and a unit (none is milliseconds). Throws `E3105`. */
export function parseDurationMs(text: string, option: string): number {
  return parseAmount(text, DURATION_UNITS, option);
}

function parseAmount(text: string, units: Readonly<Record<string, number>>, option: string): number {
  const match = /^(\d+)\s*([a-z]*)$/.exec(text.trim().toLowerCase());
  const unit = match === null ? undefined : units[match[2]];
  const amount = Number(match?.[1]) * (unit ?? Number.NaN);
  if (!Number.isSafeInteger(amount)) throw badOption(option, text);
  return amount;
}

/** A flag. Throws `E3105` for what is neither true nor false. */
export function parseFlag(text: string, option: string): boolean {
  const isTrue = isTrueText(text);
  if (!isTrue && text.trim().toLowerCase() !== 'false') throw badOption(option, text);
  return isTrue;
}

/** Whether a text says true; all else is false, also where there is none. */
export function isTrueText(text: string | undefined): boolean {
  return text?.trim().toLowerCase() === 'true';
}

/** The error for an option whose value cannot be read. */
export function badOption(option: string, text: string): TributaryError {
  return new TributaryError('E3105', `table option cannot be read: ${option}=${text}`);
}
