// The hash of bucket keys in tables that Hive's bucketing is to understand. Source: HiveBucketFunction, HiveHasher.
import { TributaryError } from '../../base/errors.ts';
import { ofKind } from '../../column/take.ts';
import { type BytesVector, PRESENT, validityAt, type Vector } from '../../column/vector.ts';
import type { DataType } from '../schema/data-type.ts';
import { dataTypeText } from '../schema/data-type-text.ts';
import { cellAt } from './cell.ts';

/** The hash of the value at a row. */
export type ValueHash = (vector: Vector, row: number) => number;

/** The hash of values of the type; that of NULL is 0. Throws `E3105` for types that Hive does not hash so. */
export function hiveHash(type: DataType): ValueHash {
  const hash = presentHash(type);
  return (vector, row) => (validityAt(vector, row) === PRESENT ? hash(vector, row) : 0);
}

function presentHash(type: DataType): ValueHash {
  switch (type.kind) {
    case 'BOOLEAN':
    case 'TINYINT':
    case 'SMALLINT':
    case 'INT':
    case 'DATE':
    case 'TIME':
      return (vector, row) => ofKind(vector, 'i32').values[row];
    case 'BIGINT':
      return (vector, row) => {
        const { values } = ofKind(vector, 'i64');
        return values[2 * row] ^ values[2 * row + 1];
      };
    case 'FLOAT':
      return floatHash();
    case 'DOUBLE':
      return doubleHash();
    case 'CHAR':
    case 'VARCHAR':
    case 'BINARY':
    case 'VARBINARY':
      return (vector, row) => bytesHash(ofKind(vector, 'bytes'), row);
    case 'DECIMAL':
      return (vector, row) => decimalHash(cellAt(type, vector, row) as bigint, type.scale);
    default:
      throw new TributaryError(
        'E3105',
        `bucket function cannot hash this type: bucket-function.type=hive type=${dataTypeText(type)}`,
      );
  }
}

function floatHash(): ValueHash {
  const view = new DataView(new ArrayBuffer(4));
  return (vector, row) => {
    // Adding a zero takes the sign from -0.
    view.setFloat32(0, ofKind(vector, 'f32').values[row] + 0);
    return view.getInt32(0);
  };
}

function doubleHash(): ValueHash {
  const view = new DataView(new ArrayBuffer(8));
  return (vector, row) => {
    view.setFloat64(0, ofKind(vector, 'f64').values[row] + 0);
    return view.getInt32(0) ^ view.getInt32(4);
  };
}

function bytesHash({ bytes, offsets }: BytesVector, row: number): number {
  let hash = 0;
  // Bytes are signed, as Java's are.
  for (let at = offsets[row]; at < offsets[row + 1]; at++) hash = (Math.imul(hash, 31) + ((bytes[at] << 24) >> 24)) | 0;
  return hash;
}

/** That of a Java BigDecimal without zeros at the end of its fraction. */
function decimalHash(unscaled: bigint, scale: number): number {
  let digits = unscaled;
  let left = scale;
  while (left > 0 && digits % 10n === 0n) {
    digits /= 10n;
    left--;
  }
  return (Math.imul(31, bigIntegerHash(digits)) + left) | 0;
}

/** The hash of a Java BigInteger of at most 128 bits: over the 32-bit words of the magnitude, the highest first. */
export function bigIntegerHash(value: bigint): number {
  const magnitude = value < 0n ? -value : value;
  let hash = 0;
  for (let shift = 96n; shift >= 0n; shift -= 32n) {
    hash = (Math.imul(31, hash) + Number((magnitude >> shift) & 0xffffffffn)) | 0;
  }
  return value < 0n ? -hash | 0 : hash;
}
