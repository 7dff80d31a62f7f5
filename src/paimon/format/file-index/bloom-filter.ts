// The index type `bloom-filter`: which values a file certainly does not hold. Source: format notes 04 section 8
// (BloomFilterFileIndex, BloomFilter64).
import { PRESENT, type Vector } from '../../../column/vector.ts';
import { vectorOf } from '../cell.ts';
import type { RowRange } from '../column-statistics.ts';
import type { Literal } from '../condition.ts';
import type { DataType } from '../../schema/data-type.ts';
import type { ColumnIndex } from './column-index.ts';
import type { IndexBuilder } from './index-builder.ts';
import { damagedIndex } from './index-fault.ts';
import { rowHash } from './hash64.ts';
import { RowSet } from './row-set.ts';
import { Word64 } from './word64.ts';

/** The reference reads them from one signed byte. */
const HASHES_MAX = 127;
const BITS_MAX = 2 ** 31 - 8;
const HEAD_SIZE = 4;

/** The size of a filter. */
export interface BloomSize {
  readonly bitCount: number;
  readonly hashCount: number;
}

/**
 * The size for so many different values, where a share `fpp` of others may be taken for one of them; null for what no
 * filter can be.
 */
export function bloomSize(items: number, fpp: number): BloomSize | null {
  if (!(items >= 1 && fpp > 0 && fpp < 1)) return null;
  const wanted = Math.trunc((-items * Math.log(fpp)) / (Math.LN2 * Math.LN2));
  const bitCount = wanted + (8 - (wanted % 8));
  const hashCount = Math.max(1, Math.round((bitCount / items) * Math.LN2));
  return bitCount <= BITS_MAX && hashCount <= HASHES_MAX ? { bitCount, hashCount } : null;
}

/** A filter of hashes that is filled or asked. */
class BloomFilter {
  private readonly hashCount: number;
  private readonly bits: Uint8Array;

  private constructor(hashCount: number, bits: Uint8Array) {
    this.hashCount = hashCount;
    this.bits = bits;
  }

  /** An empty filter of a size. */
  static ofSize({ bitCount, hashCount }: BloomSize): BloomFilter {
    return new BloomFilter(hashCount, new Uint8Array(bitCount / 8));
  }

  /** The filter of a body. Throws `E3230`, or RangeError where the bytes end early. */
  static read(body: Uint8Array): BloomFilter {
    const hashCount = new DataView(body.buffer, body.byteOffset, body.byteLength).getInt32(0);
    if (hashCount < 1 || hashCount > HASHES_MAX || body.length === HEAD_SIZE) {
      throw damagedIndex(`filter of ${hashCount} hashes and ${body.length} bytes`);
    }
    return new BloomFilter(hashCount, body.subarray(HEAD_SIZE));
  }

  add(hash: Word64): void {
    for (let index = 1; index <= this.hashCount; index++) {
      const bit = this.bitOf(hash, index);
      this.bits[bit >>> 3] |= 1 << (bit & 7);
    }
  }

  has(hash: Word64): boolean {
    for (let index = 1; index <= this.hashCount; index++) {
      const bit = this.bitOf(hash, index);
      if (((this.bits[bit >>> 3] >> (bit & 7)) & 1) === 0) return false;
    }
    return true;
  }

  body(): Uint8Array {
    const body = new Uint8Array(HEAD_SIZE + this.bits.length);
    new DataView(body.buffer).setInt32(0, this.hashCount);
    body.set(this.bits, HEAD_SIZE);
    return body;
  }

  private bitOf(hash: Word64, index: number): number {
    const combined = (hash.low + Math.imul(index, hash.high)) | 0;
    return (combined < 0 ? ~combined : combined) % (8 * this.bits.length);
  }
}

/** Fills the filter of a column. */
export class BloomWriter implements IndexBuilder {
  private readonly type: DataType;
  private readonly filter: BloomFilter;
  private readonly word = new Word64();

  /** The type is one that has a hash. */
  constructor(type: DataType, size: BloomSize) {
    this.type = type;
    this.filter = BloomFilter.ofSize(size);
  }

  add(vector: Vector, { order, from, to }: RowRange): void {
    const hash = rowHash(this.type, vector);
    const { validity } = vector;
    for (let index = from; index < to; index++) {
      const row = order === null ? index : order[index];
      if (hash === null || (validity !== null && validity[row] !== PRESENT)) continue;
      hash(row, this.word);
      this.filter.add(this.word);
    }
  }

  finish(): Uint8Array {
    return this.filter.body();
  }
}

/** A `bloom-filter` index by its body: no rows where the value is certainly not there, else null. */
export function openBloomIndex(body: Uint8Array, type: DataType, rowCount: number): ColumnIndex {
  const filter = BloomFilter.read(body);
  const mayHold = (literals: readonly Literal[]): boolean => {
    const hash = rowHash(type, vectorOf(type, literals));
    const word = new Word64();
    return literals.some((_, row) => {
      hash?.(row, word);
      return hash === null || filter.has(word);
    });
  };
  return (condition) => {
    if (condition.operator === '=') return mayHold([condition.literal]) ? null : RowSet.none(rowCount);
    if (condition.operator === 'in') return mayHold(condition.literals) ? null : RowSet.none(rowCount);
    return null;
  };
}
