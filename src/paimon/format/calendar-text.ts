// Dates, times and timestamps as text and back, on the proleptic Gregorian calendar, for any year that fits the types.
import { TributaryError } from '../../base/errors.ts';

const DAY_MS = 86_400_000;
const DAYS_PER_ERA = 146_097;
const EPOCH_SHIFT_DAYS = 719_468;

/** A timestamp in parts: days since the epoch and nanoseconds of the day. */
interface DayAndNanos {
  readonly day: number;
  readonly nanos: bigint;
}

const NANOS_PER_DAY = 86_400_000_000_000n;

/** `2024-02-29`; years beyond 9999 get a `+`, years before 0 a `-`, as in ISO 8601 (and Java). */
export function dateText(epochDay: number): string {
  // Years begin in March here, so that the leap day is the last of its year (days from civil, H. Hinnant).
  const shifted = epochDay + EPOCH_SHIFT_DAYS;
  const era = Math.floor(shifted / DAYS_PER_ERA);
  const dayOfEra = shifted - era * DAYS_PER_ERA;
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36524) - Math.floor(dayOfEra / 146096)) / 365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const monthFromMarch = Math.floor((5 * dayOfYear + 2) / 153);
  const day = dayOfYear - Math.floor((153 * monthFromMarch + 2) / 5) + 1;
  const month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9;
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0);
  const sign = year > 9999 ? '+' : year < 0 ? '-' : '';
  return `${sign}${padded(Math.abs(year), 4)}-${padded(month, 2)}-${padded(day, 2)}`;
}

/** `12:34:56`, of milliseconds of the day; what is below a second is left to the caller. */
export function timeText(milliOfDay: number): string {
  const seconds = Math.floor(milliOfDay / 1000);
  return [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60].map((n) => padded(n, 2)).join(':');
}

/** Splits nanoseconds since the epoch. */
export function splitDay(epochNanos: bigint): DayAndNanos {
  const nanos = ((epochNanos % NANOS_PER_DAY) + NANOS_PER_DAY) % NANOS_PER_DAY;
  return { day: Number((epochNanos - nanos) / NANOS_PER_DAY), nanos };
}

/** `2024-02-29T12:34:56.123456`: nanoseconds since the epoch with a fraction of `digits` digits (0 to 9). */
export function timestampText(epochNanos: bigint, digits: number, separator = 'T'): string {
  const { day, nanos } = splitDay(epochNanos);
  const fraction = digits === 0 ? '' : `.${fractionText(nanos, digits)}`;
  return `${dateText(day)}${separator}${timeText(Number(nanos / 1_000_000n))}${fraction}`;
}

/** The first `digits` digits of the fraction of a second, of nanoseconds of the day. */
export function fractionText(nanos: bigint, digits: number): string {
  return (nanos % 1_000_000_000n).toString().padStart(9, '0').slice(0, digits);
}

/** Days since the epoch of `2024-02-29`. Throws `E3130`. */
export function parseDate(text: string): number {
  const match = /^([+-]?\d{4,9})-(\d\d)-(\d\d)$/.exec(text);
  if (match === null) throw refused('date', text);
  const day = epochDay(Number(match[1]), Number(match[2]), Number(match[3]));
  if (dateText(day) !== text.replace(/^\+(\d{4})-/, '$1-')) throw refused('date', text);
  return day;
}

/** Milliseconds of the day of `12:34[:56[.789]]`. Throws `E3130`, also for digits beyond milliseconds. */
export function parseTime(text: string): number {
  const nanos = parseNanosOfDay(text);
  if (nanos % 1_000_000n !== 0n) throw refused('time of milliseconds', text);
  return Number(nanos / 1_000_000n);
}

/** Nanoseconds since the epoch of `2024-02-29T12:34[:56[.123456789]][Z]`, also with a space. Throws `E3130`. */
export function parseTimestamp(text: string): bigint {
  const match = /^([^T ]+)[T ]([^Z]+)Z?$/.exec(text);
  if (match === null) throw refused('timestamp', text);
  return BigInt(parseDate(match[1])) * NANOS_PER_DAY + parseNanosOfDay(match[2]);
}

function parseNanosOfDay(text: string): bigint {
  const match = /^(\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?$/.exec(text);
  if (match === null) throw refused('time', text);
  const [hour, minute, second] = [match[1], match[2], match[3] ?? '0'].map(Number);
  if (hour > 23 || minute > 59 || second > 59) throw refused('time', text);
  return BigInt(hour * 3600 + minute * 60 + second) * 1_000_000_000n + BigInt((match[4] ?? '').padEnd(9, '0'));
}

/** Days since the epoch of a date that exists; `Date` counts on the same calendar, and `setUTCFullYear` takes years below 100 as they are. */
export function epochDay(year: number, month: number, day: number): number {
  const cycle = Math.floor(year / 400);
  const inCycle = new Date(0).setUTCFullYear(year - cycle * 400, month - 1, day) / DAY_MS;
  return inCycle + cycle * DAYS_PER_ERA;
}

function padded(value: number, width: number): string {
  return String(value).padStart(width, '0');
}

function refused(what: string, text: string): TributaryError {
  return new TributaryError('E3130', `not a ${what}: ${JSON.stringify(text)}`);
}
