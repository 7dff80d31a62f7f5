// Partitions dropped, expired and marked as done.
import { describe, expect, test } from 'vitest';
import { seededRandom } from '../../../../src/base/random.ts';
import { parsePartitionSpec } from '../../../../src/paimon/format/partition-spec.ts';
import { fsck } from '../../../../src/paimon/maintenance/fsck.ts';
import {
  dropPartitions,
  type ExpiredPartitions,
  expiredPartitions,
  expirePartitions,
  livePartitions,
  markPartitionsDone,
  type PartitionedTable,
  wholePartition,
} from '../../../../src/paimon/maintenance/partitions.ts';
import { partitionPathOf } from '../../../../src/paimon/format/partition-path.ts';
import { bucketKey } from '../../../../src/paimon/lsm/live-files.ts';
import type { DataType } from '../../../../src/paimon/schema/data-type.ts';
import type { TableSchema } from '../../../../src/paimon/schema/table-schema.ts';
import { MemoryFileStore } from '../../../../src/storage/memory/memory-file-store.ts';
import { CommittedTable } from '../../../support/committed-table.ts';
import { EagerClock } from '../../../support/eager-clock.ts';
import { type Change, type TableSpec, text } from '../../../support/written-table.ts';

const INT: DataType = { kind: 'INT', nullable: true };
const STRING: DataType = { kind: 'VARCHAR', length: 2147483647, nullable: true };

const DAYS = ['2024-01-01', '2024-01-02', '2024-01-03', 'later', null];

async function tableWith(options: Record<string, string> = {}): Promise<CommittedTable> {
  const spec: TableSpec = {
    columns: { dt: STRING, h: INT, id: INT },
    primaryKeys: [],
    partitionKeys: ['dt', 'h'],
    options: { bucket: '-1', ...options },
  };
  const table = await CommittedTable.create(new MemoryFileStore(new EagerClock()), 'db.t', spec);
  const rows = DAYS.map((day, id): Change => ['+I', day === null ? null : text(day), id % 2, id]);
  await table.commit(rows);
  return table;
}

async function parts({ table }: CommittedTable): Promise<PartitionedTable> {
  const committer = await table.committer({ clock: new EagerClock(), random: seededRandom(2) });
  return { schema: table.schema, committer, commitUser: 'me', commitIdentifier: 1n };
}

function namesOf(schema: TableSchema, partitions: readonly Uint8Array[]): readonly string[] {
  return partitions.map((partition) => partitionPathOf(schema)(partition));
}

async function idsOf({ table }: CommittedTable): Promise<readonly number[]> {
  const ids: number[] = [];
  for await (const { columns } of table.read({ columns: ['id'] })) {
    const [vector] = columns;
    if (vector.kind === 'i32') ids.push(...vector.values.subarray(0, vector.length));
  }
  return ids.sort((a, b) => a - b);
}

describe('dropping partitions', () => {
  test('takes those that meet any of the specs, in one snapshot', async () => {
    const table = await tableWith();
    const { schema } = table.table;
    const target = await parts(table);
    const specs = [['dt=2024-01-01'], ['h=1', 'dt=2024-01-02'], ['dt=__DEFAULT_PARTITION__'], ['dt=2024-01-03', 'h=1']];
    const partitions = livePartitions(
      target,
      specs.map((words) => parsePartitionSpec(schema, words)),
    );
    expect(namesOf(schema, partitions)).toEqual([
      'dt=2024-01-01/h=0/',
      'dt=2024-01-02/h=1/',
      'dt=__DEFAULT_PARTITION__/h=0/',
    ]);
    await dropPartitions(target, partitions);
    expect(await idsOf(table)).toEqual([2, 3]);
    expect(await table.table.latestSnapshot()).toMatchObject({ id: 2n, commitKind: 'OVERWRITE', totalRecordCount: 2n });
    expect((await fsck(table.table)).problems).toEqual([]);
    await dropPartitions(target, []);
    expect((await table.table.latestSnapshot())?.id).toBe(2n);
  });
});

describe('expiring partitions', () => {
  const expiry = { localNowMs: Date.UTC(2024, 0, 4, 0, 0, 1) };
  const days = (count: number): Record<string, string> => ({ 'partition.expiration-time': `${count} d` });

  test('drops the old ones by their values; those without a time stay', async () => {
    const table = await tableWith(days(2));
    const target = await parts(table);
    const planned = await expirePartitions(target, { ...expiry, dryRun: true });
    expect(namesOf(target.schema, planned.partitions)).toEqual(['dt=2024-01-01/h=0/', 'dt=2024-01-02/h=1/']);
    expect(planned.undatedCount).toBe(2);
    expect(await idsOf(table)).toEqual([0, 1, 2, 3, 4]);
    expect(await expirePartitions(target, expiry)).toEqual(planned);
    expect(await idsOf(table)).toEqual([2, 3, 4]);
    expect((await table.table.latestSnapshot())?.id).toBe(2n);
  });

  test('drops so many at once and in so many snapshots as the table says', async () => {
    const table = await tableWith({
      ...days(1),
      'partition.expiration-max-num': '2',
      'partition.expiration-batch-size': '1',
    });
    await expirePartitions(await parts(table), expiry);
    expect(await idsOf(table)).toEqual([2, 3, 4]);
    expect((await table.table.latestSnapshot())?.id).toBe(3n);
  });

  test('goes by the newest file of a partition where the table says so', async () => {
    const table = await tableWith({ ...days(2), 'partition.expiration-strategy': 'update-time' });
    const { schema, committer } = await parts(table);
    const [first, ...others] = Map.groupBy(committer.liveEntries(), (entry) => bucketKey(entry.partition, 0)).values();
    const at = (day: number): number => Date.UTC(2024, 0, day);
    const aged = others.map((entries, index) =>
      entries.map((entry) => ({ ...entry, file: { ...entry.file, creationTimeMs: at(index) } })),
    );
    const touched = [...first, { ...first[0], file: { ...first[0].file, creationTimeMs: at(3) } }];
    const expired: ExpiredPartitions = expiredPartitions(schema, [touched, ...aged], expiry.localNowMs);
    expect(expired.undatedCount).toBe(0);
    expect(expired.partitions).toHaveLength(3);
    expect(expired.partitions).not.toContainEqual(first[0].partition);
  });

  test('is refused for tables whose partitions do not expire', async () => {
    await expect(expirePartitions(await parts(await tableWith()), expiry)).rejects.toMatchObject({ code: 'E3314' });
  });
});

describe('marking partitions as done', () => {
  async function marks(table: CommittedTable, words: readonly string[], nowMs: number): Promise<readonly string[]> {
    const { store, path: tablePath, schema } = table.table;
    const partition = wholePartition(schema, parsePartitionSpec(schema, words));
    return markPartitionsDone({ store, tablePath, schema }, partition === null ? [] : [partition], nowMs);
  }

  test('writes a file, and keeps the time of the first mark', async () => {
    const table = await tableWith();
    const [path] = await marks(table, ['dt=new day', 'h=1'], 1000);
    expect(path).toBe('db.db/t/dt=new day/h=1/_SUCCESS');
    await marks(table, ['dt=new day', 'h=1'], 2000);
    const stored = JSON.parse(new TextDecoder().decode(await table.table.store.read(path))) as unknown;
    expect(stored).toEqual({ creationTime: 1000, modificationTime: 2000 });
    expect(await marks(table, ['dt=new day'], 3000)).toEqual([]);
  });

  test('is refused where a catalog would have to know', async () => {
    const table = await tableWith({ 'partition.mark-done-action': 'success-file,done-partition' });
    await expect(marks(table, ['dt=a', 'h=1'], 1)).rejects.toMatchObject({ code: 'E3315' });
  });
});
