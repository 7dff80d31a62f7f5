// The index type `bloom-filter`: which values a file certainly does not hold. Source: format notes 04 section 8
// (BloomFilterFileIndex, BloomFilter64).
import { vectorOf } from '../cell.ts';
import type { Literal } from '../condition.ts';
import type { DataType } from '../../schema/data-type.ts';
import type { ColumnIndex } from './column-index.ts';
import { damagedIndex } from './index-fault.ts';
import { rowHash } from './hash64.ts';
import { RowSet } from './row-set.ts';
import { Word64 } from './word64.ts';

const HASHES_MAX = 64;
const HEAD_SIZE = 4;

/** A filter of hashes that is filled or asked. */
class BloomFilter {
  private readonly hashCount: number;
  private readonly bits: Uint8Array;

  private constructor(hashCount: number, bits: Uint8Array) {
    this.hashCount = hashCount;
    this.bits = bits;
  }

  /** An empty filter for so many different values, of which it takes a share `fpp` of others for one of them. */
  static forItems(items: number, fpp: number): BloomFilter {
    const wanted = Math.trunc((-items * Math.log(fpp)) / (Math.LN2 * Math.LN2));
    const bitCount = wanted + (8 - (wanted % 8));
    const hashCount = Math.max(1, Math.round((bitCount / items) * Math.LN2));
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
