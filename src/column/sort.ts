// Sorts rows by key columns: a stable permutation, so that rows of one key stay in the order they were written.
import type { ColumnOrder, RowComparator } from './compare.ts';
import { vectorComparator } from './compare.ts';
import type { BytesVector, Vector } from './vector.ts';

/** What to sort by, the most significant first: the group, then the key columns. */
export interface SortKeys {
  readonly rowCount: number;
  /** Present at every row. */
  readonly columns: readonly Vector[];
  /** One a column. */
  readonly orders: readonly ColumnOrder[];
  /** A number from 0 a row (partition and bucket), or null for a single group. */
  readonly groups: Int32Array | null;
}

/** The row numbers in sorted order; equal rows in ascending order of their numbers. */
export function sortRows(keys: SortKeys): Uint32Array {
  const packed = keys.columns.length === 1 ? sortPacked(keys) : null;
  if (packed !== null) return packed;
  const last = keys.columns.length - 1;
  let rows: Uint32Array | null = null;
  // Least significant column first: every pass is stable, so it keeps the order of what it finds equal.
  for (let column = last; column >= 0; column--) rows = sortByColumn(rows, keys.columns[column], keys.orders[column]);
  rows ??= ascendingRows(keys.rowCount);
  return keys.groups === null ? rows : sortByWord(rows, wordsOf(keys.groups));
}

function ascendingRows(count: number): Uint32Array {
  const rows = new Uint32Array(count);
  for (let row = 0; row < count; row++) rows[row] = row;
  return rows;
}

const TWO_32 = 4294967296;

/**
 * Whole numbers of a narrow range: value and row number packed into one float64 and sorted natively, the fastest way that
 * was measured (measurements.md D), each group by itself. Null where they do not fit into 53 bits.
 */
function sortPacked({ columns, groups, rowCount }: SortKeys): Uint32Array | null {
  const numbers = numbersOf(columns[0]);
  if (numbers === null) return null;
  const { least, most } = rangeOf(numbers);
  const rowRange = 2 ** Math.ceil(Math.log2(Math.max(rowCount, 2)));
  // Values beyond 2^53 were rounded; their difference would be too.
  if (least < -Number.MAX_SAFE_INTEGER || most > Number.MAX_SAFE_INTEGER) return null;
  if ((most - least + 1) * rowRange > Number.MAX_SAFE_INTEGER) return null;
  const starts = groupStarts(groups, rowCount);
  const packed = packRows(numbers, { groups, starts, least, rowRange });
  for (let group = 0; group + 1 < starts.length; group++) {
    const part = packed.subarray(starts[group], starts[group + 1]);
    // Rows of a first copy mostly come in the order of their key, and appended ones always do.
    if (!isAscending(part)) part.sort();
  }
  return rowsOf(packed, rowRange);
}

function rangeOf(numbers: Float64Array): { readonly least: number; readonly most: number } {
  let least = numbers.length > 0 ? numbers[0] : 0;
  let most = least;
  for (let row = 1; row < numbers.length; row++) {
    const value = numbers[row];
    if (value < least) least = value;
    else if (value > most) most = value;
  }
  return { least, most };
}

/** Where the rows of each group begin once they stand together; behind the last, where they end. */
function groupStarts(groups: Int32Array | null, rowCount: number): Uint32Array {
  const starts = new Uint32Array(groupCountOf(groups) + 1);
  if (groups === null) starts[1] = rowCount;
  else for (let row = 0; row < rowCount; row++) starts[groups[row] + 1]++;
  for (let group = 1; group < starts.length; group++) starts[group] += starts[group - 1];
  return starts;
}

/** Value and row of each row in one number; the rows group by group, those of a group in their order. */
function packRows(
  numbers: Float64Array,
  of: {
    readonly groups: Int32Array | null;
    readonly starts: Uint32Array;
    readonly least: number;
    readonly rowRange: number;
  },
): Float64Array {
  const { groups, least, rowRange } = of;
  const next = of.starts.slice();
  const packed = new Float64Array(numbers.length);
  for (let row = 0; row < numbers.length; row++) {
    const at = groups === null ? row : next[groups[row]]++;
    packed[at] = (numbers[row] - least) * rowRange + row;
  }
  return packed;
}

function isAscending(numbers: Float64Array): boolean {
  for (let index = 1; index < numbers.length; index++) if (numbers[index] < numbers[index - 1]) return false;
  return true;
}

/** The row numbers, which are the low bits. */
function rowsOf(packed: Float64Array, rowRange: number): Uint32Array {
  const rows = new Uint32Array(packed.length);
  const mask = rowRange - 1;
  // Bitwise operators see the low 32 bits of whole numbers up to 2^53.
  for (let index = 0; index < rows.length; index++) rows[index] = packed[index] & mask;
  return rows;
}

function groupCountOf(groups: Int32Array | null): number {
  let count = 1;
  if (groups !== null) for (const group of groups) if (group >= count) count = group + 1;
  return count;
}

/** The values as float64, in a fresh array; null for kinds other than whole numbers. */
function numbersOf(column: Vector): Float64Array | null {
  if (column.kind === 'i32') return new Float64Array(column.values.subarray(0, column.length));
  if (column.kind !== 'i64') return null;
  const { values, length } = column;
  const numbers = new Float64Array(length);
  for (let row = 0; row < length; row++) numbers[row] = values[2 * row + 1] * TWO_32 + (values[2 * row] >>> 0);
  return numbers;
}

/** Sorts rows that are in some order already, or all rows (null). */
function sortByColumn(sorted: Uint32Array | null, column: Vector, order: ColumnOrder): Uint32Array {
  if (sorted === null && column.kind === 'bytes' && order === 'plain') return sortByBytes(column);
  const rows = sorted ?? ascendingRows(column.length);
  switch (column.kind) {
    case 'i32':
      return sortByWord(rows, signedWords(column.values, { step: 1, at: 0 }, column.length));
    case 'i64': {
      const byLow = sortByWord(rows, plainWords(column.values, column.length));
      return sortByWord(byLow, signedWords(column.values, { step: 2, at: 1 }, column.length));
    }
    case 'f32':
    case 'f64': {
      const { low, high } = floatWords(column.values, column.length);
      return sortByWord(sortByWord(rows, low), high);
    }
    case 'bytes':
      if (order === 'plain') return sortByWord(rows, byteRanks(column));
      break;
    default:
      break;
  }
  // Wide decimals and fine timestamps are rare as keys. Sorting a typed array is stable (ECMAScript 2019).
  return rows.sort(vectorComparator(column, column, order));
}

function wordsOf(values: Int32Array): Uint32Array {
  return new Uint32Array(values.buffer, values.byteOffset, values.length);
}

/** 32-bit words at `at`, `at + step` …, flipped so that their unsigned order is the signed order of the values. */
function signedWords(values: Int32Array, place: { step: number; at: number }, length: number): Uint32Array {
  const words = new Uint32Array(length);
  for (let row = 0, at = place.at; row < length; row++, at += place.step) words[row] = values[at] ^ 0x80000000;
  return words;
}

function plainWords(pairs: Int32Array, length: number): Uint32Array {
  const words = new Uint32Array(length);
  for (let row = 0; row < length; row++) words[row] = pairs[2 * row];
  return words;
}

/** The bits of floats, turned so that their unsigned order is Java's: -0.0 below 0.0, every NaN equal and above all. */
function floatWords(values: Float32Array | Float64Array, length: number): { low: Uint32Array; high: Uint32Array } {
  const low = new Uint32Array(length);
  const high = new Uint32Array(length);
  const view = new DataView(new ArrayBuffer(8));
  for (let row = 0; row < length; row++) {
    const value = values[row];
    view.setFloat64(0, value);
    const flip = value < 0 || Object.is(value, -0) ? 0xffffffff : 0;
    high[row] = Number.isNaN(value) ? 0xffffffff : view.getInt32(0) ^ (flip | 0x80000000);
    low[row] = Number.isNaN(value) ? 0xffffffff : view.getInt32(4) ^ flip;
  }
  return { low, high };
}

const DIGITS = [
  { shift: 0, mask: 0x7ff },
  { shift: 11, mask: 0x7ff },
  { shift: 22, mask: 0x3ff },
] as const;

/** A stable radix sort of the rows by an unsigned word each; digits that all rows share are skipped. */
function sortByWord(rows: Uint32Array, words: Uint32Array): Uint32Array {
  const count = rows.length;
  let from = rows;
  let to: Uint32Array = new Uint32Array(0);
  for (const { shift, mask } of DIGITS) {
    const starts = new Uint32Array(mask + 2);
    for (let index = 0; index < count; index++) starts[((words[rows[index]] >>> shift) & mask) + 1]++;
    if (count === 0 || starts[((words[rows[0]] >>> shift) & mask) + 1] === count) continue;
    for (let digit = 1; digit <= mask; digit++) starts[digit] += starts[digit - 1];
    if (to.length === 0) to = new Uint32Array(count);
    for (let index = 0; index < count; index++) {
      const row = from[index];
      to[starts[(words[row] >>> shift) & mask]++] = row;
    }
    const spent = from;
    from = to;
    // The caller's array may be overwritten: it is one of ours.
    to = spent;
  }
  return from;
}

/** For each row the place of its bytes among the distinct byte strings, in order. */
function byteRanks(column: BytesVector): Uint32Array {
  const sorted = sortByBytes(column);
  const compare = vectorComparator(column, column, 'plain');
  const ranks = new Uint32Array(column.length);
  let rank = 0;
  for (let index = 1; index < sorted.length; index++) {
    if (compare(sorted[index - 1], sorted[index]) !== 0) rank++;
    ranks[sorted[index]] = rank;
  }
  return ranks;
}

/** Radix sort by the eight bytes after the common prefix; what these do not tell apart is compared in full. */
function sortByBytes(column: BytesVector): Uint32Array {
  const skip = commonPrefix(column);
  const high = prefixWords(column, skip);
  const low = prefixWords(column, skip + 4);
  const rows = sortByWord(sortByWord(ascendingRows(column.length), low), high);
  const compare = vectorComparator(column, column, 'plain');
  let start = 0;
  for (let end = 1; end <= rows.length; end++) {
    const tied = end < rows.length && high[rows[end]] === high[rows[start]] && low[rows[end]] === low[rows[start]];
    if (tied) continue;
    if (end - start > 1) sortTies(rows.subarray(start, end), compare);
    start = end;
  }
  return rows;
}

const INSERTION_MAX = 12;

function sortTies(rows: Uint32Array, compare: RowComparator): void {
  if (rows.length > INSERTION_MAX) {
    rows.sort(compare);
    return;
  }
  for (let index = 1; index < rows.length; index++) {
    const row = rows[index];
    let at = index;
    while (at > 0 && compare(rows[at - 1], row) > 0) {
      rows[at] = rows[at - 1];
      at--;
    }
    rows[at] = row;
  }
}

/** Bytes that all rows begin with. */
function commonPrefix(column: BytesVector): number {
  if (column.length === 0) return 0;
  const { bytes, offsets } = column;
  const first = offsets[0];
  let common = offsets[1] - first;
  for (let row = 1; row < column.length && common > 0; row++) {
    const start = offsets[row];
    const limit = Math.min(common, offsets[row + 1] - start);
    let at = 0;
    while (at < limit && bytes[first + at] === bytes[start + at]) at++;
    common = at;
  }
  return common;
}

/** Four bytes of each row from `skip` on, as a big-endian number; zeros beyond the row's end. */
function prefixWords(column: BytesVector, skip: number): Uint32Array {
  const { bytes, offsets, length } = column;
  const words = new Uint32Array(length);
  for (let row = 0; row < length; row++) {
    const start = offsets[row] + skip;
    const end = offsets[row + 1];
    let word = 0;
    for (let at = start; at < start + 4; at++) word = (word << 8) | (at < end ? bytes[at] : 0);
    words[row] = word;
  }
  return words;
}
