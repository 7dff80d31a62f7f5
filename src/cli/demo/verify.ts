// Whether lake and database are equal: count and checksum of every table, on the one side by the server, on the other
// through our own read path. A row's checksum is 60 bits of the MD5 of its values' texts; a table's is their sum.
import { createHash } from 'node:crypto';
import type pg from 'pg';
import { createRowPrinter } from '../../paimon/format/row-json.ts';
import { Table } from '../../paimon/table.ts';
import type { FileStore } from '../../storage/file-store.ts';
import { withShopClient } from './shop.ts';

/** Count and checksum of one side. */
export interface TableSum {
  readonly rows: number;
  readonly checksum: string;
}

/** One table on both sides. */
export interface TableComparison {
  readonly table: string;
  readonly source: TableSum;
  readonly lake: TableSum;
  readonly equal: boolean;
}

/** Which tables are compared. */
export interface VerifyOptions {
  readonly url: string;
  readonly store: FileStore;
  /** The database in the lake; its tables have the names of the source's. */
  readonly database: string;
  readonly tables: readonly string[];
}

const SEPARATOR = '\u001f';
const NULL_TEXT = '\\N';
const HEX_DIGITS = 15;

/** Compares tables of the schema `public` while nothing changes them. */
export async function verifyTables({
  url,
  store,
  database,
  tables,
}: VerifyOptions): Promise<readonly TableComparison[]> {
  return withShopClient(url, async (client) => {
    const compared: TableComparison[] = [];
    for (const table of tables) {
      const source = await sumOfSource(client, table);
      const lake = await sumOfLake(await Table.open(store, { database, table }));
      compared.push({ table, source, lake, equal: source.rows === lake.rows && source.checksum === lake.checksum });
    }
    return compared;
  });
}

interface Column {
  readonly column_name: string;
  readonly data_type: string;
}

async function sumOfSource(client: pg.Client, table: string): Promise<TableSum> {
  const { rows: columns } = await client.query<Column>(
    `select column_name, data_type from information_schema.columns
      where table_schema = 'public' and table_name = $1 order by ordinal_position`,
    [table],
  );
  const texts = columns.map((column) => `coalesce(${textExpression(column)}, '${NULL_TEXT}')`);
  const row = texts.join(` || chr(${SEPARATOR.charCodeAt(0)}) || `);
  const { rows } = await client.query<{ count: string; sum: string }>(
    `select count(*)::text as count, coalesce(sum(('x' || substr(md5(${row}), 1, ${HEX_DIGITS}))::bit(60)::bigint), 0)::text as sum
      from public.${table}`,
  );
  return { rows: Number(rows[0].count), checksum: rows[0].sum };
}

/** The text that the lake's row JSON has of the same value. */
function textExpression({ column_name: name, data_type: type }: Column): string {
  switch (type) {
    case 'timestamp without time zone':
      return `to_char("${name}", 'YYYY-MM-DD"T"HH24:MI:SS.US')`;
    case 'timestamp with time zone':
      return `to_char("${name}" at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`;
    case 'bytea':
      return `encode("${name}", 'hex')`;
    case 'ARRAY':
      return `array_to_json("${name}")::text`;
    default:
      return `"${name}"::text`;
  }
}

async function sumOfLake(table: Table): Promise<TableSum> {
  let rows = 0;
  let sum = 0n;
  for await (const batch of table.read()) {
    const print = createRowPrinter(batch.fields);
    for (let row = 0; row < batch.rowCount; row++) {
      const values = Object.values(JSON.parse(print(batch.columns, row)) as Readonly<Record<string, unknown>>);
      const digest = createHash('md5').update(values.map(valueText).join(SEPARATOR)).digest('hex');
      sum += BigInt(`0x${digest.slice(0, HEX_DIGITS)}`);
    }
    rows += batch.rowCount;
  }
  return { rows, checksum: sum.toString() };
}

function valueText(value: unknown): string {
  if (value === null) return NULL_TEXT;
  return typeof value === 'string' ? value : JSON.stringify(value);
}
