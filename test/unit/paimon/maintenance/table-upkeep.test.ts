// What a session's commits leave behind by the options of its table: tags, consumers, partitions and snapshots.
import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../../../src/base/random.ts';
import { FileSystemCatalog } from '../../../../src/paimon/catalog/file-system-catalog.ts';
import { expireConsumers, deleteConsumer, resetConsumer } from '../../../../src/paimon/maintenance/consumers.ts';
import { fsck } from '../../../../src/paimon/maintenance/fsck.ts';
import { Table } from '../../../../src/paimon/table.ts';
import { TableSession } from '../../../../src/paimon/table-session.ts';
import { MemoryFileStore } from '../../../../src/storage/memory/memory-file-store.ts';
import { EagerClock } from '../../../support/eager-clock.ts';
import { FaultyFileStore, faultOn } from '../../../support/faulty-file-store.ts';
import { schemaOf } from '../../../support/written-table.ts';

const RETAIN_TWO = {
  'snapshot.num-retained.min': '1',
  'snapshot.num-retained.max': '2',
  'snapshot.time-retained': '1 h',
};

interface Opened {
  readonly store: MemoryFileStore;
  readonly table: Table;
  readonly session: TableSession;
  readonly clock: EagerClock;
}

async function open(options: Readonly<Record<string, string>>, partitionKeys: readonly string[] = []): Promise<Opened> {
  const store = new MemoryFileStore();
  const columns = {
    day: { kind: 'VARCHAR', length: 10, nullable: false },
    id: { kind: 'INT', nullable: false },
  } as const;
  const schema = schemaOf({ columns, primaryKeys: ['day', 'id'], partitionKeys, options });
  await new FileSystemCatalog(store).createTable({ database: 'd', table: 't' }, schema, 0);
  const table = await Table.open(store, { database: 'd', table: 't' });
  const clock = new EagerClock();
  const session = await TableSession.open(table, { user: 'u', clock, random: seededRandom(1) });
  return { store, table, session, clock };
}

async function commit({ session }: Opened, day: string, id: number, watermark?: bigint): Promise<void> {
  await session.write([{ day, id }]);
  await session.commit(watermark === undefined ? {} : { watermark });
}

const ids = async ({ table }: Opened): Promise<readonly number[]> => (await table.snapshots.ids()).map(Number);

describe('a commit', () => {
  it('lets snapshots go, but for those that tags and consumers need', async () => {
    const opened = await open(RETAIN_TWO);
    for (let id = 1; id <= 3; id++) await commit(opened, 'a', id);
    expect(await ids(opened)).toEqual([2, 3]);
    await resetConsumer(opened.table, 'c', 2n);
    await commit(opened, 'a', 4);
    expect(await ids(opened)).toEqual([2, 3, 4]);
    await deleteConsumer(opened.table, 'c');
    await commit(opened, 'a', 5);
    expect((await ids(opened)).at(0)).toBeGreaterThan(3);
    expect((await fsck(opened.table)).problems).toEqual([]);
  });

  it('leaves everything alone in tables that are for writing only', async () => {
    const opened = await open({ ...RETAIN_TWO, 'write-only': 'true', 'tag.automatic-creation': 'process-time' });
    for (let id = 1; id <= 4; id++) await commit(opened, 'a', id);
    expect(await ids(opened)).toEqual([1, 2, 3, 4]);
    expect(await opened.table.tags()).toEqual([]);
  });

  it('makes tags, and lets them go in their time', async () => {
    const given = { 'tag.automatic-creation': 'watermark', 'tag.default-time-retained': '1 h' };
    const opened = await open(given);
    await commit(opened, 'a', 1, BigInt(Date.UTC(2024, 1, 2)));
    expect((await opened.table.tags()).map(({ name }) => name)).toEqual(['2024-02-01']);
    opened.clock.advance(2 * 3_600_000);
    await commit(opened, 'a', 2);
    expect(await opened.table.tags()).toEqual([]);
  });

  it('leaves changelogs behind that are kept longer than snapshots', async () => {
    const opened = await open({ ...RETAIN_TWO, 'changelog-producer': 'input', 'changelog.num-retained.max': '4' });
    for (let id = 1; id <= 6; id++) await commit(opened, 'a', id);
    expect(Number(await opened.table.earliestChanges())).toBeLessThan((await ids(opened))[0]);
    expect((await fsck(opened.table)).problems).toEqual([]);
  });

  it('drops partitions that have grown old', async () => {
    const given = { 'partition.expiration-time': '7 d', 'partition.expiration-check-interval': '0 ms' };
    const opened = await open(given, ['day']);
    await commit(opened, '2020-01-01', 1);
    expect((await opened.table.latestSnapshot())?.commitKind).toBe('OVERWRITE');
    expect((await opened.table.liveFiles()).entries()).toEqual([]);
  });

  it('is published even where what comes after it fails, which the next one makes up for', async () => {
    const opened = await open(RETAIN_TWO);
    for (let id = 1; id <= 2; id++) await commit(opened, 'a', id);
    const store = new FaultyFileStore(
      opened.store,
      faultOn({ operation: 'delete', path: /snapshot-1$/ }, { kind: 'before' }),
    );
    const table = await Table.open(store, { database: 'd', table: 't' });
    const session = await TableSession.open(table, { user: 'v', clock: opened.clock, random: seededRandom(2) });
    const again = { ...opened, table, session };
    await expect(commit(again, 'a', 3)).rejects.toMatchObject({ code: 'E3240' });
    expect((await ids(opened)).at(-1)).toBe(3);
    await commit(again, 'a', 4);
    expect((await ids(opened)).length).toBeLessThanOrEqual(3);
    expect((await fsck(opened.table)).problems).toEqual([]);
  });
});

it('consumers that do not move are removed, and their ids are names', async () => {
  const { store, table } = await open({});
  await resetConsumer(table, 'old', 3n);
  const { modifiedMs } = (await store.list(table.paths.consumerDirectory))[0];
  expect(await expireConsumers(table, modifiedMs)).toEqual([]);
  expect(await expireConsumers(table, modifiedMs + 1)).toEqual(['old']);
  await expect(resetConsumer(table, '../x', 1n)).rejects.toMatchObject({ code: 'E3241' });
  await expect(deleteConsumer(table, ' ')).rejects.toMatchObject({ code: 'E3241' });
});
