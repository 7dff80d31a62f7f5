// Bit-sliced numbers of rows: a row set for each bit. Source: format notes 04 section 8 (bsi, range-bitmap); the
// comparison is that of O'Neil and Quass, "Improved query performance with variant indexes".
import { RowSet } from './row-set.ts';

/** Numbers of rows, not negative; rows without one are not in `present`. */
export class BitSlices {
  readonly present: RowSet;
  private readonly slices: readonly RowSet[];

  constructor(present: RowSet, slices: readonly RowSet[]) {
    this.present = present;
    this.slices = slices;
  }

  static empty(rowCount: number): BitSlices {
    return new BitSlices(RowSet.none(rowCount), []);
  }

  /** The rows whose number is below `value`. */
  below(value: bigint): RowSet {
    if (value <= 0n) return RowSet.none(this.present.rowCount);
    if (value >> BigInt(this.slices.length) > 0n) return this.present;
    let equal = this.present;
    let below = RowSet.none(this.present.rowCount);
    for (let bit = this.slices.length - 1; bit >= 0; bit--) {
      const slice = this.slices[bit];
      if (((value >> BigInt(bit)) & 1n) === 1n) {
        below = below.or(equal.without(slice));
        equal = equal.and(slice);
      } else equal = equal.without(slice);
    }
    return below;
  }
}
