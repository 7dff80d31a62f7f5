// Source and lake are equal, row by row, after a long random load: on the shop of the demo and on a database with every
// type, over restarts, compactions and expiry.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import { runLoad } from '../../src/cli/demo/load.ts';
import { preparePostgresShop, withPostgresSession } from '../../src/cli/demo/postgres-shop.ts';
import { SHOP_TABLES, type ShopSession } from '../../src/cli/demo/shop.ts';
import { Table } from '../../src/paimon/table.ts';
import { compareSourceAndLake } from '../support/compare-source-lake.ts';
import { judgeCuts, snapshotsOf } from '../support/judge-lake.ts';
import { mirrorSite } from '../support/mirror-site.ts';
import { LOAD_ENTRIES, LOAD_TABLES, loadStatements, runRandomLoad } from '../support/random-load.ts';
import { printedSeed } from '../support/seeds.ts';
import { postgres, type TestPostgres, withClient } from '../support/servers.ts';

const ROUNDS = 3;
const ROUND_TRANSACTIONS = 500;
/** Little is retained, so that expiry works all the time. */
const EXPIRY = 'maintenance: { snapshots: { retain: 1s, min: 3 } }';

let server: TestPostgres;
beforeAll(async () => {
  server = await postgres({ settings: { fsync: 'off' } });
});
afterAll(async () => {
  await server.stop();
});

test('P5 P11 P12 P15 P17 P19: every type after a long random load, with restarts, compaction and expiry', async () => {
  const { random } = printedSeed('equality');
  const site = await mirrorSite(server, {
    settings: { tables: LOAD_ENTRIES, commitInterval: '50ms', rest: EXPIRY },
    statements: loadStatements(random),
  });
  for (let round = 0; round < ROUNDS; round++) {
    const daemon = site.start();
    await withClient(site.database.url, (client) =>
      runRandomLoad(client, random, (count) => count === ROUND_TRANSACTIONS),
    );
    await site.caughtUp();
    const tables = await Promise.all(LOAD_TABLES.map((name) => site.table(name)));
    expect(await compareSourceAndLake(site.database.url, tables), `round ${round}`).toEqual([]);
    expect(await daemon.kill()).toEqual({ code: 0, signal: null });
    expect(await judgeCuts(await site.records.records(), tables)).toEqual([]);
  }
  for (const name of LOAD_TABLES) {
    const snapshots = await snapshotsOf(await site.table(name));
    expect(snapshots[0]?.id, 'snapshots expired').toBeGreaterThan(1n);
  }
  await site.close();
});

test('the shop of the demo after its load', async () => {
  const { random } = printedSeed('equality of the shop');
  const site = await mirrorSite(server);
  const url = await preparePostgresShop(server.url, { customers: 500, products: 200, orders: 1000 });
  site.configure({ commitInterval: '200ms', rest: EXPIRY, database: new URL(url).pathname.slice(1) });
  const daemon = site.start();
  const ending = new AbortController();
  const progress = { changes: 0, transactions: 0 };
  const shop = {
    withSession: <Result>(use: (session: ShopSession) => Promise<Result>) => withPostgresSession(url, use),
  };
  const load = runLoad({ shop, changesPerSecond: 1000, clock: systemClock, random, progress }, ending.signal);
  await systemClock.sleep(20_000);
  ending.abort();
  await load;
  await site.caughtUp();
  const tables = await Promise.all(SHOP_TABLES.map((table) => Table.open(site.store, { database: 'public', table })));
  expect(await compareSourceAndLake(url, tables)).toEqual([]);
  expect(progress.changes).toBeGreaterThan(5000);
  expect(await daemon.kill()).toEqual({ code: 0, signal: null });
  await site.close();
});
