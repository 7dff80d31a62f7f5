// The unit that moves between the stages: changes of one table, in columns, in log order.
import type { ColumnBatch } from '../column/vector.ts';
import type { TableKey } from './table-key.ts';

/**
 * Row changes of one table in log order. The columns are those of the `SourceTable`, in its order. The receiver owns
 * the arrays.
 *
 * - +I carries the whole row. +U carries the new row; values that the log left out are MISSING.
 * - -D carries at least the key columns. When `beforeImages` is true it carries the whole old row, and every +U
 *   directly follows a -U with the whole old row; otherwise there are no -U and the other columns of a -D are NULL.
 * - An update that changes the key is -D of the old key directly followed by +I of the new row, in the same batch. If
 *   a +I has MISSING values, they are those of the row that this -D removes.
 */
export interface ChangeBatch extends ColumnBatch {
  readonly table: TableKey;
  /** A row kind of `column/row-kind.ts` for each row. */
  readonly kinds: Uint8Array;
  readonly beforeImages: boolean;
  /** Whether any value is MISSING. */
  readonly hasMissing: boolean;
  /** Bytes of memory held, for the budget. */
  readonly sizeBytes: number;
}
