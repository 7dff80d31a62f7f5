// Conditions on a table's key as SQL: the server compares, by the collations of the columns. Rows of several columns are
// compared column by column: `(a, b) > (x, y)` would not be looked up in the index.
import { assert } from '../../base/errors.ts';
import type { RowKey } from '../../change/row-key.ts';
import { dateText, decimalText, timestampText } from '../row-key-text.ts';
import type { MysqlTable } from './mysql-table.ts';
import { quoteIdentifier, quoteLiteral } from './sql-session.ts';
import { selectExpression, type ValuePlan } from './value-plan.ts';

/** A bound: of each key column what `boundExpressions` gives. */
export type KeyBound = readonly string[];

interface KeyColumn {
  readonly name: string;
  readonly plan: ValuePlan;
}

/**
 * Kinds of columns whose literals are compared as the index orders its values. Not among them: numbers that are printed
 * rounded, and values that have two orders, of their texts and of their numbers.
 */
const ORDERED: ReadonlySet<ValuePlan['kind']> = new Set([
  'integer',
  'year',
  'decimal',
  'date',
  'datetime',
  'timestamp',
  'time',
  'text',
  'bytes',
]);

/** Whether the table's rows can be read in the order of its key, and by keys. */
export function isReadableByKey(table: MysqlTable): boolean {
  return table.keyIndex !== null && keyColumnsOf(table).every(({ plan }) => ORDERED.has(plan.kind));
}

/** The key columns, quoted, in key order. */
export function keyNames(table: MysqlTable): readonly string[] {
  return keyColumnsOf(table).map(({ name }) => quoteIdentifier(name));
}

/** What to select of a row for a bound: bytes in hexadecimal, all else as it is printed. */
export function boundExpressions(table: MysqlTable): readonly string[] {
  return keyColumnsOf(table).map(({ name, plan }) =>
    plan.kind === 'text' || plan.kind === 'bytes' ? `HEX(${quoteIdentifier(name)})` : selectExpression(name, plan),
  );
}

/** Rows after `after` up to `upTo`; without the one or the other, all on that side. Empty for all rows. */
export function rangeCondition(table: MysqlTable, after: KeyBound | null, upTo: KeyBound | null): string {
  const conditions = [
    after === null ? null : beyond(table, after, ['>', '>']),
    upTo === null ? null : beyond(table, upTo, ['<', '<=']),
  ];
  return conditions.filter((condition) => condition !== null).join(' AND ');
}

/** Rows of these keys. */
export function keysCondition(table: MysqlTable, keys: readonly RowKey[]): string {
  const columns = keyColumnsOf(table);
  const names = keyNames(table);
  return keys
    .map(
      (key) =>
        `(${columns.map((column, index) => `${names[index]} = ${keyLiteral(table, column, key[index])}`).join(' AND ')})`,
    )
    .join(' OR ');
}

/** `(a < x) OR (a = x AND b <= y)`, with the operator of the last column and that of those before it. */
function beyond(table: MysqlTable, bound: KeyBound, [before, last]: readonly [before: string, last: string]): string {
  const names = keyNames(table);
  const literals = keyColumnsOf(table).map(({ plan }, index) => boundLiteral(plan, bound[index]));
  const alternatives = names.map((name, index) => {
    const equal = names.slice(0, index).map((column, at) => `${column} = ${literals[at]}`);
    const operator = index === names.length - 1 ? last : before;
    return `(${[...equal, `${name} ${operator} ${literals[index]}`].join(' AND ')})`;
  });
  return `(${alternatives.join(' OR ')})`;
}

function keyColumnsOf({ source, plans }: MysqlTable): readonly KeyColumn[] {
  return source.keyColumns.map((index) => ({ name: source.columns[index].name, plan: plans[index] }));
}

// A literal takes the collation of the column that it is compared with.
function boundLiteral({ kind, catalog }: ValuePlan, text: string): string {
  switch (kind) {
    case 'text':
      return `_${catalog.charset ?? 'binary'} X'${text}'`;
    case 'bytes':
      return `X'${text}'`;
    case 'integer':
    case 'year':
    case 'decimal':
      return text;
    default:
      return quoteLiteral(text);
  }
}

/** A value of a `RowKey` as an SQL literal. */
function keyLiteral(table: MysqlTable, { name, plan }: KeyColumn, text: string): string {
  const { type, kind } = plan;
  switch (type.kind) {
    case 'int8':
    case 'int16':
    case 'int32':
    case 'int64':
      return text;
    case 'decimal':
      return decimalText(text, type);
    case 'date':
      return quoteLiteral(dateText(Number(text)));
    case 'timestamp':
    case 'timestamptz':
      return quoteLiteral(timestampText(BigInt(text)));
    case 'bytes':
      return `X'${Buffer.from(text, 'base64').toString('hex')}'`;
    case 'string': {
      const bytes = Buffer.from(text, 'base64');
      if (kind === 'text') return `_utf8mb4 X'${bytes.toString('hex')}'`;
      return kind === 'decimal' ? bytes.toString('utf8') : quoteLiteral(bytes.toString('utf8'));
    }
    default:
      assert(false, `a table with such a key is copied as a whole: table=${table.source.key} column=${name}`);
  }
}
