// The system tables of the golden tables, as the reference prints them.
import { describe, expect, it } from 'vitest';
import { isTributaryError } from '../../src/base/errors.ts';
import { createRowPrinter } from '../../src/paimon/format/row-json.ts';
import { Table } from '../../src/paimon/table.ts';
import { LocalFileStore } from '../../src/storage/local/local-file-store.ts';
import { type GoldenRow, golden, goldenNames } from '../support/golden.ts';

/** Texts that the reference makes of Java object identities. */
const IDENTITY = /\[B@[0-9a-f]+/;

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
    const { file_path: path, options } = row;
    const file = typeof path === 'string' ? { file_path: path.slice(path.lastIndexOf('warehouse/')) } : {};
    const sorted = typeof options === 'string' ? { options: sortedOptions(options) } : {};
    return JSON.stringify({ ...row, ...file, ...sorted });
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

const TABLES = ['snapshots', 'schemas', 'options', 'manifests', 'files', 'tags'];
const CASES = TABLES.flatMap((table) => goldenNames().map((name) => ({ table, name })));
const HAS_IDENTITY = CASES.filter(({ table, name }) => IDENTITY.test(JSON.stringify(expected(name, table))));

describe('system tables', () => {
  it.each(CASES.filter((one) => !HAS_IDENTITY.includes(one)))('$name: $$table', async ({ table, name }) => {
    const seen = await systemRows(golden(name).warehouse, table);
    expect(comparable(seen)).toEqual(comparable(expected(name, table) ?? []));
  });

  it.each(HAS_IDENTITY)('$name: $$table, whose texts are object identities there', async ({ table, name }) => {
    const seen = await systemRows(golden(name).warehouse, table);
    expect(seen).toHaveLength(expected(name, table)?.length ?? 0);
  });

  it('are refused by other names', async () => {
    await expect(systemRows(golden('dedup-basic').warehouse, 'nothing')).rejects.toMatchObject({ code: 'E3403' });
  });
});

/** The rows; null for a table that is not read yet, which is the matter of read-tables.test.ts. */
async function auditRows(name: string): Promise<readonly GoldenRow[] | null> {
  try {
    return await systemRows(golden(name).warehouse, 'audit_log');
  } catch (error) {
    if (isTributaryError(error, 'E3350', 'E3351')) return null;
    throw error;
  }
}

describe('$audit_log', () => {
  it.each(goldenNames())('%s', async (name) => {
    const seen = await auditRows(name);
    const rows = seen === null ? null : expected(name, 'audit_log');
    expect(seen === null ? null : comparable(seen)).toEqual(rows === null ? null : comparable(rows));
  });
});
