// What every type of index gives.
import type { ColumnCondition } from '../condition.ts';
import type { RowSet } from './row-set.ts';

/** The rows that may meet a condition on the column of an index; null where the index does not tell. */
export type ColumnIndex = (condition: ColumnCondition) => RowSet | null;
