// Picks single records of a leaf that is not repeated out of its pages: what is not wanted is not copied.
import { ByteAppender, viewOf } from '../../../column/byte-appender.ts';
import { corrupt } from '../file-fault.ts';
import { leafVector, type LeafValues, type OpenPage } from './leaf-values.ts';
import { type ByteValues, wordWidth, type WordValues } from './page-values.ts';
import type { LeafNode } from './parquet-format.ts';

const ARENA_MAX = 0x7fffffff;

/** Records of one page: `rows[from … to)`, by their numbers in the row group, ascending. */
export interface PagePicks {
  readonly rows: Uint32Array;
  readonly from: number;
  readonly to: number;
  /** The record at level `levelAt` of the page; none of the rows is before it. */
  readonly rowAt: number;
  readonly levelAt: number;
  /** The number of its value in the page, or of the next one where it is NULL. */
  readonly valueAt: number;
}

/** Collects records, each of one level, into a `LeafValues`. */
export class LeafPicker {
  private readonly leaf: LeafNode;
  private readonly recordCount: number;
  private readonly words: Int32Array;
  private readonly offsets: Int32Array;
  private definitions: Uint8Array | null = null;
  private arena = new Uint8Array(0);
  private levelCount = 0;
  private valueCount = 0;

  /** For so many records, exactly. */
  constructor(leaf: LeafNode, recordCount: number) {
    const width = wordWidth(leaf.physical);
    this.leaf = leaf;
    this.recordCount = recordCount;
    this.words = new Int32Array(recordCount * width);
    this.offsets = new Int32Array(width === 0 ? recordCount + 1 : 0);
  }

  /** Takes records of a page; gives the number of the value behind the last of them. */
  pick(page: OpenPage, picks: PagePicks): number {
    const { from, to, rows, rowAt, valueAt } = picks;
    const values = new Uint32Array(to - from);
    let count = to - from;
    let end = valueAt + rows[to - 1] - rowAt + 1;
    if (page.definitions === null) {
      for (let index = from; index < to; index++) values[index - from] = valueAt + rows[index] - rowAt;
    } else {
      end = this.pickPresent(page.definitions, picks, values);
      count = this.lastPresent;
    }
    if (end > page.values.count) throw corrupt('a page has fewer values than its levels say');
    if (page.values.kind === 'words') this.takeWords(page.values, values, count);
    else this.takeBytes(page.values, values, count);
    this.levelCount += to - from;
    this.valueCount += count;
    return end;
  }

  /** How many values `pickPresent` has found. */
  private lastPresent = 0;

  /** The numbers of the values of those records that have one; gives the number behind the last record. */
  private pickPresent(definitions: Uint8Array, picks: PagePicks, values: Uint32Array): number {
    const { rows, from, to, rowAt, levelAt } = picks;
    const max = this.leaf.maxDefinition;
    let next = picks.valueAt;
    let level = levelAt;
    let present = 0;
    for (let index = from; index < to; index++) {
      const wanted = levelAt + rows[index] - rowAt;
      for (; level < wanted; level++) if (definitions[level] === max) next++;
      if (definitions[level] === max) values[present++] = next++;
      else this.setDefinition(this.levelCount + index - from, definitions[level]);
      level++;
    }
    this.lastPresent = present;
    return next;
  }

  private setDefinition(index: number, definition: number): void {
    this.definitions ??= new Uint8Array(this.recordCount).fill(this.leaf.maxDefinition);
    this.definitions[index] = definition;
  }

  private takeWords({ width, words }: WordValues, values: Uint32Array, count: number): void {
    const target = this.words;
    let at = this.valueCount * width;
    if (width === 1) {
      for (let index = 0; index < count; index++) target[at++] = words[values[index]];
      return;
    }
    for (let index = 0; index < count; index++) {
      const start = values[index] * width;
      for (let word = 0; word < width; word++) target[at++] = words[start + word];
    }
  }

  private takeBytes({ bytes, starts, ends }: ByteValues, values: Uint32Array, count: number): void {
    const { offsets, valueCount } = this;
    let total = 0;
    for (let index = 0; index < count; index++) total += ends[values[index]] - starts[values[index]];
    const size = offsets[valueCount];
    const appender = new ByteAppender(this.arenaRoom(size, total, count), size);
    const source = viewOf(bytes);
    for (let index = 0; index < count; index++) {
      appender.append(source, starts[values[index]], ends[values[index]]);
      offsets[valueCount + index + 1] = appender.size;
    }
  }

  private arenaRoom(size: number, more: number, count: number): Uint8Array {
    if (size + more > ARENA_MAX) throw corrupt('more than 2 GiB of strings are wanted at once');
    if (size + more > this.arena.length) {
      // What these values take, scaled to all that are left, and a little more unless these are all.
      const left = this.recordCount - this.valueCount;
      const expected = count === left ? more : Math.ceil((more / Math.max(1, count)) * left * 1.05);
      const grown = new Uint8Array(Math.min(ARENA_MAX, size + Math.max(more, expected)));
      grown.set(this.arena.subarray(0, size));
      this.arena = grown;
    }
    return this.arena;
  }

  /** What was taken. The arrays belong to the caller. */
  finish(): LeafValues {
    const { leaf, levelCount, definitions, valueCount, words, offsets, arena } = this;
    return {
      levelCount,
      definitions,
      repetitions: null,
      values: leafVector(leaf, valueCount, { words, offsets, arena }),
    };
  }
}
