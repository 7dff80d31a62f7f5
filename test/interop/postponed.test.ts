// Rows that wait in postponed buckets, written by either side, are in the table after our compaction: the reference reads
// what a table with fixed buckets and the same writes holds.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { tableCommand } from '../../src/cli/table/table.ts';
import { fsck } from '../../src/paimon/maintenance/fsck.ts';
import { canonicalRows } from '../support/golden.ts';
import { openReplayed, replayedRows } from '../support/replayed-table.ts';
import { reference, type Reference, type TableAt } from '../support/reference.ts';
import { tempDir } from '../support/temp-dir.ts';

const java = await reference();

const FIELDS = [
  { id: 0, name: 'p', type: 'STRING NOT NULL' },
  { id: 1, name: 'id', type: 'INT NOT NULL' },
  { id: 2, name: 'v', type: 'BIGINT' },
];

/** Several versions of each key, deletes among them. */
function rowsOf(step: number, hasDeletes: boolean) {
  return Array.from({ length: 40 }, (_, index) => ({
    kind: hasDeletes && index % 11 === step ? ('-D' as const) : ('+I' as const),
    row: { p: index % 3 === 0 ? 'a' : 'b', id: (index * 7 + step) % 13, v: String(100 * step + index) },
  }));
}

describe.skipIf(java === null)('postponed buckets', () => {
  const client = java as Reference;

  test.each<Record<string, string>>([
    {},
    { 'postpone.default-bucket-num': '3', 'changelog-producer': 'input' },
    { 'merge-engine': 'aggregation', 'fields.v.aggregate-function': 'sum', 'changelog-producer': 'lookup' },
    { 'merge-engine': 'first-row', 'postpone.default-bucket-num': '2' },
    { 'deletion-vectors.enabled': 'true' },
  ])('%o', async (options) => {
    const warehouse = tempDir();
    mkdirSync(warehouse, { recursive: true });
    const definition = { fields: FIELDS, partitionKeys: ['p'], primaryKeys: ['p', 'id'], comment: '' };
    const postponed: TableAt = { warehouse, table: 'db.t' };
    const fixed: TableAt = { warehouse, table: 'db.fixed' };
    await client.create(postponed, { ...definition, options: { ...options, bucket: '-2' } });
    await client.create(fixed, { ...definition, options: { ...options, bucket: '1' } });
    const where = ['--warehouse', warehouse, '--table', 'db.t'];
    const run = async (args: readonly string[]) => (await tableCommand()).parseAsync(args, { from: 'user' });
    for (const round of [0, 1]) {
      const before = canonicalRows(await client.read(postponed));
      for (const half of [0, 1]) {
        const rows = rowsOf(2 * round + half, options['merge-engine'] === undefined);
        const file = join(warehouse, `rows-${round}-${half}.ndjson`);
        writeFileSync(file, rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
        if (half === 0) await run(['write', ...where, '--rows', file]);
        else await client.write(postponed, rows);
        await client.write(fixed, rows);
      }
      expect(canonicalRows(await client.read(postponed))).toEqual(before);
      await run(['compact', ...where]);
      await client.compact(fixed, { full: true });
      const rows = canonicalRows(await client.read(postponed));
      expect(rows).toEqual(canonicalRows(await client.read(fixed)));
      expect(rows.length).toBeGreaterThan(10);
      const table = await openReplayed(warehouse);
      expect(await replayedRows(table)).toEqual(rows);
      expect((await fsck(table)).problems).toEqual([]);
      expect(await client.fsck(postponed)).toMatchObject({ problems: [] });
      const live = (await table.liveFiles()).entries();
      const buckets = new Set(live.map(({ totalBuckets }) => totalBuckets));
      expect([...buckets]).toEqual([Number(options['postpone.default-bucket-num'] ?? 1)]);
    }
  });
});
