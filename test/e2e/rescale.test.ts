// A mirrored table gets another number of buckets without being copied again: the command, then the configuration.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { fsck } from '../../src/paimon/maintenance/fsck.ts';
import { compareSourceAndLake } from '../support/compare-source-lake.ts';
import { changesOf, judgeReplay } from '../support/judge-lake.ts';
import { type MirrorSite, mirrorSite } from '../support/mirror-site.ts';
import { postgres, type TestPostgres } from '../support/servers.ts';
import { runCli } from '../support/spawn-cli.ts';

let server: TestPostgres;
beforeAll(async () => {
  server = await postgres();
});
afterAll(async () => {
  await server.stop();
});

const withBuckets = (buckets: number | 'auto' | 'dynamic'): string =>
  `[ { match: public.t, buckets: ${buckets}, options: { changelog-producer: input } }, public.other ]`;

async function rescaled(site: MirrorSite, buckets: number): Promise<void> {
  const args = ['--warehouse', site.warehouse, '--table', 'public.t', '--bucket-num', String(buckets)];
  const { code, stdout, stderr } = await runCli(['table', 'rescale', ...args]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(JSON.parse(stdout)).toMatchObject({ buckets });
}

async function expectMirrored(site: MirrorSite, buckets: number): Promise<void> {
  const table = await site.table('t');
  expect(await compareSourceAndLake(site.database.url, [table, await site.table('other')])).toEqual([]);
  expect(table.schema.options['bucket']).toBe(String(buckets));
  const live = (await table.liveFiles()).entries();
  expect(new Set(live.map(({ totalBuckets }) => totalBuckets))).toEqual(new Set([buckets]));
  expect((await fsck(table)).problems).toEqual([]);
  // The rows in other buckets are no changes.
  expect(await judgeReplay(table, await changesOf(table))).toEqual([]);
}

const CHANGES = [
  'update t set a = a + 1 where id % 3 = 0',
  'delete from t where id % 7 = 1',
  'insert into t select max(id) + 1, 0 from t',
  'insert into other select coalesce(max(id), 0) + 1 from other',
];

test('buckets change by rescale and configuration, the log goes on', async () => {
  const statements = [
    'create table t (id int primary key, a int)',
    'create table other (id int primary key)',
    'insert into t select n, n from generate_series(1, 100) n',
  ];
  const site = await mirrorSite(server, { settings: { tables: withBuckets(2) }, statements });
  await site.catchUp();
  await site.sql(...CHANGES);
  await site.catchUp();

  // The configuration alone: this table stops, and is told what to do.
  const file = site.configure({ tables: withBuckets(5) });
  const checked = await runCli(['check', '-c', file]);
  expect(checked.code).toBe(2);
  expect(checked.stdout).toContain('E1301');
  expect(checked.stdout).toContain('tributary table rescale --table public.t --bucket-num 5');
  await site.sql(...CHANGES);
  await rescaled(site, 5);
  await site.catchUp();
  await expectMirrored(site, 5);

  // The command alone: the old configuration is refused for that table, auto takes it as it is.
  await rescaled(site, 3);
  site.configure({ tables: withBuckets(5) });
  const refused = await runCli(['check', '-c', file]);
  expect(refused.stdout).toContain('--bucket-num 5');
  site.configure({ tables: withBuckets('auto') });
  await site.sql(...CHANGES);
  await site.catchUp();
  await expectMirrored(site, 3);

  // Dynamic buckets do not become fixed ones, nor the other way round.
  site.configure({ tables: withBuckets('dynamic') });
  expect((await runCli(['check', '-c', file])).stdout).toContain('dynamic buckets do not become fixed ones');
  await site.close();
});

test('a daemon whose table is rescaled under it begins again, and goes on', async () => {
  const statements = [
    'create table t (id int primary key, a int)',
    'create table other (id int primary key)',
    'insert into t select n, n from generate_series(1, 100) n',
  ];
  const site = await mirrorSite(server, { settings: { tables: withBuckets('auto') }, statements });
  const daemon = site.start();
  await site.caughtUp();
  await rescaled(site, 4);
  await site.sql(...CHANGES);
  await site.caughtUp();
  await expectMirrored(site, 4);
  expect(daemon.stdout() + daemon.stderr()).toContain('E3393');
  expect(await daemon.kill()).toEqual({ code: 0, signal: null });

  // As another engine's rescale leaves it: the option says something else than the files.
  const table = await site.table('t');
  await table.alter([{ kind: 'setOption', key: 'bucket', value: '2' }]);
  const failing = site.start();
  await site.sql(...CHANGES);
  await site.caughtUp();
  const record = await site.latestRecord();
  expect(record.stopped.map(({ source }) => source)).toEqual(['public.t']);
  expect(failing.stdout() + failing.stderr()).toContain('E1302');
  await failing.kill();
  await rescaled(site, 2);
  await site.catchUp();
  await expectMirrored(site, 2);
  await site.close();
});
