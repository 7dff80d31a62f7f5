// Where the values of one row of the log stand in its event: a row has a bit for each value that is NULL, then the
// values of the columns that its event's image has.
import type { LoggedColumn } from './binary-layout.ts';

/** The value is there. */
export const HAS_VALUE = 0;
/** The value is NULL. */
export const IS_NULL = 1;
/** The image does not have the column. */
export const LEFT_OUT = 2;

/** Places of the values of one row; filled again for each row. */
export class RowImage {
  /** `HAS_VALUE`, `IS_NULL` or `LEFT_OUT` for each column. */
  readonly forms: Uint8Array;
  readonly starts: Int32Array;
  readonly ends: Int32Array;
  private readonly sizes: Int32Array;
  private readonly prefixes: Int32Array;

  /** Every column's layout is known. */
  constructor(columns: readonly LoggedColumn[]) {
    this.forms = new Uint8Array(columns.length);
    this.starts = new Int32Array(columns.length);
    this.ends = new Int32Array(columns.length);
    this.sizes = Int32Array.from(columns, ({ layout }) => layout?.size ?? 0);
    this.prefixes = Int32Array.from(columns, ({ layout }) => layout?.prefix ?? 0);
  }

  /**
   * Reads the row at `start` of an event that ends at `limit`; `present` is where the event's bits of present columns
   * begin. Returns where the row ends, or -1 if it is not whole.
   */
  read(bytes: Buffer, start: number, present: number, limit: number): number {
    const { forms, starts, ends, sizes, prefixes } = this;
    const count = forms.length;
    const presentCount = countBits(bytes, present, count);
    let at = start + ((presentCount + 7) >> 3);
    let bit = 0;
    for (let index = 0; index < count; index++) {
      if (((bytes[present + (index >> 3)] >> (index & 7)) & 1) === 0) {
        forms[index] = LEFT_OUT;
        continue;
      }
      const isNull = (bytes[start + (bit >> 3)] >> (bit & 7)) & 1;
      bit++;
      forms[index] = isNull;
      if (isNull === 1) continue;
      const prefix = prefixes[index];
      let size = sizes[index];
      if (prefix > 0) {
        if (at + prefix > limit) return -1;
        for (let shift = 0; shift < prefix; shift++) size += bytes[at + shift] * 2 ** (8 * shift);
        at += prefix;
      }
      starts[index] = at;
      at += size;
      ends[index] = at;
      if (at > limit) return -1;
    }
    return at > limit ? -1 : at;
  }
}

/** How many of the first `count` bits are set. */
function countBits(bytes: Buffer, start: number, count: number): number {
  let set = 0;
  for (let index = 0; index < count; index++) set += (bytes[start + (index >> 3)] >> (index & 7)) & 1;
  return set;
}
