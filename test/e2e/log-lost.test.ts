// Log that the lake needs is gone: the pipeline ends with the error, or, where the configuration says so, every table of
// it is copied anew in place, and nothing that happened meanwhile is missed. P3, P29.
import { describe, expect, test } from 'vitest';
import { changesOf } from '../support/judge-lake.ts';
import { expectItemsEqual, itemsTest } from '../support/items-test.ts';
import { freshMysqlDatabase, mysqlKinds, startMysql } from '../support/mysql-servers.ts';
import { mysqlSite } from '../support/mysql-site.ts';
import { purgeLogs } from '../support/purge-logs.ts';
import { until } from '../support/until.ts';

const MEANWHILE = [
  "update items set name = 'missed' where id < 10",
  'delete from items where id = 15',
  "insert into items values (100, 'missed')",
];

itemsTest('PostgreSQL: a slot that was dropped', async ({ site }) => {
  const tables = '[ { match: public.*, options: { changelog-producer: input } } ]';
  site.configure({ tables });
  await site.catchUp();
  await site.sql(`select pg_drop_replication_slot('${site.database.name}')`, ...MEANWHILE);
  expect((await site.refused()).code).toBe('E2106');
  site.configure({ tables, source: '    on_slot_lost: resync' });
  const daemon = site.start();
  await daemon.waitFor(/log that is needed is gone.*public\.items|public\.items.*log that is needed is gone/);
  await site.caughtUp();
  await site.sql("update items set name = 'after' where id = 3", 'delete from items where id = 4');
  await site.caughtUp();
  await expectItemsEqual(site);
  const items = await site.table('items');
  const changes = await changesOf(items);
  expect(changes.at(-1)?.row['id']).toBe('4');
  expect(await daemon.kill()).toEqual({ code: 0, signal: null });
});

itemsTest('PostgreSQL: a slot that was made anew by another, killed while it is copied', async ({ site }) => {
  site.configure({ source: '    on_slot_lost: resync' });
  await site.catchUp();
  const { name } = site.database;
  await site.sql(
    `select pg_drop_replication_slot('${name}')`,
    ...MEANWHILE,
    "insert into items select n, 'more' from generate_series(1000, 3000) n",
    `select pg_create_logical_replication_slot('${name}', 'pgoutput')`,
  );
  site.configure({ source: '    on_slot_lost: resync\n    snapshot: { chunk_rows: 100, rate_limit: 20KiB }' });
  const first = site.start();
  await until(async () => ((await site.records.latest())?.copying[0]?.rows ?? 0) > 0, { what: 'some chunks' });
  await first.kill('SIGKILL');
  await site.sql("update items set name = 'between' where id > 2900");
  site.configure({ source: '    on_slot_lost: resync' });
  const daemon = site.start();
  await site.caughtUp();
  await expectItemsEqual(site);
  expect(await daemon.kill()).toEqual({ code: 0, signal: null });
});

describe.skipIf(mysqlKinds().length === 0)('servers', () => {
  test.each(mysqlKinds())('%s: a log that was purged', async (kind) => {
    const server = await startMysql(kind);
    const database = await freshMysqlDatabase(server);
    await database.sql(
      'create table items (id bigint primary key, name text)',
      "insert into items with recursive s(n) as (select 1 union all select n + 1 from s where n < 20) select n, 'a' from s",
    );
    const stops = mysqlSite(server, database);
    const first = stops.start(['--until-caught-up']);
    expect(await first.exit, first.stderr()).toMatchObject({ code: 0 });
    await database.sql(...MEANWHILE);
    await database.sql('flush binary logs');
    await purgeLogs(database.url);
    const refused = stops.start(['--until-caught-up']);
    expect(await refused.exit).toMatchObject({ code: 3 });
    expect(refused.stderr()).toContain('E2104');
    const site = mysqlSite(server, database, { source: '    on_binlog_purged: resync', warehouse: stops.warehouse });
    const before = (await site.records.latest())?.number ?? 0n;
    const daemon = site.start();
    await daemon.waitFor(/log that is needed is gone/);
    await until(async () => ((await site.records.latest())?.number ?? 0n) > before, {
      what: 'a record of the new copy',
    });
    await database.sql("update items set name = 'after' where id = 3");
    await site.caughtUp();
    expect(await site.differences(['items'])).toEqual([]);
    expect(await daemon.kill()).toEqual({ code: 0, signal: null });
    await site.close();
    await server.stop();
  });
});
