// Decoders of Avro values that are not nested. What does not fit the wanted type is a fault, never another value.
import type { BytesBuilder, Int64Builder, VectorBuilder } from '../../../column/builder.ts';
import type { DataType } from '../../schema/data-type.ts';
import { corrupt, FileFault } from '../file-fault.ts';
import type { AvroCursor } from './avro-cursor.ts';
import type { AvroType } from './avro-schema.ts';

type Decode = (cursor: AvroCursor, row: number) => void;

const THOUSAND = 1000n;
const MILLIS: readonly (string | null)[] = ['timestamp-millis', 'local-timestamp-millis'];
const MICROS: readonly (string | null)[] = ['timestamp-micros', 'local-timestamp-micros'];

/** The decoder into the builder of the wanted type; null where the file holds something else. */
export function scalarDecoder(stored: AvroType, wanted: DataType, builder: VectorBuilder): Decode | null {
  switch (builder.kind) {
    case 'i32':
      if (wanted.kind === 'BOOLEAN') {
        return stored.kind === 'boolean' ? (cursor, row) => void (builder.values[row] = booleanAt(cursor)) : null;
      }
      return stored.kind === 'int' ? (cursor, row) => void (builder.values[row] = cursor.int()) : null;
    case 'f32':
      return stored.kind === 'float' ? (cursor, row) => void (builder.values[row] = cursor.float()) : null;
    case 'f64':
      return stored.kind === 'double' ? (cursor, row) => void (builder.values[row] = cursor.double()) : null;
    case 'i64':
      if (wanted.kind === 'DECIMAL') return isDecimal(stored, wanted.scale) ? decimalDecoder(stored, builder) : null;
      if (wanted.kind === 'BIGINT') return stored.kind === 'long' ? longDecoder(builder) : null;
      return timestampDecoder(stored, wanted, builder);
    case 'bytes':
      return bytesDecoder(stored, wanted, builder);
    default:
      return null;
  }
}

function booleanAt(cursor: AvroCursor): number {
  const byte = cursor.byte();
  if (byte > 1) throw corrupt('a boolean is neither true nor false');
  return byte;
}

function longDecoder(builder: Int64Builder): Decode {
  return (cursor, row) => {
    cursor.long();
    builder.values[2 * row] = cursor.low;
    builder.values[2 * row + 1] = cursor.high;
  };
}

function timestampDecoder(stored: AvroType, wanted: DataType, builder: Int64Builder): Decode | null {
  if (stored.kind !== 'long') return null;
  if (wanted.kind !== 'TIMESTAMP' && wanted.kind !== 'TIMESTAMP_LTZ') return null;
  const isMillis = wanted.precision <= 3;
  if ((isMillis ? MILLIS : MICROS).includes(stored.logical)) return longDecoder(builder);
  if (!(isMillis ? MICROS : MILLIS).includes(stored.logical)) return null;
  // Another unit than the type's: not what Paimon writes, and not hot.
  return (cursor, row) => {
    cursor.long();
    const value = (BigInt(cursor.high) << 32n) | BigInt(cursor.low >>> 0);
    const scaled = isMillis ? value / THOUSAND : value * THOUSAND;
    if (isMillis && value % THOUSAND !== 0n) throw new FileFault('E3203', 'a timestamp has more digits than its type');
    if (BigInt.asIntN(64, scaled) !== scaled) throw new FileFault('E3203', 'a timestamp is out of range');
    builder.setBigInt(row, scaled);
  };
}

function isDecimal(stored: AvroType, scale: number): boolean {
  return (stored.kind === 'bytes' || stored.kind === 'fixed') && stored.logical === 'decimal' && stored.scale === scale;
}

/** Reads how many bytes a value has. */
type SizeReader = (cursor: AvroCursor) => number;

function sizeReader(stored: AvroType): SizeReader {
  if (stored.kind !== 'fixed') return (cursor) => cursor.size();
  return (cursor) => {
    if (stored.sizeBytes > cursor.left) throw corrupt('a block ends within a value');
    return stored.sizeBytes;
  };
}

/** Decimals of up to 18 digits, from big-endian two's complement. */
function decimalDecoder(stored: AvroType, builder: Int64Builder): Decode {
  const sizeAt = sizeReader(stored);
  return (cursor, row) => {
    const size = sizeAt(cursor);
    const { bytes, at } = cursor;
    const end = at + size;
    if (size === 0) throw corrupt('a decimal without bytes');
    const sign = bytes[at] > 127 ? -1 : 0;
    let low = sign;
    let high = sign;
    for (let index = at; index < end; index++) {
      // Bytes beyond the eighth only repeat the sign.
      if (end - index > 8 && bytes[index] !== (sign & 255)) throw tooLong();
      high = (high << 8) | (low >>> 24);
      low = (low << 8) | bytes[index];
    }
    if (size > 8 && high >> 31 !== sign) throw tooLong();
    cursor.at = end;
    builder.values[2 * row] = low;
    builder.values[2 * row + 1] = high;
  };
}

function tooLong(): FileFault {
  return new FileFault('E3203', 'a decimal does not fit 18 digits');
}

function bytesDecoder(stored: AvroType, wanted: DataType, builder: BytesBuilder): Decode | null {
  const sizeAt = sizeReader(stored);
  if (wanted.kind === 'DECIMAL') {
    if (!isDecimal(stored, wanted.scale)) return null;
    return (cursor, row) => {
      const size = sizeAt(cursor);
      appendMinimal(cursor, size, builder);
      builder.endRow(row);
    };
  }
  const isText = wanted.kind === 'VARCHAR' || wanted.kind === 'CHAR';
  if (stored.kind !== (isText ? 'string' : 'bytes') && (isText || stored.kind !== 'fixed')) return null;
  return (cursor, row) => {
    const size = sizeAt(cursor);
    builder.append(cursor.bytes, cursor.at, cursor.at + size);
    cursor.at += size;
    builder.endRow(row);
  };
}

/** Appends a decimal without bytes that only repeat its sign. */
function appendMinimal(cursor: AvroCursor, size: number, builder: BytesBuilder): void {
  const { bytes } = cursor;
  const end = cursor.at + size;
  let start = cursor.at;
  if (size === 0) throw corrupt('a decimal without bytes');
  while (start + 1 < end && bytes[start] === (bytes[start + 1] > 127 ? 255 : 0)) start++;
  builder.append(bytes, start, end);
  cursor.at = end;
}
