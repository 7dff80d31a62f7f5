// The whole mirror on bad networks and slow disks: what stalls is noticed, what only waits is waited for.
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { compareSourceAndLake } from '../support/compare-source-lake.ts';
import { startInProcess } from '../support/in-process-mirror.ts';
import { type MirrorSite, mirrorSite } from '../support/mirror-site.ts';
import { postgres, type TestPostgres } from '../support/servers.ts';
import { TcpProxy } from '../support/tcp-proxy.ts';
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
    statements: [
      'create table items (id bigint primary key, name text)',
      "insert into items select n, 'item ' || n from generate_series(1, 20) n",
    ],
  });
});
afterEach(async () => {
  await site.close();
});

async function expectEqual(): Promise<void> {
  expect(await compareSourceAndLake(site.database.url, [await site.table('items')])).toEqual([]);
}

test('P27: a route that lets nothing through is noticed, health says so, and the daemon goes on by itself', async () => {
  await site.sql(`alter role current_user in database ${site.database.name} set wal_sender_timeout = '2s'`);
  const proxy = await TcpProxy.to(Number(new URL(server.url).port));
  try {
    site.configure({ port: proxy.port });
    const daemon = site.start();
    const [, url = ''] = await daemon.waitFor(/"url":"(http[^"]*)"/);
    await site.caughtUp();
    await until(async () => (await site.slot())?.activePid ?? null, { what: 'the log being followed' });
    expect((await fetch(`${url}/readyz`)).status).toBe(200);
    const sick = until(async () => (await fetch(`${url}/readyz`)).status === 503, { intervalMs: 5, what: 'sickness' });
    proxy.blackhole();
    await site.sql("insert into items values (100, 'after')");
    await sick;
    await daemon.waitFor(/E2031|E2001|E2010/);
    await site.caughtUp();
    await expectEqual();
    await until(async () => (await fetch(`${url}/healthz`)).ok, { what: 'health' });
    expect(await daemon.kill()).toEqual({ code: 0, signal: null });
  } finally {
    proxy.close();
  }
});

test('P28: a store that stalls for longer than wal_sender_timeout does not cost the connection', async () => {
  await site.sql(`alter role current_user in database ${site.database.name} set wal_sender_timeout = '2s'`);
  const mirror = startInProcess(site, 0);
  await site.caughtUp();
  const pid = await until(async () => (await site.slot())?.activePid ?? null, { what: 'the slot in use' });
  let stalls = 0;
  mirror.store.setPlan(({ operation, path }) => {
    if (operation !== 'create' || !/snapshot-\d+$/.test(path) || stalls > 0) return null;
    stalls++;
    return { kind: 'late', delayMs: 6000 };
  });
  await site.sql(
    "insert into items values (100, 'stalled')",
    "insert into items select n, 'more' from generate_series(1000, 50000) n",
  );
  await site.caughtUp();
  expect(stalls).toBe(1);
  expect((await site.slot())?.activePid).toBe(pid);
  expect(mirror.telemetry.reconnects).toBe(0);
  expect(await mirror.stop()).toBeNull();
  await expectEqual();
});

test('a server that is restarted, at once or in an orderly way, costs nothing', async () => {
  if (server.kind === 'url') return;
  const daemon = site.start();
  await site.caughtUp();
  for (const mode of ['fast', 'immediate'] as const) {
    await site.sql(`insert into items values (${mode === 'fast' ? 100 : 101}, '${mode}')`);
    await server.restart(mode);
    await site.sql(`update items set name = '${mode}' where id < 10`);
    await site.caughtUp();
    await expectEqual();
  }
  expect(await daemon.kill()).toEqual({ code: 0, signal: null });
});
