// Exact bounds of column values, page by page: for the footer and for the manifest.
import { TributaryError, unreachable } from '../../../base/errors.ts';
import type { DataType } from '../../schema/data-type.ts';
import {
  BOOLEAN,
  BYTE_ARRAY,
  DOUBLE,
  FIXED_LEN_BYTE_ARRAY,
  FLOAT,
  INT64,
  INT96,
  type LeafNode,
} from './parquet-format.ts';
import type { BytePage, WordPage } from './value-encoder.ts';

/**
 * A bound in the form of the column's vector: number (i32, f32, f64), bigint (i64), bytes (strings, binary and
 * decimals of precision above 18 as minimal big-endian two's complement).
 */
export type ColumnBound = number | bigint | Uint8Array;

/** Least and greatest value; floats by Java's order: -0.0 is below 0.0, NaN above all. */
export interface ColumnBounds {
  readonly min: ColumnBound;
  readonly max: ColumnBound;
}

/** How values are ordered: `bytes` unsigned, `fixed` as big-endian two's complement; `none` has no bounds (INT96). */
export type BoundOrder = 'i32' | 'i64' | 'f32' | 'f64' | 'boolean' | 'bytes' | 'fixed' | 'none';

/** The bounds of a page's values; null when it is empty or has no order. `fixed` bounds keep the page's fixed length. */
export function boundsOfPage(order: BoundOrder, page: WordPage | BytePage): ColumnBounds | null {
  if (page.valueCount === 0 || order === 'none') return null;
  if ('words' in page) return wordBounds(order, page);
  const bytes = page.bytes;
  switch (order) {
    case 'boolean':
      return booleanBounds(page.view());
    case 'fixed':
      return fixedBounds(bytes, page.sizeBytes / page.valueCount, page.sizeBytes);
    default:
      return prefixedBounds(bytes, page.sizeBytes);
  }
}

function wordBounds(order: BoundOrder, page: WordPage): ColumnBounds {
  const { words, valueCount } = page;
  switch (order) {
    case 'i64':
      return int64Bounds(words, valueCount);
    case 'f32':
      return floatBounds(new Float32Array(words.buffer, words.byteOffset, valueCount));
    case 'f64':
      return floatBounds(new Float64Array(words.buffer, words.byteOffset, valueCount));
    default:
      return int32Bounds(words, valueCount);
  }
}

function int32Bounds(words: Int32Array, count: number): ColumnBounds {
  let min = words[0];
  let max = min;
  for (let index = 1; index < count; index++) {
    const value = words[index];
    if (value < min) min = value;
    if (value > max) max = value;
  }
  return { min, max };
}

function int64Bounds(words: Int32Array, count: number): ColumnBounds {
  let minLow = words[0] >>> 0;
  let minHigh = words[1];
  let maxLow = minLow;
  let maxHigh = minHigh;
  for (let at = 2; at < 2 * count; at += 2) {
    const low = words[at] >>> 0;
    const high = words[at + 1];
    if (high < minHigh || (high === minHigh && low < minLow)) {
      minHigh = high;
      minLow = low;
    } else if (high > maxHigh || (high === maxHigh && low > maxLow)) {
      maxHigh = high;
      maxLow = low;
    }
  }
  return { min: joined(minHigh, minLow), max: joined(maxHigh, maxLow) };
}

function joined(high: number, low: number): bigint {
  return (BigInt(high) << 32n) | BigInt(low);
}

function floatBounds(values: Float32Array | Float64Array): ColumnBounds {
  let min = Number.POSITIVE_INFINITY;
  let max = Number.NEGATIVE_INFINITY;
  let nans = 0;
  let hasNegativeZero = false;
  let hasPositiveZero = false;
  for (let index = 0; index < values.length; index++) {
    const value = values[index];
    if (value < min) min = value;
    if (value > max) max = value;
    if (value === 0) {
      if (Object.is(value, -0)) hasNegativeZero = true;
      else hasPositiveZero = true;
    } else if (Number.isNaN(value)) nans++;
  }
  if (nans === values.length) return { min: Number.NaN, max: Number.NaN };
  if (min === 0) min = hasNegativeZero ? -0 : 0;
  if (max === 0) max = hasPositiveZero ? 0 : -0;
  return { min, max: nans > 0 ? Number.NaN : max };
}

function booleanBounds(values: Uint8Array): ColumnBounds {
  return { min: values.includes(0) ? 0 : 1, max: values.includes(1) ? 1 : 0 };
}

function prefixedBounds(bytes: Uint8Array, sizeBytes: number): ColumnBounds {
  let minStart = 4;
  let minEnd = 4 + lengthAt(bytes, 0);
  let maxStart = minStart;
  let maxEnd = minEnd;
  for (let at = minEnd; at < sizeBytes; ) {
    const start = at + 4;
    const end = start + lengthAt(bytes, at);
    if (isBelow(bytes, { start, end, otherStart: minStart, otherEnd: minEnd })) {
      minStart = start;
      minEnd = end;
    } else if (isBelow(bytes, { start: maxStart, end: maxEnd, otherStart: start, otherEnd: end })) {
      maxStart = start;
      maxEnd = end;
    }
    at = end;
  }
  return { min: bytes.slice(minStart, minEnd), max: bytes.slice(maxStart, maxEnd) };
}

function lengthAt(bytes: Uint8Array, at: number): number {
  return bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24);
}

interface BytePair {
  readonly start: number;
  readonly end: number;
  readonly otherStart: number;
  readonly otherEnd: number;
}

function isBelow(bytes: Uint8Array, { start, end, otherStart, otherEnd }: BytePair): boolean {
  let left = start;
  let right = otherStart;
  while (left < end && right < otherEnd) {
    const difference = bytes[left++] - bytes[right++];
    if (difference !== 0) return difference < 0;
  }
  return end - start < otherEnd - otherStart;
}

function fixedBounds(bytes: Uint8Array, width: number, sizeBytes: number): ColumnBounds {
  let min = bytes.subarray(0, width);
  let max = min;
  for (let at = width; at < sizeBytes; at += width) {
    const value = bytes.subarray(at, at + width);
    if (compareFixed(value, min) < 0) min = value;
    else if (compareFixed(value, max) > 0) max = value;
  }
  return { min: min.slice(), max: max.slice() };
}

/** Compares big-endian two's complement numbers, of any lengths. */
function compareFixed(left: Uint8Array, right: Uint8Array): number {
  const sign = ((left[0] << 24) >> 24) - ((right[0] << 24) >> 24);
  if (left.length === right.length) return sign === 0 ? Buffer.compare(left, right) : sign;
  const isNegative = left[0] > 127;
  if (isNegative !== right[0] > 127) return isNegative ? -1 : 1;
  const [leftBytes, rightBytes] = [minimalDecimal(left), minimalDecimal(right)];
  const longer = leftBytes.length - rightBytes.length;
  if (longer === 0) return Buffer.compare(leftBytes, rightBytes);
  return isNegative ? -longer : longer;
}

/** Bounds of both; null is no bounds. */
export function joinBounds(
  order: BoundOrder,
  left: ColumnBounds | null,
  right: ColumnBounds | null,
): ColumnBounds | null {
  if (left === null || right === null) return left ?? right;
  return {
    min: compareBounds(order, left.min, right.min) <= 0 ? left.min : right.min,
    max: compareBounds(order, left.max, right.max) >= 0 ? left.max : right.max,
  };
}

/** Negative, zero or positive as `left` is below, equal to or above `right`. */
export function compareBounds(order: BoundOrder, left: ColumnBound, right: ColumnBound): number {
  if (left instanceof Uint8Array && right instanceof Uint8Array) {
    return order === 'fixed' ? compareFixed(left, right) : Buffer.compare(left, right);
  }
  if (typeof left === 'number' && typeof right === 'number') return compareNumbers(left, right);
  return left < right ? -1 : Number(left > right);
}

function compareNumbers(left: number, right: number): number {
  if (left < right) return -1;
  if (left > right) return 1;
  if (left === right) return left === 0 ? Number(Object.is(right, -0)) - Number(Object.is(left, -0)) : 0;
  return Number(Number.isNaN(left)) - Number(Number.isNaN(right));
}

/**
 * The bounds as the footer has them, in PLAIN form; null where readers could not rely on them: a NaN has no place in
 * the order of floats, and a zero counts as both zeros.
 */
export function plainBounds(
  order: BoundOrder,
  bounds: ColumnBounds,
): { readonly min: Uint8Array; readonly max: Uint8Array } | null {
  const { min, max } = bounds;
  if (Number.isNaN(min) || Number.isNaN(max)) return null;
  return { min: plainValue(order, min === 0 ? -0 : min), max: plainValue(order, max === 0 ? 0 : max) };
}

function plainValue(order: BoundOrder, value: ColumnBound): Uint8Array {
  if (value instanceof Uint8Array) return value;
  const bytes = new Uint8Array(8);
  const view = new DataView(bytes.buffer);
  switch (order) {
    case 'boolean':
      return Uint8Array.of(Number(value));
    case 'i32':
      view.setInt32(0, Number(value), true);
      return bytes.subarray(0, 4);
    case 'f32':
      view.setFloat32(0, Number(value), true);
      return bytes.subarray(0, 4);
    case 'f64':
      view.setFloat64(0, Number(value), true);
      return bytes;
    case 'i64':
      view.setBigInt64(0, BigInt(value), true);
      return bytes;
    case 'bytes':
    case 'fixed':
    case 'none':
      throw new TributaryError('E9001', 'a bound of bytes is wanted');
    default:
      return unreachable(order);
  }
}

/** The bound that PLAIN bytes hold; null when their length is wrong. */
export function boundOfPlain(order: BoundOrder, bytes: Uint8Array): ColumnBound | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  switch (order) {
    case 'boolean':
      return bytes.length === 1 ? bytes[0] : null;
    case 'i32':
      return bytes.length === 4 ? view.getInt32(0, true) : null;
    case 'f32':
      return bytes.length === 4 ? view.getFloat32(0, true) : null;
    case 'f64':
      return bytes.length === 8 ? view.getFloat64(0, true) : null;
    case 'i64':
      return bytes.length === 8 ? view.getBigInt64(0, true) : null;
    case 'bytes':
      return bytes;
    case 'fixed':
      return bytes.length > 0 ? bytes : null;
    case 'none':
      return null;
  }
}

/** The shortest big-endian two's complement of the same number. */
export function minimalDecimal(bytes: Uint8Array): Uint8Array {
  let start = 0;
  while (start + 1 < bytes.length) {
    const sign = bytes[start + 1] >> 7;
    if (bytes[start] !== (sign === 1 ? 255 : 0)) break;
    start++;
  }
  return bytes.subarray(start);
}

/** How the footer's bounds of a leaf are ordered; `none` where writers do not agree. */
export function boundOrder(leaf: LeafNode): BoundOrder {
  // Bounds of unsigned numbers are ordered as such.
  if (leaf.logical?.kind === 'int' && !leaf.logical.signed) return 'none';
  switch (leaf.physical) {
    case BOOLEAN:
      return 'boolean';
    case INT64:
      return 'i64';
    case INT96:
      return 'none';
    case FLOAT:
      return 'f32';
    case DOUBLE:
      return 'f64';
    case BYTE_ARRAY:
      return leaf.logical?.kind === 'decimal' ? 'none' : 'bytes';
    case FIXED_LEN_BYTE_ARRAY:
      return leaf.logical?.kind === 'decimal' ? 'fixed' : 'bytes';
    default:
      return 'i32';
  }
}

/** Bounds of stored values in the form of the type's vector: see `ColumnBound`. */
export function vectorBounds(bounds: ColumnBounds, type: DataType): ColumnBounds {
  if (type.kind !== 'DECIMAL') return bounds;
  return { min: vectorDecimal(bounds.min), max: vectorDecimal(bounds.max) };
}

function vectorDecimal(bound: ColumnBound): ColumnBound {
  return bound instanceof Uint8Array ? minimalDecimal(bound) : BigInt(bound);
}
