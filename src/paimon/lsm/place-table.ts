// The places of keys in memory: an open-addressing table whose records are at all times in the order of their
// fingerprints, so that it is written to a sorted run by going through it.
import { assert } from '../../base/errors.ts';
import { PRINT_WORDS } from './key-fingerprint.ts';

/** Words of a record: the fingerprint of a key, most significant word first, and the number of its place plus one. */
export const RECORD_WORDS = PRINT_WORDS + 1;
/** Bytes of a record. */
export const RECORD_BYTES = 4 * RECORD_WORDS;

const FIRST_BITS = 14;
/** Slots behind the last home slot, for records that do not fit into theirs: nothing goes round to the start. */
const TAIL_SLOTS = 256;
/** Of the home slots so many are taken at most. */
const LOAD_MAX = 0.6;
const PLACE = PRINT_WORDS;

/** Fingerprints of keys and their places. A key's home slot is given by the first bits of its fingerprint. */
export class PlaceTable {
  private bits = FIRST_BITS;
  private readonly bitsMax: number;
  private records = emptyRecords(FIRST_BITS);
  private held = 0;

  /** Takes at most `sizeBytesMax` while it grows, but room for ten thousand keys in any case. */
  constructor(sizeBytesMax: number) {
    let bits = FIRST_BITS;
    while (1.5 * RECORD_BYTES * 2 ** (bits + 1) <= sizeBytesMax && bits < 26) bits++;
    this.bitsMax = bits;
  }

  /** Keys that are held. */
  get count(): number {
    return this.held;
  }

  /** Makes room for more keys; false where the table is as large as it may be. */
  reserve(count: number): boolean {
    while (this.held + count > LOAD_MAX * 2 ** this.bits) {
      if (this.bits === this.bitsMax) return false;
      this.grow();
    }
    return true;
  }

  /** The place of row `row` of `prints`; -1 for a key that is not held. */
  get(prints: Uint32Array, row: number): number {
    const at = this.find(prints, PRINT_WORDS * row);
    return at < 0 ? -1 : this.records[at + PLACE] - 1;
  }

  /** Holds the key with its place, the former one if there was any being forgotten. There is room (`reserve`). */
  set(prints: Uint32Array, row: number, place: number): void {
    const from = PRINT_WORDS * row;
    const found = this.find(prints, from);
    const at = found < 0 ? this.makeRoomAt(~found) : found;
    if (found < 0) for (let word = 0; word < PRINT_WORDS; word++) this.records[at + word] = prints[from + word];
    this.records[at + PLACE] = place + 1;
  }

  /** The records in order, as parts of at most `countMax` of them; each is good until the next. */
  *sorted(countMax: number): Generator<Uint32Array> {
    const { records } = this;
    const part = new Uint32Array(RECORD_WORDS * countMax);
    let used = 0;
    for (let at = 0; at < records.length; at += RECORD_WORDS) {
      if (records[at + PLACE] === 0) continue;
      for (let word = 0; word < RECORD_WORDS; word++) part[used++] = records[at + word];
      if (used < part.length) continue;
      yield part;
      used = 0;
    }
    if (used > 0) yield part.subarray(0, used);
  }

  /** Forgets all keys and keeps its size. */
  clear(): void {
    this.records.fill(0);
    this.held = 0;
  }

  /** Where the record of a key begins; for one that is not held, the complement of where it belongs. */
  private find(prints: Uint32Array, from: number): number {
    const { records } = this;
    let at = RECORD_WORDS * (prints[from] >>> (32 - this.bits));
    while (records[at + PLACE] !== 0) {
      const order = comparePrints(records, at, prints, from);
      if (order === 0) return at;
      if (order > 0) break;
      at += RECORD_WORDS;
    }
    return ~at;
  }

  /** Moves the records from `at` up to the next free slot by one slot. */
  private makeRoomAt(at: number): number {
    const { records } = this;
    let free = at;
    while (records[free + PLACE] !== 0) free += RECORD_WORDS;
    assert(free < records.length, 'table of places is crowded at its end');
    records.copyWithin(at + RECORD_WORDS, at, free);
    this.held++;
    return at;
  }

  private grow(): void {
    const { records } = this;
    this.bits++;
    this.records = emptyRecords(this.bits);
    let next = 0;
    for (let at = 0; at < records.length; at += RECORD_WORDS) {
      if (records[at + PLACE] === 0) continue;
      const to = Math.max(next, RECORD_WORDS * (records[at] >>> (32 - this.bits)));
      for (let word = 0; word < RECORD_WORDS; word++) this.records[to + word] = records[at + word];
      next = to + RECORD_WORDS;
    }
  }
}

/** Compares the fingerprints that begin at two offsets. */
export function comparePrints(a: Uint32Array, aFrom: number, b: Uint32Array, bFrom: number): number {
  for (let word = 0; word < PRINT_WORDS; word++) {
    const left = a[aFrom + word];
    const right = b[bFrom + word];
    if (left !== right) return left < right ? -1 : 1;
  }
  return 0;
}

function emptyRecords(bits: number): Uint32Array {
  return new Uint32Array(RECORD_WORDS * (2 ** bits + TAIL_SLOTS));
}
