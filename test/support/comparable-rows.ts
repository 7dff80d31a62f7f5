// Rows of any reader in one form, by the types of the table: what engines print differently is no difference of values.
import type { DataField, DataType } from '../../src/paimon/schema/data-type.ts';
import { type GoldenRow, type GoldenValue, plainText } from './golden.ts';

/** Rows as sorted texts. Trailing zeros of a second's fraction and the order of maps mean nothing; all else does. */
export function comparableRows(fields: readonly DataField[], rows: readonly GoldenRow[]): readonly string[] {
  return rows.map((row) => JSON.stringify(recordOf(fields, row))).sort();
}

function recordOf(fields: readonly DataField[], row: GoldenRow): object {
  const known = new Set(fields.map((field) => field.name));
  const others = Object.keys(row).filter((name) => !known.has(name));
  const entries = fields.map((field) => [field.name, comparable(field.type, row[field.name])]);
  // A column that the table does not have, and one that the reader left out, are differences.
  return Object.fromEntries([...entries, ...others.map((name) => [name, 'no such column'])]) as object;
}

function comparable(type: DataType, value: GoldenValue | undefined): unknown {
  if (value === undefined) return 'no value';
  if (value === null) return null;
  switch (type.kind) {
    case 'FLOAT':
      return floatText(Math.fround(Number(value)));
    case 'DOUBLE':
      return floatText(Number(value));
    case 'TIMESTAMP':
    case 'TIMESTAMP_LTZ':
      return plainText(value)
        .replace(/(\.\d*?)0+(Z?)$/, '$1$2')
        .replace(/\.(Z?)$/, '$1');
    case 'ARRAY':
      return (value as GoldenValue[]).map((item) => comparable(type.element, item));
    case 'MAP':
      return pairs(value, type.key, type.value);
    case 'MULTISET':
      return pairs(value, type.element, { kind: 'INT', nullable: false });
    case 'ROW':
      return recordOf(type.fields, value as GoldenRow);
    default:
      return value;
  }
}

function pairs(value: GoldenValue, keyType: DataType, valueType: DataType): readonly string[] {
  const entries = value as [GoldenValue, GoldenValue][];
  return entries.map(([key, item]) => JSON.stringify([comparable(keyType, key), comparable(valueType, item)])).sort();
}

function floatText(value: number): string {
  return Object.is(value, -0) ? '-0' : String(value);
}
