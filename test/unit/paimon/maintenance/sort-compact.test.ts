// Sorting an append table changes where its rows stand, and nothing else.
import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../../../src/base/clock.ts';
import { seededRandom, systemRandom } from '../../../../src/base/random.ts';
import { fsck } from '../../../../src/paimon/maintenance/fsck.ts';
import { clusteringOf, type SortOrder } from '../../../../src/paimon/lsm/clustering.ts';
import { sortCompact } from '../../../../src/paimon/maintenance/sort-compact.ts';
import { Lake } from '../../../../src/paimon/lake.ts';
import { rowObjects } from '../../../../src/paimon/format/row-objects.ts';
import type { Table } from '../../../../src/paimon/table.ts';
import { TableSession } from '../../../../src/paimon/table-session.ts';
import { MemoryFileStore } from '../../../../src/storage/memory/memory-file-store.ts';
import { tempDir } from '../../../support/temp-dir.ts';
import { ScratchStore } from '../../../../src/storage/scratch-store.ts';
import { SpillSpace } from '../../../../src/storage/spill-space.ts';

const COMMITS = 4;
const ROWS = 8000;
const COLUMNS = { day: 'STRING', a: 'INT', b: 'INT', note: 'STRING' };

async function append(table: Table, commits: number): Promise<void> {
  const random = seededRandom(commits);
  const session = await TableSession.open(table, { user: 'loader' });
  for (let commit = 0; commit < commits; commit++) {
    const rows = Array.from({ length: ROWS }, (_, row) => ({
      day: row % 16 === 0 ? 'd1' : 'd0',
      a: random.unit() < 0.01 ? null : Math.floor(random.unit() * 1000),
      b: Math.floor(random.unit() * 1000),
      note: `${commit} ${row} ${'x'.repeat(5)}`,
    }));
    await session.write(rows);
    await session.commit();
  }
  await session.close();
}

async function appendTable(options: Readonly<Record<string, string>> = {}): Promise<Table> {
  const small = { 'target-file-size': '10 kb', 'file.compression': 'none', ...options };
  const lake = Lake.open(tempDir());
  const table = await lake.createTable('ods.log', { columns: COLUMNS, partitionedBy: ['day'], options: small });
  await append(table, COMMITS);
  return table;
}

async function rowsOf(table: Table): Promise<readonly string[]> {
  const rows: string[] = [];
  for await (const row of table.rows()) rows.push(JSON.stringify(row));
  return rows.sort();
}

async function sort(
  table: Table,
  order: SortOrder,
  committer = table.committer({ clock: systemClock, random: systemRandom }),
) {
  const parts = { clock: systemClock, random: systemRandom, commitUser: 'sorter', commitIdentifier: 1n };
  const spill = new MemoryFileStore(systemClock);
  return sortCompact(table, order, { ...parts, committer: await committer, spill, memoryBytesMax: 300_000 });
}

/** How many of the files hold a value of the column between their bounds, on average: what a query for it opens. */
async function opened(table: Table, column: 'a' | 'b'): Promise<number> {
  const bounds: (readonly [number, number])[] = [];
  const boundOf = (text: unknown): number => Number(new RegExp(`\\b${column}=(\\d+)`).exec(String(text))?.[1] ?? -1);
  for await (const batch of table.systemTable('files')) {
    for (const row of rowObjects(batch))
      bounds.push([boundOf(row['min_value_stats']), boundOf(row['max_value_stats'])]);
  }
  expect(Math.max(...bounds.map(([, max]) => max))).toBeGreaterThan(900);
  const values = Array.from({ length: 50 }, (_, index) => 20 * index + 5);
  const hits = values.map((value) => bounds.filter(([min, max]) => min <= value && value <= max).length);
  return hits.reduce((sum, count) => sum + count, 0) / values.length / bounds.length;
}

describe('sort-compact', () => {
  it.each<[SortOrder['strategy'], number, number]>([
    ['order', 0.25, 1],
    ['zorder', 0.5, 0.7],
    ['hilbert', 0.5, 0.7],
  ])('%s: the same rows, in files of narrow ranges', async (...[strategy, shareOfA, shareOfB]) => {
    const table = await appendTable();
    const before = await rowsOf(table);
    expect(await opened(table, 'a')).toBeGreaterThan(0.9);
    const report = await sort(table, { strategy, columns: ['a', 'b'] });
    expect(report).toMatchObject({ partitions: 2, rows: COMMITS * ROWS });
    expect(report?.filesAfter).toBeGreaterThanOrEqual(8);
    expect((await table.latestSnapshot())?.commitKind).toBe('OVERWRITE');
    expect(await rowsOf(table)).toEqual(before);
    expect(await opened(table, 'a')).toBeLessThan(shareOfA);
    expect(await opened(table, 'b')).toBeLessThanOrEqual(shareOfB);
    expect((await fsck(table)).problems).toEqual([]);
  });

  it('leaves what others append meanwhile as it is', async () => {
    const table = await appendTable();
    const committer = table.committer({ clock: systemClock, random: systemRandom });
    await committer;
    await append(table, 1);
    const before = await rowsOf(table);
    expect(before).toHaveLength((COMMITS + 1) * ROWS);
    const report = await sort(table, { strategy: 'order', columns: ['b'] }, committer);
    expect(report?.rows).toBe(COMMITS * ROWS);
    expect(await rowsOf(table)).toEqual(before);
    expect((await fsck(table)).problems).toEqual([]);
  });

  it('keeps what memory cannot hold in temporary files, within limits', async () => {
    const table = await appendTable();
    const before = await rowsOf(table);
    const sortWithin = async (bytesMax: number): Promise<unknown> => {
      const directory = tempDir();
      const space = new SpillSpace({ directory, bytesMax });
      const spill = new ScratchStore(space);
      const components = { clock: systemClock, random: systemRandom };
      const by = { committer: await table.committer(components), commitUser: 'sorter', commitIdentifier: 1n };
      try {
        const parts = { ...components, ...by, spill, memoryBytesMax: 30_000 };
        return await sortCompact(table, { strategy: 'order', columns: ['b'] }, parts);
      } finally {
        expect(readdirSync(directory)).toEqual([]);
        await spill.close();
        expect(space.leftBytes).toBe(bytesMax);
      }
    };
    await expect(sortWithin(20_000)).rejects.toMatchObject({ code: 'E3006' });
    expect(await fsck(table)).toMatchObject({ problems: [], orphans: 0 });
    expect(await sortWithin(10_000_000)).toMatchObject({ rows: before.length });
    expect(await rowsOf(table)).toEqual(before);
  });

  it('throws its files away where another has replaced those that it has read', async () => {
    const table = await appendTable();
    const committer = table.committer({ clock: systemClock, random: systemRandom });
    await committer;
    await sort(table, { strategy: 'order', columns: ['a'] });
    const before = await rowsOf(table);
    await expect(sort(table, { strategy: 'order', columns: ['b'] }, committer)).rejects.toMatchObject({
      code: 'E3450',
    });
    expect(await rowsOf(table)).toEqual(before);
    expect((await fsck(table)).orphans).toBe(0);
  });

  it.each<[string, object, SortOrder['columns'], string]>([
    ['a primary key', { primaryKey: ['id'] }, ['id'], 'primary key'],
    ['buckets', { options: { bucket: '2', 'bucket-key': 'id' } }, ['id'], 'bucket=2'],
    ['row ids', { options: { 'row-tracking.enabled': 'true' } }, ['id'], 'ids'],
    ['no columns', {}, [], 'no columns'],
    ['an unknown column', {}, ['other'], 'column=other'],
  ])('is refused for %s', async (...[, definition, columns, message]) => {
    const table = await Lake.open(tempDir()).createTable('ods.t', { columns: { id: 'INT NOT NULL' }, ...definition });
    const error = await sort(table, { strategy: 'order', columns }).catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code: 'E3392' });
    expect(String(error)).toContain(message);
  });

  it.each([
    ['a', 'order'],
    ['a,b', 'zorder'],
    ['a,b,c,d,e', 'hilbert'],
  ])('clustering.strategy=auto of %s is %s', async (names, strategy) => {
    const columns = { a: 'INT', b: 'INT', c: 'INT', d: 'INT', e: 'INT' };
    const table = await Lake.open(tempDir()).createTable('ods.t', {
      columns,
      options: { 'clustering.columns': names },
    });
    expect(clusteringOf(table.schema)).toEqual({ strategy, columns: names.split(',') });
  });
});
