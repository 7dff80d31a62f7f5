// The whole mirror on bad networks and slow disks: what stalls is noticed, what only waits is waited for.
import { expect } from 'vitest';
import { startInProcess } from '../support/in-process-mirror.ts';
import { expectItemsEqual, itemsTest } from '../support/items-test.ts';
import { TcpProxy } from '../support/tcp-proxy.ts';
import { until } from '../support/until.ts';

itemsTest(
  'P27: a route that lets nothing through is noticed, health says so, and the daemon goes on by itself',
  async ({ server, site }) => {
    await site.sql(`alter role current_user in database ${site.database.name} set wal_sender_timeout = '2s'`);
    const proxy = await TcpProxy.to(Number(new URL(server.url).port));
    try {
      site.configure({ port: proxy.port });
      const daemon = site.start();
      const [, url = ''] = await daemon.waitFor(/"url":"(http[^"]*)"/);
      await site.caughtUp();
      await until(async () => (await site.slot())?.activePid ?? null, { what: 'the log being followed' });
      expect((await fetch(`${url}/readyz`)).status).toBe(200);
      const sick = until(async () => (await fetch(`${url}/readyz`)).status === 503, {
        intervalMs: 5,
        what: 'sickness',
      });
      proxy.blackhole();
      await site.sql("insert into items values (100, 'after')");
      await sick;
      await daemon.waitFor(/E2031|E2001|E2010/);
      await site.caughtUp();
      await expectItemsEqual(site);
      await until(async () => (await fetch(`${url}/healthz`)).ok, { what: 'health' });
      expect(await daemon.kill()).toEqual({ code: 0, signal: null });
    } finally {
      proxy.close();
    }
  },
);

itemsTest(
  'P28: a store that stalls for longer than wal_sender_timeout does not cost the connection',
  async ({ site }) => {
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
    await expectItemsEqual(site);
  },
);

itemsTest('a server that is restarted, at once or in an orderly way, costs nothing', async ({ server, site }) => {
  if (server.kind === 'url') return;
  const daemon = site.start();
  await site.caughtUp();
  for (const mode of ['fast', 'immediate'] as const) {
    await site.sql(`insert into items values (${mode === 'fast' ? 100 : 101}, '${mode}')`);
    await server.restart(mode);
    await site.sql(`update items set name = '${mode}' where id < 10`);
    await site.caughtUp();
    await expectItemsEqual(site);
  }
  expect(await daemon.kill()).toEqual({ code: 0, signal: null });
});
