// Finds earlier occurrences of four bytes: what Snappy and LZ4 compression share.

const TABLE_BITS = 14;

/** The last position at which each hash of four bytes was seen. */
export class MatchTable {
  private readonly positions = new Int32Array(1 << TABLE_BITS).fill(-1);

  /** The last position of the four bytes at `position`, or -1; remembers `position` in its place. */
  swap(input: Uint8Array, position: number): number {
    const word =
      input[position] | (input[position + 1] << 8) | (input[position + 2] << 16) | (input[position + 3] << 24);
    const slot = Math.imul(word, 0x1e35a7bd) >>> (32 - TABLE_BITS);
    const candidate = this.positions[slot];
    this.positions[slot] = position;
    if (candidate < 0) return -1;
    const same =
      input[candidate] === input[position] &&
      input[candidate + 1] === input[position + 1] &&
      input[candidate + 2] === input[position + 2] &&
      input[candidate + 3] === input[position + 3];
    return same ? candidate : -1;
  }
}

/** How many bytes at `candidate` and `position` agree, `end` excluded; the first four are known to. */
export function matchLength(
  input: Uint8Array,
  at: { readonly candidate: number; readonly position: number; readonly end: number },
): number {
  let length = 4;
  while (at.position + length < at.end && input[at.candidate + length] === input[at.position + length]) length++;
  return length;
}
