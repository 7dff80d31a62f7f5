// SIGHUP: the daemon follows the configuration as it is now. What does not change does not notice. P10.
import { expect } from 'vitest';
import { CheckpointStore } from '../../src/checkpoint/checkpoint-store.ts';
import { Table } from '../../src/paimon/table.ts';
import type { DaemonStatus } from '../../src/server/status.ts';
import { compareSourceAndLake } from '../support/compare-source-lake.ts';
import { freePort } from '../support/free-port.ts';
import { expectItemsEqual, itemsTest } from '../support/items-test.ts';
import { freshDatabase, withClient } from '../support/servers.ts';
import type { CliProcess } from '../support/spawn-cli.ts';
import { until } from '../support/until.ts';

function hangUp({ pid }: CliProcess): void {
  process.kill(pid, 'SIGHUP');
}

async function statusAt(listen: string): Promise<DaemonStatus> {
  const answer = await fetch(`http://${listen}/api/v1/status`);
  return (await answer.json()) as DaemonStatus;
}

itemsTest('P10: a table that is added is copied and followed; the others are not copied again', async ({ site }) => {
  const listen = `127.0.0.1:${await freePort()}`;
  await site.sql(
    'create table others (id bigint primary key, name text)',
    "insert into others select n, 'other ' || n from generate_series(1, 500) n",
  );
  site.configure({ listen, tables: '[ public.items ]' });
  const daemon = site.start();
  await site.caughtUp();
  await site.sql("update items set name = 'before'");
  await site.caughtUp();
  const copied = (status: DaemonStatus) => status.pipelines[0].tables.map((table) => [table.source, table.copied_rows]);
  expect(copied(await statusAt(listen))).toEqual([['public.items', 20]]);
  site.configure({ listen, tables: '[ public.items, public.others ]' });
  await site.sql("update items set name = 'while' where id < 10", 'delete from others where id < 10');
  hangUp(daemon);
  await until(async () => ((await site.records.latest())?.tables.length === 2 ? true : null), {
    what: 'both in a cut',
  });
  await site.sql("update items set name = 'after' where id > 15", "update others set name = 'after' where id > 400");
  await site.caughtUp();
  await expectItemsEqual(site);
  expect(await compareSourceAndLake(site.database.url, [await site.table('others')])).toEqual([]);
  expect(copied(await statusAt(listen))).toEqual([
    ['public.items', 20],
    ['public.others', 491],
  ]);
  // A table that is taken away stays in the lake, and its rows are counted no more.
  const before = await (await site.table('others')).latestSnapshot();
  site.configure({ listen, tables: '[ public.items ]' });
  hangUp(daemon);
  await until(async () => ((await site.records.latest())?.tables.length === 1 ? true : null), { what: 'one in a cut' });
  await site.sql("update items set name = 'last'", 'delete from others');
  await site.caughtUp();
  await expectItemsEqual(site);
  expect((await (await site.table('others')).latestSnapshot())?.id).toBe(before?.id);
  expect(copied(await statusAt(listen))).toEqual([['public.items', 20]]);
  expect(await daemon.kill()).toEqual({ code: 0, signal: null });
});

itemsTest('a file that cannot be followed changes nothing and is told', async ({ site }) => {
  const listen = `127.0.0.1:${await freePort()}`;
  site.configure({ listen });
  const daemon = site.start();
  await site.caughtUp();
  const [{ checkpoint }] = (await statusAt(listen)).pipelines;
  site.configure({ listen, rest: 'mistake: 1' });
  hangUp(daemon);
  await daemon.waitFor(/configuration is not followed/);
  const { config, pipelines } = await statusAt(listen);
  expect(config.error).toMatchObject({ code: 'E1004' });
  expect(pipelines[0].state).toBe('streaming');
  expect(await (await fetch(`http://${listen}/metrics`)).text()).toContain('config_last_reload_successful 0');
  // What belongs to the process is told and stays.
  site.configure({ listen, rest: 'limits: { workers: 3 }' });
  hangUp(daemon);
  await daemon.waitFor(/options need a new start of the daemon/);
  await until(async () => ((await statusAt(listen)).config.error === null ? true : null), { what: 'no error' });
  expect(Number((await statusAt(listen)).pipelines[0].checkpoint)).toBeGreaterThanOrEqual(Number(checkpoint));
  await site.sql("insert into items values (100, 'on')");
  await site.caughtUp();
  await expectItemsEqual(site);
  expect(daemon.stderr().match(/pipeline starts/g)).toHaveLength(1);
  expect(await daemon.kill()).toEqual({ code: 0, signal: null });
});

itemsTest('sources come and go while others run', async ({ site, server }) => {
  const listen = `127.0.0.1:${await freePort()}`;
  const second = await freshDatabase(server);
  site.configure({ listen });
  const daemon = site.start();
  await site.caughtUp();
  const more = `
  more:
    url: ${JSON.stringify(second.url)}
    slot: { name: ${second.name} }
    publication: { name: ${second.name} }
    heartbeat: { interval: 500ms }
    tables: [ { match: public.*, to: "more.{table}" } ]`;
  await withClient(second.url, (client) => client.query('create table things (id bigint primary key)'));
  site.configure({ listen, source: more });
  hangUp(daemon);
  const records = new CheckpointStore(site.store, 'more');
  await until(async () => ((await records.latest())?.tables.length === 1 ? true : null), { what: 'the second source' });
  await withClient(second.url, (client) => client.query('insert into things values (1)'));
  await site.sql("insert into items values (100, 'x')");
  const things = Table.open(site.store, { database: 'more', table: 'things' });
  await until(async () => ((await (await things).count()) === 1 ? true : null), {
    what: 'the row of the second source',
  });
  await site.caughtUp();
  await expectItemsEqual(site);
  expect((await statusAt(listen)).pipelines.map(({ pipeline }) => pipeline)).toEqual(['shop', 'more']);
  site.configure({ listen });
  hangUp(daemon);
  await until(async () => ((await statusAt(listen)).pipelines.length === 1 ? true : null), { what: 'one source' });
  await site.sql("insert into items values (101, 'y')");
  await site.caughtUp();
  await expectItemsEqual(site);
  expect(await daemon.kill()).toEqual({ code: 0, signal: null });
  await second.drop();
});
