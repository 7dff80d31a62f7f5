// Dates and times as the log has them, as parts and as the text that the server prints.

/** A date or a date with a time; any part may be zero. */
export interface DateParts {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly secondOfDay: number;
  readonly microsecond: number;
}

const MICROSECONDS = [1_000_000, 10_000, 100, 1] as const;

/** The fraction of a second in `bytes[start … end)`, in microseconds. */
export function readFraction(bytes: Buffer, start: number, end: number): number {
  return start === end ? 0 : bytes.readUIntBE(start, end - start) * MICROSECONDS[end - start];
}

/** DATE: day, month and year in 5, 4 and 15 bits. */
export function readDate(bytes: Buffer, start: number): DateParts {
  const packed = bytes.readUIntLE(start, 3);
  const date = { year: packed >> 9, month: (packed >> 5) & 15, day: packed & 31 };
  return { ...date, secondOfDay: 0, microsecond: 0 };
}

/** DATETIME in `bytes[start … end)`: 40 bits, then the fraction. */
export function readDatetime(bytes: Buffer, start: number, end: number): DateParts {
  const high = bytes.readUIntBE(start, 3) - 0x800000;
  const low = bytes.readUInt16BE(start + 3);
  // The upper 23 bits are the date, the lower 17 the time of day.
  const yearMonthDay = high >> 1;
  const time = ((high & 1) << 16) | low;
  const yearMonth = yearMonthDay >> 5;
  return {
    year: Math.floor(yearMonth / 13),
    month: yearMonth % 13,
    day: yearMonthDay & 31,
    secondOfDay: (time >> 12) * 3600 + ((time >> 6) & 63) * 60 + (time & 63),
    microsecond: readFraction(bytes, start + 5, end),
  };
}

const two = (value: number): string => String(value).padStart(2, '0');

function fractionText(microsecond: number, digits: number): string {
  return digits === 0 ? '' : `.${String(microsecond).padStart(6, '0').slice(0, digits)}`;
}

function clockText(seconds: number): string {
  return `${two(Math.floor(seconds / 3600))}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
}

/** `2026-01-31`. */
export function dateText({ year, month, day }: DateParts): string {
  return `${String(year).padStart(4, '0')}-${two(month)}-${two(day)}`;
}

/** `2026-01-31 12:34:56.123`, with this many digits of the fraction. */
export function datetimeText(parts: DateParts, digits: number): string {
  return `${dateText(parts)} ${clockText(parts.secondOfDay)}${fractionText(parts.microsecond, digits)}`;
}

/** TIME in `bytes[start … end)` as the server prints it: `-838:59:59.000000`, with this many digits of the fraction. */
export function timeText(
  bytes: Buffer,
  range: { readonly start: number; readonly end: number },
  digits: number,
): string {
  const size = range.end - range.start;
  const fractionBytes = size - 3;
  const unit = 256 ** fractionBytes;
  const signed = bytes.readUIntBE(range.start, size) - 0x800000 * unit;
  const value = Math.abs(signed);
  const packed = Math.floor(value / unit);
  const microsecond = fractionBytes === 0 ? 0 : (value % unit) * MICROSECONDS[fractionBytes];
  const seconds = ((packed >> 12) & 0x3ff) * 3600 + ((packed >> 6) & 63) * 60 + (packed & 63);
  return `${signed < 0 ? '-' : ''}${clockText(seconds)}${fractionText(microsecond, digits)}`;
}

/** TIMESTAMP in UTC as the server prints it, zero included. */
export function timestampText(
  bytes: Buffer,
  range: { readonly start: number; readonly end: number },
  digits: number,
): string {
  const second = bytes.readUInt32BE(range.start);
  const microsecond = readFraction(bytes, range.start + 4, range.end);
  const day = second === 0 ? '0000-00-00' : new Date(second * 1000).toISOString().slice(0, 10);
  return `${day} ${clockText(second % 86_400)}${fractionText(microsecond, digits)}`;
}
