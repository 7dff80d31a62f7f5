// `table expect` on the golden tables writes what the reference's writes: the same files with the same answers.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { writeAnswers } from '../../src/cli/table/expect.ts';
import { Table } from '../../src/paimon/table.ts';
import { LocalFileStore } from '../../src/storage/local/local-file-store.ts';
import {
  canonicalRows,
  type GoldenCase,
  golden,
  goldenNames,
  type GoldenRow,
  plainText,
  sampleOf,
} from '../support/golden.ts';
import { tempDir } from '../support/temp-dir.ts';

/** Files of steps that were run one by one: reads with filters, orphans. */
const OF_STEPS = /^(filter-.*|orphans\.txt)$/;
/** Texts that the reference makes of Java object identities. */
const IDENTITY = /\[B@[0-9a-f]+/;
/** Where the reference's answer is not ours: it fails at partitions of timestamps. */
const DIFFERENT: ReadonlySet<string> = new Set(['part-timestamp/sys-partitions.ndjson']);

/** The lines of an answer; what was refused is one word, whatever the message. */
function answer(directory: string, file: string): readonly GoldenRow[] | 'refused' {
  const text = readFileSync(join(directory, file), 'utf8').trimEnd();
  const rows = text === '' ? [] : text.split('\n').map((line) => JSON.parse(line) as GoldenRow);
  return rows.length === 1 && rows[0]?.['error'] !== undefined ? 'refused' : rows;
}

/** System tables in an order of their own, without what is free: where the warehouse is, when it was unpacked. */
function systemRows(file: string, rows: readonly GoldenRow[]): unknown {
  if (IDENTITY.test(JSON.stringify(rows))) return rows.length;
  const free = rows.map((row) => {
    const { file_path: path, options } = row;
    return {
      ...row,
      ...(typeof path === 'string' ? { file_path: path.slice(path.lastIndexOf('warehouse/')) } : {}),
      ...(typeof options === 'string' ? { options: sortedEntries(options) } : {}),
      ...(file === 'sys-branches.ndjson' ? { create_time: plainText(row['create_time']).length } : {}),
    };
  });
  return canonicalRows(free);
}

function sortedEntries(json: string): string {
  return JSON.stringify(
    Object.entries(JSON.parse(json) as Record<string, string>).sort(([a], [b]) => (a < b ? -1 : 1)),
  );
}

/** An answer in a form that can be compared. */
function comparable(found: GoldenCase, directory: string, file: string): unknown {
  const rows = answer(directory, file);
  if (rows === 'refused') return rows;
  // Messages are each program's own.
  if (file === 'fsck.json') return rows.map((row) => ({ ...row, problems: (row['problems'] as unknown[]).length }));
  if (file.startsWith('sys-')) {
    const expected = answer(join(found.directory, 'expected'), file);
    return expected !== 'refused' && IDENTITY.test(JSON.stringify(expected)) ? rows.length : systemRows(file, rows);
  }
  // Without a key, rows are in the order of their text, in which numbers differ (1.0 here and 1 there), and changes in
  // that of partitions, which is free.
  const isOrdered = (found.schema['primaryKeys'] as unknown[]).length > 0 || file === 'dump.ndjson';
  return isOrdered ? rows : canonicalRows(rows);
}

/** The answers by file, for the files of the reference. */
function answers(found: GoldenCase, directory: string, files: readonly string[]): unknown {
  const compared = files.filter((file) => !DIFFERENT.has(`${found.name}/${file}`));
  return Object.fromEntries(compared.map((file) => [file, comparable(found, directory, file)]));
}

it.each(sampleOf(goldenNames()))('%s', async (name) => {
  const found = golden(name);
  const out = tempDir();
  const openBranch = (branch?: string): Promise<Table> =>
    Table.open(new LocalFileStore(found.warehouse), {
      database: 'db',
      table: 't',
      ...(branch === undefined ? {} : { branch }),
    });
  const table = await openBranch();
  await writeAnswers({ table, openBranch }, new LocalFileStore(out));
  const files = found.expectedNames.filter((file) => !OF_STEPS.test(file));
  expect(readdirSync(out).sort()).toEqual(files);
  expect(answers(found, out, files)).toEqual(answers(found, join(found.directory, 'expected'), files));
});
