// Rows of a primary-key table between files, merge and compaction: columns, sequence numbers, kinds; and how they sort.
import { assert } from '../../base/errors.ts';
import { INSERT } from '../../column/row-kind.ts';
import type { ColumnBatch, Int64Vector, Vector } from '../../column/vector.ts';
import type { DataField } from '../schema/data-type.ts';
import { compareBinaryRows } from '../format/binary-row.ts';
import type { KeyRowOrder } from './interval-partition.ts';

/** Rows of one sorted run, or the result of a merge, in key order. The columns are those of a `KeyValueLayout`. */
export interface KeyValueBatch extends ColumnBatch {
  /** `_SEQUENCE_NUMBER` of each row; zeros for files of append tables. */
  readonly sequence: Int64Vector;
  /** `_VALUE_KIND` of each row: a row kind of `column/row-kind.ts`. */
  readonly kinds: Uint8Array;
  /** The level of the file that the rows stand in; 0 unless given. */
  readonly level?: number;
  /** The columns that are read later; absent where all are in `columns`. */
  readonly late?: LateColumns;
}

/** Columns of the rows of one batch. */
export interface LateColumns {
  /**
   * The columns of the rows of these numbers in the batch: ascending, and behind those that were picked before. Batches of
   * one run are picked from in order.
   */
  pick(rows: Uint32Array): Promise<PickedColumns>;
}

/** Rows of columns. */
export interface PickedColumns {
  readonly columns: readonly Vector[];
  /** Where each of the rows stands in the columns. */
  readonly rows: Uint32Array;
  /** Made for this call: nobody else has the columns. */
  readonly areOwn?: boolean;
}

/** What the columns of key-value batches are and which of them decide the order. */
export interface KeyValueLayout {
  readonly fields: readonly DataField[];
  /** The trimmed primary key, in key order, as indexes of `fields`. */
  readonly keyIndexes: readonly number[];
  /** The `sequence.field` columns, in order, as indexes of `fields`. */
  readonly sequenceIndexes: readonly number[];
  /** The smallest value of the sequence fields wins instead of the largest. NULL loses either way. */
  readonly sequenceDescending: boolean;
}

/** The order of written keys: those of the layout's key columns. */
export function keyRowOrder({ fields, keyIndexes }: Pick<KeyValueLayout, 'fields' | 'keyIndexes'>): KeyRowOrder {
  const types = keyIndexes.map((index) => fields[index].type);
  return (a, b) => compareBinaryRows(types, a, b);
}

/** Rows of an append table, as its files have them. */
export function keylessRows(columns: readonly Vector[], rowCount: number): KeyValueBatch {
  const sequence: Int64Vector = { kind: 'i64', length: rowCount, values: new Int32Array(2 * rowCount), validity: null };
  return { rowCount, columns, sequence, kinds: new Uint8Array(rowCount).fill(INSERT) };
}

/** Consecutive sequence numbers, one a row. */
export function sequenceFrom(first: bigint, rowCount: number): Int64Vector {
  const start = Number(first);
  assert(Number.isSafeInteger(start + rowCount), `sequence numbers are used up: next=${first}`);
  const values = new Int32Array(2 * rowCount);
  for (let row = 0; row < rowCount; row++) {
    values[2 * row] = start + row;
    values[2 * row + 1] = Math.floor((start + row) / 4294967296);
  }
  return { kind: 'i64', length: rowCount, values, validity: null };
}
