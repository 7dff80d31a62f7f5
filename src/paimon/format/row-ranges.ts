// Ranges of row numbers: which rows of a part of a file are worth reading.

/** The rows `from … to`, at least one. */
export interface Rows {
  readonly from: number;
  readonly to: number;
}

/** Ranges in ascending order; none begins before the one ahead of it has ended. */
export type RowRanges = readonly Rows[];

/** The rows `0 … rowCount`. */
export function allRows(rowCount: number): RowRanges {
  return rowCount === 0 ? [] : [{ from: 0, to: rowCount }];
}

/** The rows that are in both. */
export function commonRows(left: RowRanges, right: RowRanges): RowRanges {
  const common: Rows[] = [];
  for (let a = 0, b = 0; a < left.length && b < right.length; ) {
    const from = Math.max(left[a].from, right[b].from);
    const to = Math.min(left[a].to, right[b].to);
    if (from < to) common.push({ from, to });
    if (left[a].to < right[b].to) a++;
    else b++;
  }
  return common;
}

/** The rows that are in either. */
export function joinedRows(left: RowRanges, right: RowRanges): RowRanges {
  return mergedRanges(
    [...left, ...right].sort((a, b) => a.from - b.from),
    0,
  );
}

/** The same rows in as few ranges as there can be; those that are at most `gapMax` rows apart become one. */
export function mergedRanges(ascending: Iterable<Rows>, gapMax: number): RowRanges {
  const merged: Rows[] = [];
  for (const { from, to } of ascending) {
    const last = merged.at(-1);
    if (last !== undefined && from - last.to <= gapMax)
      merged[merged.length - 1] = { ...last, to: Math.max(last.to, to) };
    else merged.push({ from, to });
  }
  return merged;
}
