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

/** A number for each row of which this holds: a smaller number is a smaller value; equal numbers say nothing. */
export type Prefix = (row: number) => number;

const NOTHING: Prefix = () => 0;
const PREFIX_BYTES = 6;

/** The prefix of a key column. */
function prefixOf(vector: Vector, order: 'plain' | 'signed'): Prefix {
  switch (vector.kind) {
    case 'i32': {
      const { values } = vector;
      return (row) => values[row];
    }
    case 'i64': {
      const { values } = vector;
      // Rounding to a double never reverses two numbers.
      return (row) => values[2 * row + 1] * 4294967296 + (values[2 * row] >>> 0);
    }
    case 'f32':
    case 'f64': {
      const { values } = vector;
      return (row) => (Number.isNaN(values[row]) ? Number.POSITIVE_INFINITY : values[row]);
    }
    case 'bytes': {
      if (order === 'signed') return NOTHING;
      const { bytes, offsets } = vector;
      return (row) => bytesPrefix(bytes, offsets[row], offsets[row + 1]);
    }
    case 'struct':
      return prefixOf(vector.fields[0], 'plain');
    case 'list':
    case 'map':
      return NOTHING;
  }
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
  private prefix: Prefix = NOTHING;
  /** The batch being read; null before the first and after the last. */
  batch: KeyValueBatch | null = null;
  row = 0;
  /** The prefix of the head's first key column. */
  head = 0;
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
    if (this.batch === null) return;
    const first = this.layout.keyIndexes[0];
    this.prefix = prefixOf(this.batch.columns[first], columnOrder(this.layout.fields[first].type));
    this.head = this.prefix(0);
  }

  /** Moves to the next row of the batch; false if there is none. */
  advance(): boolean {
    const next = this.row + 1;
    if (this.batch === null || next >= this.batch.rowCount) return false;
    this.row = next;
    this.head = this.prefix(next);
    return true;
  }

  /** Gives up what the run holds open. */
  async close(): Promise<void> {
    await this.iterator.return?.();
  }
}
