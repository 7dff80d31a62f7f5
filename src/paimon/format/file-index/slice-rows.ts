// Rows by the bits of their numbers, for indexes of bit slices.

/** How many bits a number takes; 0 for 0. */
export function bitCount(value: bigint): number {
  return value === 0n ? 0 : value.toString(2).length;
}

/** The rows whose place passes the test, in their order. */
export function sliceRows(rows: Uint32Array, isIn: (index: number) => boolean): Uint32Array {
  return rows.filter((_, index) => isIn(index));
}
