// The conditions of a read as users of the library write them: `{ amount: { gt: 100 } }` to the scan's conditions.
import { didYouMean } from '../base/did-you-mean.ts';
import { isTributaryError, TributaryError } from '../base/errors.ts';
import type { JsonValue } from '../base/json-text.ts';
import { cellFromJson } from '../paimon/format/row-json.ts';
import type { ColumnCondition, Literal } from '../paimon/format/condition.ts';
import type { DataField } from '../paimon/schema/data-type.ts';

/** A value to compare with: decimals, 64-bit integers, dates and timestamps may be texts (`2026-01-31T12:00:00`). */
export type FilterValue = string | number | bigint | boolean | Uint8Array | Date;

/** What a column must be; all that is given must hold. */
export interface ColumnFilter {
  readonly eq?: FilterValue;
  readonly ne?: FilterValue;
  readonly lt?: FilterValue;
  readonly le?: FilterValue;
  readonly gt?: FilterValue;
  readonly ge?: FilterValue;
  readonly in?: readonly FilterValue[];
  readonly notIn?: readonly FilterValue[];
  /** A pattern with `%` for any text and `_` for one character; `\` takes the meaning of the next one away. */
  readonly like?: string;
  readonly isNull?: boolean;
}

/** A filter a column; a bare value means `eq`. All must hold. */
export type Filter = Readonly<Record<string, ColumnFilter | FilterValue>>;

const OPERATORS = { eq: '=', ne: '!=', lt: '<', le: '<=', gt: '>', ge: '>=' } as const;
type ComparisonName = keyof typeof OPERATORS;

/** The conditions of a filter. Throws `E6011` for an unknown column or operator, or a value that does not fit. */
export function conditionsOf(filter: Filter, fields: readonly DataField[]): readonly ColumnCondition[] {
  return Object.entries(filter).flatMap(([column, wanted]) => {
    const field = fieldNamed(column, fields);
    if (!isColumnFilter(wanted)) return [{ column, operator: '=' as const, literal: literalOf(field, wanted) }];
    return Object.entries(wanted).map(([name, value]) => conditionOf(field, name, value));
  });
}

/** The literal of a value that is compared with the column. Throws `E6011`. */
export function literalOf(field: DataField, value: FilterValue): Literal {
  try {
    const cell = cellFromJson(field.type, jsonOf(field, value));
    if (cell !== null && !Array.isArray(cell)) return cell as Literal;
  } catch (error) {
    if (!isTributaryError(error)) throw error;
  }
  throw notComparable(field);
}

function notComparable(field: DataField): TributaryError {
  return new TributaryError(
    'E6011',
    `value cannot be compared with the column: column=${field.name} type=${field.type.kind}`,
  );
}

/** The field of that name. Throws `E6011`. */
export function fieldNamed(column: string, fields: readonly DataField[]): DataField {
  const field = fields.find((candidate) => candidate.name === column);
  if (field !== undefined) return field;
  const names = fields.map((candidate) => candidate.name);
  throw new TributaryError('E6011', `table has no such column${didYouMean(column, names)}: column=${column}`);
}

function isColumnFilter(wanted: ColumnFilter | FilterValue): wanted is ColumnFilter {
  return typeof wanted === 'object' && !(wanted instanceof Uint8Array) && !(wanted instanceof Date);
}

function conditionOf(field: DataField, name: string, value: unknown): ColumnCondition {
  const column = field.name;
  if (name in OPERATORS) {
    return { column, operator: OPERATORS[name as ComparisonName], literal: literalOf(field, value as FilterValue) };
  }
  if ((name === 'in' || name === 'notIn') && Array.isArray(value)) {
    const literals = (value as FilterValue[]).map((item) => literalOf(field, item));
    return { column, operator: name === 'in' ? 'in' : 'not in', literals };
  }
  if (name === 'like' && typeof value === 'string') {
    if (field.type.kind !== 'CHAR' && field.type.kind !== 'VARCHAR') throw notComparable(field);
    return { column, operator: name, pattern: value };
  }
  if (name === 'isNull') return { column, operator: value === true ? 'is null' : 'is not null' };
  const known = [...Object.keys(OPERATORS), 'in', 'notIn', 'like', 'isNull'];
  throw new TributaryError('E6011', `filter is not known${didYouMean(name, known)}: column=${column} filter=${name}`);
}

/** The value in the exact form of row JSON. */
function jsonOf(field: DataField, value: FilterValue): JsonValue {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex');
  if (value instanceof Date) return value.toISOString().slice(0, field.type.kind === 'DATE' ? 10 : 23);
  switch (field.type.kind) {
    case 'BIGINT':
    case 'DECIMAL':
      return String(value);
    default:
      return value;
  }
}
