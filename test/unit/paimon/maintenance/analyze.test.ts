// ANALYZE: what it finds, and what it publishes.
import { expect, test } from 'vitest';
import { seededRandom } from '../../../../src/base/random.ts';
import { createRowPrinter } from '../../../../src/paimon/format/row-json.ts';
import { analyzeTable, publishStatistics } from '../../../../src/paimon/maintenance/analyze.ts';
import { expireSnapshots } from '../../../../src/paimon/maintenance/expire-snapshots.ts';
import { removeOrphans } from '../../../../src/paimon/maintenance/remove-orphans.ts';
import type { Table } from '../../../../src/paimon/table.ts';
import { MemoryFileStore } from '../../../../src/storage/memory/memory-file-store.ts';
import { CommittedTable } from '../../../support/committed-table.ts';
import { EagerClock } from '../../../support/eager-clock.ts';
import { type TableSpec, text } from '../../../support/written-table.ts';

const SPEC: TableSpec = {
  columns: {
    id: { kind: 'INT', nullable: false },
    s: { kind: 'VARCHAR', length: 100, nullable: true },
    d: { kind: 'DATE', nullable: true },
    t: { kind: 'TIMESTAMP', precision: 3, nullable: true },
    a: { kind: 'ARRAY', element: { kind: 'INT', nullable: true }, nullable: true },
  },
  primaryKeys: ['id'],
};

async function filled(): Promise<CommittedTable> {
  const table = await CommittedTable.create(new MemoryFileStore(), 'shop.orders', SPEC);
  await table.commit([
    ['+I', 1, text('é'), 3, 1n, null],
    ['+I', 2, text('abc'), null, -1n, [1]],
    ['+I', 3, null, 1, 999n, null],
  ]);
  await table.commit([['-D', 3, null, 1, 999n, null]]);
  return table;
}

async function publish(table: Table, seed: number): Promise<void> {
  const statistics = await analyzeTable(table);
  if (statistics === null) throw new Error('table has no snapshot');
  const parts = { clock: new EagerClock(), random: seededRandom(seed) };
  const committer = await table.committer(parts);
  await publishStatistics(table, statistics, { committer, commitUser: 'analyst', random: parts.random });
}

async function statisticsOf(table: Table): Promise<readonly string[]> {
  const lines: string[] = [];
  for await (const { fields, columns, rowCount } of table.systemTable('statistics')) {
    const print = createRowPrinter(fields);
    for (let row = 0; row < rowCount; row++) lines.push(print(columns, row));
  }
  return lines;
}

test('rows are those of the merged state, columns those that are not nested', async () => {
  const { table } = await filled();
  const found = await analyzeTable(table);
  expect(found).toMatchObject({ snapshotId: 2n, schemaId: 0, mergedRecordCount: 2n });
  expect([...(found?.columns ?? [])]).toEqual([
    ['id', { columnId: 0, distinctCount: 2n, min: '1', max: '2', nullCount: 0n, averageLength: 4n, maxLength: 4n }],
    ['s', { columnId: 1, distinctCount: 2n, min: null, max: null, nullCount: 0n, averageLength: 2n, maxLength: 3n }],
    ['d', { columnId: 2, distinctCount: 1n, min: '3', max: '3', nullCount: 1n, averageLength: 4n, maxLength: 4n }],
    [
      't',
      {
        columnId: 3,
        distinctCount: 2n,
        min: '1969-12-31 23:59:59.999',
        max: '1970-01-01 00:00:00.001',
        nullCount: 0n,
        averageLength: 8n,
        maxLength: 8n,
      },
    ],
  ]);
});

test('columns can be chosen, also none', async () => {
  const { table } = await filled();
  expect([...((await analyzeTable(table, { columns: ['d', 'id'] }))?.columns.keys() ?? [])]).toEqual(['d', 'id']);
  expect(await analyzeTable(table, { columns: [] })).toMatchObject({ mergedRecordCount: 2n, columns: new Map() });
  await expect(analyzeTable(table, { columns: ['a'] })).rejects.toMatchObject({ code: 'E3431' });
  await expect(analyzeTable(table, { columns: ['x'] })).rejects.toMatchObject({ code: 'E3400' });
});

test('a table without a snapshot has no statistics', async () => {
  const { table } = await CommittedTable.create(new MemoryFileStore(), 'shop.orders', SPEC);
  expect(await analyzeTable(table)).toBeNull();
  expect(await statisticsOf(table)).toEqual([]);
});

test('a snapshot of its own names the statistics, later ones keep them, and expiry and orphans leave them', async () => {
  const { table } = await filled();
  await publish(table, 7);
  const analyzed = await table.latestSnapshot();
  expect(analyzed).toMatchObject({ id: 3n, commitKind: 'ANALYZE', totalRecordCount: 4n, deltaRecordCount: 0n });
  await publish(table, 8);
  const [line] = await statisticsOf(table);
  expect(line).toContain('"snapshot_id":"3","schema_id":"0","mergedRecordCount":"2"');
  const maintained = { store: table.store, tablePath: table.path, schema: table.schema, random: seededRandom(1) };
  await expireSnapshots(maintained, {
    retention: { countMin: 1, countMax: 1, timeMs: 0 },
    countMax: 10,
    nowMs: Number.MAX_SAFE_INTEGER,
    protectedIds: [],
    dryRun: false,
  });
  expect(await removeOrphans(maintained, { olderThanMs: Number.POSITIVE_INFINITY })).toEqual([]);
  expect(await table.store.list(table.paths.statisticsDirectory)).toHaveLength(1);
  expect(await statisticsOf(table)).toEqual([line]);
});
