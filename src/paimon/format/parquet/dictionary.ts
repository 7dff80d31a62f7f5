// Dictionaries of one column chunk: distinct values of a page get codes as they appear.
import { type BoundOrder, boundsOfPage, type ColumnBounds } from './column-bounds.ts';
import { BytePage, WordPage } from './value-encoder.ts';

/** More entries than this no longer fit the processor's nearest cache, and codes get long. */
const ENTRIES_MAX = 16384;
const TABLE_SLOTS = 32768;
const STARTS_INITIAL = 256;
const BYTES_MAX = 1 << 20;

/** Gives each distinct value a code, in order of appearance. */
export class Dictionary {
  /** The distinct values in PLAIN form. */
  readonly entries: WordPage | BytePage;
  private readonly table = new Int32Array(TABLE_SLOTS);
  private isTableUsed = false;
  /** Where entry `code` of a dictionary of bytes begins: its length prefix. */
  private starts = new Int32Array(STARTS_INITIAL);

  constructor(like: WordPage | BytePage) {
    this.entries = 'words' in like ? new WordPage(like.width) : new BytePage('prefixed');
  }

  get count(): number {
    return this.entries.valueCount;
  }

  clear(): void {
    if (this.isTableUsed) this.table.fill(0);
    this.isTableUsed = false;
    this.entries.clear();
  }

  /** Gives the memory of the entries back. */
  release(): void {
    this.entries.release();
  }

  /** The bounds of the entries that the first `count` codes refer to. */
  boundsOf(order: BoundOrder, codes: Uint16Array, count: number): ColumnBounds | null {
    const isUsed = new Uint8Array(this.count);
    let usedCount = 0;
    for (let index = 0; index < count; index++) {
      usedCount += 1 - isUsed[codes[index]];
      isUsed[codes[index]] = 1;
    }
    return boundsOfPage(order, usedCount === this.count ? this.entries : this.someEntries(isUsed, usedCount));
  }

  private someEntries(isUsed: Uint8Array, usedCount: number): WordPage | BytePage {
    const { entries } = this;
    if (entries instanceof WordPage) {
      const { width, words } = entries;
      const some = new WordPage(width);
      some.words = new Int32Array(usedCount * width);
      for (let code = 0, at = 0; code < isUsed.length; code++) {
        if (isUsed[code] === 0) continue;
        for (let word = code * width; word < (code + 1) * width; word++) some.words[at++] = words[word];
      }
      some.valueCount = usedCount;
      return some;
    }
    const some = new BytePage('prefixed');
    for (let code = 0; code < isUsed.length; code++) {
      const end = code + 1 < isUsed.length ? this.starts[code + 1] : entries.sizeBytes;
      if (isUsed[code] === 1) some.appendValue(entries.bytes.subarray(this.starts[code] + 4, end));
    }
    return some;
  }

  /** Forgets the entries from `count` on; values can no longer be interned until `clear`. */
  truncate(count: number): void {
    if (this.entries instanceof WordPage) this.entries.valueCount = count;
    else {
      if (count < this.entries.valueCount) this.entries.sizeBytes = this.starts[count];
      this.entries.valueCount = count;
    }
  }

  /**
   * Writes the codes of `count` values of the page, which begin at `offset` (words or bytes), to `codes` from `at` on.
   * Gives the offset behind them, or -1 when the dictionary is full.
   */
  intern(page: WordPage | BytePage, values: { offset: number; count: number; at: number }, codes: Uint16Array): number {
    this.isTableUsed = true;
    if (this.entries instanceof WordPage && page instanceof WordPage) {
      return page.width === 1 ? this.internWords(page, values, codes) : this.internPairs(page, values, codes);
    }
    return this.internBytes(page as BytePage, values, codes);
  }

  private internWords(
    page: WordPage,
    values: { offset: number; count: number; at: number },
    codes: Uint16Array,
  ): number {
    const { table, entries } = this;
    const words = page.words;
    const known = (entries as WordPage).words;
    const end = values.offset + values.count;
    for (let index = values.offset, at = values.at; index < end; index++, at++) {
      const value = words[index];
      let slot = Math.imul(value, 0x9e3779b1) >>> 17;
      while (table[slot] !== 0 && known[table[slot] - 1] !== value) slot = (slot + 1) & (TABLE_SLOTS - 1);
      if (table[slot] === 0) {
        const code = entries.valueCount;
        if (code >= ENTRIES_MAX) return -1;
        if (code >= known.length) return this.internGrown(page, { offset: index, count: end - index, at }, codes);
        known[code] = value;
        entries.valueCount = code + 1;
        table[slot] = code + 1;
      }
      codes[at] = table[slot] - 1;
    }
    return end;
  }

  private internPairs(
    page: WordPage,
    values: { offset: number; count: number; at: number },
    codes: Uint16Array,
  ): number {
    const { table, entries } = this;
    const words = page.words;
    const known = (entries as WordPage).words;
    const end = values.offset + 2 * values.count;
    for (let index = values.offset, at = values.at; index < end; index += 2, at++) {
      const low = words[index];
      const high = words[index + 1];
      let slot = (Math.imul(low, 0x9e3779b1) ^ Math.imul(high, 0x85ebca6b)) >>> 17;
      while (table[slot] !== 0) {
        const entry = 2 * (table[slot] - 1);
        if (known[entry] === low && known[entry + 1] === high) break;
        slot = (slot + 1) & (TABLE_SLOTS - 1);
      }
      if (table[slot] === 0) {
        const code = entries.valueCount;
        if (code >= ENTRIES_MAX) return -1;
        if (2 * code >= known.length)
          return this.internGrown(page, { offset: index, count: (end - index) / 2, at }, codes);
        known[2 * code] = low;
        known[2 * code + 1] = high;
        entries.valueCount = code + 1;
        table[slot] = code + 1;
      }
      codes[at] = table[slot] - 1;
    }
    return end;
  }

  /** Grows the array of entries, which the loops above hold in a local, and goes on. */
  private internGrown(
    page: WordPage,
    values: { offset: number; count: number; at: number },
    codes: Uint16Array,
  ): number {
    const entries = this.entries as WordPage;
    entries.reserve(entries.valueCount + 1);
    return this.intern(page, values, codes);
  }

  private internBytes(
    page: BytePage,
    values: { offset: number; count: number; at: number },
    codes: Uint16Array,
  ): number {
    const { table } = this;
    const entries = this.entries as BytePage;
    const bytes = page.bytes;
    let offset = values.offset;
    for (let at = values.at; at < values.at + values.count; at++) {
      const length = bytes[offset] | (bytes[offset + 1] << 8) | (bytes[offset + 2] << 16) | (bytes[offset + 3] << 24);
      const start = offset + 4;
      let slot = hashBytes(bytes, start, length);
      while (table[slot] !== 0 && !this.equalsEntry(table[slot] - 1, bytes, offset))
        slot = (slot + 1) & (TABLE_SLOTS - 1);
      if (table[slot] === 0) {
        const code = entries.valueCount;
        if (code >= ENTRIES_MAX || entries.sizeBytes + length > BYTES_MAX) return -1;
        if (code >= this.starts.length) this.growStarts();
        this.starts[code] = entries.sizeBytes;
        entries.appendValue(bytes.subarray(start, start + length));
        table[slot] = code + 1;
      }
      codes[at] = table[slot] - 1;
      offset = start + length;
    }
    return offset;
  }

  private growStarts(): void {
    const grown = new Int32Array(2 * this.starts.length);
    grown.set(this.starts);
    this.starts = grown;
  }

  /** Compares a value with its length prefix to an entry with its own. */
  private equalsEntry(code: number, bytes: Uint8Array, offset: number): boolean {
    const known = (this.entries as BytePage).bytes;
    const start = this.starts[code];
    const size = 4 + (bytes[offset] | (bytes[offset + 1] << 8) | (bytes[offset + 2] << 16) | (bytes[offset + 3] << 24));
    for (let index = 0; index < size; index++) if (known[start + index] !== bytes[offset + index]) return false;
    return true;
  }
}

function hashBytes(bytes: Uint8Array, start: number, length: number): number {
  let hash = 0x811c9dc5 ^ length;
  // Both ends: keys and paths share their beginnings.
  const head = start + Math.min(length, 12);
  for (let index = start; index < head; index++) hash = Math.imul(hash ^ bytes[index], 16777619);
  for (let index = Math.max(head, start + length - 8); index < start + length; index++) {
    hash = Math.imul(hash ^ bytes[index], 16777619);
  }
  return (hash ^ (hash >>> 15)) & (TABLE_SLOTS - 1);
}
