// SQL shows the golden tables as the reference reads them, however their files get into DuckDB, and refuses exactly
// those that our own reader refuses.
import { describe, expect, it } from 'vitest';
import { isTributaryError } from '../../src/base/errors.ts';
import { createRowPrinter } from '../../src/paimon/format/row-json.ts';
import { openLake } from '../../src/query/lake.ts';
import type { MergeBy } from '../../src/query/sql-source.ts';
import { canonicalRows, golden, goldenNames, type GoldenRow, sampleOf } from '../support/golden.ts';

/** Their `ts9` has the largest 64-bit number of nanoseconds. */
const INFINITE: readonly string[] = ['types-primitive-parquet', 'types-primitive-orc'];

async function sqlRows(warehouse: string, mergeBy: MergeBy, columns = '*'): Promise<readonly string[]> {
  const lake = await openLake({ warehouse, sql: { mergeBy } });
  const rows: GoldenRow[] = [];
  try {
    const result = await lake.sql(`select ${columns} from db.t`);
    const print = createRowPrinter(result.fields);
    for await (const batch of result.columns()) {
      for (let row = 0; row < batch.rowCount; row++) rows.push(JSON.parse(print(batch.columns, row)) as GoldenRow);
    }
    return canonicalRows(rows);
  } finally {
    await lake.close();
  }
}

/** The rows, or the code of the refusal. */
async function outcome(rows: Promise<readonly string[]>): Promise<readonly string[] | string> {
  try {
    return await rows;
  } catch (error) {
    if (isTributaryError(error)) return error.code;
    throw error;
  }
}

/** The code with which our reader refuses the table (merge engine, file format); null if it reads it. */
async function readerRefusal(warehouse: string): Promise<string | null> {
  const lake = await openLake({ warehouse });
  const table = await lake.table('db.t');
  const readAll = async (): Promise<readonly string[]> => {
    for await (const batch of table.readColumns()) expect(batch.rowCount).toBeGreaterThan(0);
    return [];
  };
  const found = await outcome(readAll());
  return typeof found === 'string' ? found : null;
}

describe.each(['duckdb', 'reader'] as const)('merged by %s', (mergeBy) => {
  it.each(INFINITE)('%s without the nanoseconds that stand for infinity in DuckDB', async (name) => {
    const found = golden(name);
    const answer = found.latest();
    const rows = answer.kind === 'rows' ? answer.rows.map(({ ts9: _, ...row }) => row) : [];
    expect(await sqlRows(found.warehouse, mergeBy, '* exclude (ts9)')).toEqual(canonicalRows(rows));
    await expect(sqlRows(found.warehouse, mergeBy, 'ts9')).rejects.toMatchObject({ code: 'E6014' });
  });

  it.each(sampleOf(goldenNames().filter((name) => !INFINITE.includes(name))))('%s', async (name) => {
    const found = golden(name);
    const answer = found.latest();
    const rows = answer.kind === 'rows' ? canonicalRows(answer.rows) : [];
    expect(await outcome(sqlRows(found.warehouse, mergeBy))).toEqual((await readerRefusal(found.warehouse)) ?? rows);
  });
});
