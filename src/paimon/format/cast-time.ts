// Casts between dates, times, timestamps, their text and integers, quirks of the reference included. Where the reference
// takes the time zone of its machine (TIMESTAMP WITH LOCAL TIME ZONE), this is UTC: a table reads the same everywhere.
// Source: DateTimeUtils, BinaryStringUtils (format notes 04 section 5).
import type { DataType } from '../schema/data-type.ts';
import { dateText, epochDay, splitDay, timeText } from './calendar-text.ts';
import type { Cell, CellCast } from './cell.ts';
import { integerOfText, uncastable } from './cast-number.ts';

/** Types with a precision; where a timestamp is wanted, TIME is not one. */
type TimestampType = DataType & { readonly kind: 'TIME' | 'TIMESTAMP' | 'TIMESTAMP_LTZ' };

const MILLIS_PER_DAY = 86_400_000n;
const NANOS_PER_MILLI = 1_000_000n;

/** Nanoseconds in the unit of a timestamp's cells. */
function unitNanos({ precision }: TimestampType): bigint {
  if (precision <= 3) return NANOS_PER_MILLI;
  return precision <= 6 ? 1000n : 1n;
}

function floorDivide(value: bigint, by: bigint): bigint {
  const remainder = ((value % by) + by) % by;
  return (value - remainder) / by;
}

/** Milliseconds, towards the past. */
function millisOf(type: TimestampType, cell: Cell): bigint {
  return floorDivide((cell as bigint) * unitNanos(type), NANOS_PER_MILLI);
}

/**
 * To a TIMESTAMP or TIMESTAMP_LTZ from DATE, TIME, INT or BIGINT (seconds), or a timestamp. It throws `E3134` for moments
 * that 64 bits do not hold in the unit of the type (microseconds for precision 7 to 9).
 */
export function toTimestamp(from: DataType, to: TimestampType): CellCast | null {
  const cast = uncheckedTimestamp(from, to);
  const scale = to.precision > 6 ? 1000n : 1n;
  const isHeld = (cell: bigint): boolean => BigInt.asIntN(64, cell / scale) === cell / scale;
  return cast === null
    ? null
    : (cell) => {
        const moment = cast(cell);
        if (typeof moment === 'bigint' && !isHeld(moment)) throw uncastable('timestamp is too far away');
        return moment;
      };
}

function uncheckedTimestamp(from: DataType, to: TimestampType): CellCast | null {
  const perMilli = NANOS_PER_MILLI / unitNanos(to);
  switch (from.kind) {
    case 'DATE':
      return (cell) => BigInt(cell as number) * MILLIS_PER_DAY * perMilli;
    case 'TIME':
      return (cell) => BigInt(cell as number) * perMilli;
    case 'INT':
    case 'BIGINT':
      return (cell) => BigInt.asIntN(64, BigInt(cell as number | bigint) * 1000n) * perMilli;
    case 'TIMESTAMP':
    case 'TIMESTAMP_LTZ':
      return timestampRescale(from, to);
    default:
      return null;
  }
}

function timestampRescale(from: TimestampType, to: TimestampType): CellCast {
  if (from.precision <= to.precision) {
    const factor = unitNanos(from) / unitNanos(to);
    return (cell) => (cell as bigint) * factor;
  }
  return (cell) => floorDivide(truncated((cell as bigint) * unitNanos(from), to.precision), unitNanos(to));
}

/** Cuts digits as the reference does: towards zero for milliseconds, and not at all for few enough nanoseconds. */
function truncated(nanos: bigint, precision: number): bigint {
  const ofSecond = ((nanos % 1_000_000_000n) + 1_000_000_000n) % 1_000_000_000n;
  if (String(ofSecond).length <= precision) return nanos;
  const millis = floorDivide(nanos, NANOS_PER_MILLI);
  if (precision <= 3) {
    const unit = 10n ** BigInt(3 - precision);
    return (millis / unit) * unit * NANOS_PER_MILLI;
  }
  const unit = 10n ** BigInt(9 - precision);
  const ofMilli = nanos - millis * NANOS_PER_MILLI;
  return millis * NANOS_PER_MILLI + (ofMilli / unit) * unit;
}

/** The day of a timestamp. Before 1970 the reference rounds a TIMESTAMP towards zero, and an LTZ to its day. */
export function toDate(from: TimestampType): CellCast {
  return from.kind === 'TIMESTAMP'
    ? (cell) => Number(millisOf(from, cell) / MILLIS_PER_DAY)
    : (cell) => Number(floorDivide(millisOf(from, cell), MILLIS_PER_DAY));
}

/** The milliseconds of the day of a timestamp; negative for a TIMESTAMP before 1970, as the reference has it. */
export function toTime(from: TimestampType): CellCast {
  return from.kind === 'TIMESTAMP'
    ? (cell) => Number(millisOf(from, cell) % MILLIS_PER_DAY)
    : (cell) => Number(((millisOf(from, cell) % MILLIS_PER_DAY) + MILLIS_PER_DAY) % MILLIS_PER_DAY);
}

/** Whole seconds since the epoch. */
export function toSeconds(from: TimestampType, to: 'INT' | 'BIGINT'): CellCast {
  return (cell) => {
    const seconds = millisOf(from, cell) / 1000n;
    return to === 'BIGINT' ? seconds : Number(BigInt.asIntN(32, seconds));
  };
}

/** The text of a DATE, TIME or timestamp, as the reference casts it. */
export function textOfTime(type: DataType, cell: Cell): string {
  switch (type.kind) {
    case 'TIME':
      return textOfMilliOfDay(cell as number, type.precision);
    case 'TIMESTAMP':
    case 'TIMESTAMP_LTZ': {
      const { day, nanos } = splitDay((cell as bigint) * unitNanos(type));
      const text = `${fourDigitYear(dateText(day))} ${timeText(Number(nanos / NANOS_PER_MILLI))}`;
      let fraction = String(nanos % 1_000_000_000n).padStart(9, '0');
      while (fraction.length > type.precision && fraction.endsWith('0')) fraction = fraction.slice(0, -1);
      return fraction === '' ? text : `${text}.${fraction}`;
    }
    default:
      return fourDigitYear(dateText(cell as number));
  }
}

/** The reference prints the last four digits of a year. */
function fourDigitYear(text: string): string {
  return text.startsWith('+') ? text.slice(text.indexOf('-') - 4) : text;
}

function textOfMilliOfDay(milli: number, precision: number): string {
  const ofDay = ((milli % 86_400_000) + 86_400_000) % 86_400_000;
  if (precision === 0) return timeText(ofDay);
  const fraction = String(ofDay % 1000)
    .padStart(3, '0')
    .slice(0, precision)
    .replace(/0+$/, '');
  return `${timeText(ofDay)}.${fraction === '' ? '0' : fraction}`;
}

/** Days since the epoch of `2024-02-29` (month and day may be left out, a time may follow), or of a plain number of days. */
export function dateOfText(text: string): Cell {
  if (isWholeNumber(text)) return integerOfText(text, 'INT');
  const space = text.indexOf(' ');
  const match = /^\s*(\d+)\s*(?:-\s*(\d+)\s*(?:-\s*(\d+)\s*)?)?$/.exec(space > 0 ? text.slice(0, space) : text);
  if (match === null) throw uncastable('not a date');
  return dayOf(Number(match[1]), Number(match[2] ?? '1'), Number(match[3] ?? '1'));
}

function dayOf(year: number, month: number, day: number): number {
  if (year > 9999 || month < 1 || month > 12 || day < 1 || day > 31) throw uncastable('not a date');
  const found = epochDay(year, month, day);
  const isLeap = month === 2 && new Date(0).setUTCFullYear(year, 1, 29) !== new Date(0).setUTCFullYear(year, 2, 1);
  const isThere = month === 2 ? day <= (isLeap ? 29 : 28) : day <= 30 || [1, 3, 5, 7, 8, 10, 12].includes(month);
  if (!isThere) throw uncastable('not a date');
  return found;
}

/** Milliseconds of the day of `12:34:56.789`, with parts left out from the end, and an offset; or of a plain number. */
export function timeOfText(text: string): Cell {
  if (isWholeNumber(text)) return integerOfText(text, 'INT');
  const match =
    /^\s*(\d+)\s*(?::\s*(\d+)\s*(?::\s*(\d+)\s*(?:\.([^+-]*))?)?)?(?:([+-])\s*(\d+)\s*(?::\s*(\d+)\s*)?)?$/.exec(text);
  if (match === null) throw uncastable('not a time');
  const [hour, minute, second] = [match[1], match[2] ?? '0', match[3] ?? '0'].map(Number);
  // An offset with a minus is subtracted, as the reference does it.
  const sign = match[5] === '+' ? 1 : -1;
  const offsetMinutes = sign * (Number(match[6] ?? '0') * 60 + Number(match[7] ?? '0'));
  return (hour * 60 + minute + offsetMinutes) * 60_000 + second * 1000 + milliOfFraction((match[4] ?? '').trim());
}

function milliOfFraction(digits: string): number {
  const clean = digits.replace(/\D/g, '0').padEnd(4, '0');
  return Number(clean.slice(0, 3)) + (clean[3] >= '5' ? 1 : 0);
}

/** A timestamp of `2024-02-29 12:34:56.789` or a date alone; a TIMESTAMP also of a plain number of units. */
export function timestampOfText(text: string, to: TimestampType): Cell {
  if (to.kind === 'TIMESTAMP' && isWholeNumber(text)) return timestampOfUnits(text, to);
  const match = /^(\d{4,})-(\d{1,2})-(\d{1,2})(?: (\d{1,2}):(\d{1,2}):(\d{1,2})(?:\.(\d{0,9}))?)?$/.exec(text);
  if (match === null) throw uncastable('not a timestamp');
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map((part) => Number(part ?? '0'));
  if (year === 0 || month < 1 || month > 12 || day < 1 || day > 31 || hour > 23 || minute > 59 || second > 59) {
    throw uncastable('not a timestamp');
  }
  // A day that its month does not have is the month's last.
  const lastDay = epochDay(year + Math.floor(month / 12), (month % 12) + 1, 1) - epochDay(year, month, 1);
  const date = epochDay(year, month, Math.min(day, lastDay));
  const seconds = BigInt(date) * 86400n + BigInt(hour * 3600 + minute * 60 + second);
  const nanos = BigInt((match[7] ?? '').padEnd(9, '0'));
  const kept = 10n ** BigInt(9 - to.precision);
  return floorDivide(seconds * 1_000_000_000n + (nanos / kept) * kept, unitNanos(to));
}

function timestampOfUnits(text: string, to: TimestampType): Cell {
  const units = integerOfText(text, 'BIGINT') as bigint;
  switch (to.precision) {
    case 0:
      return units * 1000n;
    case 3:
    case 6:
    case 9:
      return units;
    default:
      throw uncastable('a plain number is a timestamp of precision 0, 3, 6 or 9 only');
  }
}

function isWholeNumber(text: string): boolean {
  return /^-?\d+$/.test(text);
}
