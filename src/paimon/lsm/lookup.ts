// Finds the present rows of many keys in the data files of one bucket: one sorted pass over the keys of each row group
// that can hold a key which is still wanted, the newest files first.
import { rowComparator, vectorComparator } from '../../column/compare.ts';
import { concatVectors } from '../../column/concat.ts';
import { takeVector } from '../../column/take.ts';
import type { Vector } from '../../column/vector.ts';
import { decodeRows } from '../format/binary-row.ts';
import type { DataFileMeta } from '../meta/data-file-meta.ts';
import type { DeletedRows } from './deletion-vector.ts';
import type { KeyValueLayout } from './key-values.ts';
import type { KeyBatch, LookupFile } from './lookup-file.ts';
import { sortedRuns } from './sorted-run.ts';
import { columnOrder } from '../schema/data-type.ts';

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
  readonly openFile: (file: DataFileMeta) => Promise<LookupFile>;
  /** The rows of a file that a deletion vector hides; null for none. */
  readonly deletedRows: (file: DataFileMeta) => Promise<DeletedRows | null>;
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
  const boundsOf = (file: DataFileMeta): readonly Vector[] => bounds.get(file) ?? [];
  const runs = sortedRuns(request.files, (a, b) => search.compare(boundsOf(a), boundsOf(b))(0, 0));
  for (const run of runs) {
    for (const file of run.files) await search.visit(file, boundsOf(file));
    search.forgetResolved();
  }
  return search.finish();
}

const OPEN = -2;
const ABSENT = -1;

/** A range of the open keys. */
interface KeyRange {
  readonly from: number;
  readonly to: number;
}

class Search {
  readonly keyTypes;
  private readonly request: LookupRequest;
  private readonly orders;
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
    const range = this.between({ from: 0, to: this.open.length }, compare);
    if (range.from === range.to) return;
    const opened = await this.request.openFile(file);
    const deleted = new Set(await this.request.deletedRows(file));
    let firstRow = 0;
    for (let group = 0; group < opened.groupCount; group++) {
      const start = firstRow;
      const isDeleted = (row: number): boolean => deleted.size > 0 && deleted.has(start + row);
      await this.visitGroup(opened, group, { range, isDeleted });
      firstRow += opened.groupRowCount(group);
    }
  }

  private async visitGroup(
    file: LookupFile,
    group: number,
    { range, isDeleted }: { readonly range: KeyRange; readonly isDeleted: (row: number) => boolean },
  ): Promise<void> {
    const { keys } = this.request;
    const bounds = file.firstKeyBounds(group);
    const within = bounds === null ? range : this.between(range, vectorComparator(keys[0], bounds, this.orders[0]));
    if (within.from === within.to) return;
    const hits: number[] = [];
    let next = within.from;
    let groupRow = 0;
    for await (const batch of file.keys(group)) {
      const start = groupRow;
      next = this.matchBatch(batch, { from: next, to: within.to }, (row) => {
        if (isDeleted(start + row)) return false;
        hits.push(start + row);
        return true;
      });
      if (next === within.to) break;
      groupRow += batch.rowCount;
    }
    if (hits.length > 0) await this.keep(file, group, Uint32Array.from(hits));
  }

  /** The part of a range that is neither below row 0 nor above row 1 of what the comparator compares keys with. */
  private between(range: KeyRange, compare: (row: number, bound: number) => number): KeyRange {
    const rowAt = (index: number): number => this.request.rows[this.open[index]];
    const from = firstIndex(range, (index) => compare(rowAt(index), 0) >= 0);
    return { from, to: firstIndex({ from, to: range.to }, (index) => compare(rowAt(index), 1) > 0) };
  }

  /**
   * Matches a range of open keys with the batch's rows; gives the first key that lies behind the batch. A row that `hit`
   * does not take counts as none.
   */
  private matchBatch(batch: KeyBatch, range: KeyRange, hit: (row: number) => boolean): number {
    const { keys, rows } = this.request;
    const compare = this.compare(keys, batch.columns);
    let low = 0;
    for (let at = range.from; at < range.to; at++) {
      const place = this.open[at];
      const row = rows[place];
      if (compare(row, batch.rowCount - 1) > 0) return at;
      low = firstIndex({ from: low, to: batch.rowCount }, (index) => compare(row, index) <= 0);
      if (compare(row, low) !== 0) continue;
      if (batch.isRetractAt(low)) this.found[place] = ABSENT;
      else if (hit(low)) this.found[place] = this.foundCount++;
    }
    return range.to;
  }

  /** Reads the wanted columns of a row group up to its last hit. `hits` are ascending. */
  private async keep(file: LookupFile, group: number, hits: Uint32Array): Promise<void> {
    const { layout, columns } = this.request;
    const fields = columns.map((index) => layout.fields[index]);
    let start = 0;
    let taken = 0;
    for await (const batch of file.values(group, fields)) {
      const end = start + batch.rowCount;
      const until = firstIndex({ from: taken, to: hits.length }, (index) => hits[index] >= end);
      const rows = hits.subarray(taken, until).map((row) => row - start);
      if (rows.length > 0) batch.columns.forEach((vector, index) => this.parts[index].push(takeVector(vector, rows)));
      if (until === hits.length) return;
      taken = until;
      start = end;
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

/** The least index of a range that satisfies a condition which holds from some index on; its end if none does. */
function firstIndex({ from, to }: KeyRange, holds: (index: number) => boolean): number {
  let low = from;
  let high = to;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (holds(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}
