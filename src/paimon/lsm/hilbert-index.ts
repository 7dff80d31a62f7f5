// Places on a Hilbert curve through cells of 64 bits a side, by Skilling's transform ("Programming the Hilbert curve",
// 2004) on pairs of 32-bit words.

const BITS = 64;

/**
 * Writes the place of the cell whose coordinates are `words` (high and low word of each dimension, which are overwritten):
 * eight bytes a dimension from `offset` on, whose unsigned order is that of the curve. Target bytes are zero before.
 */
export function hilbertIndex(words: Uint32Array, target: Uint8Array, offset: number): void {
  const dimensions = words.length / 2;
  undoExcess(words, dimensions);
  grayEncode(words, dimensions);
  interleaveBits(words, target, offset);
}

/** Writes the bits of the words, from the highest on a bit of each dimension in turn: a place on a Z-order curve. */
export function interleaveBits(words: Uint32Array, target: Uint8Array, offset: number): void {
  const dimensions = words.length / 2;
  let at = 0;
  for (let bit = BITS - 1; bit >= 0; bit--) {
    for (let dimension = 0; dimension < dimensions; dimension++, at++) {
      if (bitAt(words, dimension, bit) === 1) target[offset + (at >>> 3)] |= 128 >>> (at & 7);
    }
  }
}

function bitAt(words: Uint32Array, dimension: number, bit: number): number {
  return (words[2 * dimension + (bit >= 32 ? 0 : 1)] >>> (bit & 31)) & 1;
}

/** From the highest bit down: turns and mirrors the cube below it as the curve runs through it. */
function undoExcess(words: Uint32Array, dimensions: number): void {
  for (let bit = BITS - 1; bit > 0; bit--) {
    // All bits below this one.
    const high = bit > 32 ? 0xffffffff >>> (64 - bit) : 0;
    const low = bit >= 32 ? 0xffffffff : 0xffffffff >>> (32 - bit);
    for (let dimension = 0; dimension < dimensions; dimension++) {
      const at = 2 * dimension;
      if (bitAt(words, dimension, bit) === 1) {
        words[0] ^= high;
        words[1] ^= low;
        continue;
      }
      const swapHigh = (words[0] ^ words[at]) & high;
      const swapLow = (words[1] ^ words[at + 1]) & low;
      words[0] ^= swapHigh;
      words[1] ^= swapLow;
      words[at] ^= swapHigh;
      words[at + 1] ^= swapLow;
    }
  }
}

function grayEncode(words: Uint32Array, dimensions: number): void {
  for (let dimension = 1; dimension < dimensions; dimension++) {
    words[2 * dimension] ^= words[2 * dimension - 2];
    words[2 * dimension + 1] ^= words[2 * dimension - 1];
  }
  let high = 0;
  let low = 0;
  for (let bit = BITS - 1; bit > 0; bit--) {
    if (bitAt(words, dimensions - 1, bit) === 0) continue;
    high ^= bit > 32 ? 0xffffffff >>> (64 - bit) : 0;
    low ^= bit >= 32 ? 0xffffffff : 0xffffffff >>> (32 - bit);
  }
  for (let dimension = 0; dimension < dimensions; dimension++) {
    words[2 * dimension] ^= high;
    words[2 * dimension + 1] ^= low;
  }
}
