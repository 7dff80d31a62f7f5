// What happens to a MySQL or MariaDB source beside rows: statements, definitions, purged logs, other replicas, rights.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { SourceEvent } from '../../src/source/source.ts';
import type { MysqlSettings } from '../../src/source/mysql/settings.ts';
import { changesIn, copySource, eventsUntil } from '../support/mysql-log.ts';
import {
  freshMysqlDatabase,
  mysqlKinds,
  startMysql,
  type TestMysql,
  type TestMysqlDatabase,
} from '../support/mysql-servers.ts';
import { mysqlSite } from '../support/mysql-site.ts';
import { mysqlSource } from '../support/mysql-source.ts';
import { until } from '../support/until.ts';

const kinds = mysqlKinds();

const failed = (events: readonly SourceEvent[]): boolean => events.at(-1)?.kind === 'table-failed';
const changed = (events: readonly SourceEvent[]): boolean => events.at(-1)?.kind === 'changes';
const tablesFailed = (events: readonly SourceEvent[]): readonly string[] =>
  events.flatMap((event) =>
    event.kind === 'table-failed' ? [`${event.table.split('.')[1]} ${event.error.code}`] : [],
  );

describe.skipIf(kinds.length === 0)('servers', () => {
  describe.each(kinds)('%s', (kind) => {
    let server: TestMysql;
    let database: TestMysqlDatabase;
    const sources: { close(): Promise<void> }[] = [];
    beforeAll(async () => {
      server = await startMysql(kind);
    });
    afterAll(async () => {
      await server.stop();
    });
    beforeEach(async () => {
      database = await freshMysqlDatabase(server);
      for (const table of ['orders', 'items']) {
        await database.sql(`create table ${table} (id int primary key, a int, b varchar(20) default 'x', c text)`);
        await database.sql(`insert into ${table} values (1, 1, 'one', 'long'), (2, 2, 'two', 'long')`);
      }
    });
    afterEach(async () => {
      for (const source of sources.splice(0)) await source.close();
      await database.drop();
    });
    const start = async (changes: Partial<MysqlSettings> = {}) => {
      const source = mysqlSource(database.url, changes);
      sources.push(source);
      return copySource(source);
    };

    test('TRUNCATE empties the table, and rows go on after it', async () => {
      const copied = await start();
      await database.sql('truncate table orders', "insert into orders values (3, 3, 'three', null)");
      const events = await eventsUntil(copied, changed);
      const [first, second] = events.filter(({ kind: what }) => what !== 'progress');
      expect(first).toMatchObject({ kind: 'truncate', tables: [`${database.name}.orders`] });
      expect(second).toMatchObject({ kind: 'changes', boundary: { transactionCount: 2 } });
      expect(changesIn(events, copied.tables)).toEqual([['+I', { id: 3, a: 3, b: 'three', c: null }]]);
    });

    test.each([
      ['drop table orders'],
      ['rename table orders to old'],
      ['alter table orders drop column c'],
      ['create or replace table orders (id int primary key)'],
    ])('after %s the table is not followed', async (statement) => {
      if (kind === 'mysql' && statement.startsWith('create or replace')) return;
      const copied = await start();
      await database.sql(statement, 'update items set a = 9 where id = 1');
      const events = await eventsUntil(copied, changed);
      expect(tablesFailed(events)).toEqual(['orders E2032']);
      expect(changesIn(events, copied.tables)).toHaveLength(2);
    });

    test('an added column stops the table with its next row; indexes do not', async () => {
      const copied = await start();
      await database.sql(
        'alter table items add index (a), algorithm = inplace',
        'alter table orders add column d int default 4',
        'insert into items (id) values (7)',
        'insert into orders (id) values (7)',
      );
      const events = await eventsUntil(copied, failed);
      expect(tablesFailed(events)).toEqual(['orders E2032']);
    });

    test('a statement that changes rows without telling which stops the source', async () => {
      const copied = await start();
      await database.sql("set session binlog_format = 'STATEMENT'", 'update orders set a = a + 1 where id = 1');
      await expect(eventsUntil(copied, changed)).rejects.toMatchObject({ code: 'E2034' });
    });

    test('minimal images: updates leave out what stays, inserts stop the table', async () => {
      const copied = await start();
      await database.sql("set session binlog_row_image = 'MINIMAL'", 'update orders set a = 9 where id = 1');
      const [event] = (await eventsUntil(copied, changed)).filter(({ kind: what }) => what === 'changes');
      expect(event).toMatchObject({
        kind: 'changes',
        changes: [{ hasMissing: true, beforeImages: false, rowCount: 1 }],
      });
      const again = await start();
      await database.sql("set session binlog_row_image = 'MINIMAL'", 'insert into orders (id, a) values (5, 5)');
      expect(tablesFailed(await eventsUntil(again, failed))).toEqual(['orders E4008']);
    });

    test('of two replicas with one number the older is told, where the server minds', async () => {
      const copied = await start({ serverId: 77 });
      const first = eventsUntil(copied, changed).then(
        () => 'changes',
        (error: unknown) => (error as { code: string }).code,
      );
      await database.sql('select sleep(0.5)');
      const second = eventsUntil(await start({ serverId: 77 }), changed);
      // MySQL tells replicas apart by their UUID, MariaDB by their number.
      if (kind === 'mariadb') await first;
      await database.sql('insert into orders (id) values (11)');
      expect((await second).at(-1)?.kind).toBe('changes');
      expect(await first).toBe(kind === 'mariadb' ? 'E2035' : 'changes');
    });

    test('a lost server is told as such', async () => {
      const copied = await start();
      const lost = eventsUntil(copied, changed).then(
        () => 'nothing',
        (error: unknown) => (error as { kind: string }).kind,
      );
      await database.sql('select sleep(0.5)');
      await server.restart('SIGKILL');
      expect(await lost).toBe('retry');
    });

    test('rights and settings that lack are named with the SQL that mends them', async () => {
      await database.sql("create user if not exists reader@'%'", `grant select on ${database.name}.* to reader@'%'`);
      await database.sql("set global binlog_row_metadata = 'MINIMAL'", "set global binlog_row_image = 'MINIMAL'");
      const source = mysqlSource(database.url, { user: 'reader' });
      sources.push(source);
      const { results } = await source.check();
      await database.sql("set global binlog_row_metadata = 'FULL'", "set global binlog_row_image = 'FULL'");
      const fixes = results.filter(({ status }) => status === 'fail').map(({ code, fix }) => `${code} ${fix}`);
      expect(fixes).toEqual([
        "E2029 SET GLOBAL binlog_row_metadata = 'FULL';",
        "E2029 SET GLOBAL binlog_row_image = 'FULL';",
        `E2022 GRANT REPLICATION SLAVE, REPLICATION CLIENT${kind === 'mysql' ? ', RELOAD' : ''} ON *.* TO 'reader'@'%';`,
      ]);
    });

    test('a table whose rows a foreign key changes is left out: the log does not have these changes', async () => {
      await database.sql(
        'create table details (id int primary key, o int, foreign key (o) references orders (id) on delete cascade)',
        'create table others (id int primary key, o int, foreign key (o) references items (id) on delete restrict)',
      );
      if (kind === 'mariadb') await database.sql('create table past (id int primary key) with system versioning');
      const { tables } = await start();
      expect(tables.map(({ name }) => name)).toEqual(['items', 'orders', 'others']);
      await database.sql('drop table details, others');
    });

    test('a transaction that is prepared for others stops the source; one of a single phase is read', async () => {
      const copied = await start();
      const xa = (name: string): readonly string[] => [
        `xa start '${name}'`,
        `insert into orders (id) values (${name.length + 40})`,
        `xa end '${name}'`,
      ];
      await database.sql(...xa('one'), "xa commit 'one' one phase");
      const events = await eventsUntil(copied, changed);
      expect(changesIn(events, copied.tables)).toMatchObject([['+I', { id: 43 }]]);
      await database.sql(...xa('four'), "xa prepare 'four'");
      const all = eventsUntil(copied, () => false);
      await expect(all).rejects.toMatchObject({ code: 'E2033' });
      await database.sql("xa rollback 'four'");
    });

    test('a log that lacks what the lake needs is refused', async () => {
      const site = mysqlSite(server, database);
      expect(await site.command(['run', '--until-caught-up'])).toMatchObject({ code: 0 });
      await database.sql('insert into orders (id) values (21)', 'flush binary logs', 'flush binary logs');
      await purgeLogs(database);
      const { code, output } = await site.command(['run', '--until-caught-up']);
      expect({ code, refused: output.includes('E2104') }).toEqual({ code: 3, refused: true });
      await database.sql('reset master');
      const again = await site.command(['run', '--until-caught-up']);
      expect({ code: again.code, refused: again.output.includes('E2105') }).toEqual({ code: 3, refused: true });
      await site.close();
    });
  });
});

/** Removes all logs but the last; the server keeps those that a reader has or that a crash would need. */
async function purgeLogs(database: TestMysqlDatabase): Promise<void> {
  await until(
    async () => {
      const logs = await database.rows('show binary logs');
      await database.sql(`purge binary logs to '${logs.at(-1)?.[0] ?? ''}'`);
      return logs.length === 1;
    },
    { what: 'the purge of the logs' },
  );
}
