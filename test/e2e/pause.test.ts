// `tributary pause` and `resume` on real servers: a table stays as it is while others go on, over restarts and within its
// first copy, and nothing that it missed is lost.
import { describe, expect, test } from 'vitest';
import { TributaryError } from '../../src/base/errors.ts';
import type { CheckpointRecord } from '../../src/checkpoint/checkpoint-record.ts';
import type { CheckpointStore } from '../../src/checkpoint/checkpoint-store.ts';
import { compareSourceAndLake } from '../support/compare-source-lake.ts';
import { freePort } from '../support/free-port.ts';
import { expectItemsEqual, itemsTest } from '../support/items-test.ts';
import { changesOf, judgeReplay } from '../support/judge-lake.ts';
import { lsnOf } from '../support/mirror-site.ts';
import { freshMysqlDatabase, mysqlKinds, startMysql } from '../support/mysql-servers.ts';
import { mysqlSite } from '../support/mysql-site.ts';
import { purgeLogs } from '../support/purge-logs.ts';
import { spawnCli } from '../support/spawn-cli.ts';
import { until } from '../support/until.ts';

const ROWS = 2000;

/** Runs a command that is to succeed. */
async function ordered(...args: readonly string[]): Promise<string> {
  const command = spawnCli(args);
  expect(await command.exit, command.stderr()).toEqual({ code: 0, signal: null });
  return command.stdout();
}

/** Waits for a cut that the tables are part of. */
function inCut(records: CheckpointStore, ...tables: readonly string[]): Promise<CheckpointRecord> {
  const reached = async (): Promise<CheckpointRecord | null> => {
    const record = await records.latest();
    const names = record?.tables.map(({ source }) => source.split('.')[1]) ?? [];
    return tables.every((table) => names.includes(table)) ? record : null;
  };
  return until(reached, { what: `a cut with ${tables.join(', ')}` });
}

itemsTest('a paused table stays as it is while others go on, over restarts, and then catches up', async ({ site }) => {
  const listen = `127.0.0.1:${await freePort()}`;
  const file = site.configure({
    listen,
    tables: '[ { match: public.*, options: { changelog-producer: input } } ]',
  });
  await site.sql('create table others (id bigint primary key)');
  let daemon = site.start();
  await site.caughtUp();
  expect(await ordered('pause', '-c', file, 'public.items')).toContain('public.items is paused');
  const record = await site.latestRecord();
  expect(record.paused).toMatchObject([{ source: 'public.items', copying: null }]);
  const snapshot = (await (await site.table('items')).latestSnapshot())?.id;
  const change = (turn: number) =>
    site.sql(
      `update items set name = 'turn ${turn}' where id % 3 = ${turn % 3}`,
      `delete from items where id = ${turn}`,
      `insert into items values (${100 + turn}, 'new')`,
      `insert into others values (${turn})`,
    );
  await change(1);
  await site.caughtUp();
  await daemon.kill('SIGKILL');
  daemon = site.start();
  await change(2);
  await site.sql('alter table items add column more int default 7');
  await change(3);
  await site.caughtUp();
  expect((await (await site.table('items')).latestSnapshot())?.id).toBe(snapshot);
  expect(await compareSourceAndLake(site.database.url, [await site.table('others')])).toEqual([]);
  const status = JSON.parse(await ordered('status', '-c', file, '--json')) as {
    daemon: { pipelines: { tables: { source: string; state: string }[] }[] };
  };
  expect(status.daemon.pipelines[0].tables).toContainEqual(
    expect.objectContaining({ source: 'public.items', state: 'paused' }),
  );
  // The server keeps the log of the paused table.
  expect(lsnOf((await site.slot())?.confirmed ?? '')).toBeLessThanOrEqual(lsnOf(record.position));
  const refused = spawnCli(['resync', '-c', file, 'public.items']);
  expect(await refused.exit).toMatchObject({ code: 2 });
  expect(refused.stderr()).toContain('E6024');
  // What is so already stays so.
  await ordered('pause', '-c', file, 'public.items');
  await ordered('resume', '-c', file, '--all');
  await inCut(site.records, 'items', 'others');
  await change(4);
  await site.caughtUp();
  await expectItemsEqual(site);
  const items = await site.table('items');
  expect(await judgeReplay(items, await changesOf(items))).toEqual([]);
  await ordered('resume', '-c', file, 'public.items');
  expect(await daemon.kill()).toEqual({ code: 0, signal: null });
});

itemsTest('P32: a table that is paused within its first copy goes on there', async ({ site }) => {
  const listen = `127.0.0.1:${await freePort()}`;
  const file = site.configure({ listen, source: '    snapshot: { chunk_rows: 100, rate_limit: 20KiB }' });
  await site.sql(`insert into items select n, 'item ' || n from generate_series(21, ${ROWS}) n`);
  let daemon = site.start();
  const begun = await until(
    async () => {
      const record = await site.records.latest();
      return (record?.copying[0]?.rows ?? 0) > 200 ? record : null;
    },
    { what: 'some chunks' },
  );
  await ordered('pause', '-c', file, 'public.items');
  const [paused] = (await site.latestRecord()).paused;
  expect(paused.copying?.rows).toBeGreaterThanOrEqual(begun?.copying[0].rows ?? 0);
  await site.sql("update items set name = 'late' where id % 10 = 0", 'delete from items where id % 10 = 1');
  expect(await daemon.kill()).toEqual({ code: 0, signal: null });
  site.configure({ listen });
  daemon = site.start();
  await daemon.waitFor(/following the log/);
  expect((await site.latestRecord()).paused).toEqual([paused]);
  await ordered('resume', '-c', file, 'public.items');
  expect((await site.latestRecord()).copying[0]?.rows ?? ROWS).toBeGreaterThanOrEqual(paused.copying?.rows ?? 0);
  await inCut(site.records, 'items');
  await site.caughtUp();
  await expectItemsEqual(site);
  expect(await daemon.kill()).toEqual({ code: 0, signal: null });
});

describe.skipIf(mysqlKinds().length === 0)('servers', () => {
  test.each(mysqlKinds())(
    '%s: where the log of a paused table is purged, it stops alone and resync mends it',
    async (kind) => {
      const server = await startMysql(kind);
      const database = await freshMysqlDatabase(server);
      await database.sql(
        'create table items (id bigint primary key, name text)',
        'create table others (id bigint primary key)',
      );
      await database.sql("insert into items values (1, 'a'), (2, 'b')");
      const site = mysqlSite(server, database, { listen: `127.0.0.1:${await freePort()}` });
      const daemon = site.start();
      await site.caughtUp();
      const order = async (...args: readonly string[]): Promise<void> => {
        const { code, output } = await site.command(args);
        if (code !== 0) throw new TributaryError('E9001', output);
      };
      await order('pause', `${database.name}.items`);
      await database.sql(
        "update items set name = 'c'",
        'delete from items where id = 2',
        'insert into others values (1)',
      );
      await order('resume', '--all');
      await inCut(site.records, 'items', 'others');
      await site.caughtUp();
      expect(await site.differences(['items', 'others'])).toEqual([]);
      await order('pause', `${database.name}.items`);
      await database.sql("insert into items values (3, 'd')", 'flush binary logs', 'insert into others values (2)');
      await site.caughtUp();
      await database.sql('flush binary logs', 'insert into others values (3)');
      await site.caughtUp();
      await purgeLogs(database.url);
      await order('resume', '--all');
      await daemon.waitFor(/E2104/);
      await database.sql('insert into others values (4)');
      await site.caughtUp();
      expect(await site.differences(['others'])).toEqual([]);
      await order('resync', `${database.name}.items`);
      await inCut(site.records, 'items', 'others');
      await site.caughtUp();
      expect(await site.differences(['items', 'others'])).toEqual([]);
      expect(await daemon.kill()).toEqual({ code: 0, signal: null });
      await site.close();
      await server.stop();
    },
  );
});
