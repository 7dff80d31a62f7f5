// Reads timestamps: seconds since 2015 and the nanoseconds within the second. Source: ORC specification v1, "Timestamp
// Columns", and what the reference makes of them.
import type { Int64Builder, VectorBuilder } from '../../../column/builder.ts';
import type { DataType } from '../../schema/data-type.ts';
import { corrupt, FileFault } from '../file-fault.ts';
import { type OrcType, STREAM } from './orc-format.ts';
import type { StripeStreams } from './stripe-streams.ts';
import { processZone, utcOffsets } from './time-zone.ts';

/** 2015-01-01 00:00:00. */
const BASE = 1_420_070_400;
/** In seconds; beyond it, microseconds do not fit 64 bits. */
const SECONDS_MAX = 9.2e12;
const NANOS_OF_SECOND = 1_000_000_000;
const TWO_32 = 4294967296;

/** The step of a timestamp; null where the file holds something else. */
export function timestampStep(
  stored: OrcType,
  wanted: { readonly kind: DataType['kind']; readonly precision: number },
  { builder, streams }: { readonly builder: VectorBuilder; readonly streams: StripeStreams },
): ((row: number) => void) | null {
  if (stored.kind !== (wanted.kind === 'TIMESTAMP' ? 'TIMESTAMP' : 'TIMESTAMP_INSTANT')) return null;
  const value = new TimestampValues(stored, streams);
  if (builder.kind === 'i64') {
    return wanted.precision <= 3 ? (row) => setMillis(builder, row, value.next()) : microsStep(builder, value);
  }
  const [micros, nanos] = builder.kind === 'struct' ? builder.fields : [];
  if (micros?.kind !== 'i64' || nanos?.kind !== 'i32') return null;
  return (row) => {
    value.next();
    setMicros(micros, row, value);
    nanos.values[row] = value.nanos % 1000;
  };
}

class TimestampValues {
  /** Since 1970, rounded down. */
  seconds = 0;
  nanos = 0;
  private readonly data: ReturnType<StripeStreams['integers']>;
  private readonly secondary: ReturnType<StripeStreams['integers']>;
  private readonly base: number;
  /** What is added to get from the instant to the time of day where it was written; null in UTC. */
  private readonly offset: ((seconds: number) => number) | null;

  constructor(stored: OrcType, streams: StripeStreams) {
    this.data = streams.integers(stored, STREAM.data, true);
    this.secondary = streams.integers(stored, STREAM.secondary, false);
    this.offset = utcOffsets(zoneOf(stored, streams));
    this.base = BASE - (stored.kind === 'TIMESTAMP' ? (this.offset?.(BASE) ?? 0) : 0);
  }

  next(): this {
    let seconds = this.data.nextNumber() + this.base;
    if (Math.abs(seconds) > SECONDS_MAX) throw new FileFault('E3203', 'a timestamp is out of range');
    const coded = this.secondary.nextNumber();
    const zeros = coded & 7;
    this.nanos = Math.floor(coded / 8) * (zeros === 0 ? 1 : 10 ** (zeros + 1));
    if (coded < 0 || this.nanos >= NANOS_OF_SECOND) throw corrupt('nanoseconds are out of range');
    // Writers round seconds before 1970 towards it; readers tell by the milliseconds, as the reference does.
    if (seconds < 0 && this.nanos > 999_999) seconds--;
    this.seconds = this.offset === null ? seconds : seconds + this.offset(seconds);
    return this;
  }
}

/**
 * Where the times of day are those that were written. The reference shifts instants by its own zone when it writes and
 * back when it reads; files without timestamps do not say which that was, so that it is ours, as in the reference.
 */
function zoneOf({ kind }: OrcType, { timeZone, isLocalInstant }: StripeStreams): string {
  if (kind === 'TIMESTAMP') return timeZone;
  if (!isLocalInstant) return 'UTC';
  return timeZone === '' ? processZone() : timeZone;
}

function tooFine(): FileFault {
  return new FileFault('E3203', 'a timestamp has more digits than its type');
}

function setMillis(builder: Int64Builder, row: number, { seconds, nanos }: TimestampValues): void {
  if (nanos % 1_000_000 !== 0) throw tooFine();
  const millis = seconds * 1000 + nanos / 1_000_000;
  if (!Number.isSafeInteger(millis)) throw new FileFault('E3203', 'a timestamp is out of range');
  builder.setNumber(row, millis);
}

function microsStep(builder: Int64Builder, value: TimestampValues): (row: number) => void {
  return (row) => {
    if (value.next().nanos % 1000 !== 0) throw tooFine();
    setMicros(builder, row, value);
  };
}

/** Microseconds may be above 2^53: they are made of parts that are not. */
function setMicros(builder: Int64Builder, row: number, { seconds, nanos }: TimestampValues): void {
  const upper = Math.floor(seconds / 65536);
  const lower = (seconds - upper * 65536) * 1_000_000 + Math.floor(nanos / 1000);
  const high = Math.floor((upper * 1_000_000) / 65536);
  const rest = (upper * 1_000_000 - high * 65536) * 65536 + lower;
  builder.values[2 * row] = rest % TWO_32;
  builder.values[2 * row + 1] = high + Math.floor(rest / TWO_32);
}
