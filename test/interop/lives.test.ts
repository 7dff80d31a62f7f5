// How snapshots, tags and consumers come and go: a table that both sides write by turns has after each commit the tags,
// snapshots and consumers of one that the reference writes alone; and points in time are the same for both readers.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { tableCommand } from '../../src/cli/table/table.ts';
import { isTributaryError } from '../../src/base/errors.ts';
import { fsck } from '../../src/paimon/maintenance/fsck.ts';
import { pointOfOptions } from '../../src/paimon/scan/scan-options.ts';
import type { Table } from '../../src/paimon/table.ts';
import { canonicalRows } from '../support/golden.ts';
import { openReplayed, replayedRows } from '../support/replayed-table.ts';
import { reference, type Reference, type TableAt } from '../support/reference.ts';
import { tempDir } from '../support/temp-dir.ts';

const java = await reference();

const HOUR = 3_600_000;
const START = Date.UTC(2024, 4, 6);
const FIELDS = [
  { id: 0, name: 'day', type: 'STRING NOT NULL' },
  { id: 1, name: 'id', type: 'INT NOT NULL' },
  { id: 2, name: 'v', type: 'INT' },
];
const RETAIN_THREE = {
  'snapshot.num-retained.min': '1',
  'snapshot.num-retained.max': '3',
  'snapshot.time-retained': '1 h',
};

/** Hours since the start, fractions too; null for a commit without a watermark. */
type Hours = readonly (number | null)[];

const TAGGED: readonly (readonly [string, Readonly<Record<string, string>>, Hours])[] = [
  ['days, written as soon as they are over', {}, [null, 1, 23, 24, 30, 49, 96.5]],
  [
    'hours with a delay, of another zone, two of them, while snapshots expire',
    {
      ...RETAIN_THREE,
      'tag.creation-period': 'hourly',
      'tag.creation-delay': '10 min',
      'tag.num-retained-max': '2',
      'sink.watermark-time-zone': 'Asia/Kolkata',
    },
    [0, 0.6, 0.7, 1.6, 2.7, 2.8, 5.9, 6],
  ],
  [
    'gaps filled, without dashes, changelogs kept',
    {
      ...RETAIN_THREE,
      'tag.creation-period': 'hourly',
      'tag.period-formatter': 'without_dashes',
      'tag.automatic-completion': 'true',
      'changelog-producer': 'input',
      'changelog.num-retained.max': '5',
    },
    [1, 4, 4.2, 4.3, 9, 9.1, 9.2, 9.3],
  ],
  ['two hours', { 'tag.creation-period': 'two-hours', 'tag.default-time-retained': '1 d' }, [1, 2, 3.9, 4, 9]],
];

interface Side {
  readonly at: TableAt;
  readonly table: Table;
}

async function create(client: Reference, name: string, options: Readonly<Record<string, string>>): Promise<Side> {
  const warehouse = join(tempDir(), name);
  mkdirSync(warehouse, { recursive: true });
  const at = { warehouse, table: 'db.t' };
  const definition = { fields: FIELDS, partitionKeys: ['day'], primaryKeys: ['day', 'id'], comment: '' };
  await client.create(at, { ...definition, options: { bucket: '1', ...options } });
  return { at, table: await openReplayed(warehouse) };
}

async function writeOurs({ at }: Side, rows: readonly object[], watermark: number | null): Promise<void> {
  const file = join(at.warehouse, 'rows.ndjson');
  writeFileSync(file, rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
  const mark = watermark === null ? [] : ['--watermark', String(watermark)];
  await ours(['write', ...where(at), '--rows', file, ...mark]);
}

async function ours(args: readonly string[]): Promise<unknown> {
  return (await tableCommand()).parseAsync(args, { from: 'user' });
}

function where({ warehouse, table }: TableAt): readonly string[] {
  return ['--warehouse', warehouse, '--table', table];
}

/** Tags, snapshots and consumers as the reference shows them, and the ids of changelogs. */
async function stateOf(client: Reference, { at, table }: Side) {
  const tags = await client.systable(at, 'tags');
  const snapshots = await client.systable(at, 'snapshots');
  const changelogs = (await table.store.list(table.paths.changelogDirectory)).map(({ name }) => name);
  return {
    tags: tags.map((tag) => [tag['tag_name'], tag['snapshot_id'], tag['time_retained']]),
    snapshots: snapshots.map((row) => [row['snapshot_id'], row['commit_kind'], row['watermark']]),
    consumers: await client.systable(at, 'consumers'),
    changelogs: changelogs.filter((name) => name.startsWith('changelog-')).sort(),
    rows: canonicalRows(await client.read(at)),
  };
}

async function expectClean(client: Reference, { at, table }: Side): Promise<void> {
  expect((await fsck(table)).problems).toEqual([]);
  expect(await client.fsck(at)).toMatchObject({ problems: [] });
}

describe.skipIf(java === null)('lives', () => {
  const client = java as Reference;

  test.each(TAGGED)('tags: %s', async (_, given, hours) => {
    const options = { 'tag.automatic-creation': 'watermark', ...given };
    const mixed = await create(client, 'mixed', options);
    const control = await create(client, 'control', options);
    for (const [index, hour] of hours.entries()) {
      const watermark = hour === null ? null : START + hour * HOUR;
      const rows = [0, 1, index].map((id) => ({ kind: '+I', row: { day: 'd', id, v: index } }));
      if (index % 3 === 1) await client.write(mixed.at, rows, watermark === null ? {} : { watermark });
      else await writeOurs(mixed, rows, watermark);
      await client.write(control.at, rows, watermark === null ? {} : { watermark });
      expect(await stateOf(client, mixed), `commit ${index}`).toEqual(await stateOf(client, control));
    }
    await expectClean(client, mixed);
  });

  test('consumers keep snapshots until they move, are deleted or have not moved for long', async () => {
    const mixed = await create(client, 'mixed', RETAIN_THREE);
    const control = await create(client, 'control', RETAIN_THREE);
    const commit = async (id: number): Promise<void> => {
      const rows = [{ kind: '+I', row: { day: 'd', id, v: id } }];
      await writeOurs(mixed, rows, null);
      await client.write(control.at, rows);
      expect(await stateOf(client, mixed), `row ${id}`).toEqual(await stateOf(client, control));
    };
    await commit(1);
    await ours(['consumer', ...where(mixed.at), '--id', 'c', '--next', '2']);
    await client.run(['consumer', ...where(control.at), '--id', 'c', '--next', '2']);
    for (let id = 2; id <= 6; id++) await commit(id);
    expect((await mixed.table.snapshots.ids())[0]).toBe(2n);
    await ours(['consumer', ...where(mixed.at), '--id', 'c', '--next', '5']);
    await client.run(['consumer', ...where(control.at), '--id', 'c', '--next', '5']);
    await commit(7);
    const change = [{ action: 'setOption', key: 'consumer.expiration-time', value: '1 ms' }];
    for (const { at } of [mixed, control]) await client.alter(at, change);
    await commit(8);
    await commit(9);
    expect(await client.systable(mixed.at, 'consumers')).toEqual([]);
    await expectClean(client, mixed);
  });

  test.each(['scan.fallback-branch', 'scan.primary-branch'])('partitions of a branch: %s', async (key) => {
    const { at, table } = await create(client, 'mixed', {});
    const row = (day: string, id: number) => ({ kind: '+I', row: { day, id, v: id } });
    await writeOurs({ at, table }, [row('a', 1), row('b', 2)], null);
    await table.createBranch('dev');
    await client.write(at, [row('b', 3), row('c', 4)], { branch: 'dev' });
    await client.alter(at, [{ action: 'setOption', key, value: 'dev' }]);
    await client.write(at, [row('d', 5)]);
    for (const filter of [[], ['day', '=', 'c'], ['id', '>', '2']]) {
      const theirs = await client.read(at, filter.length === 0 ? {} : { filter });
      const condition = filter[0] === 'day' ? table.condition('day', '=', 'c') : table.condition('id', '>', 2);
      const own = await replayedRows(table, filter.length === 0 ? {} : { where: [condition] });
      expect(own).toEqual(canonicalRows(theirs));
    }
    expect((await replayedRows(table)).length).toBeGreaterThan(3);
  });

  test('points in time are the same', async () => {
    const { at, table } = await create(client, 'mixed', {});
    const marks = [null, 10, 10, 20, 35, 35, 35, 50];
    for (const [index, mark] of marks.entries()) {
      await writeOurs({ at, table }, [{ kind: '+I', row: { day: 'd', id: index, v: index } }], mark);
    }
    await table.createTag('three', { snapshotId: 3n });
    await table.createTag('2', { snapshotId: 5n });
    const second = (await table.snapshot(2n)).timeMillis;
    const text = new Date(second).toISOString().replace('T', ' ').replace('Z', '');
    const points: readonly (readonly [string, string])[] = [
      ...[-1, 10, 11, 20, 21, 35, 36, 50, 51].map((mark) => ['scan.watermark', String(mark)] as const),
      ...['three', '2', '3', 'watermark-20', 'watermark-36', 'nothing', '99'].map((v) => ['scan.version', v] as const),
      ['scan.tag-name', 'three'],
      ['scan.snapshot-id', '4'],
      ['scan.timestamp-millis', String(second)],
      ['scan.timestamp', text],
      ['scan.timestamp', '2001-02-03'],
    ];
    for (const [option, value] of points) {
      const options = { [option]: value };
      const theirs = await client.read(at, { options }).then(canonicalRows, () => 'refused');
      const own = await replayedRows(table, { at: pointOfOptions(options) }).catch((error: unknown) => {
        if (!isTributaryError(error)) throw error;
        return 'refused';
      });
      expect(own, `${option}=${value}`).toEqual(theirs);
    }
  });
});
