// The hash of binary rows: MurmurHash3 x86_32 over little-endian 32-bit words. Source: MurmurHashUtils (format notes 03
// section 4).

const SEED = 42;

/** The hash of the first `wordCount` words, as a signed 32-bit number. */
export function hashWords(words: Int32Array, wordCount: number): number {
  let hash = SEED;
  for (let index = 0; index < wordCount; index++) hash = mix(hash, words[index]);
  return finish(hash, wordCount * 4);
}

/** The hash of bytes of any number, as texts are hashed: what does not fill a word counts as signed bytes. */
export function hashBytes(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const aligned = bytes.length & ~3;
  let hash = SEED;
  for (let at = 0; at < aligned; at += 4) hash = mix(hash, view.getInt32(at, true));
  for (let at = aligned; at < bytes.length; at++) hash = mix(hash, view.getInt8(at));
  return finish(hash, bytes.length);
}

/** The hash so far of a row of one field that is not NULL: the two words before it are 0. */
const NOT_NULL = mix(mix(SEED, 0), 0);

/** The hash of the row whose one field is a whole number of 64 bits, given as halves; one of 32 bits has 0 on high. */
export function hashNumberRow(low: number, high: number): number {
  return finish(mix(mix(NOT_NULL, low), high), 16);
}

function mix(hash: number, word: number): number {
  let mixed = Math.imul(word, 0xcc9e2d51);
  mixed = (mixed << 15) | (mixed >>> 17);
  const joined = hash ^ Math.imul(mixed, 0x1b873593);
  const turned = (joined << 13) | (joined >>> 19);
  return (Math.imul(turned, 5) + 0xe6546b64) | 0;
}

function finish(mixed: number, sizeBytes: number): number {
  let hash = mixed ^ sizeBytes;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}
