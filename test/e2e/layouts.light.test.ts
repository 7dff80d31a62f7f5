// Mirrors in other layouts than the usual one: whatever the options, the lake equals the source after every commit, and
// the changelog makes it again.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { fsck } from '../../src/paimon/maintenance/fsck.ts';
import { compareSourceAndLake } from '../support/compare-source-lake.ts';
import { changesOf, judgeReplay } from '../support/judge-lake.ts';
import { type MirrorSite, mirrorSite } from '../support/mirror-site.ts';
import { postgres, type TestPostgres } from '../support/servers.ts';
import { runCli } from '../support/spawn-cli.ts';

const VECTORS = '{ deletion-vectors.enabled: true, changelog-producer: lookup }';
const PARTIAL =
  '{ merge-engine: partial-update, partial-update.remove-record-on-delete: true, changelog-producer: lookup }';
const TABLES = `
      - public.*
      - { match: public.vectors, buckets: 2, options: ${VECTORS} }
      - { match: public.partial, options: ${PARTIAL} }
      - { match: public.compacted, options: { changelog-producer: full-compaction } }
      - { match: public.spread, buckets: dynamic, options: { dynamic-bucket.target-row-num: 50 } }`;
const NAMES = ['vectors', 'partial', 'compacted', 'spread'];
/** Larger than what PostgreSQL keeps in line, so that updates of other columns leave it out of the log. */
const LARGE = "(select string_agg(md5((n * 1000 + i)::text), '') from generate_series(1, 200) i)";

let server: TestPostgres;
beforeAll(async () => {
  server = await postgres();
});
afterAll(async () => {
  await server.stop();
});

const eachTable = (statement: (name: string) => string): readonly string[] => NAMES.map(statement);

async function expectMirrored(site: MirrorSite): Promise<void> {
  const tables = await Promise.all(NAMES.map((name) => site.table(name)));
  expect(await compareSourceAndLake(site.database.url, tables)).toEqual([]);
  for (const table of tables) {
    expect((await fsck(table)).problems).toEqual([]);
    if (table.schema.options['changelog-producer'] === undefined) continue;
    expect(await judgeReplay(table, await changesOf(table))).toEqual([]);
  }
}

test('deletion vectors, updates in part, changes by full compaction, dynamic buckets', async () => {
  const statements = eachTable(
    (name) => `create table ${name} (id bigint primary key, a int not null, b text not null)`,
  );
  const site = await mirrorSite(server, { settings: { tables: TABLES }, statements });
  await site.sql(...eachTable((name) => `insert into ${name} select n, n, ${LARGE} from generate_series(1, 60) n`));
  await site.catchUp();
  await expectMirrored(site);
  expect((await site.table('spread')).schema.options['bucket']).toBe('-1');
  const daemon = site.start();
  for (let round = 1; round <= 2; round++) {
    await site.sql(
      ...eachTable((name) => `update ${name} set a = a + ${round} where id % 3 = ${round % 3}`),
      ...eachTable((name) => `delete from ${name} where id % 7 = ${round}`),
      ...eachTable(
        (name) => `insert into ${name} select n, 0, 'new' from generate_series(${200 * round}, ${200 * round + 9}) n`,
      ),
      ...eachTable((name) => `delete from ${name} where id = 200`),
      ...eachTable((name) => `insert into ${name} values (200, ${round}, 'again') on conflict do nothing`),
    );
    await site.caughtUp();
    await expectMirrored(site);
  }
  await site.sql(
    ...eachTable((name) => `truncate ${name}`),
    ...eachTable((name) => `insert into ${name} values (1, 1, 'x')`),
  );
  await site.caughtUp();
  await expectMirrored(site);
  expect(await daemon.kill()).toEqual({ code: 0, signal: null });
  await site.close();
});

test('what cannot be right is refused by check and run, before anything is written', async () => {
  const tables = '[ { match: public.*, options: { merge-engine: partial-update } } ]';
  const site = await mirrorSite(server, {
    settings: { tables },
    statements: ['create table t (id int primary key, a int)'],
  });
  const file = site.configure({ tables });
  const checked = await runCli(['check', '-c', file]);
  expect(checked.code).toBe(2);
  expect(checked.stdout).toMatch(/fail +shop +lake table of public\.t +E1300 .*remove-record-on-delete=true/);
  expect(await site.refused()).toMatchObject({ exit: 2, code: 'E1300' });
  expect(await site.store.list('public.db')).toEqual([]);
  expect(await site.slot()).toBeNull();
  await site.close();
});
