// Writes timestamps: seconds since 2015 and the nanoseconds within the second. Source: ORC specification v1, "Timestamp
// Columns", and what the reference makes of them.
import { assert } from '../../../base/errors.ts';
import type { Vector } from '../../../column/vector.ts';
import { ColumnWriter, directEncoding, type EndedValues } from './column-writer.ts';
import { IntegerRunWriter } from './integer-run-writer.ts';
import { ENCODING, STREAM } from './orc-format.ts';
import { OutputStream } from './output-stream.ts';
import type { Rows } from './value-statistics.ts';
import { UTC } from './writer-zone.ts';

const NANOS_PER_MICRO = 1000;
/** Beyond it, microseconds do not fit 64 bits. */
const SECONDS_MAX = 9.2e12;
/** Above so many nanoseconds, readers take a second from times before 1970. */
const NANOS_WITHIN_MILLI = 999_999;

/** A unit of 64-bit times: how many a second has, and 2^32 in seconds and the rest. */
interface Unit {
  readonly perSecond: number;
  readonly seconds: number;
  readonly rest: number;
}

const MILLIS: Unit = { perSecond: 1000, seconds: 4_294_967, rest: 296 };
const MICROS: Unit = { perSecond: 1_000_000, seconds: 4294, rest: 967_296 };

/** TIMESTAMP and TIMESTAMP WITH LOCAL TIME ZONE. */
export class TimestampColumnWriter extends ColumnWriter {
  private readonly seconds = new IntegerRunWriter(new OutputStream(this.settings.compression), true);
  private readonly nanos = new IntegerRunWriter(new OutputStream(this.settings.compression), false);
  private readonly unit = 'precision' in this.column.type && this.column.type.precision <= 3 ? MILLIS : MICROS;
  /** Seconds of instants count from 2015 in UTC, those of times of day from 2015 where they are written. */
  private readonly base = this.column.kind === 'TIMESTAMP' ? this.settings.zone.base : UTC.base;

  protected get valueBytes(): number {
    return this.seconds.stream.bufferedBytes + this.nanos.stream.bufferedBytes;
  }

  protected write(vector: Vector, { rows, count }: Rows): void {
    const [times, fraction] = vector.kind === 'struct' ? vector.fields : [vector, null];
    assert(times.kind === 'i64', `a vector does not fit its column: column=${this.column.name}`);
    const nanos = fraction?.kind === 'i32' ? fraction.values : null;
    const { values } = times;
    const { perSecond, seconds: secondsOfHigh, rest: restOfHigh } = this.unit;
    const nanosPerUnit = 1e9 / perSecond;
    for (let index = 0; index < count; index++) {
      const row = rows[index];
      const high = values[2 * row + 1];
      const rest = high * restOfHigh + (values[2 * row] >>> 0);
      const seconds = Math.floor(rest / perSecond);
      const within = (rest - seconds * perSecond) * nanosPerUnit + (nanos === null ? 0 : nanos[row]);
      this.writeTime(high * secondsOfHigh + seconds, within);
    }
  }

  private writeTime(seconds: number, nanos: number): void {
    let instant = this.settings.zone.instantOf(seconds);
    if (instant < 0 && nanos > NANOS_WITHIN_MILLI) {
      // Readers would take it for a time of 1970: the format has no form for it.
      if (instant === -1) throw this.unwritable('an ORC file cannot hold a time within the second before 1970');
      instant++;
    }
    if (Math.abs(instant) > SECONDS_MAX) throw this.unwritable('a timestamp is out of range');
    this.seconds.writeNumber(instant - this.base);
    this.nanos.writeNumber(codedNanos(nanos));
  }

  protected startOfValues(): readonly number[] {
    const positions: number[] = [];
    this.seconds.addPosition(positions);
    this.nanos.addPosition(positions);
    return positions;
  }

  protected endValues(): EndedValues {
    this.seconds.flush();
    this.nanos.flush();
    const values = [[STREAM.data, this.seconds.stream] as const, [STREAM.secondary, this.nanos.stream] as const];
    return { encoding: directEncoding(ENCODING.directV2), values };
  }

  override clear(): void {
    super.clear();
    this.seconds.stream.clear();
    this.nanos.stream.clear();
  }
}

/** Without zeros at their end, how many there were less one in the lowest three bits. */
function codedNanos(nanos: number): number {
  if (nanos === 0) return 0;
  let rest = nanos;
  let zeros = 0;
  // Nanoseconds of times to the microsecond, which most are.
  if (rest % NANOS_PER_MICRO === 0) {
    rest /= NANOS_PER_MICRO;
    zeros = 3;
  }
  for (; rest % 10 === 0 && zeros < 8; rest /= 10) zeros++;
  return zeros < 2 ? nanos * 8 : rest * 8 + zeros - 1;
}
