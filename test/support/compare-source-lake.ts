// Whether source and lake are equal, row by row: the rows as the server prints them under fixed settings, against the
// rows of any reader that gives the reference's JSON. The reading of PostgreSQL's texts here is the tests' own.
import pg from 'pg';
import { createRowPrinter } from '../../src/paimon/format/row-json.ts';
import type { SnapshotId } from '../../src/paimon/meta/snapshot.ts';
import type { DataField, DataType } from '../../src/paimon/schema/data-type.ts';
import type { Table } from '../../src/paimon/table.ts';
import { type GoldenRow, type GoldenValue, plainText } from './golden.ts';

/** Rows by the text of their key; the row as text, its values in the order of the table's columns. */
export type RowTexts = ReadonlyMap<string, string>;

const SETTINGS =
  '-c timezone=UTC -c datestyle=ISO -c intervalstyle=postgres -c bytea_output=hex -c extra_float_digits=3';
const SHOWN_MAX = 5;

/** The rows of a source table of the schema `public`, with the columns and types of its lake table. */
export async function sourceRows(url: string, table: Table): Promise<RowTexts> {
  const { fields } = table.schema;
  const name = table.path.split('/').at(-1) ?? '';
  const rows = await serverTexts(
    url,
    `select ${fields.map((field) => quoted(field.name)).join(', ')} from ${quoted(name)}`,
  );
  return keyed(
    table,
    rows.map((row) => fields.map((field, index) => sourceText(field.type, row[index] ?? null))),
  );
}

/** The rows of the lake as our own read path gives them; of one snapshot, or the newest. */
export async function lakeRows(table: Table, snapshotId?: bigint): Promise<RowTexts> {
  const rows: GoldenRow[] = [];
  const options = snapshotId === undefined ? {} : ({ at: { kind: 'snapshot', id: snapshotId as SnapshotId } } as const);
  for await (const batch of table.read(options)) {
    const print = createRowPrinter(batch.fields);
    for (let row = 0; row < batch.rowCount; row++) rows.push(JSON.parse(print(batch.columns, row)) as GoldenRow);
  }
  return readerRows(table, rows);
}

/** The rows of another reader, in the reference's JSON. */
export function readerRows(table: Table, rows: readonly GoldenRow[]): RowTexts {
  return keyed(
    table,
    rows.map((row) => table.schema.fields.map((field) => readerText(field.type, row[field.name] ?? null))),
  );
}

/** What differs, at most a few lines; empty where both are equal. */
export function differences(expected: RowTexts, actual: RowTexts): readonly string[] {
  const found: string[] = [];
  for (const key of new Set([...expected.keys(), ...actual.keys()])) {
    const [wanted, got] = [expected.get(key), actual.get(key)];
    if (wanted !== got) found.push(`${key}: expected ${wanted ?? 'no row'}, found ${got ?? 'no row'}`);
  }
  return found.length <= SHOWN_MAX ? found : [...found.slice(0, SHOWN_MAX), `and ${found.length - SHOWN_MAX} more`];
}

/** What differs between source and lake in these tables, each line with its table. */
export async function compareSourceAndLake(url: string, tables: readonly Table[]): Promise<readonly string[]> {
  const found: string[] = [];
  for (const table of tables) {
    const lines = differences(await sourceRows(url, table), await lakeRows(table));
    found.push(...lines.map((line) => `${table.path} ${line}`));
  }
  return found;
}

async function serverTexts(url: string, text: string): Promise<readonly (readonly (string | null)[])[]> {
  const client = new pg.Client({ connectionString: url, options: SETTINGS });
  await client.connect();
  try {
    const types = { getTypeParser: () => (value: string) => value };
    return (await client.query<(string | null)[]>({ text, rowMode: 'array', types } as pg.QueryArrayConfig)).rows;
  } finally {
    await client.end();
  }
}

/** A row that is there twice shows as a difference. */
function keyed(table: Table, rows: readonly (readonly (string | null)[])[]): RowTexts {
  const { fields, primaryKeys } = table.schema;
  const keyIndexes = primaryKeys.map((key) => fields.findIndex((field: DataField) => field.name === key));
  const texts = new Map<string, string>();
  for (const row of rows) {
    const key = JSON.stringify(keyIndexes.map((index) => row[index]));
    const text = JSON.stringify(row);
    const before = texts.get(key);
    texts.set(key, before === undefined ? text : `twice: ${before} ${text}`);
  }
  return texts;
}

/** PostgreSQL's output of a value in the form both sides are compared in. */
function sourceText(type: DataType, text: string | null): string | null {
  if (text === null) return null;
  switch (type.kind) {
    case 'BOOLEAN':
      return text === 't' ? 'true' : 'false';
    case 'FLOAT':
      return floatText(Math.fround(Number(text)));
    case 'DOUBLE':
      return floatText(Number(text));
    case 'VARBINARY':
      return text.slice(2);
    case 'TIME':
      return padded(text, 3);
    case 'TIMESTAMP':
      return padded(text.replace(' ', 'T'), 6);
    case 'TIMESTAMP_LTZ':
      return `${padded(text.replace(' ', 'T').replace(/\+00$/, ''), 6)}Z`;
    case 'ARRAY':
      return JSON.stringify(arrayItems(text).map((item) => sourceText(type.element, item)));
    default:
      return text;
  }
}

/** A value of the reference's JSON in the same form. */
function readerText(type: DataType, value: GoldenValue): string | null {
  if (value === null) return null;
  if (type.kind === 'ARRAY') {
    return JSON.stringify((value as GoldenValue[]).map((item) => readerText(type.element, item)));
  }
  if (type.kind === 'FLOAT' || type.kind === 'DOUBLE') {
    return floatText(type.kind === 'FLOAT' ? Math.fround(Number(value)) : Number(value));
  }
  return plainText(value);
}

function floatText(value: number): string {
  return Object.is(value, -0) ? '-0' : String(value);
}

function padded(text: string, digits: number): string {
  const [whole = '', fraction = ''] = text.split('.');
  return `${whole}.${fraction.padEnd(digits, '0')}`;
}

/** The elements of a one-dimensional array as the server prints it: `{1,NULL,"a \"b\""}`, perhaps with bounds before. */
function arrayItems(text: string): readonly (string | null)[] {
  const body = text.slice(text.indexOf('{') + 1, -1);
  const items: (string | null)[] = [];
  const pattern = /"((?:[^"\\]|\\.)*)"|([^,"]+)/gs;
  for (const [, quotedItem, plain] of body.matchAll(pattern)) {
    if (quotedItem !== undefined) items.push(quotedItem.replace(/\\(.)/gs, '$1'));
    else items.push(plain === 'NULL' ? null : (plain ?? '').replace(/\\(.)/gs, '$1'));
  }
  return items;
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
