// What ORC files say of the values of columns: counts and bounds of a row group, a stripe and the file. Source: ORC
// specification v1, "Column Statistics" (orc_proto.proto, field numbers).
import { TributaryError } from '../../../base/errors.ts';
import { vectorComparator } from '../../../column/compare.ts';
import { bigIntAt, type Vector } from '../../../column/vector.ts';
import { columnOrder, hasOrder } from '../../schema/data-type.ts';
import { boundCell } from '../bound-cell.ts';
import { boundAt, extremeRows } from '../column-statistics.ts';
import type { FileColumnStatistics } from '../data-file.ts';
import { type BoundOrder, type ColumnBound, type ColumnBounds, joinBounds } from '../parquet/column-bounds.ts';
import { truncatedMax, truncatedMin } from '../truncated-text.ts';
import { decimalText } from '../value-text.ts';
import type { OrcColumn } from './orc-columns.ts';
import { ProtobufWriter } from './protobuf-writer.ts';
import type { WriterZone } from './writer-zone.ts';

/** Longer texts are cut … */
const TEXT_SIZE_MAX = 1024;
/** … to so many code points, which are no more bytes. */
const TEXT_LENGTH_MAX = 256;

/** Some rows of a vector: the first `count` of `rows`. */
export interface Rows {
  readonly rows: Uint32Array;
  readonly count: number;
}

/** Counts and bounds of some values of a column. */
export class ValueStatistics {
  hasNull = false;
  private readonly column: OrcColumn;
  private readonly zone: WriterZone;
  private readonly order: BoundOrder;
  private valueCount = 0;
  /** In the form of the vector; of timestamps of more than six digits as nanoseconds. */
  private bounds: ColumnBounds | null = null;
  private trueCount = 0;
  private sizeSum = 0;
  private hasNaN = false;

  /** `zone` is where instants are shifted to. */
  constructor(column: OrcColumn, zone: WriterZone) {
    this.column = column;
    this.zone = zone;
    this.order = column.type.kind === 'DECIMAL' ? 'fixed' : 'bytes';
  }

  /** Takes rows that are not NULL. Throws `E3204` for a decimal with more digits than its type. */
  add(vector: Vector, kept: Rows): void {
    this.valueCount += kept.count;
    const { kind, type } = this.column;
    if (vector.kind === 'bytes' && type.kind !== 'DECIMAL') this.sizeSum += sizeOf(vector.offsets, kept);
    if (vector.kind === 'i32' && kind === 'BOOLEAN') this.trueCount += sumOf(vector.values, kept);
    if (kind !== 'BINARY' && hasOrder(type)) this.addBounds(vector, kept);
  }

  private addBounds(vector: Vector, { rows, count }: Rows): void {
    const compare = vectorComparator(vector, vector, columnOrder(this.column.type));
    const { least, most } = extremeRows({ ...vector, validity: null }, compare, { order: rows, from: 0, to: count });
    if (least < 0) return;
    const bounds = { min: exactAt(vector, least), max: exactAt(vector, most) };
    this.hasNaN ||= Number.isNaN(bounds.max);
    this.checkDigits(bounds);
    this.bounds = joinBounds(this.order, this.bounds, bounds);
  }

  private checkDigits({ min, max }: ColumnBounds): void {
    const { type, name } = this.column;
    if (type.kind !== 'DECIMAL') return;
    const limit = 10n ** BigInt(type.precision);
    if ((boundCell(type, min) as bigint) > -limit && (boundCell(type, max) as bigint) < limit) return;
    throw new TributaryError('E3204', `a decimal has more digits than its type: column=${name}`, {
      context: { column: name },
    });
  }

  merge(other: ValueStatistics): void {
    this.valueCount += other.valueCount;
    this.hasNull ||= other.hasNull;
    this.bounds = joinBounds(this.order, this.bounds, other.bounds);
    this.trueCount += other.trueCount;
    this.sizeSum += other.sizeSum;
    this.hasNaN ||= other.hasNaN;
  }

  clear(): void {
    this.valueCount = 0;
    this.hasNull = false;
    this.bounds = null;
    this.trueCount = 0;
    this.sizeSum = 0;
    this.hasNaN = false;
  }

  /** What the manifest is told of a column of a file with so many rows. */
  ofFile(rowCount: number): Omit<FileColumnStatistics, 'name'> {
    return { nullCount: rowCount - this.valueCount, bounds: this.bounds };
  }

  /** `ColumnStatistics` of a file. */
  message(): ProtobufWriter {
    const message = new ProtobufWriter().number(1, this.valueCount);
    const { kind } = this.column;
    if (this.valueCount > 0) {
      if (kind === 'BOOLEAN') message.message(5, new ProtobufWriter().packed(1, [this.trueCount]));
      else if (kind === 'BINARY') message.message(8, new ProtobufWriter().signed(1, BigInt(this.sizeSum)));
      else if (this.bounds !== null) this.writeBounds(message, this.bounds);
    }
    return message.number(10, this.hasNull ? 1 : 0);
  }

  private writeBounds(message: ProtobufWriter, { min, max }: ColumnBounds): void {
    const { type } = this.column;
    if (min instanceof Uint8Array && max instanceof Uint8Array && type.kind !== 'DECIMAL') {
      message.message(4, textBounds(min, max).signed(3, BigInt(this.sizeSum)));
      return;
    }
    switch (type.kind) {
      case 'FLOAT':
      case 'DOUBLE':
        message.message(3, this.hasNaN ? anyNumber() : numberBounds(Number(min), Number(max)));
        return;
      case 'DECIMAL': {
        const text = (bound: ColumnBound): string => decimalText(boundCell(type, bound) as bigint, type.scale);
        message.message(6, new ProtobufWriter().text(1, text(min)).text(2, text(max)));
        return;
      }
      case 'DATE':
        message.message(7, wholeBounds(1, wholeOf(min), wholeOf(max)));
        return;
      case 'TIMESTAMP':
      case 'TIMESTAMP_LTZ': {
        // Readers take the greatest to have all the nanoseconds that a millisecond may have.
        message.message(9, wholeBounds(3, this.millisOf(min), this.millisOf(max)));
        return;
      }
      default:
        message.message(2, wholeBounds(1, wholeOf(min), wholeOf(max)));
    }
  }

  /** Milliseconds since 1970 as readers compare them, rounded down. */
  private millisOf(bound: ColumnBound): bigint {
    const { type, kind } = this.column;
    const perSecond = 'precision' in type ? unitsPerSecond(type.precision) : 1000n;
    const seconds = floorDivided(wholeOf(bound), perSecond);
    const rest = (wholeOf(bound) - seconds * perSecond) / (perSecond / 1000n);
    const instant = kind === 'TIMESTAMP' ? Number(seconds) : this.zone.instantOf(Number(seconds));
    return BigInt(instant) * 1000n + rest;
  }
}

function exactAt(vector: Vector, row: number): ColumnBound {
  if (vector.kind !== 'struct') return boundAt(vector, row);
  const [micros, nanos] = vector.fields;
  if (micros.kind !== 'i64' || nanos.kind !== 'i32') return 0;
  return bigIntAt(micros, row) * 1000n + BigInt(nanos.values[row]);
}

/** Of bounds of timestamps with so many digits. */
function unitsPerSecond(precision: number): bigint {
  if (precision <= 3) return 1000n;
  return precision <= 6 ? 1_000_000n : 1_000_000_000n;
}

function floorDivided(value: bigint, divisor: bigint): bigint {
  const quotient = value / divisor;
  return value % divisor < 0n ? quotient - 1n : quotient;
}

function wholeOf(bound: ColumnBound): bigint {
  return bound instanceof Uint8Array ? 0n : BigInt(bound);
}

function wholeBounds(field: number, min: bigint, max: bigint): ProtobufWriter {
  return new ProtobufWriter().signed(field, min).signed(field + 1, max);
}

/** A zero counts as both zeros. */
function numberBounds(min: number, max: number): ProtobufWriter {
  return new ProtobufWriter().double(1, min === 0 ? -0 : min).double(2, max === 0 ? 0 : max);
}

/** Where a NaN is: readers know it by the sum. */
function anyNumber(): ProtobufWriter {
  return numberBounds(Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY).double(3, Number.NaN);
}

/** The least and the greatest, or a lower and an upper bound in place of long ones. */
function textBounds(min: Uint8Array, max: Uint8Array): ProtobufWriter {
  const message = new ProtobufWriter();
  if (min.length <= TEXT_SIZE_MAX) message.bytes(1, min);
  else message.bytes(4, truncatedMin(min, TEXT_LENGTH_MAX));
  const upper = max.length <= TEXT_SIZE_MAX ? null : truncatedMax(max, TEXT_LENGTH_MAX);
  return upper === null ? message.bytes(2, max) : message.bytes(5, upper);
}

function sizeOf(offsets: Int32Array, { rows, count }: Rows): number {
  let size = 0;
  for (let index = 0; index < count; index++) size += offsets[rows[index] + 1] - offsets[rows[index]];
  return size;
}

function sumOf(values: Int32Array, { rows, count }: Rows): number {
  let sum = 0;
  for (let index = 0; index < count; index++) sum += values[rows[index]];
  return sum;
}
