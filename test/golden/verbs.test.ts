// The steps of the golden cases, run through our own `table` verbs, make tables that hold what the reference's hold.
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { isTributaryError } from '../../src/base/errors.ts';
import { tableCommand } from '../../src/cli/table/table.ts';
import { fsck } from '../../src/paimon/maintenance/fsck.ts';
import { createRowPrinter } from '../../src/paimon/format/row-json.ts';
import { Table } from '../../src/paimon/table.ts';
import { LocalFileStore } from '../../src/storage/local/local-file-store.ts';
import {
  canonicalRows,
  type GoldenCase,
  golden,
  goldenNames,
  type GoldenRow,
  type GoldenStep,
  sampleOf,
} from '../support/golden.ts';
import { tempDir } from '../support/temp-dir.ts';

const VERBS: readonly string[] = ['create', 'alter', 'write', 'compact', 'expect', 'read'];
/** The refusal before the first row: options and file formats that are not written yet. */
const REFUSAL = 'E3301';
/** Families that must not be refused. */
const WRITTEN =
  /^(agg-|avro-|pu-|append-|big-strings|bucket-4|bucket-key|bucket-dynamic|bucket-postpone|cp-input|dedup-|key-|parquet-|part-|se-|stats-|types-.*(parquet|avro)|thin-mode|types-float|wide-|write-only|manifest-|filters)/;
const CASES = goldenNames().filter((name) => golden(name).steps.every((step) => VERBS.includes(step.args[0] ?? '')));

/** Runs the steps that change the table in a warehouse of our own; the code of the refusal, or null. */
async function runSteps(found: GoldenCase, warehouse: string): Promise<string | null> {
  for (const step of found.steps.filter(({ args }) =>
    ['create', 'alter', 'write', 'compact'].includes(args[0] ?? ''),
  )) {
    try {
      await (await tableCommand()).parseAsync(ourArguments(step, found, warehouse), { from: 'user' });
    } catch (error) {
      if (!isTributaryError(error)) throw error;
      if (step.fails === true) continue;
      return error.code;
    }
  }
  return null;
}

function ourArguments({ args }: GoldenStep, found: GoldenCase, warehouse: string): readonly string[] {
  return args.map((arg, index) => {
    const option = args[index - 1];
    if (option === '--warehouse') return warehouse;
    return ['--rows', '--schema', '--changes'].includes(option) ? join(found.directory, arg) : arg;
  });
}

/** The rows, or the code with which reading them is refused. */
async function outcomeOf(table: Table): Promise<readonly string[] | string> {
  try {
    return await rowsOf(table);
  } catch (error) {
    if (isTributaryError(error)) return error.code;
    throw error;
  }
}

async function rowsOf(table: Table): Promise<readonly string[]> {
  const rows: GoldenRow[] = [];
  for await (const batch of table.read()) {
    const print = createRowPrinter(batch.fields);
    for (let row = 0; row < batch.rowCount; row++) rows.push(JSON.parse(print(batch.columns, row)) as GoldenRow);
  }
  return canonicalRows(rows);
}

function openTable(warehouse: string): Promise<Table> {
  return Table.open(new LocalFileStore(warehouse), { database: 'db', table: 't' });
}

describe('steps of golden cases by our verbs', () => {
  it.each(sampleOf(CASES))('%s', async (name) => {
    const found = golden(name);
    const warehouse = join(tempDir(), 'warehouse');
    const refusal = await runSteps(found, warehouse);
    const answer = found.latest();
    // Only a partial-update table with a -D that nothing explains (`pu-delete-poison`) is written and then not read.
    const expected = answer.kind === 'rows' ? canonicalRows(answer.rows) : 'E3362';
    const isWritten = refusal === null;
    expect([null, ...(WRITTEN.test(name) ? [] : [REFUSAL])]).toContain(refusal);
    const table = await openTable(warehouse);
    expect(isWritten ? await outcomeOf(table) : expected).toEqual(expected);
    const { problems } = await fsck(table);
    expect(expected === 'E3362' ? problems.filter((problem) => !problem.includes(expected)) : problems).toEqual([]);
  });
});
