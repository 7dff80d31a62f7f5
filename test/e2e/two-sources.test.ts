// One daemon with a PostgreSQL and a MySQL or MariaDB source, into one lake: each goes on whatever happens to the other.
import { describe, expect } from 'vitest';
import { CheckpointStore } from '../../src/checkpoint/checkpoint-store.ts';
import type { DaemonStatus } from '../../src/server/status.ts';
import { freePort } from '../support/free-port.ts';
import { expectItemsEqual, itemsTest } from '../support/items-test.ts';
import { freshMysqlDatabase, mysqlKinds, startMysql } from '../support/mysql-servers.ts';
import { mysqlSite } from '../support/mysql-site.ts';
import { until } from '../support/until.ts';

describe.skipIf(mysqlKinds().length === 0)('two sources', () => {
  itemsTest.for(mysqlKinds())('PostgreSQL and %s', async (kind, { site }) => {
    const server = await startMysql(kind);
    const database = await freshMysqlDatabase(server);
    await database.sql(
      'create table things (id bigint primary key, name text)',
      "insert into things values (1, 'one')",
    );
    const listen = `127.0.0.1:${await freePort()}`;
    const second = (entries: string) => `
  more:
    url: ${JSON.stringify(server.url)}
    heartbeat: { interval: 500ms }
    tables: [ ${entries} ]`;
    const everything = JSON.stringify(`${database.name}.*`);
    site.configure({ listen, source: second(everything) });
    const daemon = site.start();
    await site.caughtUp();
    // The same lake, seen as the second source's.
    const more = mysqlSite(server, database, { warehouse: site.warehouse, pipeline: 'more' });
    await more.caughtUp();
    const statesAt = async (): Promise<Readonly<Record<string, string>>> => {
      const status = (await (await fetch(`http://${listen}/api/v1/status`)).json()) as DaemonStatus;
      return Object.fromEntries(status.pipelines.map(({ pipeline, state }) => [pipeline, state]));
    };
    expect(await statesAt()).toEqual({ shop: 'streaming', more: 'streaming' });
    await server.restart('SIGKILL');
    await site.sql("update items set name = 'while the other is down'");
    await site.caughtUp();
    await database.sql("insert into things values (2, 'two')", "update things set name = 'one more' where id = 1");
    await until(async () => ((await statesAt())['more'] === 'streaming' ? true : null), {
      what: 'the second source again',
    });
    await more.caughtUp();
    await expectItemsEqual(site);
    expect(await more.differences(['things'])).toEqual([]);
    // Each has cuts of its own.
    const names = async (pipeline: string) =>
      (await new CheckpointStore(site.store, pipeline).latest())?.tables.map(({ table }) => table);
    expect(await names('shop')).toEqual(['public.items']);
    expect(await names('more')).toEqual([`${database.name}.things`]);
    expect(await daemon.kill()).toEqual({ code: 0, signal: null });
    // Two sources never write one table; the first goes on.
    site.configure({ listen, source: second(`{ match: ${everything}, to: public.items }`) });
    const colliding = site.start();
    await colliding.waitFor(/E5010/);
    await site.sql("insert into items values (100, 'alone')");
    await site.caughtUp();
    await expectItemsEqual(site);
    await colliding.kill();
    await more.close();
    await server.stop();
  });
});
