// The order of values and rows, as Paimon sorts keys (format notes 03 section 6): numbers by value, strings and binaries
// by unsigned bytes, floats as Java compares them (-0.0 below 0.0, NaN above all). Keys are never NULL.
import { TributaryError } from '../base/errors.ts';
import { ofKind } from './take.ts';
import type { BytesVector, Vector } from './vector.ts';

/**
 * How a column is ordered beyond its vector's kind: `signed` for decimals of precision above 18, whose bytes are
 * big-endian two's complement; `plain` for all else.
 */
export type ColumnOrder = 'plain' | 'signed';

/** Negative, zero or positive, as the left row is below, equal to or above the right one. */
export type RowComparator = (leftRow: number, rightRow: number) => number;

/** Compares rows of `left` with rows of `right`, which are of one kind. Lists and maps have no order (`E9001`). */
export function vectorComparator(left: Vector, right: Vector, order: ColumnOrder): RowComparator {
  switch (left.kind) {
    case 'i32': {
      const a = left.values;
      const b = ofKind(right, 'i32').values;
      return (row, other) => a[row] - b[other];
    }
    case 'i64':
      return pairComparator(left.values, ofKind(right, 'i64').values);
    case 'f32':
      return floatComparator(left.values, ofKind(right, 'f32').values);
    case 'f64':
      return floatComparator(left.values, ofKind(right, 'f64').values);
    case 'bytes':
      return bytesComparator(left, ofKind(right, 'bytes'), order);
    case 'struct': {
      const other = ofKind(right, 'struct');
      return allOf(left.fields.map((field, index) => vectorComparator(field, other.fields[index], 'plain')));
    }
    case 'list':
    case 'map':
      throw new TributaryError('E9001', `values without an order cannot be compared: kind=${left.kind}`);
  }
}

/** Compares rows by several columns, the first one first. */
export function rowComparator(
  left: readonly Vector[],
  right: readonly Vector[],
  orders: readonly ColumnOrder[],
): RowComparator {
  return allOf(left.map((vector, index) => vectorComparator(vector, right[index], orders[index])));
}

/** Compares byte strings as unsigned bytes. */
export function compareBytes(left: Uint8Array, right: Uint8Array): number {
  const length = Math.min(left.length, right.length);
  for (let index = 0; index < length; index++) {
    const difference = left[index] - right[index];
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
}

function allOf(comparators: readonly RowComparator[]): RowComparator {
  const [first, second] = comparators;
  if (comparators.length === 1) return first;
  if (comparators.length === 2) return (row, other) => first(row, other) || second(row, other);
  return (row, other) => {
    for (const compare of comparators) {
      const result = compare(row, other);
      if (result !== 0) return result;
    }
    return 0;
  };
}

function pairComparator(a: Int32Array, b: Int32Array): RowComparator {
  return (row, other) => {
    const high = a[2 * row + 1] - b[2 * other + 1];
    return high !== 0 ? high : (a[2 * row] >>> 0) - (b[2 * other] >>> 0);
  };
}

function floatComparator(a: Float32Array | Float64Array, b: Float32Array | Float64Array): RowComparator {
  return (row, other) => {
    const x = a[row];
    const y = b[other];
    if (x < y) return -1;
    if (x > y) return 1;
    if (x === y && x !== 0) return 0;
    return floatRank(x) - floatRank(y);
  };
}

/** Places of the values that `<` cannot tell apart: -0.0, 0.0, NaN; only ever called with equal ones or a NaN. */
function floatRank(value: number): number {
  if (Number.isNaN(value)) return 2;
  return Object.is(value, -0) ? 0 : 1;
}

function bytesComparator(left: BytesVector, right: BytesVector, order: ColumnOrder): RowComparator {
  const a = left.bytes;
  const b = right.bytes;
  const aOffsets = left.offsets;
  const bOffsets = right.offsets;
  if (order === 'signed') {
    return (row, other) =>
      compareSigned(a.subarray(aOffsets[row], aOffsets[row + 1]), b.subarray(bOffsets[other], bOffsets[other + 1]));
  }
  return (row, other) => {
    let at = aOffsets[row];
    let otherAt = bOffsets[other];
    const end = aOffsets[row + 1];
    const otherEnd = bOffsets[other + 1];
    while (at < end && otherAt < otherEnd) {
      const difference = a[at++] - b[otherAt++];
      if (difference !== 0) return difference;
    }
    return end - at - (otherEnd - otherAt);
  };
}

/** Compares big-endian two's complement numbers of any length, minimal or not. */
export function compareSigned(left: Uint8Array, right: Uint8Array): number {
  const leftFill = left.length > 0 && left[0] >= 0x80 ? 0xff : 0;
  const rightFill = right.length > 0 && right[0] >= 0x80 ? 0xff : 0;
  if (leftFill !== rightFill) return leftFill === 0 ? 1 : -1;
  const length = Math.max(left.length, right.length);
  for (let index = 0; index < length; index++) {
    const leftAt = index - (length - left.length);
    const rightAt = index - (length - right.length);
    // Of one sign, the numbers are ordered as their bytes are once the shorter one is extended by its sign.
    const difference = (leftAt < 0 ? leftFill : left[leftAt]) - (rightAt < 0 ? rightFill : right[rightAt]);
    if (difference !== 0) return difference;
  }
  return 0;
}
