// Merges sorted runs into one stream of batches, a window of rows at a time, so that memory is bounded by the current
// batch of each run and one window.
import type { KeyValueBatch, KeyValueLayout } from './key-values.ts';
import type { LateLayout } from './late-columns.ts';
import { LoserTree } from './merge/loser-tree.ts';
import type { MergeFunction } from './merge/merge-function.ts';
import { MergeWindow } from './merge/merge-window.ts';
import { batchOrder, type BatchOrder, RunCursor } from './merge/run-cursor.ts';

const WINDOW_ROWS = 32768;

/** How to merge. */
export interface MergeOptions {
  /** What the columns of the runs are. */
  readonly layout: KeyValueLayout;
  /** The rows of the result, where the runs have late columns: `layout` is that of its heads. */
  readonly late?: LateLayout | null;
  readonly merge: MergeFunction;
  /** Rows taken from the runs for one batch of the result, at least; the rows of one key are never split. */
  readonly windowRows?: number;
}

/** How to bring the rows of a merge together. */
export type WindowOptions = Omit<MergeOptions, 'merge'>;

/** The merged rows in key order, as `mergeWindows` brings them together; none of the batches is empty. */
export async function* mergeRuns(
  runs: readonly AsyncIterable<KeyValueBatch>[],
  options: MergeOptions,
): AsyncGenerator<KeyValueBatch> {
  for await (const window of mergeWindows(runs, options)) {
    const merged = options.merge(window.groups());
    if (merged.groups.length > 0) yield await window.gather(merged);
  }
}

/**
 * Windows of rows in key order, not yet merged; each is good until the next is asked for, and none is empty. Every run is
 * in key order; rows of one key may be in any number of runs. All runs are closed when the reader is left early.
 */
export async function* mergeWindows(
  runs: readonly AsyncIterable<KeyValueBatch>[],
  options: WindowOptions,
): AsyncGenerator<MergeWindow> {
  if (runs.length === 0) return;
  const cursors = runs.map((run) => new RunCursor(run, options.layout));
  try {
    await Promise.all(cursors.map((cursor) => cursor.load()));
    yield* new SortedMerge(cursors, options).windows();
  } finally {
    await Promise.all(cursors.map((cursor) => cursor.close()));
  }
}

class SortedMerge {
  private readonly cursors: readonly RunCursor[];
  private readonly options: WindowOptions;
  private readonly windowRows: number;
  private readonly window: MergeWindow;
  /** The head of each run's row; infinite at its end. */
  private readonly heads: Float64Array;
  private readonly tree: LoserTree;
  /** The head of the last row taken, and whether it tells the whole key. */
  private lastHead = 0;
  private lastIsExact = false;

  constructor(cursors: readonly RunCursor[], options: WindowOptions) {
    this.cursors = cursors;
    this.options = options;
    this.windowRows = options.windowRows ?? WINDOW_ROWS;
    this.window = new MergeWindow(this.windowRows + cursors.length, options.late ?? null);
    this.openWindow();
    this.heads = Float64Array.from(cursors, headOf);
    this.tree = new LoserTree(this.heads, (a, b) => this.before(a, b));
  }

  async *windows(): AsyncGenerator<MergeWindow> {
    for (;;) {
      const exhausted = this.fillWindow();
      if (exhausted !== null) {
        await this.loadNext(exhausted);
        continue;
      }
      if (this.window.rowCount === 0) return;
      yield this.window;
      this.openWindow();
    }
  }

  /** Takes rows until the window is full or all runs have ended (null), or a run needs its next batch. */
  private fillWindow(): number | null {
    const { cursors, heads, tree, window, windowRows } = this;
    for (;;) {
      const run = tree.winner;
      const cursor = cursors[run];
      if (cursor.batch === null) return null;
      const startsGroup = this.startsGroup(cursor, heads[run]);
      if (startsGroup && window.rowCount >= windowRows) return null;
      window.addRow(cursor.source, cursor.row, startsGroup);
      this.lastHead = heads[run];
      this.lastIsExact = cursor.isExact;
      const next = cursor.row + 1;
      if (next === cursor.heads.length) return run;
      cursor.row = next;
      heads[run] = cursor.heads[next];
      tree.replay(run);
    }
  }

  private async loadNext(run: number): Promise<void> {
    const cursor = this.cursors[run];
    await cursor.load();
    if (cursor.batch !== null) cursor.source = this.window.addBatch(cursor.batch);
    this.heads[run] = headOf(cursor);
    this.tree.replay(run);
  }

  /** Starts a window with the batches that the runs stand in. */
  private openWindow(): void {
    this.window.clear();
    for (const cursor of this.cursors) {
      if (cursor.batch !== null) cursor.source = this.window.addBatch(cursor.batch);
      cursor.orders = [];
    }
  }

  private startsGroup(cursor: RunCursor, head: number): boolean {
    const { window } = this;
    if (window.rowCount === 0 || head !== this.lastHead) return true;
    if (cursor.isExact && this.lastIsExact) return false;
    return this.orderOf(cursor, window.lastSource).byKey(cursor.row, window.lastRow) !== 0;
  }

  /** Whether a run comes before another one with an equal head. */
  private before(a: number, b: number): boolean {
    const left = this.cursors[a];
    const right = this.cursors[b];
    if (left.batch === null || right.batch === null) return right.batch === null && (left.batch !== null || a < b);
    if (left.isExact && right.isExact && left.sequences !== null && right.sequences !== null) {
      const sequence = left.sequences[left.row];
      const other = right.sequences[right.row];
      return sequence === other ? a < b : sequence < other;
    }
    const order = this.orderOf(left, right.source);
    const compared = order.byKey(left.row, right.row) || order.bySequence(left.row, right.row);
    return compared === 0 ? a < b : compared < 0;
  }

  private orderOf(cursor: RunCursor, source: number): BatchOrder {
    const known = cursor.orders[source];
    if (known !== undefined) return known;
    const order = batchOrder(cursor.batch as KeyValueBatch, this.window.batch(source), this.options.layout);
    cursor.orders[source] = order;
    return order;
  }
}

/** The head of the row that a run stands at. */
function headOf({ batch, heads, row }: RunCursor): number {
  return batch === null ? Number.POSITIVE_INFINITY : heads[row];
}
