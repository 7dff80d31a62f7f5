// Where a merge stands in one sorted run: the batch, the row, and a number that orders most keys without a comparison.
import { rowComparator, type RowComparator } from '../../../column/compare.ts';
import type { Int64Vector, Vector } from '../../../column/vector.ts';
import type { KeyValueBatch, KeyValueLayout } from '../key-values.ts';
import { chain, nullsFirst } from './nulls-first.ts';
import { columnOrder } from '../../schema/data-type.ts';

/** Compares rows of one batch with rows of another. */
export interface BatchOrder {
  /** By key alone. */
  readonly byKey: RowComparator;
  /** By sequence fields, then sequence number: for rows of one key. */
  readonly bySequence: RowComparator;
}

/** The order of the rows of two batches of one layout. */
export function batchOrder(left: KeyValueBatch, right: KeyValueBatch, layout: KeyValueLayout): BatchOrder {
  const pick = (batch: KeyValueBatch): Vector[] => layout.keyIndexes.map((index) => batch.columns[index]);
  const orders = layout.keyIndexes.map((index) => columnOrder(layout.fields[index].type));
  const sequence = sequenceComparator(left.sequence, right.sequence);
  const byKey = rowComparator(pick(left), pick(right), orders);
  if (layout.sequenceIndexes.length === 0) return { byKey, bySequence: sequence };
  const byFields = nullsFirst({
    left: layout.sequenceIndexes.map((index) => left.columns[index]),
    right: layout.sequenceIndexes.map((index) => right.columns[index]),
    orders: layout.sequenceIndexes.map((index) => columnOrder(layout.fields[index].type)),
    descending: layout.sequenceDescending,
  });
  return { byKey, bySequence: chain([byFields, sequence]) };
}

function sequenceComparator(left: Int64Vector, right: Int64Vector): RowComparator {
  return rowComparator([left], [right], ['plain']);
}

/** Numbers for the rows of a batch: a smaller number is a smaller value. */
interface Heads {
  readonly numbers: Float64Array;
  /** Equal numbers are equal values; else they say nothing. */
  readonly isExact: boolean;
}

const PREFIX_BYTES = 6;
/** The high words of numbers that a double holds exactly: those of 53 bits and a sign. */
const HIGH_MAX = 2 ** 21;

/** The numbers of the first `count` rows of a column, in `into`. */
function headsOf(vector: Vector, order: 'plain' | 'signed', into: Float64Array): Heads {
  switch (vector.kind) {
    case 'i32':
      into.set(vector.values.subarray(0, into.length));
      return { numbers: into, isExact: true };
    case 'i64':
      return { numbers: into, isExact: longHeads(vector.values, into) };
    case 'f32':
    case 'f64': {
      const { values } = vector;
      for (let row = 0; row < into.length; row++) {
        into[row] = Number.isNaN(values[row]) ? Number.POSITIVE_INFINITY : values[row];
      }
      return { numbers: into, isExact: false };
    }
    case 'bytes': {
      const { bytes, offsets } = vector;
      if (order === 'signed') into.fill(0);
      else for (let row = 0; row < into.length; row++) into[row] = bytesPrefix(bytes, offsets[row], offsets[row + 1]);
      return { numbers: into, isExact: false };
    }
    case 'struct':
      return { ...headsOf(vector.fields[0], 'plain', into), isExact: false };
    case 'list':
    case 'map':
      return { numbers: into.fill(0), isExact: false };
  }
}

/** Whether all are exact; rounding to a double never reverses two numbers. */
function longHeads(words: Int32Array, into: Float64Array): boolean {
  let isExact = true;
  for (let row = 0; row < into.length; row++) {
    const high = words[2 * row + 1];
    if (high >= HIGH_MAX || high < -HIGH_MAX) isExact = false;
    into[row] = high * 4294967296 + (words[2 * row] >>> 0);
  }
  return isExact;
}

function bytesPrefix(bytes: Uint8Array, start: number, end: number): number {
  let prefix = 0;
  for (let index = 0; index < PREFIX_BYTES; index++) {
    prefix = prefix * 256 + (start + index < end ? bytes[start + index] : 0);
  }
  return prefix;
}

/** One run of a merge. */
export class RunCursor {
  private readonly iterator: AsyncIterator<KeyValueBatch>;
  private readonly layout: KeyValueLayout;
  private headRoom = new Float64Array(0);
  private sequenceRoom = new Float64Array(0);
  /** The batch being read; null before the first and after the last. */
  batch: KeyValueBatch | null = null;
  row = 0;
  /** A number for each row by its first key column: a smaller number is a smaller key; none at the end of the run. */
  heads: Float64Array = this.headRoom;
  /** Equal heads are equal keys. */
  isExact = false;
  /** For each row its rank among the rows of its key; null where a double cannot tell. */
  sequences: Float64Array | null = null;
  /** The batch's number in the merge's window. */
  source = 0;
  /** How this batch compares with other batches of the window, by their number; made when needed. */
  orders: (BatchOrder | undefined)[] = [];

  constructor(run: AsyncIterable<KeyValueBatch>, layout: KeyValueLayout) {
    this.iterator = run[Symbol.asyncIterator]();
    this.layout = layout;
  }

  /** Moves to the next batch that has rows; `batch` is null at the end of the run. */
  async load(): Promise<void> {
    let next = await this.iterator.next();
    while (next.done !== true && next.value.rowCount === 0) next = await this.iterator.next();
    this.batch = next.done === true ? null : next.value;
    this.row = 0;
    this.orders = [];
    if (this.batch === null) this.heads = new Float64Array(0);
    else this.rank(this.batch);
  }

  private rank(batch: KeyValueBatch): void {
    const { keyIndexes, sequenceIndexes, fields } = this.layout;
    const { rowCount } = batch;
    if (this.headRoom.length < rowCount) {
      this.headRoom = new Float64Array(rowCount);
      this.sequenceRoom = new Float64Array(rowCount);
    }
    const [first] = keyIndexes;
    const order = columnOrder(fields[first].type);
    const heads = headsOf(batch.columns[first], order, this.headRoom.subarray(0, rowCount));
    this.heads = heads.numbers;
    this.isExact = heads.isExact && keyIndexes.length === 1;
    const room = this.sequenceRoom.subarray(0, rowCount);
    this.sequences = sequenceIndexes.length === 0 && longHeads(batch.sequence.values, room) ? room : null;
  }

  /** Gives up what the run holds open. */
  async close(): Promise<void> {
    await this.iterator.return?.();
  }
}
