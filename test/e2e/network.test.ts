// Dead routes at every moment from the start of the log on: each is given up in the end, and the daemon goes on by
// itself. (The creation of a slot and a COPY wait without a limit of ours: there only TCP's keepalive tells a dead route,
// which a proxy answers.)
import { afterAll, beforeAll, expect, test } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import { compareSourceAndLake } from '../support/compare-source-lake.ts';
import { mirrorSite } from '../support/mirror-site.ts';
import { printedSeed } from '../support/seeds.ts';
import { postgres, type TestPostgres } from '../support/servers.ts';
import { TcpProxy } from '../support/tcp-proxy.ts';

let server: TestPostgres;
beforeAll(async () => {
  server = await postgres();
});
afterAll(async () => {
  await server.stop();
});

test('P27: a route that dies while the log is being started or soon after is given up, and the daemon goes on', async () => {
  const { random } = printedSeed('network');
  const site = await mirrorSite(server, {
    statements: [
      'create table items (id bigint primary key, name text)',
      "insert into items select n, 'item' from generate_series(1, 100) n",
    ],
  });
  await site.sql(`alter role current_user in database ${site.database.name} set wal_sender_timeout = '2s'`);
  await site.catchUp();
  const lives = Array.from({ length: 8 }, async (_, life) => {
    const proxy = await TcpProxy.to(Number(new URL(server.url).port));
    const other = await mirrorSite(server, {
      settings: { port: proxy.port },
      statements: ['create table items (id bigint primary key)', 'insert into items select generate_series(1, 1000)'],
    });
    await other.sql(`alter role current_user in database ${other.database.name} set wal_sender_timeout = '2s'`);
    const daemon = other.start();
    await daemon.waitFor(/following the log/);
    await systemClock.sleep(random.unit() * 500);
    proxy.blackhole();
    await other.sql(`insert into items values (${10_000 + life})`);
    await other.caughtUp(150_000);
    expect(await compareSourceAndLake(other.database.url, [await other.table('items')])).toEqual([]);
    expect(await daemon.kill()).toEqual({ code: 0, signal: null });
    proxy.close();
    await other.close();
  });
  await Promise.all(lives);
  await site.close();
});
