// The order of sequence fields, which may be NULL. Source: format notes 05 section 5.
import { type ColumnOrder, type RowComparator, vectorComparator } from '../../../column/compare.ts';
import { PRESENT, validityAt, type Vector } from '../../../column/vector.ts';

/** Columns of two batches, one a field, the first one first. */
export interface NullableColumns {
  readonly left: readonly Vector[];
  readonly right: readonly Vector[];
  readonly orders: readonly ColumnOrder[];
  readonly descending: boolean;
}

/** Compares rows by the columns. NULL comes first in both directions. */
export function nullsFirst({ left, right, orders, descending }: NullableColumns): RowComparator {
  const sign = descending ? -1 : 1;
  return chain(
    left.map((vector, field) => {
      const compare = vectorComparator(vector, right[field], orders[field]);
      return columnNullsFirst(vector, right[field], (row, other) => sign * compare(row, other));
    }),
  );
}

function columnNullsFirst(left: Vector, right: Vector, compare: RowComparator): RowComparator {
  return (row, other) => {
    const present = validityAt(left, row) === PRESENT;
    const otherPresent = validityAt(right, other) === PRESENT;
    if (present && otherPresent) return compare(row, other);
    return Number(present) - Number(otherPresent);
  };
}

/** The first comparator that tells the rows apart decides. */
export function chain(comparators: readonly RowComparator[]): RowComparator {
  if (comparators.length === 1) return comparators[0];
  return (row, other) => {
    for (const compare of comparators) {
      const result = compare(row, other);
      if (result !== 0) return result;
    }
    return 0;
  };
}
