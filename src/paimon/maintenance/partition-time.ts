// The time that a partition stands for, from the texts of its values. Source: PartitionTimeExtractor (format notes 06
// section 4) and the patterns of Java's DateTimeFormatter.
import { TributaryError } from '../../base/errors.ts';

/** How times are found in partitions. */
export interface PartitionTimeRule {
  /** `partition.timestamp-pattern`, such as `$dt $hour:00:00`; the first value unless given. */
  readonly pattern: string | null;
  /** `partition.timestamp-formatter`, such as `yyyyMMdd`; years to seconds with `-`, ` ` and `:` unless given. */
  readonly formatter: string | null;
}

/** The wall-clock time of partition values as if it were UTC, in milliseconds; null where there is none. */
export type PartitionTime = (values: readonly (string | null)[]) => number | null;

/** Finds the times of partitions. Throws `E3314` for a formatter with letters that are not understood. */
export function partitionTimeOf(partitionKeys: readonly string[], rule: PartitionTimeRule): PartitionTime {
  const parse = rule.formatter === null ? parseDefault : formatParser(rule.formatter);
  return (values) => {
    const isUsed = (key: string, index: number): boolean => rule.pattern?.includes(`$${key}`) ?? index === 0;
    const used = partitionKeys.map((key, index) => (isUsed(key, index) ? values[index] : ''));
    if (used.includes(null)) return null;
    if (rule.pattern === null) return parse(used[0] ?? '');
    return parse(
      partitionKeys.reduce((text, key, index) => text.replaceAll(`$${key}`, () => String(used[index])), rule.pattern),
    );
  };
}

/** `2024-1-31`, or with a time of day behind it; months and days beyond their ends run over. */
function parseDefault(text: string): number | null {
  const match = /^(\d{1,10})-(\d{1,2})-(\d{1,2})(?: (\d{1,2}):(\d{1,2}):(\d{1,2})(?:\.(\d{1,9}))?)?$/.exec(text);
  if (match === null) return null;
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map((part) => Number(part ?? 0));
  const fractionMs = Math.floor(Number(`0.${match[7] ?? 0}`) * 1000);
  return wallClockMs({ year, month, day, hour, minute, second, fractionMs });
}

interface WallClock {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
  readonly fractionMs: number;
}

function wallClockMs({ year, month, day, hour, minute, second, fractionMs }: WallClock): number | null {
  const date = new Date(0);
  // `Date.UTC` takes years below 100 as of the twentieth century.
  date.setUTCFullYear(year, month - 1, day);
  date.setUTCHours(hour, minute, second, fractionMs);
  return Number.isNaN(date.getTime()) ? null : date.getTime();
}

const LETTERS: Readonly<Record<string, keyof WallClock>> = {
  y: 'year',
  u: 'year',
  M: 'month',
  d: 'day',
  H: 'hour',
  m: 'minute',
  s: 'second',
  S: 'fractionMs',
};
const LIMITS: Readonly<Record<keyof WallClock, readonly [number, number]>> = {
  year: [0, 999_999_999],
  month: [1, 12],
  day: [1, 31],
  hour: [0, 23],
  minute: [0, 59],
  second: [0, 59],
  fractionMs: [0, 999],
};

/** A parser of a pattern such as `yyyy-MM-dd'T'HH`. What the pattern has no letters for is 0; a date must be whole. */
function formatParser(pattern: string): (text: string) => number | null {
  const fields: (keyof WallClock)[] = [];
  let expression = '';
  for (const [token, letters, quoted] of pattern.matchAll(/([A-Za-z])\1*|'((?:[^']|'')*)'|[^A-Za-z']/g)) {
    if (quoted !== undefined) expression += escaped(quoted === '' ? "'" : quoted.replaceAll("''", "'"));
    else if (letters === undefined) expression += escaped(token);
    else {
      const field = LETTERS[letters];
      if (field === undefined || (field === 'month' && token.length > 2)) {
        throw new TributaryError('E3314', `pattern of times is not understood: pattern=${pattern} letters=${token}`);
      }
      fields.push(field);
      expression += digitsOf(field, token.length);
    }
  }
  const regex = new RegExp(`^${expression}$`);
  return (text) => {
    const match = regex.exec(text);
    return match === null ? null : assemble(fields, match.slice(1));
  };
}

function digitsOf(field: keyof WallClock, count: number): string {
  if (field === 'fractionMs' || count === 2) return `(\\d{${count}})`;
  return count === 1 ? '(\\d{1,19}?)' : `(\\d{${count}})`;
}

function assemble(fields: readonly (keyof WallClock)[], texts: readonly string[]): number | null {
  const time = { year: -1, month: 0, day: 0, hour: 0, minute: 0, second: 0, fractionMs: 0 };
  for (const [index, field] of fields.entries()) time[field] = valueOf(field, texts[index]);
  const isWhole = Object.entries(LIMITS).every(([field, [least, most]]) => {
    const value = time[field as keyof WallClock];
    return value >= least && value <= most;
  });
  if (!isWhole) return null;
  // A day beyond the end of its month is taken as the last one.
  const lastDay = new Date(wallClockMs({ ...time, month: time.month + 1, day: 0 }) ?? Number.NaN).getUTCDate();
  return wallClockMs({ ...time, day: Math.min(time.day, lastDay) });
}

function valueOf(field: keyof WallClock, text: string): number {
  if (field === 'fractionMs') return Math.floor(Number(`0.${text}`) * 1000);
  // Two digits of a year are of this century.
  return field === 'year' && text.length === 2 ? 2000 + Number(text) : Number(text);
}

function escaped(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
