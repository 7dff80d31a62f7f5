// Chunks of a copy on a real server: every type and collation of key, read in parts and by key; and what a chunk shows of
// transactions that are not over. P9: no collation decides in this process where a row belongs.
import { expect, test } from 'vitest';
import { type RowKey, rowKeyAt } from '../../src/change/row-key.ts';
import { tableKey } from '../../src/change/table-key.ts';
import type { SourceTable } from '../../src/change/source-table.ts';
import type { ChunkedCopies, ChunkRange } from '../../src/source/source.ts';
import { DEFAULT_VALUE_POLICIES } from '../../src/source/postgres/value-policies.ts';
import { postgresFixture } from '../support/postgres-fixture.ts';
import { batchRows } from '../support/postgres-source.ts';
import { withClient } from '../support/servers.ts';

const fixture = postgresFixture();
const { signal } = new AbortController();

/** Key columns of a table `t`, and the values of its rows. */
const KEYS: Readonly<Record<string, readonly [columns: string, ...rows: string[]]>> = {
  integer: ['a int', '-5', '0', '7', '2147483647', '-2147483648'],
  bigint: ['a bigint', '9007199254740993', '-9223372036854775808', '0'],
  boolean: ['a boolean', 'true', 'false'],
  'text of quotes and backslashes': ['a text', `''`, `'it''s'`, `E'\\\\x\\t\\n'`, `'"é漢𝄞"'`, `'a b'`, `'a,b'`],
  'text in an order of its own': ['a text collate "C"', `'b'`, `'B'`, `'a'`, `'_'`, `'A'`, `'z é'`],
  'char that is padded': ['a char(5)', `'a'`, `'ab'`, `' b'`, `'abcde'`],
  uuid: ['a uuid', `'00000000-0000-0000-0000-000000000001'`, `'ffffffff-ffff-ffff-ffff-ffffffffffff'`],
  bytea: ['a bytea', `'\\x'`, `'\\x00ff'`, `'\\x0027'`],
  date: ['a date', `'0001-01-01'`, `'1969-12-31'`, `'2024-02-29'`, `'9999-12-31'`],
  time: ['a time(3)', `'00:00'`, `'12:34:56.789'`, `'23:59:59.999'`],
  'time of microseconds': ['a time', `'00:00:00.000001'`, `'23:59:59.999999'`],
  timestamp: ['a timestamp', `'0001-01-01 00:00:00.000001'`, `'1969-12-31 23:59:59.999999'`, `'2024-03-10 02:30:00'`],
  timestamptz: ['a timestamptz', `'1969-12-31 23:59:59.999999+00'`, `'2024-03-10 02:30:00+05:30'`],
  numeric: ['a numeric(10,3)', '-1.5', '0', '0.001', '9999999.999', '-0.007'],
  'wide numeric': ['a numeric(38,0)', '-1', '0', '99999999999999999999999999999999999999', '128', '-129'],
  'numeric without precision': ['a numeric', '1.50', '-0.1', '1e30'],
  'double precision': ['a double precision', '0.1', '-1e300', '5e-324', '0'],
  real: ['a real', '0.1', '16777217', '-3.4e38'],
  'a type of its own': ['a mood', `'sad'`, `'ok'`, `'happy'`],
  'several columns': ['b text, a int', `'x', 2`, `'x', -1`, `'', 5`, `'y', 0`, `'w', 9`],
};

test.each(Object.entries(KEYS))(
  'P9 a table with a key of %s is read in parts and by key',
  async (_, [columns, ...rows]) => {
    const names = columns.split(', ').map((column) => column.split(' ')[0]);
    await fixture.sql(
      `create type mood as enum ('sad', 'ok', 'happy')`,
      `create table t (v serial, ${columns}, primary key (${names.join(', ')}))`,
      ...rows.map((row) => `insert into t (${names.join(', ')}) values (${row})`),
    );
    const { chunks, table } = await opened();
    const found: (string | null)[][] = [];
    const keys: RowKey[] = [];
    let bound: string | null = null;
    let count = 0;
    do {
      const chunk: Awaited<ReturnType<typeof read>> = await read(chunks, table, { kind: 'after', bound, rowsMax: 2 });
      found.push(...chunk.rows);
      keys.push(...chunk.keys);
      expect(chunk.rows.length).toBeLessThanOrEqual(2);
      bound = chunk.next;
      count++;
    } while (bound !== null);
    expect(count).toBeGreaterThanOrEqual(Math.floor(rows.length / 2));
    expect(found.map((row) => String(row[1])).sort()).toEqual(rows.map((_row, index) => String(index + 1)).sort());
    const again = await read(chunks, table, { kind: 'keys', keys });
    expect(texts(again.rows)).toEqual(texts(found));
    const one = await read(chunks, table, { kind: 'keys', keys: keys.slice(1, 2) });
    expect(one.rows).toEqual([found[1]]);
  },
);

test('an order of languages decides nothing here, and children by inheritance and partitions are as in the log', async () => {
  await fixture.sql(
    `create collation german (provider = icu, locale = 'de-u-ks-level2', deterministic = false)`,
    'create table t (a text collate german primary key)',
    `insert into t values ('ä'), ('Z'), ('a'), ('é'), ('zz'), ('Ö'), ('-')`,
    'create table child () inherits (t)',
    `insert into child values ('not of t')`,
    'create table parted (a int primary key) partition by range (a)',
    'create table parted_1 partition of parted for values from (0) to (10)',
    'create table parted_2 partition of parted for values from (10) to (20)',
    'insert into parted select generate_series(0, 19)',
  );
  const { chunks, table } = await opened();
  expect(await allRows(chunks, table, 2)).toEqual(['-', 'Z', 'a', 'zz', 'ä', 'é', 'Ö'].sort());
  const parted = await opened('parted');
  const expected = Array.from({ length: 20 }, (_, index) => String(index)).sort();
  expect(await allRows(parted.chunks, parted.table, 3)).toEqual(expected);
});

test('a key that no index is in the order of is for whole copies', async () => {
  await fixture.sql(
    'create table t (a int primary key, b int not null, c int[] not null)',
    'alter table t replica identity full',
    'create table lists (a int[] primary key)',
  );
  const policy = { noKey: 'skip', types: DEFAULT_VALUE_POLICIES } as const;
  const source = fixture.source({
    tablePolicy: (_schema, name) => ({ ...policy, key: name === 't' ? ['b'] : 'auto' }),
  });
  await source.open();
  expect(source.chunks.supports(tableKey('public', 't'))).toBe(false);
  expect(source.chunks.supports(tableKey('public', 'lists'))).toBe(false);
});

test('P6 what ran when the log was prepared has to be over before a chunk is read', async () => {
  await fixture.sql('create table t (a int primary key)', 'insert into t values (1)');
  // The slot itself waits for what runs when it is made.
  await (await opened()).chunks.close();
  await withClient(fixture.url, async (client) => {
    await client.query('begin');
    await client.query('insert into t values (2)');
    const { chunks, table } = await opened();
    const range: ChunkRange = { kind: 'after', bound: null, rowsMax: 10 };
    expect(await chunks.openChunk(table.key, range, signal)).toBeNull();
    await client.query('commit');
    expect((await read(chunks, table, range)).rows.map((row) => row[1])).toEqual(['1', '2']);
    // What has begun since is the log's to give.
    await client.query('begin');
    await client.query('insert into t values (3)');
    expect((await read(chunks, table, range)).rows.map((row) => row[1])).toEqual(['1', '2']);
    await client.query('rollback');
  });
});

test('P31 a lock that others hold or wait for ends the wait for a chunk, not the copy', async () => {
  await fixture.sql('create table t (a int primary key)', 'insert into t values (1)');
  const { chunks, table } = await opened();
  const range: ChunkRange = { kind: 'after', bound: null, rowsMax: 10 };
  await withClient(fixture.url, async (client) => {
    await client.query('begin');
    await client.query('lock table t in access exclusive mode');
    expect(await chunks.openChunk(table.key, range, signal)).toBeNull();
    await client.query('commit');
    // A chunk that is not read to its end holds nothing once it is closed.
    const chunk = await chunks.openChunk(table.key, range, signal);
    await chunk?.close();
    await client.query(`set lock_timeout = '1s'`);
    await client.query('alter table t add column b int');
  });
});

test('P17 a chunk is of after a TRUNCATE, or TRUNCATE waits for it', async () => {
  await fixture.sql('create table t (a int primary key)', 'insert into t values (1)');
  const { chunks, table } = await opened();
  const chunk = await chunks.openChunk(table.key, { kind: 'after', bound: null, rowsMax: 10 }, signal);
  await withClient(fixture.url, async (client) => {
    await client.query(`set lock_timeout = '100ms'`);
    await expect(client.query('truncate t')).rejects.toMatchObject({ code: '55P03' });
    let count = 0;
    for await (const batch of chunk?.rows() ?? []) count += batch.rowCount;
    expect(count).toBe(1);
    await chunk?.close();
    await client.query('truncate t');
  });
});

async function opened(name = 't'): Promise<{ readonly chunks: ChunkedCopies; readonly table: SourceTable }> {
  const source = fixture.source();
  const { tables } = await source.open();
  const table = tables.find((candidate) => candidate.name === name) as SourceTable;
  expect(source.chunks.supports(table.key)).toBe(true);
  await source.chunks.prepareLog([table.key], signal);
  return { chunks: source.chunks, table };
}

async function read(
  chunks: ChunkedCopies,
  table: SourceTable,
  range: ChunkRange,
): Promise<{ readonly rows: (string | null)[][]; readonly keys: readonly RowKey[]; readonly next: string | null }> {
  const chunk = await chunks.openChunk(table.key, range, signal);
  if (chunk === null) throw new Error('no chunk to be had');
  const rows: (string | null)[][] = [];
  const keys: RowKey[] = [];
  for await (const batch of chunk.rows()) {
    rows.push(...batchRows(batch, table));
    for (let row = 0; row < batch.rowCount; row++) keys.push(rowKeyAt(batch.columns, table.keyColumns, row));
  }
  await chunk.close();
  return { rows, keys, next: chunk.next };
}

async function allRows(chunks: ChunkedCopies, table: SourceTable, rowsMax: number): Promise<readonly string[]> {
  const found: (string | null)[] = [];
  let bound: string | null = null;
  do {
    const chunk: Awaited<ReturnType<typeof read>> = await read(chunks, table, { kind: 'after', bound, rowsMax });
    found.push(...chunk.rows.map((row) => row[1]));
    bound = chunk.next;
  } while (bound !== null);
  return found.map(String).sort();
}

function texts(rows: readonly (readonly (string | null)[])[]): readonly string[] {
  return rows.map((row) => JSON.stringify(row)).sort();
}
