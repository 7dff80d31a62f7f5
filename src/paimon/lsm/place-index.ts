// Where the keys of a table are, for any number of keys in bounded memory: a table in memory, and sorted runs in
// temporary files once that is full.
import type { Random } from '../../base/random.ts';
import type { SpillSpace } from '../../storage/spill-space.ts';
import { type Fingerprinter, fingerprinter, fingerprintKey, PRINT_WORDS } from './key-fingerprint.ts';
import { mergedRecords, PlaceRun } from './place-run.ts';
import { comparePrints, PlaceTable } from './place-table.ts';
import type { DataType } from '../schema/data-type.ts';

/** Runs of about one size that are merged into one of the next size. */
const RUNS_OF_TIER_MAX = 8;
/** Records that are written at a time. */
const PART_RECORDS = 16384;

/** Keys that are asked for together: rows of key columns by their fingerprints. */
export class KeyPrints {
  /** Rows that fit. */
  static readonly rowsMax = 8192;
  readonly words = new Uint32Array(PRINT_WORDS * KeyPrints.rowsMax);
}

/**
 * Keys and the numbers of their places. A batch of keys is prepared, which may read files, and then asked for and set
 * row by row without waiting. A call that fails leaves the index unusable but for `clear`.
 */
export class PlaceIndex {
  /** Makes the fingerprints of keys. */
  readonly print: Fingerprinter;
  private readonly table: PlaceTable;
  /** Runs by tier, the smallest first; those of a tier from old to new. */
  private readonly tiers: PlaceRun[][] = [];

  private readonly spillSpace: SpillSpace;

  /** `sizeBytesMax` is what the table in memory may take. */
  constructor(
    keyTypes: readonly DataType[],
    options: { readonly random: Random; readonly sizeBytesMax: number; readonly spill: SpillSpace },
  ) {
    this.spillSpace = options.spill;
    this.print = fingerprinter(keyTypes, fingerprintKey(options.random));
    this.table = new PlaceTable(options.sizeBytesMax);
  }

  /** Brings the first `rowCount` keys into memory where they are known, and makes room for all of them. */
  async prepare(prints: KeyPrints, rowCount: number): Promise<void> {
    await this.makeRoom(rowCount);
    let open = this.unknownRows(prints.words, rowCount);
    for (const run of this.tiers.flatMap((runs) => runs.toReversed())) {
      if (open.length === 0) return;
      await run.find(prints.words, open, (row, place) => this.table.set(prints.words, row, place));
      open = open.filter((row) => this.table.get(prints.words, row) < 0);
    }
  }

  /** Makes room for keys that are taken for new: see `finishLoading`. */
  async makeRoom(rowCount: number): Promise<void> {
    if (!this.table.reserve(rowCount)) await this.spill();
  }

  /** The place of a prepared key; -1 if it is not known. */
  get(prints: KeyPrints, row: number): number {
    return this.table.get(prints.words, row);
  }

  /** Takes the place of a prepared key. */
  set(prints: KeyPrints, row: number, place: number): void {
    this.table.set(prints.words, row, place);
  }

  /**
   * Ends a time in which keys were taken for new. `differs` is told of keys that turn out to have several places, of which
   * then one is kept.
   */
  async finishLoading(differs: (place: number, other: number) => void): Promise<void> {
    if (this.tiers.length === 0) return;
    await this.spill();
    const runs = this.tiers.splice(0).flatMap((tier) => tier.toReversed());
    // With all in one run, what comes has one file to look into.
    this.tiers.push([], [await this.mergeRuns(runs, differs)]);
  }

  /** Forgets all keys, and gives the temporary files back. */
  async clear(): Promise<void> {
    this.table.clear();
    for (const run of this.tiers.splice(0).flat()) await run.close();
  }

  /** The rows whose keys are not in memory, in the order of their fingerprints. */
  private unknownRows(prints: Uint32Array, rowCount: number): Uint32Array {
    if (this.tiers.length === 0) return new Uint32Array(0);
    const rows = new Uint32Array(rowCount);
    let count = 0;
    for (let row = 0; row < rowCount; row++) if (this.table.get(prints, row) < 0) rows[count++] = row;
    return rows.subarray(0, count).sort((a, b) => comparePrints(prints, PRINT_WORDS * a, prints, PRINT_WORDS * b));
  }

  /** Moves the table to a run, and merges runs where they have become many. */
  private async spill(): Promise<void> {
    if (this.table.count > 0) {
      const run = await PlaceRun.write(this.table.sorted(PART_RECORDS), this.table.count, this.spillSpace);
      (this.tiers[0] ??= []).push(run);
      this.table.clear();
    }
    for (let tier = 0; (this.tiers[tier]?.length ?? 0) >= RUNS_OF_TIER_MAX; tier++) {
      const merged = await this.mergeRuns(this.tiers[tier].splice(0).toReversed());
      (this.tiers[tier + 1] ??= []).push(merged);
    }
  }

  /** Writes runs, the newest first, as one and gives their files back. */
  private async mergeRuns(
    runs: readonly PlaceRun[],
    differs?: (place: number, other: number) => void,
  ): Promise<PlaceRun> {
    try {
      const countMax = runs.reduce((sum, run) => sum + run.count, 0);
      return await PlaceRun.write(mergedRecords(runs, differs), countMax, this.spillSpace);
    } finally {
      for (const run of runs) await run.close();
    }
  }
}
