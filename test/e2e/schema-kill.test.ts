// Random ALTERs under random load, with kills: whatever the columns are in the end, the lake has them with the source's
// rows. P33 to P36 at random moments: in transactions with rows, during copies in place, while the daemon is down.
import type pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import type { Random } from '../../src/base/random.ts';
import { compareSourceAndLake } from '../support/compare-source-lake.ts';
import { judgeIdentifiers } from '../support/judge-lake.ts';
import { killLives } from '../support/kill-life.ts';
import { mirrorSite } from '../support/mirror-site.ts';
import { type AlterDialect, RandomAlters } from '../support/random-alters.ts';
import { LOAD_ENTRIES, LOAD_TABLES, loadStatements, runRandomLoad } from '../support/random-load.ts';
import { printedSeed } from '../support/seeds.ts';
import { postgres, type TestPostgres, withClient } from '../support/servers.ts';
import { until } from '../support/until.ts';

const KILLS = 8;
/** Between two ALTERs, at most. */
const PAUSE_MS_MAX = 1500;
const DIALECT: AlterDialect = {
  types: ['int', 'text', 'numeric(8,2)', "timestamptz default '2020-01-01'", "text default 'new'", 'int default 7'],
  widen: (table, name) => `alter table ${table} alter column ${name} type bigint using ${name}::bigint * 1000000000000`,
};
/** SQLSTATE deadlock_detected. */
const DEADLOCK = '40P01';

let server: TestPostgres;
beforeAll(async () => {
  server = await postgres();
});
afterAll(async () => {
  await server.stop();
});

/** Runs ALTERs in one transaction, at times between changes of rows. */
async function alter(client: pg.Client, alters: RandomAlters, random: Random): Promise<void> {
  const { table, statements } = alters.next();
  const change = random.unit() < 0.5 ? [] : [`update ${table} set version = nextval('versions')`];
  const script = ['begin', ...statements.flatMap((statement) => [...change, statement]), ...change, 'commit'];
  try {
    await client.query(script.join(';\n'));
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === DEADLOCK)) throw error;
    await client.query('rollback');
    alters.undo();
  }
}

test(`ALTERs under load and ${KILLS} kills: the lake has the source's columns and rows`, async () => {
  const { random } = printedSeed('schema-kill');
  const site = await mirrorSite(server, {
    settings: {
      tables: LOAD_ENTRIES,
      source: '    schema: { drop_column: drop }\n    snapshot: { chunk_rows: 17 }',
      commitInterval: '50ms',
    },
    statements: loadStatements(random),
  });
  const ending = new AbortController();
  const load = withClient(site.database.url, (client) =>
    runRandomLoad(client, random, async () => {
      await systemClock.sleep(10);
      return ending.signal.aborted;
    }),
  );
  const alters = new RandomAlters(random, LOAD_TABLES, DIALECT);
  let alterCount = 0;
  const altering = withClient(site.database.url, async (client) => {
    while (!ending.signal.aborted) {
      await alter(client, alters, random);
      alterCount++;
      await systemClock.sleep(random.unit() * PAUSE_MS_MAX);
    }
  });
  const { problems } = await killLives(site, { kills: KILLS, random, lifeMsMax: 6000 }).finally(() => {
    ending.abort();
  });
  const transactions = await load;
  await altering;
  // A row of each table, so that the log describes them all.
  await site.sql(...LOAD_TABLES.map((table) => `update ${table} set version = nextval('versions')`));
  const daemon = site.start();
  const tables = LOAD_TABLES.length;
  await until(async () => ((await site.records.latest())?.tables.length === tables ? true : null), {
    timeoutMs: 60_000,
    what: 'all tables in a cut',
  }).catch((error: unknown) => {
    throw new Error(daemon.stderr().slice(-3000) + daemon.stdout().slice(-6000), { cause: error });
  });
  await site.caughtUp(120_000);
  expect(await daemon.kill('SIGTERM'), daemon.stderr()).toEqual({ code: 0, signal: null });
  process.stderr.write(`schema-kill: ${KILLS} kills, ${alterCount} scripts of ALTERs, ${transactions} transactions\n`);
  expect(problems).toEqual([]);
  const opened = await Promise.all(LOAD_TABLES.map((table) => site.table(table)));
  expect(await compareSourceAndLake(site.database.url, opened)).toEqual([]);
  for (const table of opened) {
    expect(await judgeIdentifiers(table)).toEqual([]);
    const names = (await withClient(site.database.url, (client) =>
      client.query<{ name: string }>(
        'select attname as name from pg_attribute where attrelid = $1::regclass and attnum > 0 and not attisdropped',
        [table.path.split('/').at(-1)],
      ),
    )) as { rows: { name: string }[] };
    expect(table.schema.fields.map(({ name }) => name).sort()).toEqual(names.rows.map(({ name }) => name).sort());
  }
  await site.close();
});
