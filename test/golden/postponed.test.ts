// Files and manifest entries of a table with postponed buckets are those that the reference writes.
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { dumpTable } from '../../src/paimon/maintenance/dump.ts';
import { golden, type GoldenRow } from '../support/golden.ts';
import { replay } from '../support/golden-replay.ts';
import { openReplayed } from '../support/replayed-table.ts';
import { tempDir } from '../support/temp-dir.ts';

/** What differs between two writers of the same rows. */
const OF_WRITER: readonly string[] = ['file', 'size', 'creationTime', 'manifest', 'manifestList'];

function withoutWriter(line: GoldenRow): GoldenRow {
  return Object.fromEntries(Object.entries(line).filter(([name]) => !OF_WRITER.includes(name)));
}

test('entries of postponed files', async () => {
  const found = golden('bucket-postpone');
  const warehouse = join(tempDir(), 'warehouse');
  expect(await replay(found, warehouse)).toBeNull();
  const ours: GoldenRow[] = [];
  for await (const line of dumpTable(await openReplayed(warehouse))) ours.push(JSON.parse(line) as GoldenRow);
  const theirs = found.expected('dump.ndjson');
  expect(ours.map(withoutWriter)).toEqual(theirs.kind === 'rows' ? theirs.rows.map(withoutWriter) : theirs);
  const names = new Set(ours.flatMap(({ file }) => (file === undefined ? [] : [file])));
  expect(names.size).toBe(2);
  for (const name of names) expect(name).toMatch(/^data--u-tributary-cli-s-\d+-w-[0-9a-f-]{36}-0\.avro$/);
});
