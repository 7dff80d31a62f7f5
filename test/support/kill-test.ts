// The kill test with its number of kills: source and lake equal at the end, each change once, every cut complete.
import { expect } from 'vitest';
import { changesOf, judgeCuts, judgeIdentifiers, judgeReplay, judgeVersions } from './judge-lake.ts';
import { compareSourceAndLake } from './compare-source-lake.ts';
import { killLives } from './kill-life.ts';
import { type MirrorSite, mirrorSite } from './mirror-site.ts';
import { LOAD_ENTRIES, LOAD_TABLES, loadStatements, runRandomLoad } from './random-load.ts';
import { printedSeed } from './seeds.ts';
import { type TestPostgres, withClient } from './servers.ts';
import { systemClock } from '../../src/base/clock.ts';

/** Lives and deaths of a mirror under load, then the judgement. */
export async function killTest(server: TestPostgres, name: string, kills: number): Promise<void> {
  const { random } = printedSeed(name);
  const site = await mirrorSite(server, {
    settings: {
      tables: LOAD_ENTRIES,
      commitInterval: '50ms',
      // Nothing expires: the whole changelog is judged.
      rest: 'maintenance: { snapshots: { retain: 1d, min: 1000000 } }',
    },
    statements: loadStatements(random),
  });
  let ended = false;
  const load = withClient(site.database.url, (client) =>
    runRandomLoad(client, random, async () => {
      await systemClock.sleep(10);
      return ended;
    }),
  );
  const { problems, committedLives } = await killLives(site, { kills, random, lifeMsMax: 3000 }).finally(() => {
    ended = true;
  });
  const transactions = await load;
  const daemon = site.start();
  await site.caughtUp();
  expect(await daemon.kill('SIGTERM'), daemon.stderr()).toEqual({ code: 0, signal: null });
  process.stderr.write(`${name}: ${kills} kills, ${committedLives} lives committed, ${transactions} transactions\n`);
  expect(problems).toEqual([]);
  expect(committedLives).toBeGreaterThanOrEqual(Math.floor(kills / 2));
  await expectMirrored(site);
  await site.close();
}

/** The tables of the load in source and lake are equal, every cut is complete, each change is there once. */
export async function expectMirrored(site: MirrorSite): Promise<void> {
  const tables = await Promise.all(LOAD_TABLES.map((table) => site.table(table)));
  expect(await compareSourceAndLake(site.database.url, tables)).toEqual([]);
  expect(await judgeCuts(await site.records.records(), tables)).toEqual([]);
  for (const table of tables) {
    expect(await judgeIdentifiers(table)).toEqual([]);
    if (table.schema.options['changelog-producer'] !== 'input') continue;
    const changes = await changesOf(table);
    expect(await judgeReplay(table, changes)).toEqual([]);
    expect(await judgeVersions(site, table, changes)).toEqual([]);
  }
}
