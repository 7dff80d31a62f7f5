// The test of cuts with its number of kills: transfers under load, and one sum at every cut that is retained.
import { expect } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import { compareSourceAndLake } from './compare-source-lake.ts';
import { judgeCuts } from './judge-lake.ts';
import { killLives } from './kill-life.ts';
import { mirrorSite, type SiteSettings } from './mirror-site.ts';
import { printedSeed } from './seeds.ts';
import { type TestPostgres, withClient } from './servers.ts';
import { ACCOUNT_STATEMENTS, ACCOUNT_TABLES, transfer, wrongSums } from './transfers.ts';

/** Transfers, kills and the judgement of every cut, at each death and at the end. */
export async function cutsTest(
  server: TestPostgres,
  options: { readonly name: string; readonly kills: number; readonly retention: string },
): Promise<void> {
  const { random } = printedSeed(options.name);
  const settings: SiteSettings = {
    tables:
      '[ { match: public.savings, buckets: 2 }, { match: public.checking, options: { changelog-producer: input } } ]',
    commitInterval: '50ms',
    rest: `maintenance: { snapshots: ${options.retention} }`,
  };
  const site = await mirrorSite(server, { settings, statements: ACCOUNT_STATEMENTS });
  const ending = new AbortController();
  const load = withClient(site.database.url, async (client) => {
    while (!ending.signal.aborted) {
      await transfer(client, random);
      await systemClock.sleep(5);
    }
  });
  const { problems } = await killLives(site, { kills: options.kills, random, lifeMsMax: 2500 }).finally(() => {
    ending.abort();
  });
  await load;
  const daemon = site.start();
  await site.caughtUp();
  expect(await daemon.kill()).toEqual({ code: 0, signal: null });
  expect(problems).toEqual([]);
  const tables = await Promise.all(ACCOUNT_TABLES.map((name) => site.table(name)));
  const records = await site.records.records();
  process.stderr.write(`${options.name}: ${records.length} cuts\n`);
  expect(records.length).toBeGreaterThan(2);
  expect(await judgeCuts(records, tables)).toEqual([]);
  expect(await wrongSums(records, tables)).toEqual([]);
  expect(await compareSourceAndLake(site.database.url, tables)).toEqual([]);
  await site.close();
}
