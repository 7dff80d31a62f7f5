// Append tables: small files are written together, no row is lost, doubled or put before another of its bucket.
import { describe, expect, test } from 'vitest';
import { seededRandom } from '../../../../src/base/random.ts';
import { InlineRunner } from '../../../../src/paimon/lsm/task-runner.ts';
import { fsck } from '../../../../src/paimon/maintenance/fsck.ts';
import type { DataType } from '../../../../src/paimon/schema/data-type.ts';
import { FaultyFileStore, faultOn } from '../../../support/faulty-file-store.ts';
import { MemoryFileStore } from '../../../../src/storage/memory/memory-file-store.ts';
import { CommittedTable } from '../../../support/committed-table.ts';
import { EagerClock } from '../../../support/eager-clock.ts';
import type { Change, TableSpec } from '../../../support/written-table.ts';

const INT: DataType = { kind: 'INT', nullable: true };

function spec(options: Record<string, string>): TableSpec {
  return { columns: { id: INT, p: INT }, primaryKeys: [], partitionKeys: ['p'], options };
}

const UNAWARE = { bucket: '-1' };
const BUCKETED = { bucket: '1', 'bucket-key': 'id' };

/** So many commits of three rows each, by as many writers. */
async function tableOf(options: Record<string, string>, commits: number): Promise<CommittedTable> {
  const table = await CommittedTable.create(new MemoryFileStore(new EagerClock()), 'db.t', spec(options));
  for (let commit = 0; commit < commits; commit++) {
    await table.commit([0, 1, 2].map((row): Change => ['+I', 3 * commit + row, Number(row === 2)]));
    table.reopen();
  }
  return table;
}

const RANDOM = seededRandom(3);

async function compact({ table }: CommittedTable, full = false): Promise<number> {
  const parts = { clock: new EagerClock(), random: RANDOM, runner: new InlineRunner(table.store) };
  const committer = await table.committer(parts);
  const liveFiles = await table.liveFiles();
  const compactor = await table.openCompactor({ ...parts, liveFiles }, { committer, commitUser: 'compactor' });
  return (await compactor.compact({ full }))?.filesBefore ?? 0;
}

async function idsOf({ table }: CommittedTable): Promise<readonly number[]> {
  const ids: number[] = [];
  for await (const { columns } of table.read({ columns: ['id'] })) {
    const [vector] = columns;
    if (vector.kind === 'i32') ids.push(...vector.values.subarray(0, vector.length));
  }
  return ids;
}

const first = (count: number): readonly number[] => Array.from({ length: count }, (_, index) => index);

describe('compaction of append tables', () => {
  test('without buckets: all small files of a partition become one', async () => {
    const table = await tableOf(UNAWARE, 6);
    expect(await compact(table)).toBe(12);
    expect((await idsOf(table)).toSorted((a, b) => a - b)).toEqual(first(18));
    expect((await table.table.liveFiles()).entries()).toHaveLength(2);
    expect(await table.table.latestSnapshot()).toMatchObject({ commitKind: 'COMPACT', totalRecordCount: 18n });
    expect((await fsck(table.table)).problems).toEqual([]);
    expect(await compact(table, true)).toBe(0);
  });

  test('with buckets: the first so many files, in their order', async () => {
    const table = await tableOf(BUCKETED, 7);
    const before = await idsOf(table);
    expect(await compact(table)).toBe(10);
    expect(await idsOf(table)).toEqual(before);
    expect((await table.table.liveFiles()).entries()).toHaveLength(6);
    expect(await compact(table, true)).toBe(6);
    expect(await idsOf(table)).toEqual(before);
    await table.commit([['+I', 99, 0]]);
    expect((await fsck(table.table)).problems).toEqual([]);
  });

  test('leaves nothing behind where it fails', async () => {
    const store = new MemoryFileStore(new EagerClock());
    const faulty = new FaultyFileStore(store);
    const table = await CommittedTable.create(faulty, 'db.t', spec(UNAWARE));
    for (let commit = 0; commit < 5; commit++) await table.commit([['+I', commit, 0]]);
    const names = (await store.list('db.db/t/p=0/bucket-0')).length;
    faulty.setPlan(faultOn({ operation: 'close', path: /\/data-/ }, { kind: 'before' }));
    await expect(compact(table)).rejects.toMatchObject({ code: 'E3004' });
    expect(await store.list('db.db/t/p=0/bucket-0')).toHaveLength(names);
  });
});
