// Places of keys in a temporary file: records in the order of their fingerprints, found by a table of their first bits.
import { ScratchFile } from '../../storage/scratch-file.ts';
import type { SpillSpace } from '../../storage/spill-space.ts';
import { PRINT_WORDS } from './key-fingerprint.ts';
import { comparePrints, RECORD_BYTES, RECORD_WORDS } from './place-table.ts';

/** Fingerprints are spread evenly: the records with the same first bits, so many on average, are read at once. */
const GROUP_RECORDS = 128;
/** The table takes 4 MiB at most; in a run of more records groups are larger. */
const TABLE_BITS_MAX = 20;
/** Groups that are wanted together are read as one up to this size. */
const READ_RECORDS_MAX = 4096;
/** Reads that are under way at a time. */
const READS_MAX = 32;
/** Records of a part when a run is gone through. */
const PART_RECORDS = 16384;

/** Parts of sorted records, each good until the next. */
export type RecordParts = AsyncIterable<Uint32Array> | Iterable<Uint32Array>;

/** Tells the place of row `row` of the fingerprints that were asked for. */
export type FoundPlace = (row: number, place: number) => void;

/** Rows whose records are read together. */
interface GroupRead {
  /** The records that are read. */
  readonly from: number;
  to: number;
  /** The rows that may be there. */
  readonly rows: number[];
}

/** A sorted run in a temporary file. */
export class PlaceRun {
  readonly count: number;
  private readonly file: ScratchFile;
  private readonly bits: number;
  /** The first record with these first bits; one entry more, for the end. */
  private readonly groups: Uint32Array;

  private constructor(file: ScratchFile, bits: number, groups: Uint32Array) {
    this.file = file;
    this.bits = bits;
    this.groups = groups;
    this.count = groups[2 ** bits];
  }

  /** Writes records, of which there are about so many. Throws what `ScratchFile` throws. */
  static async write(parts: RecordParts, countAbout: number, space: SpillSpace): Promise<PlaceRun> {
    const wantedBits = Math.ceil(Math.log2(countAbout / GROUP_RECORDS + 1));
    const bits = Math.min(Math.max(wantedBits, 1), TABLE_BITS_MAX);
    const groups = new Uint32Array(2 ** bits + 1);
    const file = await ScratchFile.create(space);
    let count = 0;
    let group = 0;
    try {
      for await (const part of parts) {
        for (let at = 0; at < part.length; at += RECORD_WORDS, count++) {
          const own = part[at] >>> (32 - bits);
          while (group < own) groups[++group] = count;
        }
        await file.append(new Uint8Array(part.buffer, part.byteOffset, part.byteLength));
      }
      groups.fill(count, group + 1);
      return new PlaceRun(file, bits, groups);
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /** Looks for some rows of fingerprints, which are given in the order of these. */
  async find(prints: Uint32Array, rows: Uint32Array, found: FoundPlace): Promise<void> {
    let reads: GroupRead[] = [];
    for (const row of rows) {
      const group = prints[PRINT_WORDS * row] >>> (32 - this.bits);
      const from = this.groups[group];
      const to = this.groups[group + 1];
      if (from === to) continue;
      const last = reads.at(-1);
      if (last !== undefined && from <= last.to && to - last.from <= READ_RECORDS_MAX) {
        last.to = to;
        last.rows.push(row);
        continue;
      }
      if (reads.length === READS_MAX) {
        await this.readGroups(reads, prints, found);
        reads = [];
      }
      reads.push({ from, to, rows: [row] });
    }
    await this.readGroups(reads, prints, found);
  }

  /** All records, in order. */
  async *records(): AsyncGenerator<Uint32Array> {
    for (let from = 0; from < this.count; from += PART_RECORDS) {
      yield this.read(from, Math.min(from + PART_RECORDS, this.count));
    }
  }

  close(): Promise<void> {
    return this.file.close();
  }

  private async readGroups(reads: readonly GroupRead[], prints: Uint32Array, found: FoundPlace): Promise<void> {
    await Promise.all(
      reads.map(async ({ from, to, rows }) => {
        const records = await this.read(from, to);
        for (const row of rows) {
          const at = findRecord(records, prints, row);
          if (at >= 0) found(row, records[at + PRINT_WORDS] - 1);
        }
      }),
    );
  }

  private async read(from: number, to: number): Promise<Uint32Array> {
    const records = new Uint32Array(RECORD_WORDS * (to - from));
    await this.file.readInto(new Uint8Array(records.buffer), RECORD_BYTES * from);
    return records;
  }
}

/** Where the record of row `row` begins; -1 if it is not there. */
function findRecord(records: Uint32Array, prints: Uint32Array, row: number): number {
  let low = 0;
  let high = records.length / RECORD_WORDS;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const order = comparePrints(records, RECORD_WORDS * middle, prints, PRINT_WORDS * row);
    if (order === 0) return RECORD_WORDS * middle;
    if (order < 0) low = middle + 1;
    else high = middle;
  }
  return -1;
}

/**
 * The records of runs as one, in order. Where several runs know a key, the first of them has the last word; `differs` is
 * told when another names another place.
 */
export async function* mergedRecords(
  runs: readonly PlaceRun[],
  differs: (place: number, other: number) => void = () => {},
): AsyncGenerator<Uint32Array> {
  const cursors = await Promise.all(runs.map((run) => RunCursor.open(run)));
  const part = new Uint32Array(RECORD_WORDS * PART_RECORDS);
  let used = 0;
  for (let next = leastOf(cursors); next !== null; next = leastOf(cursors)) {
    const record = part.subarray(used, used + RECORD_WORDS);
    record.set(next.part.subarray(next.at, next.at + RECORD_WORDS));
    used += RECORD_WORDS;
    for (const cursor of cursors) {
      if (cursor.isAtEnd || comparePrints(cursor.part, cursor.at, record, 0) !== 0) continue;
      const other = cursor.part[cursor.at + PRINT_WORDS];
      if (other !== record[PRINT_WORDS]) differs(record[PRINT_WORDS] - 1, other - 1);
      if (cursor.step()) await cursor.load();
    }
    if (used < part.length) continue;
    yield part;
    used = 0;
  }
  if (used > 0) yield part.subarray(0, used);
}

/** The cursor with the least record; of equal ones the first. Null at the end of all. */
function leastOf(cursors: readonly RunCursor[]): RunCursor | null {
  let least: RunCursor | null = null;
  for (const cursor of cursors) {
    if (cursor.isAtEnd) continue;
    if (least === null || comparePrints(cursor.part, cursor.at, least.part, least.at) < 0) least = cursor;
  }
  return least;
}

/** Goes through the records of a run. */
class RunCursor {
  part: Uint32Array = new Uint32Array(0);
  /** Where the present record begins in `part`. */
  at = 0;
  isAtEnd = false;
  private readonly parts: AsyncGenerator<Uint32Array>;

  private constructor(parts: AsyncGenerator<Uint32Array>) {
    this.parts = parts;
  }

  static async open(run: PlaceRun): Promise<RunCursor> {
    const cursor = new RunCursor(run.records());
    await cursor.load();
    return cursor;
  }

  /** Goes on by a record; true where the next one has to be loaded. */
  step(): boolean {
    this.at += RECORD_WORDS;
    return this.at === this.part.length;
  }

  async load(): Promise<void> {
    const next = await this.parts.next();
    this.at = 0;
    if (next.done === true) this.isAtEnd = true;
    else this.part = next.value;
  }
}
