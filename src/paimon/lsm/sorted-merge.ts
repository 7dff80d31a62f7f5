// Merges sorted streams of rows by the bytes of their sort keys.
import { interleaveVectors } from '../../column/interleave.ts';
import type { ColumnBatch } from '../../column/vector.ts';
import type { SortKeyMaker } from './sort-key.ts';

/** Rows of a batch that is given. */
const BATCH_ROWS = 4096;

/** Where the merge stands in one stream; of equal rows, those of the lower number come first. */
export class RunHead {
  batch: ColumnBatch = { rowCount: 0, columns: [] };
  row = 0;
  private readonly number: number;
  private readonly batches: AsyncGenerator<ColumnBatch>;
  private readonly keysOf: SortKeyMaker;
  private bytes: Uint8Array = new Uint8Array();
  private offsets: Int32Array = new Int32Array();

  constructor(number: number, batches: AsyncGenerator<ColumnBatch>, keysOf: SortKeyMaker) {
    this.number = number;
    this.batches = batches;
    this.keysOf = keysOf;
  }

  /** Goes on to the next batch with rows; false at the end of the stream. */
  async advance(): Promise<boolean> {
    for (;;) {
      const next = await this.batches.next();
      if (next.done === true) return false;
      const batch = next.value;
      if (batch.rowCount === 0) continue;
      const { bytes, offsets } = this.keysOf(batch.columns, batch.rowCount);
      this.batch = batch;
      this.bytes = bytes;
      this.offsets = offsets;
      this.row = 0;
      return true;
    }
  }

  /** Whether its row comes before that of another stream. */
  isBefore(other: RunHead): boolean {
    const from = this.offsets[this.row];
    const otherFrom = other.offsets[other.row];
    const length = this.offsets[this.row + 1] - from;
    const otherLength = other.offsets[other.row + 1] - otherFrom;
    const common = Math.min(length, otherLength);
    for (let at = 0; at < common; at++) {
      const difference = this.bytes[from + at] - other.bytes[otherFrom + at];
      if (difference !== 0) return difference < 0;
    }
    return length === otherLength ? this.number < other.number : length < otherLength;
  }
}

/** The rows of streams that stand at their first rows, in order. */
export async function* mergeHeads(heads: readonly RunHead[]): AsyncGenerator<ColumnBatch> {
  const heap: RunHead[] = [];
  for (const head of heads) {
    heap.push(head);
    siftUp(heap);
  }
  const output = new Output();
  while (heap.length > 0) {
    const [least] = heap;
    output.add(least);
    least.row++;
    if (least.row === least.batch.rowCount && !(await least.advance())) {
      const last = heap.pop() as RunHead;
      if (heap.length > 0) heap[0] = last;
    }
    siftDown(heap);
    if (output.isFull) yield output.take();
  }
  if (!output.isEmpty) yield output.take();
}

/** Rows of several batches that become one. */
class Output {
  private readonly sources = new Uint32Array(BATCH_ROWS);
  private readonly rows = new Uint32Array(BATCH_ROWS);
  private batches = new Map<ColumnBatch, number>();
  private count = 0;

  get isFull(): boolean {
    return this.count === BATCH_ROWS;
  }

  get isEmpty(): boolean {
    return this.count === 0;
  }

  add({ batch, row }: RunHead): void {
    let source = this.batches.get(batch);
    if (source === undefined) {
      source = this.batches.size;
      this.batches.set(batch, source);
    }
    this.sources[this.count] = source;
    this.rows[this.count++] = row;
  }

  take(): ColumnBatch {
    const batches = [...this.batches.keys()];
    const rowCount = this.count;
    const selection = { sources: this.sources.subarray(0, rowCount), rows: this.rows.subarray(0, rowCount) };
    this.batches = new Map();
    this.count = 0;
    const columns = batches[0].columns.map((_, index) =>
      interleaveVectors(
        batches.map((batch) => batch.columns[index]),
        selection,
      ),
    );
    return { rowCount, columns };
  }
}

function siftUp(heap: RunHead[]): void {
  let at = heap.length - 1;
  while (at > 0) {
    const parent = (at - 1) >> 1;
    if (!heap[at].isBefore(heap[parent])) return;
    [heap[at], heap[parent]] = [heap[parent], heap[at]];
    at = parent;
  }
}

function siftDown(heap: RunHead[]): void {
  let at = 0;
  for (;;) {
    let least = at;
    for (const child of [2 * at + 1, 2 * at + 2]) {
      if (child < heap.length && heap[child].isBefore(heap[least])) least = child;
    }
    if (least === at) return;
    [heap[at], heap[least]] = [heap[least], heap[at]];
    at = least;
  }
}
