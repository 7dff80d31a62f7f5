// Decoders of DATE, DATETIME and TIMESTAMP. The lake holds the days of the calendar from the year 1 on; the server also
// holds zeros and, if told so, days such as the 31st of February: all of these are a fault.
import { Int32Builder, Int64Builder } from '../../column/builder.ts';
import { MALFORMED, OK, OUT_OF_RANGE } from '../faults.ts';
import { daysFromCivil, fraction, twoDigits } from '../text/time-digits.ts';
import { type DateParts, readDate, readDatetime, readFraction } from './time-bytes.ts';
import type { ValueDecoder } from './value-decoder.ts';

const DASH = 0x2d;
const COLON = 0x3a;
const SPACE = 0x20;
const POINT = 0x2e;
/** Seconds whose microseconds a double holds exactly. */
const EXACT_SECONDS = 9_000_000_000;
const NO_DATE = Number.NaN;

/** Days since the epoch; NaN for a date that the calendar does not have. */
function calendarDays({ year, month, day }: DateParts): number {
  if (year < 1 || month < 1 || month > 12 || day < 1) return NO_DATE;
  const days = daysFromCivil(year, month, day);
  const next = month === 12 ? daysFromCivil(year + 1, 1, 1) : daysFromCivil(year, month + 1, 1);
  return days < next ? days : NO_DATE;
}

/** Reads `YYYY-MM-DD`; null if it is of another form. */
function parseDate(bytes: Buffer, start: number): DateParts | null {
  const century = twoDigits(bytes, start);
  const year = twoDigits(bytes, start + 2);
  const month = twoDigits(bytes, start + 5);
  const day = twoDigits(bytes, start + 8);
  if ((century | year | month | day) < 0 || bytes[start + 4] !== DASH || bytes[start + 7] !== DASH) return null;
  return { year: century * 100 + year, month, day, secondOfDay: 0, microsecond: 0 };
}

/** Reads `YYYY-MM-DD HH:MM:SS.ffffff`; null if it is of another form. */
function parseDatetime(bytes: Buffer, start: number, end: number): DateParts | null {
  const date = end - start < 19 ? null : parseDate(bytes, start);
  const hour = twoDigits(bytes, start + 11);
  const minute = twoDigits(bytes, start + 14);
  const second = twoDigits(bytes, start + 17);
  const isFormed = bytes[start + 10] === SPACE && bytes[start + 13] === COLON && bytes[start + 16] === COLON;
  if (date === null || !isFormed || (hour | minute | second) < 0) return null;
  const hasFraction = end - start > 19;
  if (hasFraction && bytes[start + 19] !== POINT) return null;
  const microsecond = hasFraction ? fraction(bytes, start + 20, end, 6) : 0;
  if (microsecond < 0) return null;
  return { ...date, secondOfDay: hour * 3600 + minute * 60 + second, microsecond };
}

/** DATE: days since the epoch. */
export class DateDecoder implements ValueDecoder {
  readonly builder: Int32Builder = new Int32Builder();

  text(bytes: Buffer, start: number, end: number, row: number): number {
    const parts = end - start === 10 ? parseDate(bytes, start) : null;
    return parts === null ? MALFORMED : this.write(parts, row);
  }

  binary(bytes: Buffer, start: number, _end: number, row: number): number {
    return this.write(readDate(bytes, start), row);
  }

  private write(parts: DateParts, row: number): number {
    const days = calendarDays(parts);
    if (Number.isNaN(days)) return OUT_OF_RANGE;
    this.builder.reserve(row);
    this.builder.values[row] = days;
    return OK;
  }
}

/** DATETIME: microseconds since the epoch, without a zone. */
export class DatetimeDecoder implements ValueDecoder {
  readonly builder: Int64Builder = new Int64Builder();

  text(bytes: Buffer, start: number, end: number, row: number): number {
    const parts = parseDatetime(bytes, start, end);
    return parts === null ? MALFORMED : this.write(parts, row);
  }

  binary(bytes: Buffer, start: number, end: number, row: number): number {
    return this.write(readDatetime(bytes, start, end), row);
  }

  private write(parts: DateParts, row: number): number {
    const days = calendarDays(parts);
    if (Number.isNaN(days)) return OUT_OF_RANGE;
    const seconds = days * 86_400 + parts.secondOfDay;
    this.builder.reserve(row);
    if (seconds > -EXACT_SECONDS && seconds < EXACT_SECONDS) {
      this.builder.setNumber(row, seconds * 1e6 + parts.microsecond);
    } else this.builder.setBigInt(row, BigInt(seconds) * 1_000_000n + BigInt(parts.microsecond));
    return OK;
  }
}

/** TIMESTAMP: microseconds since the epoch, an instant. The text is in UTC, as our sessions are. */
export class TimestampDecoder implements ValueDecoder {
  readonly builder: Int64Builder;
  private readonly datetime = new DatetimeDecoder();

  constructor() {
    this.builder = this.datetime.builder;
  }

  text(bytes: Buffer, start: number, end: number, row: number): number {
    return this.datetime.text(bytes, start, end, row);
  }

  binary(bytes: Buffer, start: number, end: number, row: number): number {
    const seconds = bytes.readUInt32BE(start);
    // The range begins a second after the epoch: zero stands for the zero date.
    if (seconds === 0) return OUT_OF_RANGE;
    this.builder.reserve(row);
    this.builder.setNumber(row, seconds * 1e6 + readFraction(bytes, start + 4, end));
    return OK;
  }
}
