// The system tables of the golden tables, as the reference prints them.
import { describe, expect, it } from 'vitest';
import { isTributaryError } from '../../src/base/errors.ts';
import { createRowPrinter } from '../../src/paimon/format/row-json.ts';
import { openLake } from '../../src/query/lake.ts';
import { Table } from '../../src/paimon/table.ts';
import { LocalFileStore } from '../../src/storage/local/local-file-store.ts';
import { type GoldenRow, golden, goldenNames, plainText } from '../support/golden.ts';

/** Texts that the reference makes of Java object identities. */
const IDENTITY = /\[B@[0-9a-f]+/;
/** Tables of rows: a case that refuses to be read refuses these too. */
const ROW_TABLES: readonly string[] = ['audit_log', 'binlog', 'ro'];
/** The reference fails at partitions of timestamps by a bug of its own (`sys-partitions` of `part-timestamp`). */
const REFUSED_ONLY_THERE: readonly string[] = ['part-timestamp: partitions'];

async function systemRows(warehouse: string, name: string): Promise<GoldenRow[]> {
  const table = await Table.open(new LocalFileStore(warehouse), { database: 'db', table: 't' });
  const rows: GoldenRow[] = [];
  for await (const batch of table.systemTable(name)) {
    const print = createRowPrinter(batch.fields);
    for (let row = 0; row < batch.rowCount; row++) rows.push(JSON.parse(print(batch.columns, row)) as GoldenRow);
  }
  return rows;
}

/** Sorted, with paths from the warehouse on: the order of partitions, files and options is free. */
function comparable(rows: readonly GoldenRow[]): string[] {
  const texts = rows.map((row) => {
    const { file_path: path, options, branch_name: branch } = row;
    const file = typeof path === 'string' ? { file_path: path.slice(path.lastIndexOf('warehouse/')) } : {};
    const sorted = typeof options === 'string' ? { options: sortedOptions(options) } : {};
    // The time of a branch is that of its directory, which is as old as the unpacked archive.
    const time =
      branch === undefined ? {} : { create_time: /^\d{4}-\d\d-\d\dT[\d:.]+$/.test(plainText(row['create_time'])) };
    return JSON.stringify({ ...row, ...file, ...sorted, ...time });
  });
  return texts.sort();
}

function sortedOptions(json: string): string {
  return JSON.stringify(
    Object.entries(JSON.parse(json) as Record<string, string>).sort(([a], [b]) => (a < b ? -1 : 1)),
  );
}

/** The expected rows of a case; null where the reference refused. */
function expected(name: string, table: string): readonly GoldenRow[] | null {
  const answer = golden(name).expected(`sys-${table}.ndjson`);
  return answer.kind === 'error' ? null : answer.rows;
}

const CASES = goldenNames().flatMap((name) =>
  golden(name).expectedNames.flatMap((file) => {
    const table = /^sys-(.+)\.ndjson$/.exec(file)?.[1];
    return table === undefined ? [] : [{ table, name }];
  }),
);
const META_CASES = CASES.filter(({ table }) => !ROW_TABLES.includes(table));
const REFUSED = META_CASES.filter(({ table, name }) => expected(name, table) === null);
const HAS_IDENTITY = META_CASES.filter(({ table, name }) => IDENTITY.test(JSON.stringify(expected(name, table))));

describe('system tables', () => {
  it.each(META_CASES.filter((one) => !HAS_IDENTITY.includes(one) && !REFUSED.includes(one)))(
    '$name: $table',
    async ({ table, name }) => {
      const seen = await systemRows(golden(name).warehouse, table);
      expect(comparable(seen)).toEqual(comparable(expected(name, table) ?? []));
    },
  );

  it.each(HAS_IDENTITY)('$name: $table, whose texts are object identities there', async ({ table, name }) => {
    const seen = await systemRows(golden(name).warehouse, table);
    expect(seen).toHaveLength(expected(name, table)?.length ?? 0);
  });

  it('are refused only where the reference has a bug', () => {
    expect(REFUSED.map(({ name, table }) => `${name}: ${table}`)).toEqual(REFUSED_ONLY_THERE);
  });

  it('$partitions of a table partitioned by timestamps has the values as a cast to text gives them', async () => {
    const rows = await systemRows(golden('part-timestamp').warehouse, 'partitions');
    expect(rows.map(({ partition }) => partition)).toEqual(['p=2024-01-01 00:00:00.000', 'p=2024-01-01 01:02:03.456']);
  });

  it('are refused by other names', async () => {
    await expect(systemRows(golden('dedup-basic').warehouse, 'nothing')).rejects.toMatchObject({ code: 'E3403' });
  });
});

/** The rows as comparable texts, or the code that the table is refused with. */
async function outcome(rows: Promise<readonly GoldenRow[]>): Promise<readonly string[] | string> {
  try {
    return comparable(await rows);
  } catch (error) {
    if (isTributaryError(error)) return error.code;
    throw error;
  }
}

/** The code with which the table is not read yet (merge engine, file format: read-tables.test.ts lists those); else null. */
async function refusal(name: string): Promise<string | null> {
  const table = await Table.open(new LocalFileStore(golden(name).warehouse), { database: 'db', table: 't' });
  try {
    for await (const batch of table.read()) expect(batch.rowCount).toBeGreaterThan(0);
    return null;
  } catch (error) {
    if (isTributaryError(error)) return error.code;
    throw error;
  }
}

describe('system tables of rows', () => {
  it.each(CASES.filter(({ table }) => ROW_TABLES.includes(table)))('$name: $table', async ({ table, name }) => {
    const rows = expected(name, table);
    const code = await refusal(name);
    const seen = await outcome(systemRows(golden(name).warehouse, table));
    expect([code, rows === null ? code : comparable(rows)]).toContainEqual(seen);
  });
});

describe('branches by their names in SQL', () => {
  it('the rows and the system tables of a branch', async () => {
    const found = golden('branches');
    const lake = await openLake({ warehouse: found.warehouse });
    const rowsOf = async (sql: string): Promise<readonly GoldenRow[]> => {
      const rows: GoldenRow[] = [];
      const result = await lake.sql(sql);
      const print = createRowPrinter(result.fields);
      for await (const { rowCount, columns } of result.columns()) {
        for (let row = 0; row < rowCount; row++) rows.push(JSON.parse(print(columns, row)) as GoldenRow);
      }
      return rows;
    };
    const answer = found.expected('read-branch-dev.ndjson');
    expect(await rowsOf('from db."t$branch_dev" order by id')).toEqual(answer.kind === 'rows' ? answer.rows : []);
    expect(await rowsOf('select snapshot_id from db."t$branch_dev$snapshots"')).toEqual([
      { snapshot_id: '1' },
      { snapshot_id: '2' },
    ]);
    await lake.close();
  });
});
