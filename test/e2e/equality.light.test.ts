// Source and lake are equal, row by row, after a random load on a database with every type: the small run of
// equality.test.ts.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { compareSourceAndLake, lakeRows } from '../support/compare-source-lake.ts';
import { mirrorSite } from '../support/mirror-site.ts';
import { LOAD_ENTRIES, LOAD_TABLES, loadStatements, runRandomLoad } from '../support/random-load.ts';
import { printedSeed } from '../support/seeds.ts';
import { postgres, type TestPostgres, withClient } from '../support/servers.ts';

let server: TestPostgres;
beforeAll(async () => {
  server = await postgres();
});
afterAll(async () => {
  await server.stop();
});

test('P5 P11 P12 P15 P17 P19: every type after a random load', async () => {
  const { random } = printedSeed('equality.light');
  const site = await mirrorSite(server, { settings: { tables: LOAD_ENTRIES }, statements: loadStatements(random) });
  const daemon = site.start();
  await withClient(site.database.url, async (client) => {
    // The first of them while the tables are being copied.
    await runRandomLoad(client, random, async (count) => count >= 30 && (await site.records.latest()) !== null);
    await runRandomLoad(client, random, (count) => count === 150);
  });
  await site.caughtUp();
  const tables = await Promise.all(LOAD_TABLES.map((name) => site.table(name)));
  expect(await compareSourceAndLake(site.database.url, tables)).toEqual([]);
  // The load truncates tables, too: one of them may end empty, all of them never.
  const sizes = await Promise.all(tables.map(async (table) => (await lakeRows(table)).size));
  expect(Math.max(...sizes)).toBeGreaterThan(0);
  expect(await daemon.kill()).toEqual({ code: 0, signal: null });
  await site.close();
});
