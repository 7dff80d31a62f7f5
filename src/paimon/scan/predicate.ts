// Conditions on columns: which rows meet them, and which files cannot hold such a row.
import { TributaryError } from '../../base/errors.ts';
import { vectorComparator } from '../../column/compare.ts';
import { PRESENT, validityAt, type Vector } from '../../column/vector.ts';
import { type Cell, compareCells, vectorOf } from '../format/cell.ts';
import { columnOrder } from '../lsm/key-values.ts';
import type { DataField, DataType } from '../schema/data-type.ts';
import type { Condition, Literal } from './scan.ts';

/** What is known of a column in some rows; null bounds are unknown. */
export interface ColumnBounds {
  readonly min: Cell;
  readonly max: Cell;
  /** Null where unknown. */
  readonly nullCount: bigint | null;
  readonly rowCount: number;
}

/** Throws `E3400` unless every condition names one of the fields and compares it with a value of its type. */
export function checkConditions(conditions: readonly Condition[], fields: readonly DataField[]): void {
  for (const condition of conditions) {
    const field = fieldOf(condition.column, fields);
    for (const literal of literalsOf(condition)) {
      if (!fits(literal, field.type)) {
        throw new TributaryError('E3400', `column cannot be compared: column=${field.name} type=${field.type.kind}`);
      }
    }
  }
}

/** The field of that name. Throws `E3400`. */
export function fieldOf(name: string, fields: readonly DataField[]): DataField {
  const field = fields.find((candidate) => candidate.name === name);
  if (field === undefined) throw new TributaryError('E3400', `table has no such column: column=${name}`);
  return field;
}

/** The rows of a column, all `rowCount` of which are candidates, that meet the condition: 1 for each, else 0. */
export function rowsThatMeet(condition: Condition, type: DataType, column: Vector): Uint8Array {
  const met = new Uint8Array(column.length);
  const wantsNull = condition.operator === 'is null';
  const test =
    condition.operator === 'is null' || condition.operator === 'is not null' ? null : rowTest(condition, type, column);
  for (let row = 0; row < column.length; row++) {
    const present = validityAt(column, row) === PRESENT;
    met[row] = Number(test === null ? present !== wantsNull : present && test(row));
  }
  return met;
}

/** Whether rows with these bounds may hold one that meets the condition. True where in doubt. */
export function mayMeet(condition: Condition, bounds: ColumnBounds): boolean {
  const allNull = bounds.nullCount !== null && bounds.nullCount >= BigInt(bounds.rowCount);
  switch (condition.operator) {
    case 'is null':
      return bounds.nullCount === null || bounds.nullCount > 0n;
    case 'is not null':
      return !allNull;
    case 'in':
      return !allNull && condition.literals.some((literal) => mayHold('=', literal, bounds));
    case '=':
    case '!=':
    case '<':
    case '<=':
    case '>':
    case '>=':
      return !allNull && mayHold(condition.operator, condition.literal, bounds);
  }
}

type Comparison = '=' | '!=' | '<' | '<=' | '>' | '>=';

function mayHold(operator: Comparison, literal: Literal, bounds: ColumnBounds): boolean {
  const { min, max } = bounds;
  if (min === null || max === null || isNaNCell(min) || isNaNCell(max) || isNaNCell(literal)) return true;
  const fromMin = compareCells(literal, min);
  const fromMax = compareCells(literal, max);
  switch (operator) {
    case '=':
      return fromMin >= 0 && fromMax <= 0;
    // Bounds may be truncated, so that equal ones do not prove a single value.
    case '!=':
      return true;
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

/** Bounds with NaN prune nothing (format notes 04 section 4). */
function isNaNCell(cell: Cell): boolean {
  return typeof cell === 'number' && Number.isNaN(cell);
}

function rowTest(condition: Condition, type: DataType, column: Vector): (row: number) => boolean {
  const literals = vectorOf(type, literalsOf(condition));
  const compare = vectorComparator(column, literals, columnOrder(type));
  if (condition.operator !== 'in') {
    const accepts = ORDERS[condition.operator as Comparison];
    return (row) => accepts(compare(row, 0));
  }
  const places = Array.from({ length: literals.length }, (_, place) => place);
  return (row) => places.some((place) => compare(row, place) === 0);
}

/** Whether a value that compares so with the literal meets the condition. */
const ORDERS: Readonly<Record<Comparison, (order: number) => boolean>> = {
  '=': (order) => order === 0,
  '!=': (order) => order !== 0,
  '<': (order) => Math.sign(order) === -1,
  '<=': (order) => Math.sign(order) !== 1,
  '>': (order) => Math.sign(order) === 1,
  '>=': (order) => Math.sign(order) !== -1,
};

function literalsOf(condition: Condition): readonly Literal[] {
  if (condition.operator === 'in') return condition.literals;
  return 'literal' in condition ? [condition.literal] : [];
}

function fits(literal: Literal, type: DataType): boolean {
  switch (type.kind) {
    case 'BOOLEAN':
      return typeof literal === 'boolean';
    case 'TINYINT':
    case 'SMALLINT':
    case 'INT':
    case 'DATE':
    case 'TIME':
      return typeof literal === 'number' && Number.isInteger(literal) && Math.abs(literal) <= 2147483648;
    case 'FLOAT':
    case 'DOUBLE':
      return typeof literal === 'number';
    case 'BIGINT':
    case 'DECIMAL':
    case 'TIMESTAMP':
    case 'TIMESTAMP_LTZ':
      return typeof literal === 'bigint';
    case 'CHAR':
    case 'VARCHAR':
    case 'BINARY':
    case 'VARBINARY':
      return literal instanceof Uint8Array;
    case 'ARRAY':
    case 'MAP':
    case 'MULTISET':
    case 'ROW':
    case 'VARIANT':
    case 'BLOB':
      return false;
  }
}
