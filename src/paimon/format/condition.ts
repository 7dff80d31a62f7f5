// Conditions on rows, and whether rows of which only bounds are known can meet them: used to leave out manifests, files
// and parts of files. Evaluating them on rows is `scan/predicate.ts`.
import { type Cell, compareCells } from './cell.ts';
import { type LikePattern, likePattern } from './like-pattern.ts';

/**
 * A value to compare with, as a cell (`format/cell.ts`): boolean, number, bigint (decimals of any precision unscaled,
 * timestamps in the unit of their precision), bytes for text (UTF-8) and binary.
 */
export type Literal = boolean | number | bigint | Uint8Array;

/** A condition on one column. Comparisons with NULL are never true, as in SQL. */
export type ColumnCondition =
  | {
      readonly column: string;
      readonly operator: '=' | '!=' | '<' | '<=' | '>' | '>=';
      readonly literal: Literal;
    }
  | { readonly column: string; readonly operator: 'in' | 'not in'; readonly literals: readonly Literal[] }
  /** Both ends are in the range. */
  | {
      readonly column: string;
      readonly operator: 'between' | 'not between';
      readonly low: Literal;
      readonly high: Literal;
    }
  /** `%` is any text, `_` one character, and `\` takes the meaning of the next one away. */
  | { readonly column: string; readonly operator: 'like' | 'not like'; readonly pattern: string }
  | { readonly column: string; readonly operator: 'is null' | 'is not null' };

/** A tree of conditions. `not` of a comparison with NULL is not true either. */
export type Condition =
  | ColumnCondition
  | { readonly operator: 'and' | 'or'; readonly conditions: readonly Condition[] }
  | { readonly operator: 'not'; readonly condition: Condition };

/** A tree without `not`: that stands in the operators of the columns. */
export type PlainCondition =
  | ColumnCondition
  | { readonly operator: 'and' | 'or'; readonly conditions: readonly PlainCondition[] };

/** What is known of a column in some rows; null bounds are unknown. */
export interface ColumnBounds {
  readonly min: Cell;
  readonly max: Cell;
  /** Null where unknown. */
  readonly nullCount: bigint | null;
  readonly rowCount: number;
  /** Whether there may be values outside of the bounds that are no numbers, which are above all others. */
  readonly mayHoldNaN?: boolean;
}

/** The conditions, all of which must hold, without `not` and with every `and` dissolved into the list. */
export function plainConditions(conditions: readonly Condition[]): readonly PlainCondition[] {
  return conditions.flatMap((condition) => {
    const plain = withoutNot(condition, false);
    return plain.operator === 'and' ? plainConditions(plain.conditions) : [plain];
  });
}

/** The columns that conditions name, each once. */
export function conditionColumns(conditions: readonly Condition[]): readonly string[] {
  return [...new Set(columnConditions(conditions).map(({ column }) => column))];
}

/** The conditions on single columns within the trees. */
export function columnConditions(conditions: readonly Condition[]): readonly ColumnCondition[] {
  return conditions.flatMap((condition) => {
    switch (condition.operator) {
      case 'and':
      case 'or':
        return columnConditions(condition.conditions);
      case 'not':
        return columnConditions([condition.condition]);
      default:
        return [condition];
    }
  });
}

/**
 * Whether rows may meet all conditions, by a test of single columns that says false only where no row can meet the
 * condition.
 */
export function mayMeetAll(
  conditions: readonly PlainCondition[],
  mayMeetColumn: (condition: ColumnCondition) => boolean,
): boolean {
  return conditions.every((condition) => {
    switch (condition.operator) {
      case 'and':
        return mayMeetAll(condition.conditions, mayMeetColumn);
      case 'or':
        return condition.conditions.some((branch) => mayMeetAll([branch], mayMeetColumn));
      default:
        return mayMeetColumn(condition);
    }
  });
}

/** Whether rows with these bounds may hold one that meets the condition. True where in doubt. */
export function mayMeet(condition: ColumnCondition, bounds: ColumnBounds): boolean {
  const allNull = bounds.nullCount !== null && bounds.nullCount >= BigInt(bounds.rowCount);
  switch (condition.operator) {
    case 'is null':
      return bounds.nullCount === null || bounds.nullCount > 0n;
    case 'is not null':
      return !allNull;
    default:
      return !allNull && valuesMayMeet(condition, bounds);
  }
}

type ValueCondition = Exclude<ColumnCondition, { readonly operator: 'is null' | 'is not null' }>;

function valuesMayMeet(condition: ValueCondition, { min, max, mayHoldNaN = false }: ColumnBounds): boolean {
  // Bounds with NaN prune nothing (format notes 04 section 4).
  if (min === null || max === null || isNaNCell(min) || isNaNCell(max)) return true;
  const range = { min, max, mayHoldNaN };
  switch (condition.operator) {
    case 'in':
      return condition.literals.some((literal) => mayCompare('=', literal, range));
    case 'not in':
      return condition.literals.every((literal) => mayCompare('!=', literal, range));
    case 'between':
      return mayCompare('>=', condition.low, range) && mayCompare('<=', condition.high, range);
    case 'not between':
      return mayCompare('<', condition.low, range) || mayCompare('>', condition.high, range);
    case 'like':
      return mayStartWith(likePattern(condition.pattern), range);
    case 'not like':
      return true;
    default:
      return mayCompare(condition.operator, condition.literal, range);
  }
}

interface Range {
  readonly min: Cell;
  readonly max: Cell;
  readonly mayHoldNaN: boolean;
}

type Comparison = '=' | '!=' | '<' | '<=' | '>' | '>=';

/** What a NaN meets, being above every number. */
const ABOVE: ReadonlySet<Comparison> = new Set(['>', '>=', '!=']);

function mayCompare(operator: Comparison, literal: Literal, { min, max, mayHoldNaN }: Range): boolean {
  if (isNaNCell(literal) || (mayHoldNaN && ABOVE.has(operator))) return true;
  const fromMin = compareCells(literal, min);
  const fromMax = compareCells(literal, max);
  switch (operator) {
    case '=':
      return fromMin >= 0 && fromMax <= 0;
    // Truncated bounds are below and above the values, so that equal ones leave a single value.
    case '!=':
      return fromMin !== 0 || fromMax !== 0;
    case '<':
      return fromMin > 0;
    case '<=':
      return fromMin >= 0;
    case '>':
      return fromMax < 0;
    case '>=':
      return fromMax <= 0;
  }
}

function mayStartWith({ prefix }: LikePattern, { min, max }: Range): boolean {
  if (!(min instanceof Uint8Array) || !(max instanceof Uint8Array)) return true;
  const minStarts = Buffer.compare(min.subarray(0, prefix.length), prefix) === 0;
  return (minStarts || Buffer.compare(min, prefix) <= 0) && Buffer.compare(max, prefix) >= 0;
}

function isNaNCell(cell: Cell): boolean {
  return typeof cell === 'number' && Number.isNaN(cell);
}

function withoutNot(condition: Condition, negated: boolean): PlainCondition {
  switch (condition.operator) {
    case 'not':
      return withoutNot(condition.condition, !negated);
    case 'and':
    case 'or': {
      const other = condition.operator === 'and' ? 'or' : 'and';
      const conditions = condition.conditions.map((branch) => withoutNot(branch, negated));
      return { operator: negated ? other : condition.operator, conditions };
    }
    default:
      return negated ? negation(condition) : condition;
  }
}

function negation(condition: ColumnCondition): ColumnCondition {
  return { ...condition, operator: NEGATED[condition.operator] } as ColumnCondition;
}

const NEGATED: Readonly<Record<ColumnCondition['operator'], ColumnCondition['operator']>> = {
  '=': '!=',
  '!=': '=',
  '<': '>=',
  '<=': '>',
  '>': '<=',
  '>=': '<',
  in: 'not in',
  'not in': 'in',
  between: 'not between',
  'not between': 'between',
  like: 'not like',
  'not like': 'like',
  'is null': 'is not null',
  'is not null': 'is null',
};
