// Where timestamps are written: ORC files name a zone, and hold instants of it. Source: ORC specification v1, "Timestamp
// Columns", and what the reference makes of them.
import { TributaryError } from '../../../base/errors.ts';
import { utcOffsets } from './time-zone.ts';

/** 2015-01-01 00:00:00, from where seconds count. */
const BASE = 1_420_070_400;
const DAY = 86_400;
/** Days whose offsets are remembered. */
const DAYS_MAX = 10_000;

/** A zone, by its name. */
export class WriterZone {
  readonly name: string;
  /** The instant of the first second of 2015 in the zone, in seconds since 1970. */
  readonly base: number;
  private readonly offset: ((seconds: number) => number) | null;
  /** The offset around a day; null where clocks change. */
  private readonly offsets = new Map<number, number | null>();

  /** Throws a fault of `E3201` for a name that is not known. */
  constructor(name: string) {
    this.name = name;
    this.offset = utcOffsets(name);
    this.base = this.instantOf(BASE);
  }

  /**
   * The instant at which clocks of the zone show a time, both in seconds since 1970: the first of two. Throws `E3204`
   * for a time that they skip.
   */
  instantOf(seconds: number): number {
    const { offset } = this;
    if (offset === null) return seconds;
    const known = this.offsetAround(Math.floor(seconds / DAY), offset);
    if (known !== null) return seconds - known;
    // The offset is one of those before and after.
    for (const near of [seconds - DAY, seconds + DAY]) {
      const instant = seconds - offset(near);
      if (instant + offset(instant) === seconds) return instant;
    }
    throw new TributaryError('E3204', `clocks of a time zone skip a time that is to be written: zone=${this.name}`);
  }

  private offsetAround(day: number, offset: (seconds: number) => number): number | null {
    const known = this.offsets.get(day);
    if (known !== undefined) return known;
    const before = offset((day - 1) * DAY);
    const around = before === offset((day + 2) * DAY) ? before : null;
    if (this.offsets.size >= DAYS_MAX) this.offsets.clear();
    this.offsets.set(day, around);
    return around;
  }
}

/** Times of day are stored as they are. */
export const UTC = new WriterZone('UTC');
