// `tributary resync` on real servers: what others have written to a lake table goes, what they took away comes back, while
// it can be read and other tables go on. P10, P32, P42.
import { describe, expect, test } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import { TableSession } from '../../src/paimon/table-session.ts';
import { damageTable } from '../support/damage.ts';
import { freePort } from '../support/free-port.ts';
import { expectItemsEqual, itemsTest } from '../support/items-test.ts';
import { freshMysqlDatabase, mysqlKinds, startMysql } from '../support/mysql-servers.ts';
import { mysqlSite } from '../support/mysql-site.ts';
import { printedSeed } from '../support/seeds.ts';
import { withClient } from '../support/servers.ts';
import { spawnCli } from '../support/spawn-cli.ts';
import { until } from '../support/until.ts';

const ROWS = 3000;
/** Rows as in `items`, by hand of another. */
const DAMAGE = {
  changed: (row: object) => ({ ...row, name: 'vandal' }),
  strange: [-1n, -2n, 5_000_000n].map((id) => ({ id, name: 'strange' })),
};

itemsTest('P10 P42: a damaged table is mended in place, killed in between, while others go on', async ({ site }) => {
  const { random } = printedSeed('resync');
  const listen = `127.0.0.1:${await freePort()}`;
  const file = site.configure({ listen, source: '    snapshot: { chunk_rows: 100, rate_limit: 20KiB }' });
  await site.sql(
    `insert into items select n, 'item ' || n from generate_series(21, ${ROWS}) n`,
    'create table others (id bigint primary key)',
  );
  let daemon = site.start();
  await site.caughtUp();
  await damageTable(await site.table('items'), DAMAGE, { random });
  const asked = spawnCli(['resync', '-c', file, 'items', '--json']);
  expect(await asked.exit, asked.stderr()).toMatchObject({ code: 2 });
  expect(asked.stderr()).toContain('E6023');
  const begun = spawnCli(['resync', '-c', file, 'public.items']);
  expect(await begun.exit, begun.stderr()).toEqual({ code: 0, signal: null });
  expect((await site.records.latest())?.copying.map(({ source }) => source)).toEqual(['public.items']);

  const ending = new AbortController();
  const load = withClient(site.database.url, async (client) => {
    for (let turn = 0; !ending.signal.aborted; turn++) {
      await client.query('insert into others values ($1)', [turn]);
      await client.query("update items set name = 'turn ' || $1 where id = $2", [turn, 1 + ((turn * 37) % ROWS)]);
      await client.query('delete from items where id = $1', [1 + ((turn * 61) % ROWS)]);
      await systemClock.sleep(5);
    }
  });
  // It can be read all the time: three rows of ten are missing at most, until it is complete.
  const isCopying = async (): Promise<boolean> => (await site.records.latest())?.copying.length === 1;
  const counts: number[] = [];
  const others: bigint[] = [];
  const copied = (await site.records.latest())?.copying[0].rows ?? 0;
  await until(async () => ((await site.records.latest())?.copying[0]?.rows ?? ROWS) > copied, { what: 'some chunks' });
  await daemon.kill('SIGKILL');
  const before = (await site.records.latest())?.copying[0].rows ?? 0;
  expect(before).toBeGreaterThan(0);
  daemon = site.start();
  while (await isCopying()) {
    counts.push(await (await site.table('items')).count());
    const record = await site.records.latest();
    others.push(record?.tables.find(({ source }) => source === 'public.others')?.snapshotId ?? 0n);
    await systemClock.sleep(50);
  }
  ending.abort();
  await load;
  await site.caughtUp();
  expect(Math.min(...counts)).toBeGreaterThan(ROWS * 0.4);
  expect(new Set(others).size).toBeGreaterThan(1);
  await expectItemsEqual(site);
  expect(await daemon.kill()).toEqual({ code: 0, signal: null });
});

itemsTest('a table that has stopped is followed again', async ({ site }) => {
  const listen = `127.0.0.1:${await freePort()}`;
  const file = site.configure({ listen });
  await site.sql('alter table items alter name set storage external', 'create table others (id bigint primary key)');
  await site.sql("update items set name = repeat('long', 2000) where id = 7");
  const first = site.start();
  await site.caughtUp();
  await first.kill();
  // An update that leaves out a large value finds no row to take it from.
  const session = await TableSession.open(await site.table('items'), { user: 'vandal' });
  await session.delete([{ id: 7n, name: null }]);
  await session.commit();
  await session.close();
  await site.sql('update items set id = 70 where id = 7');
  const daemon = site.start();
  await daemon.waitFor(/E3300/);
  const begun = spawnCli(['resync', '-c', file, 'public.items']);
  expect(await begun.exit, begun.stderr()).toEqual({ code: 0, signal: null });
  await site.caughtUp();
  await expectItemsEqual(site);
  expect(await daemon.kill()).toEqual({ code: 0, signal: null });
});

describe.skipIf(mysqlKinds().length === 0)('servers', () => {
  test.each(mysqlKinds())('%s: a damaged table is mended', async (kind) => {
    const { random } = printedSeed(`resync ${kind}`);
    const server = await startMysql(kind);
    const database = await freshMysqlDatabase(server);
    await database.sql(
      'create table items (id bigint primary key, name text)',
      'create table others (id bigint primary key)',
      "insert into items select seq.n, concat('item ', seq.n) from (with recursive s(n) as (select 1 union all select n + 1 from s where n < 500) select n from s) seq",
    );
    const site = mysqlSite(server, database, { listen: `127.0.0.1:${await freePort()}` });
    const daemon = site.start();
    await site.caughtUp();
    await damageTable(await site.table('items'), DAMAGE, { random });
    expect(await site.differences(['items'])).not.toEqual([]);
    await database.sql("update items set name = 'new' where id < 10", 'insert into others values (1)');
    const begun = await site.command(['resync', '--all']);
    expect(begun.code, begun.output).toBe(0);
    await database.sql('delete from items where id = 3', 'insert into others values (2)');
    await until(async () => ((await site.records.latest())?.tables.length === 2 ? true : null), {
      what: 'both in a cut',
    });
    await site.caughtUp();
    expect(await site.differences(['items', 'others'])).toEqual([]);
    expect(await daemon.kill()).toEqual({ code: 0, signal: null });
    await site.close();
    await server.stop();
  });
});
