// Finds the present rows of many keys in the data files of one bucket: one sorted pass over each file whose key range
// holds a key that is still wanted, the newest files first.
import { rowComparator } from '../../column/compare.ts';
import { concatVectors } from '../../column/concat.ts';
import { isRetract } from '../../column/row-kind.ts';
import { takeVector } from '../../column/take.ts';
import type { Vector } from '../../column/vector.ts';
import { decodeRows } from '../format/binary-row.ts';
import type { DataFileMeta } from '../meta/data-file-meta.ts';
import type { KeyValueBatch, KeyValueLayout } from './key-values.ts';
import { columnOrder } from './key-values.ts';
import { sortedRuns } from './sorted-run.ts';

/** Reads columns of a data file, given as indexes of the layout's fields, in key order. */
export type ReadFile = (file: DataFileMeta, columns: readonly number[]) => AsyncIterable<KeyValueBatch>;

/** What is wanted from a bucket. */
export interface LookupRequest {
  readonly layout: KeyValueLayout;
  /** The bucket's live files. */
  readonly files: readonly DataFileMeta[];
  /** The wanted keys: `rows` of the key columns, in key order and without repetition. */
  readonly keys: readonly Vector[];
  readonly rows: Uint32Array;
  /** The columns to give, as indexes of the layout's fields. */
  readonly columns: readonly number[];
  readonly readFile: ReadFile;
}

/** What was found. */
export interface LookupResult {
  /** For each of `rows`, its row of `columns`; -1 where the table has no such row. */
  readonly found: Int32Array;
  /** One a wanted column, in the order asked; null if nothing was found. */
  readonly columns: readonly Vector[] | null;
}

/** Looks all keys up. Memory: the found rows and one batch of one file. */
export async function lookUp(request: LookupRequest): Promise<LookupResult> {
  const search = new Search(request);
  const { keyTypes } = search;
  const bounds = new Map(request.files.map((file) => [file, decodeRows(keyTypes, [file.minKey, file.maxKey])]));
  const compareMinKeys = (a: DataFileMeta, b: DataFileMeta): number =>
    search.compare(bounds.get(a) as readonly Vector[], bounds.get(b) as readonly Vector[])(0, 0);
  for (const run of sortedRuns(request.files, compareMinKeys)) {
    for (const file of run.files) await search.visit(file, bounds.get(file) as readonly Vector[]);
    search.forgetResolved();
  }
  return search.finish();
}

const OPEN = -2;
const ABSENT = -1;

class Search {
  readonly keyTypes;
  private readonly request: LookupRequest;
  private readonly orders;
  /** The file columns to read: the key, then the wanted columns that are not in it. */
  private readonly fileColumns: readonly number[];
  /** Places in `request.rows` of the keys that no newer file has, in key order. */
  private open: Uint32Array;
  private readonly found: Int32Array;
  private foundCount = 0;
  private readonly parts: Vector[][];

  constructor(request: LookupRequest) {
    const { layout, columns, rows } = request;
    this.request = request;
    this.keyTypes = layout.keyIndexes.map((index) => layout.fields[index].type);
    this.orders = this.keyTypes.map(columnOrder);
    this.fileColumns = [...new Set([...layout.keyIndexes, ...columns])];
    this.open = Uint32Array.from(rows, (_, place) => place);
    this.found = new Int32Array(rows.length).fill(OPEN);
    this.parts = columns.map(() => []);
  }

  compare(left: readonly Vector[], right: readonly Vector[]) {
    return rowComparator(left, right, this.orders);
  }

  /** Looks for the open keys within the file's bounds (two rows: least and greatest key). */
  async visit(file: DataFileMeta, bounds: readonly Vector[]): Promise<void> {
    const compare = this.compare(this.request.keys, bounds);
    const { rows } = this.request;
    const from = firstIndex(this.open.length, (index) => compare(rows[this.open[index]], 0) >= 0);
    const to = firstIndex(this.open.length, (index) => compare(rows[this.open[index]], 1) > 0);
    let next = from;
    if (next >= to) return;
    for await (const batch of this.request.readFile(file, this.fileColumns)) {
      next = this.matchBatch(batch, next, to);
      if (next >= to) return;
    }
  }

  /** Matches the open keys from `next` on with the batch's rows; gives the first that lies behind the batch. */
  private matchBatch(batch: KeyValueBatch, next: number, to: number): number {
    if (batch.rowCount === 0) return next;
    const { keys, rows } = this.request;
    const compare = this.compare(keys, batch.columns.slice(0, keys.length));
    const hits: number[] = [];
    let low = 0;
    let at = next;
    for (; at < to; at++) {
      const place = this.open[at];
      const row = rows[place];
      if (compare(row, batch.rowCount - 1) > 0) break;
      const start = low;
      low += firstIndex(batch.rowCount - start, (index) => compare(row, start + index) <= 0);
      if (compare(row, low) !== 0) continue;
      if (isRetract(batch.kinds[low])) this.found[place] = ABSENT;
      else {
        this.found[place] = this.foundCount++;
        hits.push(low);
      }
    }
    this.keep(batch, Uint32Array.from(hits));
    return at;
  }

  private keep(batch: KeyValueBatch, hits: Uint32Array): void {
    if (hits.length === 0) return;
    for (const [index, column] of this.request.columns.entries()) {
      this.parts[index].push(takeVector(batch.columns[this.fileColumns.indexOf(column)], hits));
    }
  }

  /** To be called between runs: a key occurs once in a run, and what a newer run says stands. */
  forgetResolved(): void {
    this.open = this.open.filter((place) => this.found[place] === OPEN);
  }

  finish(): LookupResult {
    const found = this.found.map((row) => (row === OPEN ? ABSENT : row));
    return { found, columns: this.foundCount === 0 ? null : this.parts.map(concatVectors) };
  }
}

/** The least index below `count` that satisfies a condition which holds from some index on; `count` if none does. */
function firstIndex(count: number, holds: (index: number) => boolean): number {
  let low = 0;
  let high = count;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (holds(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}
