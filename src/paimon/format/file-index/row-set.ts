// Sets of row numbers of one file, as bits.
import { readRoaring } from '../roaring.ts';
import type { Rows } from '../row-ranges.ts';
import { damagedIndex } from './index-fault.ts';

/** Some of the rows `0 … rowCount`. Operations give new sets; both sides are of one file. */
export class RowSet {
  readonly rowCount: number;
  private readonly words: Uint32Array;

  private constructor(rowCount: number, words: Uint32Array) {
    this.rowCount = rowCount;
    this.words = words;
  }

  static none(rowCount: number): RowSet {
    return new RowSet(rowCount, new Uint32Array((rowCount + 31) >>> 5));
  }

  static all(rowCount: number): RowSet {
    return RowSet.none(rowCount).not();
  }

  /** Throws `E3230` for a row that the file does not have. */
  static of(rowCount: number, rows: Iterable<number>): RowSet {
    const set = RowSet.none(rowCount);
    for (const row of rows) {
      if (row < 0 || row >= rowCount) throw damagedIndex(`row is not in the file: row=${row} rows=${rowCount}`);
      set.words[row >>> 5] |= 1 << (row & 31);
    }
    return set;
  }

  /** The set of a Roaring bitmap at an offset of the view, and the offset behind it. */
  static read(view: DataView, at: number, rowCount: number): { readonly rows: RowSet; readonly end: number } {
    const values: number[] = [];
    const end = readRoaring(view, at, { base: 0, values });
    return { rows: RowSet.of(rowCount, values), end };
  }

  and(other: RowSet): RowSet {
    return new RowSet(
      this.rowCount,
      this.words.map((word, index) => word & other.words[index]),
    );
  }

  or(other: RowSet): RowSet {
    return new RowSet(
      this.rowCount,
      this.words.map((word, index) => word | other.words[index]),
    );
  }

  without(other: RowSet): RowSet {
    return new RowSet(
      this.rowCount,
      this.words.map((word, index) => word & ~other.words[index]),
    );
  }

  not(): RowSet {
    const words = this.words.map((word) => ~word);
    const inLast = this.rowCount & 31;
    if (inLast > 0) words[words.length - 1] &= 2 ** inLast - 1;
    return new RowSet(this.rowCount, words);
  }

  has(row: number): boolean {
    return ((this.words[row >>> 5] >>> (row & 31)) & 1) === 1;
  }

  get isEmpty(): boolean {
    return this.words.every((word) => word === 0);
  }

  /** Whether any row of `from … to` is in the set. */
  hasAny(from: number, to: number): boolean {
    for (let row = from; row < to; row++) {
      // Words without a row are passed at once.
      if ((row & 31) === 0 && row + 32 <= to && this.words[row >>> 5] === 0) row += 31;
      else if (this.has(row)) return true;
    }
    return false;
  }

  /** The rows within `from … to` as ranges, ascending. */
  *ranges(from: number, to: number): Generator<Rows> {
    for (let row = from; row < to; row++) {
      // Words without a row are passed at once.
      if ((row & 31) === 0 && this.words[row >>> 5] === 0) row += 31;
      else if (this.has(row)) {
        const start = row;
        while (row < to && this.has(row)) row++;
        yield { from: start, to: row };
      }
    }
  }

  /** The rows, ascending. */
  rows(): readonly number[] {
    const rows: number[] = [];
    for (let row = 0; row < this.rowCount; row++) if (this.has(row)) rows.push(row);
    return rows;
  }
}
