// Decoders of date, time, timestamp and timestamptz, as PostgreSQL prints them under DateStyle ISO and TimeZone UTC.
// The lake holds the years 1 to 9999; everything else is a fault.
import { Int32Builder, Int64Builder } from '../../column/builder.ts';
import { type ColumnDecoder, ZERO } from '../text/column-decoder.ts';
import { daysFromCivil, fraction, twoDigits } from '../text/time-digits.ts';
import { MALFORMED, OK, OUT_OF_RANGE } from '../faults.ts';

const DASH = 0x2d;
const COLON = 0x3a;
const SPACE = 0x20;
const POINT = 0x2e;
const PLUS = 0x2b;
const MS_PER_DAY = 86_400_000;
/** Seconds whose microseconds a double holds exactly. */
const EXACT_SECONDS = 9_000_000_000;
// Infinity, years of five digits and more, and years before Christ: all that PostgreSQL prints beside the usual form.
const UNREPRESENTABLE =
  /^(?:-?infinity|[0-9]{5,7}-[0-9]{2}-[0-9]{2}(?: [0-9:.]+(?:\+00)?)?|[0-9]{4,7}-[0-9]{2}-[0-9]{2}(?: [0-9:.]+(?:\+00)?)? BC)$/;

/** Reads `YYYY-MM-DD` and remembers the last date, because rows near each other often share it. */
class DateReader {
  /** Days since the epoch of the last date read. */
  days = 0;
  private lastCode = -1;

  /** Reads the date at `start` into `days`; false if there is none of this form. */
  read(bytes: Buffer, start: number): boolean {
    const century = twoDigits(bytes, start);
    const year = twoDigits(bytes, start + 2);
    const month = twoDigits(bytes, start + 5);
    const day = twoDigits(bytes, start + 8);
    if ((century | year | month | day) < 0 || bytes[start + 4] !== DASH || bytes[start + 7] !== DASH) return false;
    const code = (century * 100 + year) * 10_000 + month * 100 + day;
    if (code === this.lastCode) return true;
    if (code < 10_000 || month < 1 || month > 12 || day < 1 || day > 31) return false;
    this.days = daysFromCivil(century * 100 + year, month, day);
    this.lastCode = code;
    return true;
  }
}

function rangeFault(bytes: Buffer, start: number, end: number): number {
  return UNREPRESENTABLE.test(bytes.toString('latin1', start, end)) ? OUT_OF_RANGE : MALFORMED;
}

/** date: days since the epoch. */
export class DateDecoder implements ColumnDecoder {
  readonly builder: Int32Builder = new Int32Builder();
  private readonly date = new DateReader();

  decode(bytes: Buffer, start: number, end: number, row: number): number {
    if (end - start !== 10 || !this.date.read(bytes, start)) return rangeFault(bytes, start, end);
    this.builder.reserve(row);
    this.builder.values[row] = this.date.days;
    return OK;
  }
}

/** Seconds of the day of `HH:MM:SS` at `start`; -1 if it is none. */
function secondsOfDay(bytes: Buffer, start: number): number {
  const hours = twoDigits(bytes, start);
  const minutes = twoDigits(bytes, start + 3);
  const seconds = twoDigits(bytes, start + 6);
  if ((hours | minutes | seconds) < 0 || bytes[start + 2] !== COLON || bytes[start + 5] !== COLON) return -1;
  if (hours > 24 || minutes > 59 || seconds > 59) return -1;
  return hours * 3600 + minutes * 60 + seconds;
}

/** time of millisecond precision: milliseconds of the day. */
export class TimeDecoder implements ColumnDecoder {
  readonly builder: Int32Builder = new Int32Builder();

  decode(bytes: Buffer, start: number, end: number, row: number): number {
    const seconds = end - start < 8 ? -1 : secondsOfDay(bytes, start);
    if (seconds < 0) return MALFORMED;
    let milliseconds = 0;
    if (end - start > 8) {
      if (bytes[start + 8] !== POINT) return MALFORMED;
      milliseconds = fraction(bytes, start + 9, end, 3);
      if (milliseconds < 0) return MALFORMED;
    }
    const value = seconds * 1000 + milliseconds;
    if (value >= MS_PER_DAY) return OUT_OF_RANGE;
    this.builder.reserve(row);
    this.builder.values[row] = value;
    return OK;
  }
}

/** timestamp and timestamptz: microseconds since the epoch. */
export class TimestampDecoder implements ColumnDecoder {
  readonly builder: Int64Builder = new Int64Builder();
  private readonly date = new DateReader();
  private readonly zoned: boolean;

  /** `zoned`: the text ends in `+00`. */
  constructor(zoned: boolean) {
    this.zoned = zoned;
  }

  decode(bytes: Buffer, start: number, end: number, row: number): number {
    let last = end;
    if (this.zoned) {
      last = end - 3;
      const utc = bytes[last] === PLUS && bytes[last + 1] === ZERO && bytes[last + 2] === ZERO;
      if (!utc) return rangeFault(bytes, start, end);
    }
    if (last - start < 19 || bytes[start + 10] !== SPACE) return rangeFault(bytes, start, end);
    const seconds = secondsOfDay(bytes, start + 11);
    if (seconds < 0 || !this.date.read(bytes, start)) return rangeFault(bytes, start, end);
    let microseconds = 0;
    if (last - start > 19) {
      if (bytes[start + 19] !== POINT) return rangeFault(bytes, start, end);
      microseconds = fraction(bytes, start + 20, last, 6);
      if (microseconds < 0) return rangeFault(bytes, start, end);
    }
    this.builder.reserve(row);
    this.write(this.date.days * 86_400 + seconds, microseconds, row);
    return OK;
  }

  private write(seconds: number, microseconds: number, row: number): void {
    if (seconds > -EXACT_SECONDS && seconds < EXACT_SECONDS) {
      this.builder.setNumber(row, seconds * 1e6 + microseconds);
    } else this.builder.setBigInt(row, BigInt(seconds) * 1_000_000n + BigInt(microseconds));
  }
}
