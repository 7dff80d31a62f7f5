// Changes of the PostgreSQL source on a real server: kinds of changes, transactions, partitions, changed tables.
import { expect, test } from 'vitest';
import { postgresFixture, streamToEnd, tableOf } from '../support/postgres-fixture.ts';
import { reaches, readLog, rowsOf } from '../support/postgres-source.ts';

const fixture = postgresFixture();

test('P11 P12 P17 kinds: insert, update, unchanged value, key change, delete, truncate', async () => {
  await fixture.sql('create table t (id int primary key, a int, big text)');
  const started = await fixture.start();
  const table = tableOf(started, 't');
  await fixture.sql(
    `insert into t select 1, 1, string_agg(md5(i::text), '') from generate_series(1, 2000) i`,
    'update t set a = 2',
    'update t set id = 5',
    'begin; insert into t values (6, 6, null); update t set id = 7 where id = 6; commit',
    'delete from t where id = 5',
    'begin; insert into t values (8); truncate t; insert into t values (9); commit',
  );
  const events = await streamToEnd(started);
  const short = rowsOf(events, table).map((row) =>
    row.map((value) => (value !== null && value.length > 100 ? 'big' : value)),
  );
  expect(short).toEqual([
    ['+I', '1', '1', 'big'],
    ['+U', '1', '2', '<missing>'],
    ['-D', '1', null, null],
    ['+I', '5', '2', '<missing>'],
    ['+I', '6', '6', null],
    ['-D', '6', null, null],
    ['+I', '7', '6', null],
    ['-D', '5', null, null],
    ['+I', '8', null, null],
    ['+I', '9', null, null],
  ]);
  const kinds = events.filter((event) => event.kind !== 'progress').map((event) => event.kind);
  // A batch ends where nothing more has come for a moment, too: changes may come in several.
  const order = kinds.filter((kind, index) => kind !== kinds[index - 1]);
  expect(order).toEqual(['changes', 'truncate', 'changes']);
  const truncated = events.findIndex((event) => event.kind === 'truncate');
  expect(rowsOf(events.slice(truncated), table)).toEqual([['+I', '9', null, null]]);
});

test('replica identity full: before-images where they are wanted, whole new rows, key changes', async () => {
  await fixture.sql(
    'create table t (id int primary key, a int, big text)',
    'alter table t replica identity full',
    `insert into t select 1, 1, string_agg(md5(i::text), '') from generate_series(1, 2000) i`,
  );
  const started = await fixture.start();
  const table = tableOf(started, 't');
  await fixture.sql('update t set a = 2', 'update t set id = 3', 'delete from t');
  const shorten = (rows: (string | null)[][]): (string | null)[][] =>
    rows.map((row) => row.map((value) => (value !== null && value.length > 100 ? 'big' : value)));
  expect(shorten(rowsOf(await streamToEnd(started, [table.key]), table))).toEqual([
    ['-U', '1', '1', 'big'],
    ['+U', '1', '2', 'big'],
    ['-D', '1', '2', 'big'],
    ['+I', '3', '2', 'big'],
    ['-D', '3', '2', 'big'],
  ]);
  expect(shorten(rowsOf(await streamToEnd(started), table))).toEqual([
    ['+U', '1', '2', 'big'],
    ['-D', '1', null, null],
    ['+I', '3', '2', 'big'],
    ['-D', '3', null, null],
  ]);
});

test('key is the replica identity index where the primary key is not in it', async () => {
  await fixture.sql(
    'create table t (id int primary key, code text not null unique, a int)',
    'alter table t replica identity using index t_code_key',
  );
  const started = await fixture.start();
  const table = tableOf(started, 't');
  expect(table.keyColumns).toEqual([1]);
  await fixture.sql(
    `insert into t values (1, 'x', 1)`,
    `update t set code = 'y'`,
    'update t set id = 2',
    'delete from t',
  );
  expect(rowsOf(await streamToEnd(started), table)).toEqual([
    ['+I', '1', 'x', '1'],
    ['-D', null, 'x', null],
    ['+I', '1', 'y', '1'],
    ['+U', '2', 'y', '1'],
    ['-D', null, 'y', null],
  ]);
});

test('transactions: several tables, rollback, subtransactions, places', async () => {
  await fixture.sql('create table a (id int primary key)', 'create table b (id int primary key)');
  const started = await fixture.start();
  const [a, b] = [tableOf(started, 'a'), tableOf(started, 'b')];
  await fixture.sql('begin; insert into a values (1); insert into b values (1); commit');
  const middle = (await started.source.health()).logEnd;
  await fixture.sql(
    'begin; insert into a values (2); rollback',
    'begin; insert into a values (3); savepoint s; insert into a values (4); rollback to s; insert into b values (3); commit',
  );
  const events = await streamToEnd(started);
  expect(rowsOf(events, a).map((row) => row[1])).toEqual(['1', '3']);
  expect(rowsOf(events, b).map((row) => row[1])).toEqual(['1', '3']);
  const { source, position } = started;
  const { logEnd } = await source.health();
  const places = new Map([
    [a.key, middle],
    [b.key, position],
  ]);
  const later = await readLog(source, { from: position, places, enough: reaches(source, logEnd) });
  expect(rowsOf(later, a).map((row) => row[1])).toEqual(['3']);
  expect(rowsOf(later, b).map((row) => row[1])).toEqual(['1', '3']);
});

test('P5 a boundary is where the next stream goes on, nothing lost and nothing twice', async () => {
  await fixture.sql('create table t (id int primary key)');
  const started = await fixture.start();
  const table = tableOf(started, 't');
  let { position } = started;
  for (let round = 0; round < 3; round++) {
    await fixture.sql(`insert into t values (${2 * round})`, `insert into t values (${2 * round + 1})`);
    const { logEnd } = await started.source.health();
    const places = new Map([[table.key, position]]);
    const events = await readLog(started.source, {
      from: started.position,
      places,
      enough: reaches(started.source, logEnd),
    });
    expect(rowsOf(events, table).map((row) => row[1])).toEqual([String(2 * round), String(2 * round + 1)]);
    const boundaries = events.flatMap((event) =>
      event.kind === 'changes' && event.boundary !== null ? [event.boundary] : [],
    );
    expect(boundaries.reduce((sum, boundary) => sum + boundary.transactionCount, 0)).toBe(2);
    position = boundaries.at(-1)?.position ?? position;
  }
});

test('P37 a transaction of 200,000 rows comes in pieces, the consumer setting the pace', async () => {
  await fixture.sql('create table t (id int primary key, note text)');
  const started = await fixture.start();
  const table = tableOf(started, 't');
  await fixture.sql(`insert into t select i, repeat('n', 100) from generate_series(1, 200000) i`);
  const events = await streamToEnd(started);
  const changes = events.flatMap((event) => (event.kind === 'changes' ? [event] : []));
  const sizes = changes.flatMap((event) => event.changes.map((batch) => batch.sizeBytes));
  expect(changes.filter((event) => event.boundary !== null).length).toBe(1);
  expect(changes.at(-1)?.boundary?.transactionCount).toBe(1);
  expect(Math.max(...sizes)).toBeLessThan(8 * 1024 * 1024);
  const ids = new Set(rowsOf(events, table).map((row) => row[1]));
  expect(ids.size).toBe(200_000);
});

test('P20 partitioned tables come as their root, new and detached partitions too', async () => {
  await fixture.sql(
    'create table p (id int, day date, primary key (id, day)) partition by range (day)',
    `create table p1 partition of p for values from ('2024-01-01') to ('2024-02-01')`,
    `insert into p values (1, '2024-01-05')`,
  );
  const started = await fixture.start();
  expect([...started.tables.keys()]).toEqual(['public.p']);
  const table = tableOf(started, 'p');
  expect(started.copied.get(table.key)).toEqual([['+I', '1', '19727']]);
  await fixture.sql(
    `create table p2 partition of p for values from ('2024-02-01') to ('2024-03-01')`,
    `insert into p values (2, '2024-02-05')`,
    `update p set day = '2024-02-06' where id = 1`,
  );
  expect(rowsOf(await streamToEnd(started), table)).toEqual([
    ['+I', '2', '19758'],
    ['-D', '1', '19727'],
    ['+I', '1', '19759'],
  ]);
});

test('a table changed in the source fails alone', async () => {
  await fixture.sql('create table t (id int primary key, a int)', 'create table u (id int primary key)');
  const started = await fixture.start();
  await fixture.sql(
    'insert into t values (1, 1)',
    'alter table t add column b int',
    'insert into t values (2, 2, 2)',
    'insert into u values (1)',
  );
  const events = await streamToEnd(started);
  const failures = events.flatMap((event) => (event.kind === 'table-failed' ? [event.error] : []));
  expect(failures.map((error) => [error.code, error.message])).toEqual([
    ['E2032', 'table changed in the source: table=public.t reason=column-added column=b'],
  ]);
  expect(rowsOf(events, tableOf(started, 'u'))).toEqual([['+I', '1']]);
});
