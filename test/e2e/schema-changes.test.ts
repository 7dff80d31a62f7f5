// Schema changes of source tables, as they come: while the daemon runs, between rows of one transaction, several in a row,
// while it is down, during the first copy. The lake ends as the source is. P33 to P36.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { compareSourceAndLake } from '../support/compare-source-lake.ts';
import { itemsTest } from '../support/items-test.ts';
import type { MirrorSite } from '../support/mirror-site.ts';
import {
  freshMysqlDatabase,
  mysqlKinds,
  startMysql,
  type TestMysql,
  type TestMysqlDatabase,
} from '../support/mysql-servers.ts';
import { mysqlSite } from '../support/mysql-site.ts';
import { spawnCli } from '../support/spawn-cli.ts';
import { until } from '../support/until.ts';

/** Names of the lake's columns. */
async function columnsOf(site: MirrorSite): Promise<readonly string[]> {
  return (await site.table('items')).schema.fields.map(({ name }) => name);
}

/** Waits until the table's columns are these, the table is in a cut, and the lake equals the source. */
async function followed(site: MirrorSite, columns: readonly string[]): Promise<void> {
  await until(async () => (await columnsOf(site)).join() === columns.join(), {
    timeoutMs: 30_000,
    what: columns.join(),
  });
  await until(async () => ((await site.records.latest())?.tables.length === 1 ? true : null), { what: 'a cut' });
  await site.caughtUp();
}

async function expectEqual(site: MirrorSite): Promise<void> {
  expect(await compareSourceAndLake(site.database.url, [await site.table('items')])).toEqual([]);
}

const DROP = '    schema: { drop_column: drop }';

itemsTest('P36: an added column with a default is the default in old rows, too', async ({ site }) => {
  const daemon = site.start();
  await site.caughtUp();
  await site.sql("alter table items add column state text not null default 'new', add column size int");
  await site.sql("insert into items values (100, 'later', 'other', 7)");
  await followed(site, ['id', 'name', 'state', 'size']);
  await expectEqual(site);
  expect(await daemon.kill()).toEqual({ code: 0, signal: null });
});

itemsTest('P35: rows before and after an ALTER in one transaction, interleaved, twice', async ({ site }) => {
  site.configure({ source: DROP });
  const daemon = site.start();
  await site.caughtUp();
  await site.sql(
    'begin',
    "insert into items values (100, 'before')",
    'alter table items add column a int default 5',
    "insert into items values (101, 'between', 6)",
    'alter table items drop column name',
    'insert into items values (102, 7)',
    'update items set a = a + 1 where id < 5',
    'delete from items where id = 6',
    'commit',
  );
  await followed(site, ['id', 'a']);
  await expectEqual(site);
  expect(await daemon.kill()).toEqual({ code: 0, signal: null });
});

itemsTest('P34: five ALTERs while it is down, each with rows of its own, and a restart', async ({ site }) => {
  const file = site.configure({ source: DROP });
  await site.catchUp();
  await site.sql(
    'alter table items add column a int',
    "insert into items values (200, 'one', 1)",
    'alter table items rename column a to b',
    "insert into items values (201, 'two', 2)",
    'alter table items alter column b type bigint',
    "insert into items values (202, 'three', 3000000000)",
    "alter table items add column c text default 'c'",
    "insert into items values (203, 'four', 4, 'd')",
    'alter table items drop column name',
    'insert into items values (204, 5, null)',
  );
  const check = spawnCli(['check', '-c', file]);
  expect(await check.exit, check.stderr()).toEqual({ code: 0, signal: null });
  expect(check.stdout()).toContain(
    'its columns will follow the source: column name is gone; column b BIGINT is new; column c STRING is new, and the table is copied anew',
  );
  await site.catchUp();
  await site.catchUp();
  expect(await columnsOf(site)).toEqual(['id', 'b', 'c']);
  await expectEqual(site);
});

itemsTest('names that are exchanged, a type that is widened, one that is narrowed', async ({ site }) => {
  await site.sql('alter table items add column n int, add column m text', "update items set n = id, m = 'm' || id");
  const daemon = site.start();
  await site.caughtUp();
  await site.sql(
    'begin',
    'alter table items rename column name to x',
    'alter table items rename column m to name',
    'alter table items rename column x to m',
    'alter table items alter column n type bigint',
    'commit',
    "update items set m = 'changed' where id = 3",
  );
  await followed(site, ['id', 'm', 'n', 'name']);
  await expectEqual(site);
  await site.sql('alter table items alter column n type smallint');
  await site.sql('update items set n = 3 where id = 3');
  await followed(site, ['id', 'm', 'n_old', 'name', 'n']);
  const rows: unknown[] = [];
  for await (const row of (await site.table('items')).rows({ columns: ['id', 'n'] })) rows.push(row);
  expect(rows).toContainEqual({ id: 3n, n: 3 });
  expect(rows).toContainEqual({ id: 20n, n: 20 });
  expect(await daemon.kill()).toEqual({ code: 0, signal: null });
});

itemsTest(
  'a dropped column is kept: old rows have its values, later ones NULL, and nothing is copied',
  async ({ site }) => {
    site.configure({ commitInterval: '1h' });
    await site.catchUp();
    const daemon = site.start();
    await daemon.waitFor(/following the log/);
    await site.sql(
      "insert into items values (99, 'before')",
      'alter table items drop column name',
      'insert into items values (100)',
    );
    await daemon.waitFor(/lake table follows/);
    await daemon.kill();
    await site.catchUp();
    const rows: unknown[] = [];
    for await (const row of (await site.table('items')).rows()) rows.push(row);
    expect(rows).toContainEqual({ id: 5n, name: 'item 5' });
    expect(rows).toContainEqual({ id: 99n, name: null });
    expect(rows).toContainEqual({ id: 100n, name: null });
    expect(daemon.stdout() + daemon.stderr()).not.toContain('copied anew');
  },
);

itemsTest('renamed columns are followed without a copy, rows under either name', async ({ site }) => {
  site.configure({ commitInterval: '1h' });
  await site.sql('alter table items add column other text', "update items set other = 'o' || id");
  await site.catchUp();
  const daemon = site.start();
  await daemon.waitFor(/following the log/);
  await site.sql(
    "update items set name = 'before' where id = 1",
    'begin',
    'alter table items rename column name to x',
    'alter table items rename column other to name',
    'alter table items rename column x to other',
    'commit',
    "update items set name = 'after' where id = 2",
  );
  await daemon.waitFor(/lake table follows/);
  await daemon.kill();
  await site.catchUp();
  expect(await columnsOf(site)).toEqual(['id', 'other', 'name']);
  await expectEqual(site);
  expect(daemon.stdout() + daemon.stderr()).not.toContain('copied anew');
});

itemsTest('an ALTER during the first copy', async ({ site }) => {
  site.configure({ source: '    snapshot: { chunk_rows: 50, rate_limit: 20KiB }' });
  await site.sql("insert into items select n, 'item ' || n from generate_series(21, 3000) n");
  const daemon = site.start();
  await until(async () => ((await site.records.latest())?.copying[0]?.rows ?? 0) > 0, { what: 'some rows' });
  await site.sql('alter table items add column a int default 9', "update items set name = 'x' where id % 10 = 0");
  await followed(site, ['id', 'name', 'a']);
  await expectEqual(site);
  expect(await daemon.kill()).toEqual({ code: 0, signal: null });
});

itemsTest('a key that changes, and what the configuration says, stop the table alone', async ({ site }) => {
  site.configure({ source: '    schema: { add_column: stop }' });
  await site.sql('create table others (id bigint primary key)');
  const daemon = site.start();
  await site.caughtUp();
  await site.sql('alter table items add column a int', 'insert into items values (100, null, 1)');
  await daemon.waitFor(/add_column=stop/);
  await site.sql('insert into others values (1)');
  await until(async () => (await site.table('others')).count().then((count) => count === 1), {
    what: 'the other table',
  });
  expect(await columnsOf(site)).toEqual(['id', 'name']);
  expect(await daemon.kill()).toEqual({ code: 0, signal: null });
});

describe.skipIf(mysqlKinds().length === 0)('servers', () => {
  describe.each(mysqlKinds())('%s', (kind) => {
    let server: TestMysql;
    let database: TestMysqlDatabase;
    beforeEach(async () => {
      server = await startMysql(kind);
      database = await freshMysqlDatabase(server);
    });
    afterEach(async () => {
      await server.stop();
    });

    test('P33 P34 P36: ALTERs while it runs and while it is down; a table that is exchanged by RENAME', async () => {
      await database.sql(
        'create table items (id bigint primary key, name text)',
        "insert into items values (1, 'one'), (2, 'two'), (3, 'three')",
      );
      const site = mysqlSite(server, database, { entries: '[ "{db}.items" ]', source: DROP });
      const columns = async (): Promise<string> =>
        (await site.table('items')).schema.fields.map(({ name }) => name).join();
      const followed = async (names: string): Promise<void> => {
        await until(async () => (await columns()) === names, { timeoutMs: 30_000, what: names });
        await until(async () => ((await site.records.latest())?.tables.length === 1 ? true : null), { what: 'a cut' });
        await site.caughtUp();
        expect(await site.differences(['items'])).toEqual([]);
      };
      const first = site.start();
      await site.caughtUp();
      await database.sql(
        "insert into items values (4, 'four')",
        "alter table items add column state varchar(20) not null default 'new' after id",
        "insert into items values (5, 'old', 'five')",
      );
      await followed('id,name,state');
      expect(await first.kill()).toEqual({ code: 0, signal: null });
      await database.sql(
        'alter table items add column n int',
        "insert into items values (6, 's', 'six', 6)",
        'alter table items change column n number bigint',
        "insert into items values (7, 's', 'seven', 7000000000)",
        'alter table items drop column state',
        "insert into items values (8, 'eight', 8)",
      );
      const second = site.start();
      await followed('id,name,number');
      // As gh-ost and pt-online-schema-change end.
      await database.sql(
        'create table items_new like items',
        'alter table items_new add column more int default 3',
        'insert into items_new (id, name, number) select id, name, number from items',
        'rename table items to items_gone, items_new to items',
        "insert into items values (9, 'nine', 9, 9)",
      );
      await followed('id,name,number,more');
      expect(await second.kill(), second.stderr()).toEqual({ code: 0, signal: null });
      await site.close();
    });
  });
});
