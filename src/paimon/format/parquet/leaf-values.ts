// Collects the levels and values of one leaf over pages.
import { ByteAppender, viewOf } from '../../../column/byte-appender.ts';
import type { Vector } from '../../../column/vector.ts';
import type { LeafNode } from './parquet-format.ts';
import { DOUBLE, FLOAT } from './parquet-format.ts';
import { corrupt } from '../file-fault.ts';
import { type ByteValues, type PageValues, wordWidth, type WordValues } from './page-values.ts';

const ARENA_MAX = 0x7fffffff;

/** Some records of a leaf. */
export interface LeafValues {
  readonly levelCount: number;
  /** Null where every level is the highest. */
  readonly definitions: Uint8Array | null;
  /** Null in leaves that are not repeated. */
  readonly repetitions: Uint8Array | null;
  /** The present values: numbers in the physical type's vector (INT96 as triples in `i32`), or bytes. */
  readonly values: Vector;
}

/** Levels and values of one page, to be taken piece by piece. */
export interface OpenPage {
  readonly levelCount: number;
  readonly definitions: Uint8Array | null;
  readonly repetitions: Uint8Array | null;
  readonly values: PageValues;
  /** What the values are views of, if nothing else is. */
  readonly ownBytes: Uint8Array | null;
}

/** Grows a `LeafValues`. */
export class LeafCollector {
  private readonly leaf: LeafNode;
  private definitions: Uint8Array | null = null;
  private repetitions: Uint8Array | null;
  private levelCount = 0;
  private valueCount = 0;
  private words: Int32Array;
  private offsets: Int32Array;
  private arena = new Uint8Array(0);
  private arenaSize = 0;

  /** `levels` is how many are expected; more are taken too. */
  constructor(leaf: LeafNode, levels: number) {
    this.leaf = leaf;
    this.repetitions = leaf.maxRepetition > 0 ? new Uint8Array(levels) : null;
    const width = wordWidth(leaf.physical);
    this.words = new Int32Array(levels * width);
    this.offsets = new Int32Array(width === 0 ? levels + 1 : 0);
  }

  /** Takes levels `from … to` of the page and the values `valuesFrom …` that belong to them; gives how many. */
  take(page: OpenPage, range: { readonly from: number; readonly to: number; readonly valuesFrom: number }): number {
    const { from, to, valuesFrom } = range;
    const count = to - from;
    const present = this.takeDefinitions(page.definitions, from, to);
    if (this.repetitions !== null && page.repetitions !== null) {
      this.repetitions = grownBytes(this.repetitions, this.levelCount + count);
      this.repetitions.set(page.repetitions.subarray(from, to), this.levelCount);
    }
    this.levelCount += count;
    if (valuesFrom + present > page.values.count) throw corrupt('a page has fewer values than its levels say');
    if (page.values.kind === 'words') this.takeWords(page.values, valuesFrom, present);
    else this.takeBytes(page.values, valuesFrom, present);
    this.valueCount += present;
    return present;
  }

  private takeDefinitions(definitions: Uint8Array | null, from: number, to: number): number {
    const max = this.leaf.maxDefinition;
    let present = to - from;
    if (definitions !== null) {
      for (let index = from; index < to; index++) if (definitions[index] !== max) present--;
    }
    const allPresent = present === to - from;
    if (allPresent && this.definitions === null) return present;
    const end = this.levelCount + to - from;
    if (this.definitions === null) this.definitions = new Uint8Array(end).fill(max);
    this.definitions = grownBytes(this.definitions, end);
    if (allPresent || definitions === null) this.definitions.fill(max, this.levelCount, end);
    else this.definitions.set(definitions.subarray(from, to), this.levelCount);
    return present;
  }

  private takeWords({ width, words }: WordValues, from: number, count: number): void {
    const at = this.valueCount * width;
    const end = at + count * width;
    if (end > this.words.length) {
      const grown = new Int32Array(Math.max(end, this.words.length * 2));
      grown.set(this.words.subarray(0, at));
      this.words = grown;
    }
    this.words.set(words.subarray(from * width, (from + count) * width), at);
  }

  private takeBytes({ bytes, starts, ends }: ByteValues, from: number, count: number): void {
    let total = 0;
    for (let index = from; index < from + count; index++) total += ends[index] - starts[index];
    const appender = new ByteAppender(this.arenaRoom(total, count), this.arenaSize);
    const source = viewOf(bytes);
    const offsets = this.offsetRoom(count);
    let row = this.valueCount + 1;
    for (let index = from; index < from + count; index++) {
      appender.append(source, starts[index], ends[index]);
      offsets[row++] = appender.size;
    }
    this.arenaSize = appender.size;
  }

  private arenaRoom(total: number, count: number): Uint8Array {
    const needed = this.arenaSize + total;
    if (needed > ARENA_MAX) throw corrupt('more than 2 GiB of strings are wanted at once');
    if (needed > this.arena.length) {
      // What these values take, scaled to all that are expected, and a little more.
      const expected =
        count === 0 ? 0 : Math.ceil((total / count) * (this.offsets.length - 1 - this.valueCount) * 1.05);
      const grown = new Uint8Array(Math.min(ARENA_MAX, Math.max(needed, this.arenaSize + expected)));
      grown.set(this.arena.subarray(0, this.arenaSize));
      this.arena = grown;
    }
    return this.arena;
  }

  private offsetRoom(count: number): Int32Array {
    const needed = this.valueCount + count + 1;
    if (needed > this.offsets.length) {
      const grown = new Int32Array(Math.max(needed, this.offsets.length * 2));
      grown.set(this.offsets.subarray(0, this.valueCount + 1));
      this.offsets = grown;
    }
    return this.offsets;
  }

  /** What was taken. The arrays belong to the caller. */
  finish(): LeafValues {
    const { leaf, levelCount, valueCount, definitions, repetitions, words, offsets, arena } = this;
    return {
      levelCount,
      definitions: definitions === null ? null : definitions.subarray(0, levelCount),
      repetitions: repetitions === null ? null : repetitions.subarray(0, levelCount),
      values: leafVector(leaf, valueCount, { words, offsets, arena }),
    };
  }
}

/** Values of a leaf as arrays that may be longer than what is used. */
export interface LeafArrays {
  readonly words: Int32Array;
  readonly offsets: Int32Array;
  readonly arena: Uint8Array;
}

/** The first `length` values as a vector of the physical type's form, which shares the arrays. */
export function leafVector(leaf: LeafNode, length: number, { words, offsets, arena }: LeafArrays): Vector {
  const width = wordWidth(leaf.physical);
  if (width === 0) {
    const bytes = arena.subarray(0, offsets[length]);
    return { kind: 'bytes', length, offsets: offsets.subarray(0, length + 1), bytes, validity: null };
  }
  const used = length * width;
  if (leaf.physical === FLOAT) {
    return { kind: 'f32', length, values: new Float32Array(words.buffer, 0, length), validity: null };
  }
  if (leaf.physical === DOUBLE) {
    return { kind: 'f64', length, values: new Float64Array(words.buffer, 0, length), validity: null };
  }
  return { kind: width === 2 ? 'i64' : 'i32', length, values: words.subarray(0, used), validity: null };
}

function grownBytes(bytes: Uint8Array, atLeast: number): Uint8Array {
  if (atLeast <= bytes.length) return bytes;
  const grown = new Uint8Array(Math.max(atLeast, bytes.length * 2));
  grown.set(bytes);
  return grown;
}
