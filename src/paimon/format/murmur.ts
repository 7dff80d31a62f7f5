// The hash of binary rows: MurmurHash3 x86_32 over little-endian 32-bit words. Source: MurmurHashUtils (format notes 03
// section 4).

const SEED = 42;

/** The hash of the first `wordCount` words, as a signed 32-bit number. */
export function hashWords(words: Int32Array, wordCount: number): number {
  let hash = SEED;
  for (let index = 0; index < wordCount; index++) {
    let mixed = Math.imul(words[index], 0xcc9e2d51);
    mixed = (mixed << 15) | (mixed >>> 17);
    hash ^= Math.imul(mixed, 0x1b873593);
    hash = (hash << 13) | (hash >>> 19);
    hash = (Math.imul(hash, 5) + 0xe6546b64) | 0;
  }
  hash ^= wordCount * 4;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}
