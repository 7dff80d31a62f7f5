// The daemon and what happens in the source while it is down or copying: altered publications are refused, and a copy
// that is killed or given up leaves nothing behind.
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { compareSourceAndLake } from '../support/compare-source-lake.ts';
import { type MirrorSite, mirrorSite } from '../support/mirror-site.ts';
import { postgres, type TestPostgres, withClient } from '../support/servers.ts';
import { until } from '../support/until.ts';

let server: TestPostgres;
let site: MirrorSite;
beforeAll(async () => {
  server = await postgres();
});
afterAll(async () => {
  await server.stop();
});
beforeEach(async () => {
  site = await mirrorSite(server, {
    statements: ['create table items (id bigint primary key, name text)', "insert into items values (1, 'first')"],
  });
});
afterEach(async () => {
  await site.close();
});

async function rows(statement: string): Promise<readonly Record<string, unknown>[]> {
  return withClient(site.database.url, async (client) => (await client.query<Record<string, unknown>>(statement)).rows);
}

async function expectEqual(): Promise<void> {
  expect(await compareSourceAndLake(site.database.url, [await site.table('items')])).toEqual([]);
}

test.each([
  ['the publication is made anew', 'E2105', 'drop publication PUB', 'create publication PUB for table items'],
  ['the publication is missing', 'E2105', 'drop publication PUB', 'select 1'],
  [
    'a table is taken out and put back',
    'E2108',
    'alter publication PUB drop table items',
    'alter publication PUB add table items',
  ],
  ['a table is taken out', 'E2108', 'alter publication PUB drop table items', 'select 1'],
  [
    'a table is made anew',
    'E2108',
    'drop table items',
    'create table items (id bigint primary key, name text); alter publication PUB add table items',
  ],
])('P3 while the mirror is down %s: refused with %s, and nothing was changed', async (_what, code, first, second) => {
  await site.catchUp();
  await site.catchUp();
  const [snapshots, slot, record] = [site.snapshotCount(), await site.slot(), await site.records.latest()];
  const named = (statement: string): string => statement.replaceAll('PUB', site.database.name);
  await site.sql(named(first), named(second), 'create table if not exists other (id int primary key)');
  await site.sql("insert into items values (2, 'perhaps not in the log')");
  const failure = await site.refused();
  expect(failure).toMatchObject({ exit: 3, code });
  expect(failure.remedy).toContain('copies');
  expect([site.snapshotCount(), await site.slot(), await site.records.latest()]).toEqual([snapshots, slot, record]);
});

test('P3 a table that is new while the mirror is down is copied, and refuses nothing', async () => {
  await site.catchUp();
  await site.sql('create table later (id bigint primary key)', 'insert into later values (1)');
  await site.catchUp();
  await site.sql('insert into later values (2)', "insert into items values (2, 'second')");
  await site.catchUp();
  const tables = await Promise.all([site.table('items'), site.table('later')]);
  expect(await compareSourceAndLake(site.database.url, tables)).toEqual([]);
});

test('killed in the middle of a copy, twice: half a table is in no cut, and one slot and one publication at the end', async () => {
  await site.sql(`insert into items select n, repeat('x', 1900) from generate_series(2, 40000) n`);
  const copying =
    "select 1 from pg_stat_activity where query like 'COPY %' and state = 'active' and datname = current_database()";
  for (let life = 0; life < 2; life++) {
    const daemon = site.start();
    await until(async () => (await rows(copying)).length === 1, { what: 'the copy' });
    await daemon.kill('SIGKILL');
    expect((await site.records.records()).flatMap(({ tables }) => tables)).toEqual([]);
    const temporary = 'select slot_name from pg_replication_slots where temporary and database = current_database()';
    await until(async () => (await rows(temporary)).length + (await rows(copying)).length === 0, {
      what: 'the server noticing that the copy is gone',
    });
  }
  await site.catchUp();
  await expectEqual();
  const slots = 'select slot_name from pg_replication_slots where database = current_database()';
  expect(await rows(slots)).toEqual([{ slot_name: site.database.name }]);
  expect(await rows('select pubname, tablename from pg_publication_tables')).toEqual([
    { pubname: site.database.name, tablename: 'items' },
  ]);
});

test('SIGTERM ends a daemon whose slot waits for a running transaction', async () => {
  await withClient(site.database.url, async (client) => {
    await client.query("begin; insert into items values (2, 'open')");
    const daemon = site.start();
    const waiting =
      "select 1 from pg_stat_activity where query like 'CREATE_REPLICATION_SLOT%' and state = 'active' and datname = current_database()";
    await until(async () => (await rows(waiting)).length === 1, { what: 'the slot waiting' });
    expect(await daemon.kill('SIGTERM')).toEqual({ code: 0, signal: null });
    await until(async () => (await rows(waiting)).length === 0, { what: 'the session ending' });
    expect(await site.slot()).toBeNull();
    await client.query('commit');
  });
  await site.catchUp();
  await expectEqual();
});
