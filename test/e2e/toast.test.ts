// Large values that PostgreSQL leaves out of updates, in a mirror that updates rows in part: they stay as they are,
// without being looked up, whatever else happens to their rows.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { fsck } from '../../src/paimon/maintenance/fsck.ts';
import { compareSourceAndLake } from '../support/compare-source-lake.ts';
import { changesOf, judgeReplay } from '../support/judge-lake.ts';
import { type MirrorSite, mirrorSite } from '../support/mirror-site.ts';
import { postgres, type TestPostgres, withClient } from '../support/servers.ts';

let server: TestPostgres;
beforeAll(async () => {
  server = await postgres();
});
afterAll(async () => {
  await server.stop();
});

const OPTIONS =
  '{ merge-engine: partial-update, partial-update.remove-record-on-delete: true, changelog-producer: lookup }';
const ROWS = 40;
const CREATE = (name: string): readonly string[] => [
  `create table ${name} (id bigint primary key, version int not null, title text not null, body text not null)`,
  // Not compressed, so that a value is as large in the table as in the log.
  `alter table ${name} alter body set storage external`,
];
/** 8 kB that no other row and version has. */
const body = (seed: string): string =>
  `(select string_agg(md5(${seed} || ':' || i), '') from generate_series(1, 256) i)`;
const FILL = (name: string): string =>
  `insert into ${name} select n, 0, 'title ' || n, ${body('n')} from generate_series(1, ${ROWS}) n`;

async function expectMirrored(site: MirrorSite, names: readonly string[]): Promise<void> {
  const tables = await Promise.all(names.map((name) => site.table(name)));
  expect(await compareSourceAndLake(site.database.url, tables)).toEqual([]);
  for (const table of tables) {
    expect((await fsck(table)).problems).toEqual([]);
    expect(await judgeReplay(table, await changesOf(table))).toEqual([]);
  }
}

/** Bytes of log that a statement makes. */
function logBytes(site: MirrorSite, statement: string): Promise<number> {
  return withClient(site.database.url, async (client) => {
    const at = async (): Promise<string> =>
      (await client.query<{ at: string }>('select pg_current_wal_insert_lsn()::text as at')).rows[0]?.at ?? '';
    const from = await at();
    await client.query(statement);
    const { rows } = await client.query<{ bytes: string }>('select pg_wal_lsn_diff($1, $2)::text as bytes', [
      await at(),
      from,
    ]);
    return Number(rows[0]?.bytes);
  });
}

test('values that the log leaves out stay, through updates, deletes and kills', async () => {
  const site = await mirrorSite(server, {
    settings: { tables: `[ { match: public.*, options: ${OPTIONS} } ]` },
    statements: [...CREATE('doc'), FILL('doc')],
  });
  await site.catchUp();
  await expectMirrored(site, ['doc']);
  // The test is about something: the log of an update of all rows is smaller than one of their bodies each.
  await site.sql('checkpoint', 'update doc set version = 1');
  expect(await logBytes(site, 'update doc set version = 2')).toBeLessThan((ROWS * 8192) / 4);
  let daemon = site.start();
  for (let round = 1; round <= 3; round++) {
    await site.sql(
      `update doc set version = version + 1, title = title || '${round}'`,
      `update doc set body = ${body(`'r${round}' || id`)} where id % 5 = ${round}`,
      `update doc set version = -1 where id % 5 = ${round}`,
      `begin; delete from doc where id % 9 = ${round}; insert into doc select n, ${round}, 'again', 'small' from generate_series(1, ${ROWS}) n where n % 9 = ${round}; update doc set version = 7 where title = 'again'; commit`,
      `delete from doc where id % 11 = ${round}`,
      `insert into doc select ${100 * round} + n, 0, 'new', ${body(`'n${round}' || n`)} from generate_series(1, 5) n`,
      `update doc set title = 'newer' where id > ${100 * round}`,
    );
    if (round === 2) {
      await daemon.kill('SIGKILL');
      daemon = site.start();
    }
    await site.caughtUp();
    await expectMirrored(site, ['doc']);
  }
  expect(await daemon.kill()).toEqual({ code: 0, signal: null });
  await site.close();
});

test('a key that changes beside a value left out stops its table, unless the log has the whole row', async () => {
  const site = await mirrorSite(server, {
    settings: { tables: `[ { match: public.*, options: ${OPTIONS} } ]` },
    statements: [
      ...CREATE('doc'),
      ...CREATE('whole'),
      'alter table whole replica identity full',
      FILL('doc'),
      FILL('whole'),
    ],
  });
  await site.catchUp();
  const daemon = site.start();
  await site.sql('update whole set id = id + 1000 where id % 2 = 0', 'update whole set version = 5 where id > 1000');
  await site.caughtUp();
  await expectMirrored(site, ['doc', 'whole']);
  // A key that changes together with all large values is in the log as a whole.
  await site.sql(`update doc set id = id + 1000, body = ${body("'moved' || id")} where id % 2 = 0`);
  await site.caughtUp();
  await expectMirrored(site, ['doc', 'whole']);
  await site.sql('update doc set id = 5000 where id = 1', 'update whole set version = 6');
  await site.caughtUp();
  await expectMirrored(site, ['whole']);
  expect((await site.latestRecord()).stopped.map(({ source }) => source)).toEqual(['public.doc']);
  expect(daemon.stdout() + daemon.stderr()).toContain('E3391');
  await daemon.kill();
  await site.close();
});
