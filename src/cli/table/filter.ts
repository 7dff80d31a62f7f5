// `--filter` of the `table` verbs: column, operator and value, any number of times, all of which must hold. Operators and
// their values are the reference's, and some more of the same kind.
import { TributaryError } from '../../base/errors.ts';
import type { ColumnCondition, Literal } from '../../paimon/format/condition.ts';
import { startsWithPattern } from '../../paimon/format/like-pattern.ts';
import type { DataField } from '../../paimon/schema/data-type.ts';
import { fieldNamed, literalOf } from '../../query/conditions.ts';

const COMPARISONS = ['=', '!=', '<', '<=', '>', '>='] as const;

/** What `--help` says of the option. */
export const FILTER_HELP =
  'column, operator and value, any number of times: = != < <= > >= isnull notnull, in and notin (a,b,c), between (a,b), like (begins with the value)';

/** Conditions of words in threes: column, operator, value. Throws `E6011`, `E6200`. */
export function filterConditions(words: readonly string[], fields: readonly DataField[]): readonly ColumnCondition[] {
  if (words.length % 3 !== 0) {
    throw new TributaryError('E6200', `filter is not of column, operator and value: words=${words.length}`);
  }
  const conditions: ColumnCondition[] = [];
  for (let at = 0; at < words.length; at += 3) conditions.push(conditionOf(words.slice(at, at + 3), fields));
  return conditions;
}

function conditionOf([column, operator, value]: readonly string[], fields: readonly DataField[]): ColumnCondition {
  const field = fieldNamed(column, fields);
  const literals = (): readonly Literal[] => value.split(',').map((word) => literalOf(field, word));
  switch (operator) {
    case 'isnull':
      return { column, operator: 'is null' };
    case 'notnull':
      return { column, operator: 'is not null' };
    case 'in':
      return { column, operator, literals: literals() };
    case 'notin':
      return { column, operator: 'not in', literals: literals() };
    case 'like':
      return { column, operator, pattern: startsWithPattern(value) };
    case 'between': {
      const ends = literals();
      if (ends.length !== 2) throw new TributaryError('E6200', `between takes two values: values=${ends.length}`);
      return { column, operator, low: ends[0], high: ends[1] };
    }
    default: {
      const comparison = COMPARISONS.find((known) => known === operator);
      if (comparison === undefined) throw new TributaryError('E6200', `operator is not known: operator=${operator}`);
      return { column, operator: comparison, literal: literalOf(field, value) };
    }
  }
}
