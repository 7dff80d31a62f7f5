// Dead routes at every moment: while the slot is made, during the copy, from the start of the log on. Each is given up in
// the end, and the daemon goes on by itself.
import { afterAll, beforeAll, test } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import { compareSourceAndLake } from '../support/compare-source-lake.ts';
import { type MirrorSite, mirrorSite } from '../support/mirror-site.ts';
import { printedSeed } from '../support/seeds.ts';
import { postgres, type TestPostgres, withClient } from '../support/servers.ts';
import type { CliProcess } from '../support/spawn-cli.ts';
import { TcpProxy } from '../support/tcp-proxy.ts';

let server: TestPostgres;
// Their databases go when all are through: DROP DATABASE waits for every backend, those that write to a dead route too, and
// holds a transaction that copies and slots wait for.
const sites: MirrorSite[] = [];
beforeAll(async () => {
  server = await postgres();
});
afterAll(async () => {
  for (const site of sites) await site.close();
  await server.stop();
});

interface Life {
  readonly site: MirrorSite;
  readonly proxy: TcpProxy;
}

/** A site whose daemon reaches the server through a proxy. */
async function life(rowCount: number): Promise<Life> {
  const proxy = await TcpProxy.to(Number(new URL(server.url).port));
  const site = await mirrorSite(server, {
    settings: { port: proxy.port },
    statements: [
      'create table items (id bigint primary key, name text)',
      `insert into items select n, repeat('item', 20) from generate_series(1, ${rowCount}) n`,
    ],
  });
  sites.push(site);
  await site.sql(`alter role current_user in database ${site.database.name} set wal_sender_timeout = '2s'`);
  return { site, proxy };
}

/** A new row arrives through whatever has happened; then everything ends. What is wrong then; nothing if all is well. */
async function faultsAtEnd({ site, proxy }: Life, daemon: CliProcess): Promise<readonly string[]> {
  await site.sql('insert into items values (0)');
  await site.caughtUp(150_000);
  const differences = await compareSourceAndLake(site.database.url, [await site.table('items')]);
  const { code } = await daemon.kill();
  proxy.close();
  return [...differences.map((difference) => JSON.stringify(difference)), ...(code === 0 ? [] : [`exit ${code}`])];
}

/** The daemon waits with its slot for a transaction that `during` may outlast. */
async function whileSlotWaits(subject: Life, during: () => Promise<void>): Promise<CliProcess> {
  const daemon = await withClient(subject.site.database.url, async (client) => {
    await client.query('begin');
    await client.query('select pg_current_xact_id()');
    const started = subject.site.start();
    await started.waitFor(/pipeline starts/);
    await systemClock.sleep(1000);
    await during();
    await client.query('rollback');
    return started;
  });
  return daemon;
}

test.concurrent('P27: a route that dies while the log is being started or soon after is given up, and the daemon goes on', async ({
  expect,
}) => {
  const { random } = printedSeed('network');
  const lives = Array.from({ length: 6 }, async () => {
    const subject = await life(1000);
    const daemon = subject.site.start();
    await daemon.waitFor(/following the log/);
    await systemClock.sleep(random.unit() * 500);
    subject.proxy.blackhole();
    return faultsAtEnd(subject, daemon);
  });
  expect((await Promise.all(lives)).flat()).toEqual([]);
});

test.concurrent('P27: a route that dies during the first copy is given up, and the daemon copies again', async ({
  expect,
}) => {
  const { random } = printedSeed('network copy');
  const lives = Array.from({ length: 4 }, async () => {
    const subject = await life(300_000);
    const daemon = subject.site.start();
    await daemon.waitFor(/copying tables in chunks/);
    await systemClock.sleep(random.unit() * 1500);
    subject.proxy.blackhole();
    return faultsAtEnd(subject, daemon);
  });
  expect((await Promise.all(lives)).flat()).toEqual([]);
});

// Not beside the others: every slot that is made on the server waits for the transaction.
test('P27: a slot that waits for a transaction is waited for as long as its route lives, and no longer', async ({
  expect,
}) => {
  const dead = await life(1000);
  const alive = await life(1000);
  const [dying, waiting] = await Promise.all([
    whileSlotWaits(dead, async () => dead.proxy.blackhole()),
    whileSlotWaits(alive, () => systemClock.sleep(35_000)),
  ]);
  expect(await faultsAtEnd(dead, dying)).toEqual([]);
  expect(await faultsAtEnd(alive, waiting)).toEqual([]);
  expect(waiting.stdout() + waiting.stderr()).not.toMatch(/E2001/);
});
