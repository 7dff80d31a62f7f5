// The PostgreSQL source on a real server: values, kinds of changes, transactions, partitions, and what it refuses.
import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { isTributaryError } from '../../src/base/errors.ts';
import type { SourcePosition } from '../../src/change/position.ts';
import type { SourceTable } from '../../src/change/source-table.ts';
import { tableKey, type TableKey } from '../../src/change/table-key.ts';
import type { PostgresSource } from '../../src/source/postgres/postgres-source.ts';
import { dropSlot, listSlots } from '../../src/source/postgres/slot.ts';
import { DEFAULT_VALUE_POLICIES } from '../../src/source/postgres/value-policies.ts';
import type { SourceEvent } from '../../src/source/source.ts';
import { batchRows, postgresSettings, postgresSource, reaches, readLog, rowsOf } from '../support/postgres-source.ts';
import { freshDatabase, postgres, type TestDatabase, type TestPostgres, withClient } from '../support/servers.ts';
import { until } from '../support/until.ts';

let server: TestPostgres;
let database: TestDatabase;
const sources: PostgresSource[] = [];

beforeAll(async () => {
  server = await postgres();
});

afterAll(async () => {
  await server.stop();
});

beforeEach(async () => {
  database = await freshDatabase(server);
});

afterEach(async () => {
  for (const source of sources.splice(0)) await source.close();
  await database.drop();
});

async function sql(...statements: readonly string[]): Promise<void> {
  await withClient(database.url, async (client) => {
    for (const statement of statements) await client.query(statement);
  });
}

function open(changes: Parameters<typeof postgresSettings>[1] = {}): PostgresSource {
  const source = postgresSource(postgresSettings(database.url, changes));
  sources.push(source);
  return source;
}

/** An opened source with its copy: rows by table, and the position the log is read from. */
interface Started {
  readonly source: PostgresSource;
  readonly tables: ReadonlyMap<TableKey, SourceTable>;
  readonly position: SourcePosition;
  readonly copied: ReadonlyMap<TableKey, (string | null)[][]>;
}

async function start(changes: Parameters<typeof postgresSettings>[1] = {}): Promise<Started> {
  const source = open(changes);
  const { tables } = await source.open();
  const copy = await source.beginCopy(tables.map((table) => table.key));
  const copied = new Map<TableKey, (string | null)[][]>();
  for (const table of tables) {
    const rows: (string | null)[][] = [];
    for await (const batch of copy.rows(table.key, new AbortController().signal)) rows.push(...batchRows(batch, table));
    copied.set(table.key, rows);
  }
  await copy.close();
  return { source, tables: new Map(tables.map((table) => [table.key, table])), position: copy.position, copied };
}

/** The events from the copy's position to the present end of the log. */
async function streamToEnd(started: Started, beforeImages: readonly TableKey[] = []): Promise<readonly SourceEvent[]> {
  const { source, position, tables } = started;
  const { logEnd } = await source.health();
  const places = new Map([...tables.keys()].map((key) => [key, position]));
  return readLog(source, {
    from: position,
    places,
    beforeImages: new Set(beforeImages),
    enough: reaches(source, logEnd),
  });
}

function tableOf(started: Started, name: string): SourceTable {
  const table = started.tables.get(tableKey('public', name));
  if (table === undefined) throw new Error(`no table ${name}`);
  return table;
}

// Each type with values at its edges, and what the decoders make of the column.
const TYPES: readonly (readonly [type: string, values: readonly string[]])[] = [
  ['boolean', ['true', 'false']],
  ['smallint', ['-32768', '32767', '0']],
  ['integer', ['-2147483648', '2147483647']],
  ['bigint', ['-9223372036854775808', '9223372036854775807', '999999999999999', '1000000000000000', '-1']],
  ['real', ["'-0'", '1.1', "'NaN'", "'Infinity'", "'-Infinity'", '3.4028235e38', '1e-45', '16777217']],
  ['double precision', ["'-0'", '0.1', '1.7976931348623157e308', '5e-324', "'NaN'", '123456789.123456789']],
  ['numeric(10,2)', ['0', '-0.01', '99999999.99', '-99999999.99']],
  ['numeric(18,0)', ['999999999999999999', '-999999999999999999']],
  ['numeric(38,10)', ['9999999999999999999999999999.9999999999', '-0.0000000001', '128', '-128', '-129']],
  ['numeric(3,5)', ['0.00999']],
  ['numeric(40,2)', ['12345678901234567890123456789012345678.91']],
  ['numeric', ["'NaN'", '1e100', '0.1e-50']],
  [
    'text',
    [
      "''",
      "E'tab\\there\\nline\\\\back'",
      "'naïve 𝄞 漢'",
      "'\\N'",
      "(select string_agg(md5(i::text), '') from generate_series(1, 300) i)",
    ],
  ],
  ['varchar(10)', ["'abc'"]],
  ['char(5)', ["'ab'"]],
  ['bytea', ["'\\x'", "'\\x00ff0a095c'"]],
  ['date', ["'0001-01-01'", "'9999-12-31'", "'1970-01-01'", "'2024-02-29'"]],
  ['time(3)', ["'00:00'", "'23:59:59.999'"]],
  ['time', ["'12:34:56.789012'"]],
  ['timetz', ["'12:34:56.789+05:30'"]],
  ['timestamp', ["'0001-01-01 00:00:00.000001'", "'9999-12-31 23:59:59.999999'", "'1969-12-31 23:59:59.9'"]],
  ['timestamptz', ["'2024-03-10 02:30:00 US/Eastern'", "'2024-11-03 01:30:00-04'", "'9999-12-31 23:59:59.999999+00'"]],
  ['interval', ["'1 year 2 mons -3 days 04:05:06.789'"]],
  ['uuid', ["'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11'"]],
  ['json', ['\'{"a":  1}\'']],
  ['jsonb', ['\'{"b": 1.50, "a": "\\\\"}\'']],
  ['inet', ["'192.168.1.1/24'"]],
  ['mood', ["'happy'", '\'so, "so"\'']],
  ['positive', ['5']],
  ['price', ['12.30']],
  ['int4range', ["'[1,5)'"]],
  ['point', ["'(1.5,-2)'"]],
  ['pair', ['\'(1,"a b")\'']],
  ['integer[]', ["'{}'", "'{1,NULL,-3}'", "'[0:1]={7,8}'"]],
  ['text[]', ['\'{"",NULL,"NULL","a,b","q\\"uote","back\\\\slash","{}"}\'']],
  ['numeric(6,2)[]', ["'{1.5,NULL}'"]],
  ['timestamptz[]', ["'{2024-01-01 00:00:00+02}'"]],
  ['bytea[]', ["array['\\x00ff'::bytea, null]"]],
  ['box[]', ["'{(1,1),(0,0);(2,2),(1,1)}'"]],
  ['price[]', ['array[1.25::price]']],
  ['int2vector', ["'1 2 3'"]],
];
const TYPE_STATEMENTS = [
  `create type mood as enum ('happy', 'so, "so"')`,
  'create domain positive as integer check (value > 0)',
  'create domain price as numeric(8,2)',
  'create type pair as (a int, b text)',
];

/** The table `every` with one column a type, and an insert for each value and one for all NULL. */
function everyType(): { readonly create: string; readonly inserts: readonly string[] } {
  const columns = TYPES.map(([type], index) => `c${index} ${type}`).join(', ');
  const inserts = TYPES.flatMap(([type, values], index) =>
    values.map((value) => `insert into every (c${index}) values (cast(${value} as ${type}))`),
  );
  const create = `create table every (id int generated by default as identity primary key, ${columns})`;
  return { create, inserts: [...inserts, 'insert into every default values'] };
}

describe('values', () => {
  test('P8 P14 P16 P19 copied, streamed and printed by the server: all types agree', async () => {
    const { create, inserts } = everyType();
    // Settings of the database that would change what is printed, were they not overridden at every connect.
    const name = database.name;
    await sql(
      ...TYPE_STATEMENTS,
      create,
      `alter database ${name} set timezone = 'US/Eastern'`,
      `alter database ${name} set datestyle = 'German'`,
      `alter database ${name} set intervalstyle = 'sql_standard'`,
      `alter database ${name} set bytea_output = 'escape'`,
      `alter database ${name} set extra_float_digits = 0`,
      ...inserts,
    );
    const started = await start();
    const table = tableOf(started, 'every');
    const copied = started.copied.get(table.key) ?? [];
    expect(copied.length).toBe(inserts.length);
    await sql('update every set id = id + 1000');
    const streamed = rowsOf(await streamToEnd(started), table);
    const inserted = streamed.filter((row) => row[0] === '+I');
    const shifted = copied.map(([kind, id, ...values]) => [kind, String(Number(id) + 1000), ...values]);
    // The one value that is stored out of line and does not change is left out of the log.
    const long = shifted.flatMap((row) => row.filter((value) => value !== null && (value ?? '').length > 4000));
    expect(long.length).toBe(1);
    const expected = shifted.map((row) => row.map((value) => (long.includes(value) ? '<missing>' : value)));
    expect(inserted).toEqual(expected);
    const strings = table.columns.flatMap((column, index) =>
      column.type.kind === 'string' ? [[column.name, index] as const] : [],
    );
    const printed = await printedTexts(strings.map(([columnName]) => columnName));
    expect(copied.map((row) => strings.map(([, index]) => row[index + 1]))).toEqual(printed);
  });

  test('P15 exact values of each kind', async () => {
    await sql(
      'create table v (id int primary key, n numeric(10,2), w numeric(38,10), f real, d double precision, t timestamptz, x date, k time(3), a numeric(6,2)[])',
      `insert into v values (1, -0.01, -12345678901234567890.5, 0.1, 0.1, '2024-03-10 03:30:00.000001 US/Eastern', '1969-12-31', '23:59:59.999', '{1.5,NULL}')`,
    );
    const started = await start();
    const table = tableOf(started, 'v');
    expect(table.columns.map((column) => column.type)).toEqual([
      { kind: 'int32' },
      { kind: 'decimal', precision: 10, scale: 2 },
      { kind: 'decimal', precision: 38, scale: 10 },
      { kind: 'float32' },
      { kind: 'float64' },
      { kind: 'timestamptz' },
      { kind: 'date' },
      { kind: 'time' },
      { kind: 'array', element: { kind: 'decimal', precision: 6, scale: 2 } },
    ]);
    const unscaled = BigInt.asUintN(128, -123456789012345678905000000000n)
      .toString(16)
      .replace(/^(ff)+(?=[89a-f])/, '');
    const micros = BigInt(Date.UTC(2024, 2, 10, 7, 30)) * 1000n + 1n;
    const expected = [
      '+I',
      '1',
      '-1',
      unscaled,
      String(Math.fround(0.1)),
      '0.1',
      String(micros),
      '-1',
      '86399999',
      '[150|NULL]',
    ];
    expect(started.copied.get(table.key)).toEqual([expected]);
  });

  test('P16 random floats come back bit by bit', async () => {
    await sql(
      'create table f (id int primary key, r real, d double precision)',
      `insert into f select i, (random() * 2 - 1) * power(10::float8, (random() * 70 - 35))::real, (random() * 2 - 1) * power(10::float8, random() * 600 - 300) from generate_series(1, 20000) i`,
    );
    const started = await start();
    const rows = started.copied.get(tableKey('public', 'f')) ?? [];
    const sent = await withClient(database.url, async (client) => {
      const found = await client.query<{ r: string; d: string }>(
        `select encode(float4send(r), 'hex') as r, encode(float8send(d), 'hex') as d from f order by id`,
      );
      return found.rows;
    });
    const bytes = Buffer.alloc(12);
    const got = [...rows]
      .sort((a, b) => Number(a[1]) - Number(b[1]))
      .map((row) => {
        bytes.writeFloatBE(Number(row[2]), 0);
        bytes.writeDoubleBE(Number(row[3]), 4);
        return { r: bytes.toString('hex', 0, 4), d: bytes.toString('hex', 4) };
      });
    expect(got).toEqual(sent);
  });

  test('P19 what the lake cannot hold fails its table, others go on; as_null and string are obeyed', async () => {
    await sql(
      'create table bad (id int primary key, d date)',
      'create table good (id int primary key)',
      'create table lenient (id int primary key, d date, n numeric(5,1), a int[])',
      'create table text_only (id int primary key, d date)',
    );
    const started = await start({
      tablePolicy: (_schema, table) => ({
        key: 'auto',
        noKey: 'skip',
        types: {
          ...DEFAULT_VALUE_POLICIES,
          infinity: table === 'lenient' ? 'as_null' : table === 'text_only' ? 'string' : 'stop',
          multidimensional: table === 'lenient' ? 'as_null' : 'stop',
        },
      }),
    });
    await sql(
      `insert into bad values (1, '2024-01-01')`,
      `insert into good values (1)`,
      `begin; insert into good values (2); insert into bad values (2, 'infinity'); insert into good values (3); commit`,
      `insert into bad values (3, '2024-01-01')`,
      `insert into lenient values (1, '0044-03-15 BC', 'NaN', '{{1,2},{3,4}}'), (2, '10000-01-01', 1, '{1}')`,
      `insert into text_only values (1, 'infinity')`,
    );
    const events = await streamToEnd(started);
    const failures = events.flatMap((event) => (event.kind === 'table-failed' ? [event] : []));
    expect(failures.map((event) => [event.table, event.error.code])).toEqual([['public.bad', 'E4003']]);
    expect(failures[0]?.error.message).toMatch(/table=public\.bad column=d type=date position=[0-9A-F]+\/[0-9A-F]+$/);
    expect(rowsOf(events, tableOf(started, 'good')).map((row) => row[1])).toEqual(['1', '2', '3']);
    expect(rowsOf(events, tableOf(started, 'bad')).filter((row) => row[1] === '3')).toEqual([]);
    expect(rowsOf(events, tableOf(started, 'lenient'))).toEqual([
      ['+I', '1', null, null, null],
      ['+I', '2', null, '10', '[1]'],
    ]);
    expect(rowsOf(events, tableOf(started, 'text_only'))).toEqual([['+I', '1', 'infinity']]);
  });
});

/** The values of the columns as the server prints them under the settings of our sessions, in the order of the copy. */
async function printedTexts(columns: readonly string[]): Promise<(string | null)[][]> {
  const client = new pg.Client({
    connectionString: database.url,
    options: '-c timezone=UTC -c datestyle=ISO -c intervalstyle=postgres -c bytea_output=hex -c extra_float_digits=3',
  });
  await client.connect();
  try {
    // char(n) loses its padding when cast to text, so it is printed by concatenation of the type's own output.
    const list = columns.map(
      (column) => `case when ${column} is null then null else textin(format('%s', ${column})::cstring) end`,
    );
    const found = await client.query<(string | null)[]>({
      text: `select ${list.join(', ')} from (select * from every order by id) e`,
      rowMode: 'array',
    });
    return found.rows;
  } finally {
    await client.end();
  }
}

describe('changes', () => {
  test('P11 P12 P17 kinds: insert, update, unchanged value, key change, delete, truncate', async () => {
    await sql('create table t (id int primary key, a int, big text)');
    const started = await start();
    const table = tableOf(started, 't');
    await sql(
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
    expect(kinds).toEqual(['changes', 'truncate', 'changes']);
    const truncated = events.findIndex((event) => event.kind === 'truncate');
    expect(rowsOf(events.slice(truncated), table)).toEqual([['+I', '9', null, null]]);
  });

  test('replica identity full: before-images where they are wanted, whole new rows, key changes', async () => {
    await sql(
      'create table t (id int primary key, a int, big text)',
      'alter table t replica identity full',
      `insert into t select 1, 1, string_agg(md5(i::text), '') from generate_series(1, 2000) i`,
    );
    const started = await start();
    const table = tableOf(started, 't');
    await sql('update t set a = 2', 'update t set id = 3', 'delete from t');
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
    await sql(
      'create table t (id int primary key, code text not null unique, a int)',
      'alter table t replica identity using index t_code_key',
    );
    const started = await start();
    const table = tableOf(started, 't');
    expect(table.keyColumns).toEqual([1]);
    await sql(`insert into t values (1, 'x', 1)`, `update t set code = 'y'`, 'update t set id = 2', 'delete from t');
    expect(rowsOf(await streamToEnd(started), table)).toEqual([
      ['+I', '1', 'x', '1'],
      ['-D', null, 'x', null],
      ['+I', '1', 'y', '1'],
      ['+U', '2', 'y', '1'],
      ['-D', null, 'y', null],
    ]);
  });

  test('transactions: several tables, rollback, subtransactions, places', async () => {
    await sql('create table a (id int primary key)', 'create table b (id int primary key)');
    const started = await start();
    const [a, b] = [tableOf(started, 'a'), tableOf(started, 'b')];
    await sql('begin; insert into a values (1); insert into b values (1); commit');
    const middle = (await started.source.health()).logEnd;
    await sql(
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
    await sql('create table t (id int primary key)');
    const started = await start();
    const table = tableOf(started, 't');
    let { position } = started;
    for (let round = 0; round < 3; round++) {
      await sql(`insert into t values (${2 * round})`, `insert into t values (${2 * round + 1})`);
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
    await sql('create table t (id int primary key, note text)');
    const started = await start();
    const table = tableOf(started, 't');
    await sql(`insert into t select i, repeat('n', 100) from generate_series(1, 200000) i`);
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
    await sql(
      'create table p (id int, day date, primary key (id, day)) partition by range (day)',
      `create table p1 partition of p for values from ('2024-01-01') to ('2024-02-01')`,
      `insert into p values (1, '2024-01-05')`,
    );
    const started = await start();
    expect([...started.tables.keys()]).toEqual(['public.p']);
    const table = tableOf(started, 'p');
    expect(started.copied.get(table.key)).toEqual([['+I', '1', '19727']]);
    await sql(
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
    await sql('create table t (id int primary key, a int)', 'create table u (id int primary key)');
    const started = await start();
    await sql(
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
});

describe('the slot', () => {
  test('P1 P2 only what is acknowledged is confirmed, an idle log moves on by progress', async () => {
    await sql('create table t (id int primary key)', 'create table other (id int)');
    const started = await start({ includes: (_schema, table) => table === 't' });
    const { source } = started;
    const name = postgresSettings(database.url).slot.name;
    const confirmed = async (): Promise<string> => {
      const slots = await listSlots(postgresSettings(database.url));
      return String(slots.find((slot) => slot.name === name)?.confirmed);
    };
    const before = await confirmed();
    await sql('insert into t values (1)', 'insert into other values (1)');
    await streamToEnd(started);
    expect(await confirmed()).toBe(before);
    await sql('insert into other values (2)');
    const abort = new AbortController();
    const { logEnd } = await source.health();
    const places = new Map([[tableKey('public', 't'), started.position]]);
    for await (const event of source.stream({
      from: started.position,
      places,
      beforeImages: new Set(),
      signal: abort.signal,
    })) {
      const reached =
        event.kind === 'progress' ? event.position : event.kind === 'changes' ? event.boundary?.position : undefined;
      if (reached === undefined) continue;
      source.acknowledge(reached);
      if (source.positions.includes(reached, logEnd)) break;
    }
    await until(async () => BigInt(await confirmed()) > BigInt(before), { what: 'the slot moving on' });
  });

  test('P3 P4 a slot that stands after the place is refused, a missing one too', async () => {
    await sql('create table t (id int primary key)');
    const started = await start();
    const settings = postgresSettings(database.url);
    await sql(
      'insert into t values (1)',
      `select pg_replication_slot_advance('${settings.slot.name}', pg_current_wal_lsn())`,
    );
    const description = await started.source.open();
    expect(
      description.logStart !== null && started.source.positions.includes(started.position, description.logStart),
    ).toBe(false);
    await expect(streamToEnd(started)).rejects.toMatchObject({ code: 'E2104' });
    await dropSlot(settings, settings.slot.name);
    expect((await started.source.health()).status).toBe('missing');
    await expect(streamToEnd(started)).rejects.toMatchObject({ code: 'E2106' });
    await expect(dropSlot(settings, settings.slot.name)).rejects.toMatchObject({ code: 'E2024' });
  });

  test('P26 a slot in use is waited for, then refused with the process', async () => {
    await sql(
      'create table t (id int primary key)',
      `alter role postgres in database ${database.name} set wal_sender_timeout = '1s'`,
    );
    const started = await start();
    const other = postgresSource(postgresSettings(database.url));
    sources.push(other);
    await other.open();
    const abort = new AbortController();
    const options = {
      from: started.position,
      places: new Map([[tableKey('public', 't'), started.position]]),
      beforeImages: new Set<TableKey>(),
      signal: abort.signal,
    };
    const holding = started.source.stream(options)[Symbol.asyncIterator]();
    const held = holding.next();
    await until(async () => (await listSlots(postgresSettings(database.url))).some((slot) => slot.activePid !== null), {
      what: 'the slot in use',
    });
    const refused = await other
      .stream({ ...options, signal: new AbortController().signal })
      .next()
      .catch((error: unknown) => error);
    expect(isTributaryError(refused, 'E2030') && refused.message).toMatch(/pid=\d+$/);
    // Without an answer the server would have ended the connection that holds the slot within a second.
    abort.abort();
    await held;
  });

  test('P28 P27 the connection outlives a consumer that stalls longer than the server waits', async () => {
    await sql(
      'create table t (id int primary key, note text)',
      `alter role postgres in database ${database.name} set wal_sender_timeout = '500ms'`,
    );
    const started = await start();
    const table = tableOf(started, 't');
    await sql(`insert into t select i, repeat('n', 200) from generate_series(1, 100000) i`);
    const { source, position } = started;
    const places = new Map([[table.key, position]]);
    let rows = 0;
    let stalled = false;
    for await (const event of source.stream({
      from: position,
      places,
      beforeImages: new Set(),
      signal: new AbortController().signal,
    })) {
      if (event.kind !== 'changes') continue;
      for (const batch of event.changes) rows += batch.rowCount;
      if (!stalled) {
        stalled = true;
        await withClient(server.url, (client) => client.query('select pg_sleep(2)'));
      }
      if (event.boundary !== null) break;
    }
    expect(rows).toBe(100_000);
  });

  test('a killed connection is a loss to retry, and the log goes on from the same place', async () => {
    await sql('create table t (id int primary key)');
    const started = await start();
    const table = tableOf(started, 't');
    const places = new Map([[table.key, started.position]]);
    const iterator = started.source.stream({
      from: started.position,
      places,
      beforeImages: new Set(),
      signal: new AbortController().signal,
    });
    await sql('insert into t values (1)');
    await iterator.next();
    await sql(`select pg_terminate_backend(active_pid) from pg_replication_slots where active_pid is not null`);
    const failure = await (async () => {
      for (;;) await iterator.next();
    })().catch((error: unknown) => error);
    expect(isTributaryError(failure) && failure.kind).toBe('retry');
    await sql('insert into t values (2)');
    expect(rowsOf(await streamToEnd(started), table).map((row) => row[1])).toEqual(['1', '2']);
  });

  test('a second copy uses a snapshot of its own and leaves no slot behind', async () => {
    await sql('create table t (id int primary key)', 'insert into t values (1)');
    const started = await start();
    await sql('insert into t values (2)', 'create table later (id int primary key)', 'insert into later values (1)');
    const again = await start();
    expect(again.source.positions.includes(again.position, started.position)).toBe(true);
    expect(again.copied.get(tableKey('public', 't'))?.map((row) => row[1])).toEqual(['1', '2']);
    expect(again.copied.get(tableKey('public', 'later'))?.map((row) => row[1])).toEqual(['1']);
    await sql('insert into later values (2)');
    const places = new Map([
      [tableKey('public', 't'), again.position],
      [tableKey('public', 'later'), again.position],
    ]);
    const { logEnd } = await again.source.health();
    const events = await readLog(again.source, {
      from: started.position,
      places,
      enough: reaches(again.source, logEnd),
    });
    expect(rowsOf(events, tableOf(again, 'later')).map((row) => row[1])).toEqual(['2']);
    expect(rowsOf(events, tableOf(again, 't'))).toEqual([]);
    await until(
      async () => (await listSlots(postgresSettings(database.url))).every((slot) => !slot.name.includes('_copy_')),
      {
        what: 'the temporary slot gone',
      },
    );
  });
});

describe('checks', () => {
  test('P47 P48 tables that cannot be mirrored are named, with the reason and the SQL', async () => {
    await sql(
      'create table keyed (id int primary key, double int generated always as (id * 2) stored, a int)',
      'create table keyless (a int)',
      'create table deferred (id int primary key deferrable)',
      'create unlogged table unlogged (id int primary key)',
      'create view v as select 1 as id',
    );
    const started = await start();
    expect([...started.tables.keys()]).toEqual(['public.keyed']);
    expect(tableOf(started, 'keyed').columns.map((column) => column.name)).toEqual(['id', 'a']);
    const results = await started.source.check();
    const warnings = results
      .filter((result) => result.status === 'warn')
      .map((result) => [result.subject, result.code]);
    expect(warnings).toEqual([
      ['table public.deferred', 'E2026'],
      ['table public.keyed', null],
      ['table public.keyless', 'E2026'],
      ['table public.unlogged', null],
    ]);
    // The publication holds no table whose updates it would break.
    await sql('insert into keyless values (1)', 'update keyless set a = 2', 'insert into keyed (id, a) values (1, 2)');
    expect(rowsOf(await streamToEnd(started), tableOf(started, 'keyed'))).toEqual([['+I', '1', '2']]);
  });

  test('a role without rights: every refusal names what to run', async () => {
    const role = `${database.name}_user`;
    await sql(
      `create role ${role} login password 'secret-word'`,
      'create table t (id int primary key)',
      'create table hidden (id int primary key)',
      `grant select on hidden to ${role}`,
      'alter table hidden enable row level security',
    );
    try {
      const source = open({ user: role, password: () => Promise.resolve('secret-word') });
      const failures = (await source.check()).filter((result) => result.status === 'fail');
      expect(failures.map((result) => [result.subject, result.code, result.fix])).toEqual([
        ['user', 'E2022', `ALTER ROLE "${role}" REPLICATION;`],
        ['table public.hidden', 'E2025', `ALTER ROLE "${role}" BYPASSRLS;`],
        ['table public.t', 'E2022', `GRANT SELECT ON "public"."t" TO "${role}";`],
        ['tables', 'E2027', null],
      ]);
      await expect(source.open()).rejects.toMatchObject({ code: 'E2022' });
      await source.close();
      // P43: neither the message nor what it was caused by holds the password.
      const wrong = postgresSource(
        postgresSettings(database.url, { user: role, password: () => Promise.resolve('wrong-word') }),
      );
      const error = await wrong.open().catch((failure: unknown) => failure);
      expect(isTributaryError(error, 'E2011')).toBe(true);
      expect(
        JSON.stringify([error, String(error), (error as Error).cause, String((error as Error).cause)]),
      ).not.toContain('wrong-word');
      await wrong.close();
    } finally {
      await sql('drop table hidden', `drop role ${role}`);
    }
  });

  test('an existing publication and slot that do not fit are refused', async () => {
    await sql(
      'create table p (id int primary key) partition by range (id)',
      'create table p1 partition of p for values from (0) to (9)',
      `create publication tributary_test for table p with (publish = 'insert')`,
    );
    const { slot } = postgresSettings(database.url);
    const failures = (await open().check()).filter((result) => result.status === 'fail').map((result) => result.fix);
    expect(failures).toEqual([
      `ALTER PUBLICATION "tributary_test" SET (publish = 'insert, update, delete, truncate');`,
      'ALTER PUBLICATION "tributary_test" SET (publish_via_partition_root = true);',
    ]);
    await sql('drop publication tributary_test');
    const never = open({
      publication: { name: 'tributary_test', create: 'never', viaPartitionRoot: true },
      slot: { ...slot, create: 'never' },
    });
    const codes = (await never.check()).filter((result) => result.status === 'fail').map((result) => result.code);
    expect(codes).toEqual(['E2024', 'E2023']);
  });

  test('P46 the password is asked for at every connect', async () => {
    await sql('create table t (id int primary key)');
    const settings = postgresSettings(database.url);
    let asked = 0;
    const source = open({
      password: () => {
        asked++;
        return settings.password();
      },
    });
    await source.open();
    const first = asked;
    await (await source.beginCopy([tableKey('public', 't')])).close();
    expect(first).toBe(1);
    expect(asked).toBe(3);
  });
});
