// Fingerprints of keys: 128 bits by which an index knows a key without holding it. They are keyed at random, one index
// apart from the next, so that nobody can choose keys that collide; by chance, a collision among a billion keys has a
// probability of less than one in 10^20.
import type { Random } from '../../base/random.ts';
import type { Vector } from '../../column/vector.ts';
import { createRowEncoder } from '../format/binary-row.ts';
import type { DataType } from '../schema/data-type.ts';

/** 32-bit words of a fingerprint. */
export const PRINT_WORDS = 4;

/** The secret of one index: four words. */
export type FingerprintKey = readonly number[];

/** Draws a key. */
export function fingerprintKey(random: Random): FingerprintKey {
  return Array.from({ length: 4 }, () => Math.floor(random.unit() * 4294967296) >>> 0);
}

/** Rows from one up to another. */
export interface RowRange {
  readonly from: number;
  readonly to: number;
}

/** Puts the fingerprints of rows of key columns into `prints`, the first at its start. */
export type Fingerprinter = (columns: readonly Vector[], rows: RowRange, prints: Uint32Array) => void;

/** Makes fingerprints of keys of these types. */
export function fingerprinter(types: readonly DataType[], key: FingerprintKey): Fingerprinter {
  const encoder = createRowEncoder(types);
  const halves = [new HalfSipHash(key[0], key[1]), new HalfSipHash(key[2], key[3])];
  return (columns, rows, prints) => {
    let at = 0;
    for (let row = rows.from; row < rows.to; row++) {
      const wordCount = encoder.writeRow(columns, row);
      for (const half of halves) {
        half.take(encoder.words, wordCount);
        prints[at++] = half.first;
        prints[at++] = half.second;
      }
    }
  };
}

/** HalfSipHash-2-4 of whole words: 64 bits under a key of 64 bits. */
export class HalfSipHash {
  /** The first and the second word of what was hashed last. */
  first = 0;
  second = 0;
  private readonly key0: number;
  private readonly key1: number;

  constructor(key0: number, key1: number) {
    this.key0 = key0;
    this.key1 = key1;
  }

  /** Hashes the first words. */
  take(words: Int32Array, wordCount: number): void {
    let v0 = this.key0 | 0;
    let v1 = (this.key1 | 0) ^ 0xee;
    let v2 = 0x6c796765 ^ v0;
    let v3 = 0x74656462 ^ (this.key1 | 0);
    // The words and then their size go in with two rounds each; each half of the result comes out after four.
    for (let step = 0; step < wordCount + 3; step++) {
      const word = step < wordCount ? words[step] : step === wordCount ? wordCount << 26 : 0;
      if (step === wordCount + 1) v2 ^= 0xee;
      else if (step === wordCount + 2) v1 ^= 0xdd;
      v3 ^= word;
      for (let round = step > wordCount ? 4 : 2; round > 0; round--) {
        v0 = (v0 + v1) | 0;
        v1 = ((v1 << 5) | (v1 >>> 27)) ^ v0;
        v0 = (v0 << 16) | (v0 >>> 16);
        v2 = (v2 + v3) | 0;
        v3 = ((v3 << 8) | (v3 >>> 24)) ^ v2;
        v0 = (v0 + v3) | 0;
        v3 = ((v3 << 7) | (v3 >>> 25)) ^ v0;
        v2 = (v2 + v1) | 0;
        v1 = ((v1 << 13) | (v1 >>> 19)) ^ v2;
        v2 = (v2 << 16) | (v2 >>> 16);
      }
      v0 ^= word;
      if (step === wordCount + 1) this.first = (v1 ^ v3) >>> 0;
    }
    this.second = (v1 ^ v3) >>> 0;
  }
}
