// First copies in chunks on a real server, under load on keys in the middle of the copy: killed anywhere they go on where
// they were, and nobody waits for them. P6, P7, P31, P32.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import { compareSourceAndLake } from '../support/compare-source-lake.ts';
import { killLives } from '../support/kill-life.ts';
import { expectMirrored } from '../support/kill-test.ts';
import { type MirrorSite, mirrorSite } from '../support/mirror-site.ts';
import { LOAD_ENTRIES, LOAD_TABLES, loadStatements, runRandomLoad } from '../support/random-load.ts';
import { printedSeed } from '../support/seeds.ts';
import { postgres, type TestPostgres, withClient } from '../support/servers.ts';
import { until } from '../support/until.ts';

let server: TestPostgres;
beforeAll(async () => {
  server = await postgres();
});
afterAll(async () => {
  await server.stop();
});

const KEEP_ALL = 'maintenance: { snapshots: { retain: 1d, min: 1000000 } }';
/** Rows on both sides of the keys that the load works on; those of documents are stored out of line. */
const MORE_ROWS = [
  "insert into documents (id, title, body) select i, 'more', repeat(md5(i::text), 100) from generate_series(-400, 600) i where i not between 0 and 39 on conflict do nothing",
  'insert into every_type (id) select i from generate_series(-500, 800) i where i not between 0 and 39 on conflict do nothing',
  "insert into pairs (a, b, amount) select i, 'x' || i, i from generate_series(-300, 900) i where i not between 0 and 5",
];

test('P6 P7 P32: killed 6 times while it copies under load, the lake ends equal', async () => {
  const { random } = printedSeed('first-copy.light');
  const site = await mirrorSite(server, {
    settings: {
      tables: LOAD_ENTRIES,
      source: '    snapshot: { chunk_rows: 23 }',
      commitInterval: '50ms',
      rest: KEEP_ALL,
    },
    statements: [...loadStatements(random), ...MORE_ROWS],
  });
  let ended = false;
  const load = withClient(site.database.url, (client) =>
    runRandomLoad(client, random, async () => {
      await systemClock.sleep(5);
      return ended;
    }),
  );
  const { problems } = await killLives(site, { kills: 6, random, lifeMsMax: 4000 });
  const daemon = site.start();
  await until(async () => ((await site.records.latest())?.tables.length === LOAD_TABLES.length ? true : null), {
    timeoutMs: 120_000,
    what: 'all tables in a cut',
  });
  ended = true;
  await load;
  await site.caughtUp();
  expect(await daemon.kill('SIGTERM'), daemon.stderr()).toEqual({ code: 0, signal: null });
  expect(problems).toEqual([]);
  await expectMirrored(site);
  await site.close();
});

test('P32: killed at half of a copy, what a checkpoint has is not read again', async () => {
  const rows = 4000;
  const site = await bigSite(rows);
  const first = site.start();
  const half = await until(() => copiedUpTo(site, rows / 2), { timeoutMs: 120_000, what: 'half of the copy' });
  await first.kill('SIGKILL');
  const second = site.start();
  await until(async () => ((await site.records.latest())?.tables.length === 2 ? true : null), {
    timeoutMs: 120_000,
    what: 'the copy',
  });
  expect(await second.kill('SIGTERM')).toEqual({ code: 0, signal: null });
  const line = second
    .stderr()
    .split('\n')
    .find((text) => text.includes('table copied') && text.includes('public.big'));
  const copied = JSON.parse(line ?? '{}') as { readonly rows?: number; readonly read?: number };
  expect(copied.rows).toBe(rows);
  expect(copied.read).toBeLessThanOrEqual(rows - half);
  expect(await compareSourceAndLake(site.database.url, [await site.table('big')])).toEqual([]);
  await site.close();
});

test('P31: while a table is copied its owner may lock it at any time, no transaction is old, and others are in cuts', async () => {
  const site = await bigSite(6000);
  const daemon = site.start();
  await until(() => copiedUpTo(site, 1), { timeoutMs: 120_000, what: 'the first chunk' });
  await withClient(site.database.url, async (client) => {
    for (let time = 0; time < 20; time++) {
      await client.query(`set lock_timeout = '1s'`);
      await client.query(`alter table big alter column note set default '${time}'`);
      const { rows } = await client.query<{ age: number }>(
        `select coalesce(extract(epoch from max(clock_timestamp() - xact_start)), 0)::float8 as age from pg_stat_activity
         where application_name = 'tributary' and datname = current_database() and backend_type = 'client backend'`,
      );
      expect(rows[0]?.age).toBeLessThan(10);
    }
  });
  await site.sql("insert into small values (2, 'while the other is copied')");
  await site.caughtUp(120_000);
  await until(async () => ((await site.records.latest())?.tables.length === 2 ? true : null), {
    timeoutMs: 120_000,
    what: 'the copy',
  });
  expect(await daemon.kill('SIGTERM')).toEqual({ code: 0, signal: null });
  const tables = await Promise.all(['big', 'small'].map((name) => site.table(name)));
  expect(await compareSourceAndLake(site.database.url, tables)).toEqual([]);
  await site.close();
});

async function bigSite(rows: number): Promise<MirrorSite> {
  return mirrorSite(server, {
    // Seconds are enough to be seen at half of it, however quick the machine is.
    settings: {
      source: '    snapshot: { chunk_rows: 20, rate_limit: 24KiB }',
      commitInterval: '50ms',
      rest: KEEP_ALL,
    },
    statements: [
      'create table big (id int primary key, note text)',
      `insert into big select i, 'row ' || i from generate_series(1, ${rows}) i`,
      'create table small (id int primary key, note text)',
      "insert into small values (1, 'one')",
    ],
  });
}

/** How many rows of `big` a record has, once there are so many and not all. */
async function copiedUpTo(site: MirrorSite, atLeast: number): Promise<number | null> {
  const record = await site.records.latest();
  const next = record?.copying.find(({ source }) => source === 'public.big')?.next ?? null;
  const count = next === null ? 0 : Number((JSON.parse(next) as string[])[0]);
  return count >= atLeast ? count : null;
}
