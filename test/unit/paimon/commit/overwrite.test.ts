// Overwrites: which partitions go, and with what level the new files come in.
import { describe, expect, test } from 'vitest';
import type { DataType } from '../../../../src/paimon/schema/data-type.ts';
import { liftedFiles } from '../../../../src/paimon/commit/overwrite.ts';
import { MemoryFileStore } from '../../../../src/storage/memory/memory-file-store.ts';
import { CommittedTable } from '../../../support/committed-table.ts';
import { EagerClock } from '../../../support/eager-clock.ts';
import { type Change, type TableSpec, text } from '../../../support/written-table.ts';
import { entryOf, testSchema } from './commit-fixtures.ts';

const INT: DataType = { kind: 'INT', nullable: true };
const STRING: DataType = { kind: 'VARCHAR', length: 2147483647, nullable: true };

function spec(options: Record<string, string> = {}): TableSpec {
  return {
    columns: { dt: STRING, h: INT, id: INT },
    primaryKeys: [],
    partitionKeys: ['dt', 'h'],
    options: { bucket: '-1', ...options },
  };
}

const row = (dt: string | null, h: number, id: number): Change => ['+I', dt === null ? null : text(dt), h, id];

async function tableWith(options: Record<string, string> = {}): Promise<CommittedTable> {
  const table = await CommittedTable.create(new MemoryFileStore(new EagerClock()), 'db.t', spec(options));
  await table.commit([row('a', 1, 1), row('a', 2, 2), row('b', 1, 3), row(null, 1, 4)]);
  return table;
}

async function idsOf({ table }: CommittedTable): Promise<readonly number[]> {
  const ids: number[] = [];
  for await (const { columns } of table.read({ columns: ['id'] })) {
    const [vector] = columns;
    if (vector.kind === 'i32') ids.push(...vector.values.subarray(0, vector.length));
  }
  return ids.sort((a, b) => a - b);
}

describe('an overwrite', () => {
  test('replaces the partitions that get rows, whatever it names', async () => {
    const table = await tableWith();
    await table.overwrite(['dt=b'], [row('a', 1, 9), row(null, 1, 8)]);
    expect(await idsOf(table)).toEqual([2, 3, 8, 9]);
    await table.overwrite(['dt=b'], []);
    expect(await idsOf(table)).toEqual([2, 3, 8, 9]);
  });

  const STATIC = { 'dynamic-partition-overwrite': 'false' };

  test('replaces what it names where that is asked for', async () => {
    const table = await tableWith(STATIC);
    await table.overwrite(['dt=a'], [row('a', 1, 9)]);
    expect(await idsOf(table)).toEqual([3, 4, 9]);
    await table.overwrite(['dt=__DEFAULT_PARTITION__'], []);
    expect(await idsOf(table)).toEqual([3, 9]);
    await table.overwrite([], [row('c', 1, 7)]);
    expect(await idsOf(table)).toEqual([7]);
  });

  test('refuses rows of other partitions than named, names of other columns and values of other types', async () => {
    const table = await tableWith(STATIC);
    await expect(table.overwrite(['dt=a'], [row('b', 1, 9)])).rejects.toMatchObject({ code: 'E3313' });
    for (const words of [['dx=a'], ['h=x'], ['dt']]) {
      await expect(table.overwrite(words, [])).rejects.toMatchObject({ code: 'E3312' });
    }
    expect(await idsOf(table)).toEqual([1, 2, 3, 4]);
  });
});

test('an overwrite replaces what is there when it is published, not when it was begun', async () => {
  const store = new MemoryFileStore(new EagerClock());
  const table = await CommittedTable.create(store, 'db.t', spec());
  await table.commit([row('a', 1, 1)]);
  const other = await CommittedTable.open(store, 'db.t');
  await other.commit([row('a', 1, 2), row('b', 1, 3)]);
  await table.overwrite([], [row('a', 1, 9)]);
  expect(await idsOf(table)).toEqual([3, 9]);
});

describe('files of an overwrite', () => {
  const levels = (...keys: readonly (readonly [number, number])[]): readonly number[] =>
    liftedFiles(
      keys.map((range, index) => entryOf(`f${index}`, { keys: range })),
      testSchema(),
    ).map(({ file }) => file.level);

  test('rise to the highest level unless their keys overlap', () => {
    expect(levels([5, 9], [1, 4])).toEqual([5, 5]);
    expect(levels([4, 9], [1, 4])).toEqual([0, 0]);
  });

  test('stay where the table says so', () => {
    const kept = liftedFiles([entryOf('f')], testSchema({ 'overwrite-upgrade': 'false' }));
    expect(kept.map(({ file }) => file.level)).toEqual([0]);
  });
});
