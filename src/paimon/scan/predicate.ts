// Conditions of a read: whether they fit the columns, and which rows meet them.
import { TributaryError } from '../../base/errors.ts';
import { vectorComparator } from '../../column/compare.ts';
import { ofKind } from '../../column/take.ts';
import { PRESENT, validityAt, type Vector } from '../../column/vector.ts';
import { vectorOf } from '../format/cell.ts';
import {
  type ColumnCondition,
  type Condition,
  columnConditions,
  type Literal,
  type PlainCondition,
} from '../format/condition.ts';
import { likePattern } from '../format/like-pattern.ts';
import { type DataField, type DataType, columnOrder } from '../schema/data-type.ts';

/** Throws `E3400` unless every condition names one of the fields and compares it with a value of its type. */
export function checkConditions(conditions: readonly Condition[], fields: readonly DataField[]): void {
  for (const condition of columnConditions(conditions)) {
    const field = fieldOf(condition.column, fields);
    const isFit = isLike(condition)
      ? field.type.kind === 'CHAR' || field.type.kind === 'VARCHAR'
      : literalsOf(condition).every((literal) => fits(literal, field.type));
    if (!isFit) {
      throw new TributaryError('E3400', `column cannot be compared: column=${field.name} type=${field.type.kind}`);
    }
    if (isLike(condition)) likePattern(condition.pattern);
  }
}

type LikeCondition = Extract<ColumnCondition, { readonly operator: 'like' | 'not like' }>;

function isLike(condition: ColumnCondition): condition is LikeCondition {
  return condition.operator === 'like' || condition.operator === 'not like';
}

/** The field of that name. Throws `E3400`. */
export function fieldOf(name: string, fields: readonly DataField[]): DataField {
  const field = fields.find((candidate) => candidate.name === name);
  if (field === undefined) throw new TributaryError('E3400', `table has no such column: column=${name}`);
  return field;
}

/** The columns of some rows, by name. */
export type ColumnsByName = (name: string) => { readonly type: DataType; readonly vector: Vector };

/** The rows that meet all conditions: 1 for each, else 0. */
export function rowsThatMeet(
  conditions: readonly PlainCondition[],
  rowCount: number,
  columns: ColumnsByName,
): Uint8Array {
  const met = new Uint8Array(rowCount).fill(1);
  for (const condition of conditions) {
    const flags = flagsOf(condition, rowCount, columns);
    for (let row = 0; row < rowCount; row++) met[row] &= flags[row];
  }
  return met;
}

function flagsOf(condition: PlainCondition, rowCount: number, columns: ColumnsByName): Uint8Array {
  switch (condition.operator) {
    case 'and':
      return rowsThatMeet(condition.conditions, rowCount, columns);
    case 'or': {
      const met = new Uint8Array(rowCount);
      for (const branch of condition.conditions) {
        const flags = flagsOf(branch, rowCount, columns);
        for (let row = 0; row < rowCount; row++) met[row] |= flags[row];
      }
      return met;
    }
    default: {
      const { type, vector } = columns(condition.column);
      return columnFlags(condition, type, vector);
    }
  }
}

function columnFlags(condition: ColumnCondition, type: DataType, column: Vector): Uint8Array {
  const met = new Uint8Array(column.length);
  const wantsNull = condition.operator === 'is null';
  const test = wantsNull || condition.operator === 'is not null' ? null : rowTest(condition, type, column);
  for (let row = 0; row < column.length; row++) {
    const present = validityAt(column, row) === PRESENT;
    met[row] = Number(test === null ? present !== wantsNull : present && test(row));
  }
  return met;
}

type Comparison = '=' | '!=' | '<' | '<=' | '>' | '>=';

function rowTest(condition: ColumnCondition, type: DataType, column: Vector): (row: number) => boolean {
  if (condition.operator === 'like' || condition.operator === 'not like') return likeTest(condition, column);
  const literals = vectorOf(type, literalsOf(condition));
  const compare = vectorComparator(column, literals, columnOrder(type));
  switch (condition.operator) {
    case 'in':
    case 'not in': {
      const places = Array.from({ length: literals.length }, (_, place) => place);
      const wanted = condition.operator === 'in';
      return (row) => places.some((place) => compare(row, place) === 0) === wanted;
    }
    case 'between':
      return (row) => compare(row, 0) >= 0 && compare(row, 1) <= 0;
    case 'not between':
      return (row) => compare(row, 0) < 0 || compare(row, 1) > 0;
    default: {
      const accepts = ORDERS[condition.operator as Comparison];
      return (row) => accepts(compare(row, 0));
    }
  }
}

function likeTest(condition: LikeCondition, column: Vector): (row: number) => boolean {
  const { matches } = likePattern(condition.pattern);
  const wanted = condition.operator === 'like';
  const { bytes, offsets } = ofKind(column, 'bytes');
  return (row) => matches(bytes, offsets[row], offsets[row + 1]) === wanted;
}

/** Whether a value that compares so with the literal meets the condition. */
const ORDERS: Readonly<Record<Comparison, (order: number) => boolean>> = {
  '=': (order) => order === 0,
  '!=': (order) => order !== 0,
  '<': (order) => order < 0,
  '<=': (order) => order <= 0,
  '>': (order) => order > 0,
  '>=': (order) => order >= 0,
};

function literalsOf(condition: ColumnCondition): readonly Literal[] {
  if ('literals' in condition) return condition.literals;
  if ('low' in condition) return [condition.low, condition.high];
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
