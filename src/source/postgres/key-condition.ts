// Conditions on a table's key as SQL: the server compares, by the collations of the columns.
import { assert } from '../../base/errors.ts';
import type { RowKey } from '../../change/row-key.ts';
import type { SourceColumn } from '../../change/source-table.ts';
import type { ValueType } from '../../change/value-type.ts';
import { type PostgresTable, quoteIdentifier, quoteLiteral } from './postgres-table.ts';

const DAY_MS = 86_400_000;
const HOUR_US = 3_600_000_000n;

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
      return dateText(Number(text) * DAY_MS);
    case 'decimal':
      return decimalText(type.precision <= 18 ? BigInt(text) : bigEndian(Buffer.from(text, 'base64')), type.scale);
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

/** A date of any year in the calendar that the server uses, too, before the first year with BC. */
function dateText(ms: number): string {
  const date = new Date(ms);
  assert(!Number.isNaN(date.getTime()), `a date in a key is none of the lake: ms=${ms}`);
  const year = date.getUTCFullYear();
  const days = `-${String(date.getUTCMonth() + 1).padStart(2, '0')}-${String(date.getUTCDate()).padStart(2, '0')}`;
  return year > 0 ? `${String(year).padStart(4, '0')}${days}` : `${String(1 - year).padStart(4, '0')}${days} BC`;
}

function timeText(us: bigint): string {
  const two = (value: bigint): string => value.toString().padStart(2, '0');
  const seconds = two((us / 1_000_000n) % 60n);
  return `${two(us / HOUR_US)}:${two((us / 60_000_000n) % 60n)}:${seconds}.${(us % 1_000_000n).toString().padStart(6, '0')}`;
}

function timestampText(us: bigint): string {
  const dayUs = 24n * HOUR_US;
  const ofDay = ((us % dayUs) + dayUs) % dayUs;
  const [date, era = ''] = dateText(Number((us - ofDay) / 1000n)).split(' ');
  return `${date} ${timeText(ofDay)}${era === '' ? '' : ` ${era}`}`;
}

function decimalText(unscaled: bigint, scale: number): string {
  const digits = (unscaled < 0n ? -unscaled : unscaled).toString().padStart(scale + 1, '0');
  const whole = digits.slice(0, digits.length - scale);
  return `${unscaled < 0n ? '-' : ''}${whole}${scale === 0 ? '' : `.${digits.slice(-scale)}`}`;
}

function bigEndian(bytes: Buffer): bigint {
  return BigInt.asIntN(8 * bytes.length, BigInt(`0x${bytes.toString('hex')}`));
}
