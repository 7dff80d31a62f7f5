// Manifest entries of the golden tables, decoded and as bytes, as the reference prints them.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { dumpTable } from '../../src/paimon/maintenance/dump.ts';
import { Table } from '../../src/paimon/table.ts';
import { LocalFileStore } from '../../src/storage/local/local-file-store.ts';
import { golden, goldenNames } from '../support/golden.ts';

/** Floating-point numbers are the same numbers, however they are printed. */
function parsed(line: string): unknown {
  return JSON.parse(line);
}

it.each(goldenNames())('dump of %s', async (name) => {
  const { warehouse, directory } = golden(name);
  const lines: unknown[] = [];
  for await (const line of dumpTable(await Table.open(new LocalFileStore(warehouse), { database: 'db', table: 't' }))) {
    lines.push(parsed(line));
  }
  const expected = readFileSync(join(directory, 'expected/dump.ndjson'), 'utf8').trimEnd().split('\n');
  expect(lines).toEqual(expected.map(parsed));
});
