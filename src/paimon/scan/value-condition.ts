// Conditions from JavaScript values, for programs that have no cells at hand.
import { TributaryError } from '../../base/errors.ts';
import type { Condition, Literal } from '../format/condition.ts';
import { cellOf, type RowValue } from '../format/row-objects.ts';
import type { DataField } from '../schema/data-type.ts';

/** Operators that compare a column with values. */
export type ValueOperator =
  | '='
  | '!='
  | '<'
  | '<='
  | '>'
  | '>='
  | 'in'
  | 'not in'
  | 'between'
  | 'not between'
  | 'like'
  | 'not like';

/** A condition on a column; `in` and `not in` take a list, `between` its two ends. Throws `E3137`. */
export function valueCondition(field: DataField, operator: ValueOperator, value: RowValue): Condition {
  const { name: column, type } = field;
  const literal = (item: RowValue): Literal => {
    const cell = cellOf(type, item, column);
    if (cell !== null && !Array.isArray(cell)) return cell as Literal;
    throw new TributaryError('E3137', `value cannot be compared with: column=${column}`);
  };
  if (operator === 'like' || operator === 'not like') {
    if (typeof value === 'string') return { column, operator, pattern: value };
    throw new TributaryError('E3137', `pattern is no text: column=${column}`);
  }
  if (operator === 'in' || operator === 'not in') return { column, operator, literals: listOf(value).map(literal) };
  if (operator !== 'between' && operator !== 'not between') return { column, operator, literal: literal(value) };
  const [low = null, high = null] = listOf(value);
  return { column, operator, low: literal(low), high: literal(high) };
}

function listOf(value: RowValue): readonly RowValue[] {
  return Array.isArray(value) ? (value as readonly RowValue[]) : [value];
}
