// Conditions on a table's key as SQL: the server compares, by the collations of the columns.
import { assert } from '../../base/errors.ts';
import type { RowKey } from '../../change/row-key.ts';
import type { SourceColumn } from '../../change/source-table.ts';
import type { ValueType } from '../../change/value-type.ts';
import { dateText, decimalText, timestampText, timeText } from '../row-key-text.ts';
import { type PostgresTable, quoteIdentifier, quoteLiteral } from './postgres-table.ts';

/** The key columns, quoted, in key order. */
export function keyNames(table: PostgresTable): readonly string[] {
  return keyColumnsOf(table).map(({ name }) => quoteIdentifier(name));
}

/** A bound as the texts that the server prints of the key columns. */
export type KeyBound = readonly string[];

/** Rows after `after` up to `upTo`; without the one or the other, all on that side. Empty for all rows. */
export function rangeCondition(table: PostgresTable, after: KeyBound | null, upTo: KeyBound | null): string {
  const row = `(${keyNames(table).join(', ')})`;
  const literals = (bound: KeyBound): string =>
    `(${keyColumnsOf(table)
      .map((column, index) => `${quoteLiteral(bound[index])}::${column.nativeType}`)
      .join(', ')})`;
  const conditions = [
    after === null ? null : `${row} > ${literals(after)}`,
    upTo === null ? null : `${row} <= ${literals(upTo)}`,
  ];
  return conditions.filter((condition) => condition !== null).join(' AND ');
}

/** Rows of these keys. */
export function keysCondition(table: PostgresTable, keys: readonly RowKey[]): string {
  const columns = keyColumnsOf(table);
  const rows = keys.map((key) => `(${columns.map((column, index) => keyLiteral(column, key[index])).join(', ')})`);
  return `(${keyNames(table).join(', ')}) IN (${rows.join(', ')})`;
}

/** Whether the table's rows can be read in the order of its key, and by keys. */
export function isReadableByKey(table: PostgresTable): boolean {
  return table.hasKeyIndex && keyColumnsOf(table).every(({ type }) => type.kind !== 'array');
}

function keyColumnsOf({ source }: PostgresTable): readonly SourceColumn[] {
  return source.keyColumns.map((index) => source.columns[index]);
}

/** A value of a `RowKey` as an SQL literal of the column's type. */
function keyLiteral(column: SourceColumn, text: string): string {
  return `${quoteLiteral(serverText(column.type, text))}::${column.nativeType}`;
}

/** The value as the server reads it. */
function serverText(type: ValueType, text: string): string {
  switch (type.kind) {
    case 'boolean':
      return text === '0' ? 'false' : 'true';
    case 'int8':
    case 'int16':
    case 'int32':
    case 'int64':
    case 'float32':
    case 'float64':
      return text;
    case 'string':
      return Buffer.from(text, 'base64').toString('utf8');
    case 'bytes':
      return `\\x${Buffer.from(text, 'base64').toString('hex')}`;
    case 'date':
      return dateText(Number(text));
    case 'decimal':
      return decimalText(text, type);
    case 'time':
      return timeText(BigInt(text) * 1000n);
    case 'timestamp':
      return timestampText(BigInt(text));
    case 'timestamptz':
      return `${timestampText(BigInt(text))}+00`;
    case 'array':
      assert(false, 'a table with an array in its key is copied as a whole');
  }
}
