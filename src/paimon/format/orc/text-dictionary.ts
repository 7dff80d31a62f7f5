// Distinct byte strings and their numbers, for one stripe of a column.
import { ByteBuffer } from '../parquet/byte-buffer.ts';

const SLOTS_INITIAL = 1024;

/** Gives each distinct byte string a code, in order of appearance. */
export class TextDictionary {
  count = 0;
  private readonly text = new ByteBuffer();
  /** Where entry `code` begins; one more than entries. */
  private offsets = new Uint32Array(SLOTS_INITIAL);
  private hashes = new Int32Array(SLOTS_INITIAL);
  /** Codes plus one; 0 is free. */
  private slots = new Uint32Array(SLOTS_INITIAL);

  get sizeBytes(): number {
    return this.text.size + 8 * this.count;
  }

  /** The code of `bytes[start … end)`. */
  codeOf(bytes: Uint8Array, start: number, end: number): number {
    let hash = end - start;
    for (let at = start; at < end; at++) hash = Math.imul(hash ^ bytes[at], 0x01000193);
    hash ^= hash >>> 15;
    const mask = this.slots.length - 1;
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const found = this.slots[slot] - 1;
      if (found < 0) return this.add(slot, hash, bytes.subarray(start, end));
      if (this.hashes[found] === hash && this.isEntry(found, bytes.subarray(start, end))) return found;
    }
  }

  private isEntry(code: number, value: Uint8Array): boolean {
    const start = this.offsets[code];
    if (this.offsets[code + 1] - start !== value.length) return false;
    const { bytes } = this.text;
    for (let index = 0; index < value.length; index++) if (bytes[start + index] !== value[index]) return false;
    return true;
  }

  private add(slot: number, hash: number, value: Uint8Array): number {
    const code = this.count++;
    this.text.append(value);
    if (this.count === this.offsets.length) {
      this.offsets = grown(this.offsets, new Uint32Array(2 * this.count));
      this.hashes = grown(this.hashes, new Int32Array(2 * this.count));
    }
    this.offsets[code + 1] = this.text.size;
    this.hashes[code] = hash;
    this.slots[slot] = code + 1;
    if (2 * this.count > this.slots.length) this.rehash();
    return code;
  }

  private rehash(): void {
    this.slots = new Uint32Array(2 * this.slots.length);
    const mask = this.slots.length - 1;
    for (let code = 0; code < this.count; code++) {
      let slot = this.hashes[code] & mask;
      while (this.slots[slot] !== 0) slot = (slot + 1) & mask;
      this.slots[slot] = code + 1;
    }
  }

  /** The entry of a code: a view, valid until the next entry. */
  entry(code: number): Uint8Array {
    return this.text.bytes.subarray(this.offsets[code], this.offsets[code + 1]);
  }

  /** Codes in the order of their entries as unsigned bytes. */
  sortedCodes(): Uint32Array {
    const codes = Uint32Array.from({ length: this.count }, (_, code) => code);
    return codes.sort((left, right) => Buffer.compare(this.entry(left), this.entry(right)));
  }

  clear(): void {
    if (this.count > 0) this.slots.fill(0);
    this.count = 0;
    this.text.clear();
  }
}

function grown<Numbers extends Uint32Array | Int32Array>(from: Numbers, to: Numbers): Numbers {
  to.set(from);
  return to;
}
