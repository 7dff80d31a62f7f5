// Indexes that know the order of values: every comparison follows from the rows below a value.
import type { ColumnCondition, Literal } from '../condition.ts';
import { likePattern } from '../like-pattern.ts';
import type { RowSet } from './row-set.ts';

/** The rows of a file by the order of a column's values. */
export interface OrderedIndex {
  /** The rows whose value is not NULL. */
  readonly present: RowSet;
  /** The rows whose value is below the literal, or with `inclusive` equal to it. */
  readonly below: (literal: Literal, inclusive: boolean) => RowSet;
}

/** The rows that meet the condition; null where the index cannot tell. Rows may be more than meet a `like`. */
export function orderedRows(index: OrderedIndex, condition: ColumnCondition): RowSet | null {
  const { present } = index;
  switch (condition.operator) {
    case 'is null':
      return present.not();
    case 'is not null':
      return present;
    case '=':
      return equalRows(index, condition.literal);
    case '!=':
      return present.without(equalRows(index, condition.literal));
    case '<':
    case '<=':
      return index.below(condition.literal, condition.operator === '<=');
    case '>':
    case '>=':
      return present.without(index.below(condition.literal, condition.operator === '>'));
    case 'in':
      return anyRows(index, condition.literals);
    case 'not in': {
      const rows = anyRows(index, condition.literals);
      return rows === null ? null : present.without(rows);
    }
    case 'between':
      return rangeRows(index, condition.low, condition.high);
    case 'not between':
      return present.without(rangeRows(index, condition.low, condition.high));
    case 'like':
      return prefixRows(index, likePattern(condition.pattern).prefix);
    case 'not like':
      return null;
  }
}

function equalRows(index: OrderedIndex, literal: Literal): RowSet {
  return index.below(literal, true).without(index.below(literal, false));
}

function rangeRows(index: OrderedIndex, low: Literal, high: Literal): RowSet {
  return index.below(high, true).without(index.below(low, false));
}

function anyRows(index: OrderedIndex, literals: readonly Literal[]): RowSet | null {
  const sets = literals.map((literal) => equalRows(index, literal));
  return sets.length === 0 ? null : sets.reduce((all, rows) => all.or(rows));
}

/** The rows whose bytes begin with the prefix: those from it on, and below the next bytes that do not. */
function prefixRows(index: OrderedIndex, prefix: Uint8Array): RowSet | null {
  // No byte of UTF-8 is 255.
  if (prefix.length === 0) return null;
  const end = prefix.slice();
  end[end.length - 1]++;
  return index.below(end, false).without(index.below(prefix, false));
}
