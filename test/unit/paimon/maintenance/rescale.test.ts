// Partitions with another number of buckets: the same rows, one snapshot, and nothing lost to others who write meanwhile.
import { describe, expect, test } from 'vitest';
import { seededRandom } from '../../../../src/base/random.ts';
import { cellAt } from '../../../../src/paimon/format/cell.ts';
import { parsePartitionSpec } from '../../../../src/paimon/format/partition-spec.ts';
import { InlineRunner, type TaskRunner } from '../../../../src/paimon/lsm/task-runner.ts';
import { fsck } from '../../../../src/paimon/maintenance/fsck.ts';
import { type RescaleParts, rescale } from '../../../../src/paimon/maintenance/rescale.ts';
import type { DataType } from '../../../../src/paimon/schema/data-type.ts';
import type { FileStore } from '../../../../src/storage/file-store.ts';
import { MemoryFileStore } from '../../../../src/storage/memory/memory-file-store.ts';
import { CommittedTable } from '../../../support/committed-table.ts';
import { EagerClock } from '../../../support/eager-clock.ts';
import type { Change } from '../../../support/written-table.ts';

const INT: DataType = { kind: 'INT', nullable: true };

async function tableWith(
  options: Readonly<Record<string, string>>,
  store: FileStore = new MemoryFileStore(new EagerClock()),
): Promise<CommittedTable> {
  const table = await CommittedTable.create(store, 'db.t', {
    columns: { p: INT, id: INT, v: INT },
    primaryKeys: ['p', 'id'],
    partitionKeys: ['p'],
    options: { bucket: '2', ...options },
  });
  await table.commit(changes(1, 0, 20, 1), changes(1, 5, 10, 2), changes(2, 0, 5, 1));
  return table;
}

function changes(p: number, from: number, to: number, v: number): readonly Change[] {
  return Array.from({ length: to - from }, (_, index): Change => ['+I', p, from + index, v]);
}

function parts(store: FileStore, commitIdentifier = 1n): RescaleParts {
  const random = seededRandom(2 + Number(commitIdentifier));
  return { runner: new InlineRunner(store), random, clock: new EagerClock(), commitUser: 'rescaler', commitIdentifier };
}

async function rowsOf({ table }: CommittedTable): Promise<readonly unknown[]> {
  const rows: unknown[] = [];
  for await (const { rowCount, columns } of table.read()) {
    for (let row = 0; row < rowCount; row++) rows.push(columns.map((column) => cellAt(INT, column, row)));
  }
  return rows.sort((a, b) => String(a).localeCompare(String(b)));
}

/** The numbers of buckets of the live files, by partition and whether they wait. */
async function totals({ table }: CommittedTable): Promise<readonly string[]> {
  const live = (await table.liveFiles()).entries();
  const texts = live.map(
    ({ partition, bucket, totalBuckets }) =>
      `${Buffer.from(partition).readInt32LE(12)}${bucket < 0 ? ' waiting' : ''}: ${totalBuckets}`,
  );
  return [...new Set(texts)].sort();
}

describe('a rescaled table', () => {
  test('has the same rows in other buckets, partition by partition', async () => {
    const table = await tableWith({});
    const { store, schema } = table.table;
    const before = await rowsOf(table);
    const spec = parsePartitionSpec(schema, ['p=1']);
    expect(await rescale(table.table, parts(store), { buckets: 3, spec })).toMatchObject({ buckets: 3, rows: 20 });
    expect(await totals(table)).toEqual(['1: 3', '2: 2']);
    expect(await rowsOf(table)).toEqual(before);
    expect((await fsck(table.table)).problems).toEqual([]);
    expect(await table.table.latestSnapshot()).toMatchObject({ commitKind: 'OVERWRITE', commitUser: 'rescaler' });
    // One partition of several says nothing about the others, which are written to as before.
    expect((await table.table.schemas.latest())?.options['bucket']).toBe('2');
    await rescale(table.table, parts(store, 2n), { buckets: 1, spec: new Map() });
    expect(await totals(table)).toEqual(['1: 1', '2: 1']);
    expect(await rowsOf(table)).toEqual(before);
    expect((await table.table.schemas.latest())?.options['bucket']).toBe('1');
  });

  test('is one without a key, too', async () => {
    const table = await CommittedTable.create(new MemoryFileStore(new EagerClock()), 'db.t', {
      columns: { p: INT, id: INT, v: INT },
      primaryKeys: [],
      partitionKeys: ['p'],
      options: { bucket: '2', 'bucket-key': 'id' },
    });
    await table.commit(changes(1, 0, 20, 1), changes(2, 0, 5, 1));
    const before = await rowsOf(table);
    await rescale(table.table, parts(table.table.store), { buckets: 4, spec: new Map() });
    expect(await totals(table)).toEqual(['1: 4', '2: 4']);
    expect(await rowsOf(table)).toEqual(before);
    expect((await fsck(table.table)).problems).toEqual([]);
  });

  test('keeps rows that reads do not show yet, and leaves out those that are deleted', async () => {
    const table = await tableWith({ 'deletion-vectors.enabled': 'true' });
    await table.commit([['-D', 1, 0, null]]);
    expect(await rowsOf(table)).toEqual([]);
    await rescale(table.table, parts(table.table.store), { buckets: 1, spec: new Map() });
    expect(await rowsOf(table)).toHaveLength(24);
    expect((await fsck(table.table)).problems).toEqual([]);
  });

  test('lets rows wait that wait, and needs to be told a number then', async () => {
    const table = await tableWith({ bucket: '-2' });
    expect(await rescale(table.table, parts(table.table.store), { buckets: 3, spec: new Map() })).toBeNull();
    expect(await totals(table)).toEqual(['1 waiting: -2', '2 waiting: -2']);
    const order = { buckets: null, spec: new Map() };
    await expect(rescale(table.table, parts(table.table.store), order)).rejects.toMatchObject({ code: 'E3319' });
  });

  test('is as it was where others commit meanwhile', async () => {
    const table = await tableWith({});
    const { store } = table.table;
    const inner = new InlineRunner(store);
    const runner: TaskRunner = {
      run: async (kind, request) => {
        await table.commit(changes(3, 0, 1, 1));
        return inner.run(kind, request);
      },
      close: () => inner.close(),
    };
    const order = { buckets: 3, spec: new Map() };
    await expect(rescale(table.table, { ...parts(store), runner }, order)).rejects.toMatchObject({ code: 'E3320' });
    expect(await totals(table)).toEqual(['1: 2', '2: 2', '3: 2']);
    expect((await fsck(table.table)).orphans).toBe(0);
  });

  test('is not one whose buckets are dynamic', async () => {
    const table = await tableWith({ bucket: '-1' });
    const order = { buckets: 2, spec: new Map() };
    await expect(rescale(table.table, parts(table.table.store), order)).rejects.toMatchObject({ code: 'E3319' });
  });
});
