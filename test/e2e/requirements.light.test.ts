// Rows of requirements.md that need the whole program and a real server, each as small as it can be. Those of the
// source alone stand in source-postgres*.light.test.ts, those of the command line in cli.light.test.ts.
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { seededRandom } from '../../src/base/random.ts';
import { dataTypeText } from '../../src/paimon/schema/data-type-text.ts';
import { compareSourceAndLake, lakeRows } from '../support/compare-source-lake.ts';
import { KEY_COLUMNS, nullable, TYPE_STATEMENTS, VALUE_COLUMNS } from '../support/every-type.ts';
import { plainText } from '../support/golden.ts';
import { changesOf, judgeReplay } from '../support/judge-lake.ts';
import { lsnOf, type MirrorSite, mirrorSite } from '../support/mirror-site.ts';
import { postgres, type TestPostgres, withClient } from '../support/servers.ts';

let server: TestPostgres;
let site: MirrorSite;
beforeAll(async () => {
  server = await postgres();
});
afterAll(async () => {
  await server.stop();
});
beforeEach(async () => {
  site = await mirrorSite(server);
});
afterEach(async () => {
  await site.close();
});

async function expectEqual(...names: readonly string[]): Promise<void> {
  const tables = await Promise.all(names.map((name) => site.table(name)));
  expect(await compareSourceAndLake(site.database.url, tables)).toEqual([]);
}

test('P2: an idle table beside noise in others: the slot moves on, and a restart succeeds', async () => {
  site.configure({ tables: '[ public.quiet ]' });
  await site.sql(
    'create table quiet (id int primary key)',
    'create table noise (id int primary key, x text)',
    'insert into quiet values (1)',
  );
  const first = site.start();
  await site.caughtUp();
  const before = await site.slot();
  await site.sql("insert into noise select n, repeat('x', 300) from generate_series(1, 20000) n");
  const record = await site.caughtUp();
  expect(lsnOf(record.position)).toBeGreaterThan(lsnOf(before?.confirmed ?? '0/0'));
  expect(await first.kill('SIGKILL')).toMatchObject({ signal: 'SIGKILL' });
  const slot = await site.slot();
  expect(lsnOf(slot?.confirmed ?? '0/0')).toBeLessThanOrEqual(lsnOf((await site.latestRecord()).position));
  await site.sql("update noise set x = 'y'", 'insert into quiet values (2)');
  await site.catchUp();
  await expectEqual('quiet');
});

test('P8: every type as a key gives the same row by copy and by stream', async () => {
  const random = seededRandom(8);
  const names = KEY_COLUMNS.map((column) => `by_${column.name}`);
  const statements = KEY_COLUMNS.flatMap((column, index) => [
    `create table ${names[index]} (key ${column.type} primary key, value int)`,
    ...Array.from(
      { length: 12 },
      () => `insert into ${names[index]} values (${column.value(random)}, 0) on conflict do nothing`,
    ),
  ]);
  site.configure({ source: '    defaults: { buckets: 3 }' });
  await site.sql(...TYPE_STATEMENTS, ...statements);
  await site.catchUp();
  await expectEqual(...names);
  // The same keys, now by the log: an update that found another key would leave two rows.
  await site.sql(...names.map((name) => `update ${name} set value = value + 1`));
  await site.sql(...names.map((name) => `delete from ${name} where ctid = (select min(ctid) from ${name})`));
  await site.catchUp();
  await expectEqual(...names);
});

test('P15 P16 P19: each type is what it is said to be in the lake, and its values are equal by copy and by stream', async () => {
  const random = seededRandom(15);
  const columns = VALUE_COLUMNS.map(({ name, type }) => `${name} ${type}`).join(', ');
  const insert = (id: number): string =>
    `insert into every values (${id}, ${VALUE_COLUMNS.map((column) => nullable(column, random)).join(', ')})`;
  await site.sql(
    ...TYPE_STATEMENTS,
    `create table every (id int primary key, ${columns})`,
    ...Array.from({ length: 30 }, (_, id) => insert(id)),
  );
  await site.catchUp();
  await expectEqual('every');
  const { fields } = (await site.table('every')).schema;
  expect(fields.slice(1).map((field) => dataTypeText(field.type))).toEqual(
    VALUE_COLUMNS.map(({ lakeType }) => lakeType),
  );
  // All keys change, so that every value is in the log; then new rows.
  await site.sql('update every set id = id + 1000', ...Array.from({ length: 30 }, (_, id) => insert(id)));
  await site.catchUp();
  await expectEqual('every');
});

test('P11 P12 P17: key changes, truncation and unchanged large values, in the table and in its changelog', async () => {
  site.configure({ tables: '[ { match: public.docs, options: { changelog-producer: input } } ]' });
  await site.sql(
    'create table docs (id int primary key, title text, body text)',
    'alter table docs alter body set storage external',
    "insert into docs select n, 'first', repeat(md5(n::text), 32768) from generate_series(1, 3) n",
  );
  await site.catchUp();
  await site.sql(
    "begin; insert into docs values (4, 'new', repeat('4', 100000)); update docs set id = 40 where id = 4; update docs set title = 'newer' where id = 40; commit",
    "update docs set title = 'second' where id = 1",
    "begin; update docs set id = 20, title = 'moved' where id = 2; update docs set title = 'again' where id = 20; commit",
    'delete from docs where id = 3',
  );
  await site.catchUp();
  await expectEqual('docs');
  const table = await site.table('docs');
  const changes = await changesOf(table);
  expect(await judgeReplay(table, changes)).toEqual([]);
  // Within a snapshot the changes of a key are in the order of the log; keys come in their own order, as in Paimon.
  const texts = changes.map(
    ({ kind, row }) => `${kind} ${plainText(row['id'])} ${plainText(row['title'])} ${plainText(row['body']).length}`,
  );
  const ofKey = (id: number): readonly string[] => texts.filter((text) => text.split(' ')[1] === String(id));
  expect(ofKey(1)).toEqual(['+I 1 first 1048576', '-U 1 first 1048576', '+U 1 second 1048576']);
  expect(ofKey(2)).toEqual(['+I 2 first 1048576', '-D 2 first 1048576']);
  expect(ofKey(20)).toEqual(['+I 20 moved 1048576', '-U 20 moved 1048576', '+U 20 again 1048576']);
  expect(ofKey(3)).toEqual(['+I 3 first 1048576', '-D 3 first 1048576']);
  expect(ofKey(4)).toEqual(['+I 4 new 100000', '-D 4 new 100000']);
  expect(ofKey(40)).toEqual(['+I 40 new 100000', '-U 40 new 100000', '+U 40 newer 100000']);
  expect(texts).toHaveLength(15);
  await site.sql("begin; truncate docs; insert into docs values (7, 'after', 'x'); commit");
  await site.catchUp();
  await expectEqual('docs');
  const after = (await changesOf(table))
    .slice(changes.length)
    .map(({ kind, row }) => `${kind} ${plainText(row['id'])}`);
  expect(after.slice(0, 3).sort()).toEqual(['-D 1', '-D 20', '-D 40']);
  expect(after.slice(3)).toEqual(['+I 7']);
  await site.sql('truncate docs');
  await site.catchUp();
  expect((await lakeRows(table)).size).toBe(0);
});

test('P20: partitioned tables: rows that move, new, attached and emptied partitions', async () => {
  await site.sql(
    'create table parts (id int, day int, note text, primary key (id, day)) partition by range (day)',
    'create table parts_1 partition of parts for values from (0) to (10)',
    'create table parts_2 partition of parts for values from (10) to (20)',
    "insert into parts select n, n % 20, 'first' from generate_series(1, 100) n",
  );
  await site.catchUp();
  await expectEqual('parts');
  await site.sql(
    'update parts set day = (day + 10) % 20 where id % 3 = 0',
    'create table parts_3 partition of parts for values from (20) to (30)',
    "insert into parts select n, 20 + n % 10, 'new partition' from generate_series(1, 30) n",
    'create table loose (id int not null, day int not null, note text, primary key (id, day))',
    'alter table parts attach partition loose for values from (30) to (40)',
    "insert into parts select n, 30 + n % 10, 'attached' from generate_series(1, 30) n",
    'delete from parts where id % 7 = 0',
  );
  await site.catchUp();
  await expectEqual('parts');
  expect(await site.store.list('public.db')).toHaveLength(1);
  await site.sql('truncate parts', "insert into parts values (1, 1, 'again')");
  await site.catchUp();
  await expectEqual('parts');
});

test("P48: a table without a key stays out of the publication, so that the application's updates go on", async () => {
  await site.sql(
    'create table keyless (a int)',
    'create table keyed (a int primary key)',
    'insert into keyless values (1)',
  );
  await site.catchUp();
  await site.sql(
    'create table later (a int)',
    'insert into later values (1)',
    'update later set a = 2',
    'update keyless set a = 2',
    'delete from keyless',
  );
  const { rows } = await withClient(site.database.url, (client) =>
    client.query<{ name: string; all: boolean }>(
      'select t.tablename::text as name, p.puballtables as all from pg_publication_tables t join pg_publication p on p.pubname = t.pubname where p.pubname = $1',
      [site.database.name],
    ),
  );
  expect(rows).toEqual([{ name: 'keyed', all: false }]);
});
