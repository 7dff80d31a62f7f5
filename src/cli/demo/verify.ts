// Whether lake and database are equal: count and checksum of every table, on the one side by the server, on the other
// through our own read path.
import { createHash } from 'node:crypto';
import { createRowPrinter } from '../../paimon/format/row-json.ts';
import { Table } from '../../paimon/table.ts';
import type { FileStore } from '../../storage/file-store.ts';
import { type Shop, SUM_DIGITS, SUM_NULL, SUM_SEPARATOR, type TableSum } from './shop.ts';

/** One table on both sides. */
export interface TableComparison {
  readonly table: string;
  readonly source: TableSum;
  readonly lake: TableSum;
  readonly equal: boolean;
}

/** Which tables are compared. */
export interface VerifyOptions {
  readonly shop: Shop;
  readonly store: FileStore;
  /** The database in the lake; its tables have the names of the source's. */
  readonly database: string;
  readonly tables: readonly string[];
}

/** Compares tables while nothing changes them. */
export async function verifyTables(options: VerifyOptions): Promise<readonly TableComparison[]> {
  const { shop, store, database, tables } = options;
  return shop.withSession(async (session) => {
    const compared: TableComparison[] = [];
    for (const table of tables) {
      const source = await session.sumOf(table);
      const lake = await sumOfLake(await Table.open(store, { database, table }));
      compared.push({ table, source, lake, equal: source.rows === lake.rows && source.checksum === lake.checksum });
    }
    return compared;
  });
}

async function sumOfLake(table: Table): Promise<TableSum> {
  let rows = 0;
  let sum = 0n;
  for await (const batch of table.read()) {
    const print = createRowPrinter(batch.fields);
    for (let row = 0; row < batch.rowCount; row++) {
      const values = Object.values(JSON.parse(print(batch.columns, row)) as Readonly<Record<string, unknown>>);
      const digest = createHash('md5').update(values.map(valueText).join(SUM_SEPARATOR)).digest('hex');
      sum += BigInt(`0x${digest.slice(0, SUM_DIGITS)}`);
    }
    rows += batch.rowCount;
  }
  return { rows, checksum: sum.toString() };
}

function valueText(value: unknown): string {
  if (value === null) return SUM_NULL;
  return typeof value === 'string' ? value : JSON.stringify(value);
}
