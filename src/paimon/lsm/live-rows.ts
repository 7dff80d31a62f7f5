// The rows of a batch that are left when some of them are not to be seen.
import { ofKind, takeVector } from '../../column/take.ts';
import type { DeletedRows } from './deletion-vector.ts';
import type { KeyValueBatch } from './key-values.ts';
import { lateRows } from './late-columns.ts';

/** The rows whose flag is 1; the batch itself where that is all of them. */
export function keepRows(batch: KeyValueBatch, keep: Uint8Array): KeyValueBatch {
  const rows = flaggedRows(keep);
  return rows.length === batch.rowCount ? batch : takeRows(batch, rows);
}

/** Some rows of a batch, by their numbers; ascending, where columns of it are late. */
export function takeRows(batch: KeyValueBatch, rows: Uint32Array): KeyValueBatch {
  return {
    ...batch,
    rowCount: rows.length,
    columns: batch.columns.map((column) => takeVector(column, rows)),
    sequence: ofKind(takeVector(batch.sequence, rows), 'i64'),
    kinds: Uint8Array.from(rows, (row) => batch.kinds[row]),
    ...(batch.late === undefined ? {} : { late: lateRows(batch.late, rows) }),
  };
}

/** Clears the flags of the deleted rows; the batch begins at row `firstRow` of its file. */
export function clearDeleted(keep: Uint8Array, firstRow: number, deleted: DeletedRows): void {
  const end = firstRow + keep.length;
  for (let index = firstAtLeast(deleted, firstRow); deleted[index] < end; index++) keep[deleted[index] - firstRow] = 0;
}

/** Whether a row of a file is deleted. */
export function isDeleted(deleted: DeletedRows, row: number): boolean {
  return deleted[firstAtLeast(deleted, row)] === row;
}

/** The first index of ascending numbers whose number is not below the bound. */
function firstAtLeast(numbers: Float64Array, bound: number): number {
  let low = 0;
  let high = numbers.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (numbers[middle] < bound) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The numbers of the flags that are 1. */
export function flaggedRows(flags: Uint8Array): Uint32Array {
  const rows = new Uint32Array(flags.length);
  let count = 0;
  for (let row = 0; row < flags.length; row++) if (flags[row] === 1) rows[count++] = row;
  return rows.slice(0, count);
}
