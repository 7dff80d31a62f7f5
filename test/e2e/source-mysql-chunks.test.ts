// Chunks of a copy on real servers: every type and collation of key, read in parts and by key, each by a range of its
// index; and what a chunk shows of transactions that are not over. P9: no collation decides in this process where a row
// belongs.
import type mysql from 'mysql2/promise';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type RowKey, rowKeyAt } from '../../src/change/row-key.ts';
import type { SourceTable } from '../../src/change/source-table.ts';
import { tableKey } from '../../src/change/table-key.ts';
import type { MysqlSource } from '../../src/source/mysql/mysql-source.ts';
import type { ChunkRange, CopyChunk } from '../../src/source/source.ts';
import {
  freshMysqlDatabase,
  mysqlKinds,
  startMysql,
  type TestMysql,
  type TestMysqlDatabase,
  withMysql,
} from '../support/mysql-servers.ts';
import { mysqlSource } from '../support/mysql-source.ts';

const { signal } = new AbortController();
const FIRST: ChunkRange = { kind: 'after', bound: null, rowsMax: 10 };

/** Key columns of a table `t`, and the values of its rows. */
const KEYS: Readonly<Record<string, readonly [columns: string, ...rows: string[]]>> = {
  integer: ['a int', '-5', '0', '7', '2147483647', '-2147483648'],
  'unsigned bigint': ['a bigint unsigned', '9007199254740993', '18446744073709551615', '0'],
  zerofill: ['a int(7) unsigned zerofill', '1', '20', '300'],
  year: ['a year', '1901', '2155', '2024', '0'],
  decimal: ['a decimal(10,3)', '-1.5', '0', '0.001', '9999999.999', '-0.007'],
  'wide decimal': ['a decimal(38,0)', '-1', '0', '99999999999999999999999999999999999999', '128', '-129'],
  'decimal that is a text': ['a decimal(40,2)', '-1.5', '0', '99999999999999999999999999999999999999.25'],
  date: ['a date', `'1000-01-01'`, `'1969-12-31'`, `'2024-02-29'`, `'9999-12-31'`],
  'datetime of microseconds': [
    'a datetime(6)',
    `'1969-12-31 23:59:59.999999'`,
    `'2024-03-10 02:30:00.000001'`,
    `'9999-12-31 00:00:00'`,
  ],
  timestamp: ['a timestamp(3)', `'1970-01-02 00:00:01'`, `'2024-03-31 02:30:00.123'`, `'2024-03-31 03:30:00.124'`],
  time: ['a time(6)', `'-838:59:59'`, `'00:00:00.000001'`, `'-00:00:00.5'`, `'838:59:59'`],
  'a uuid in a general collation': [
    'a char(36) collate utf8mb4_general_ci',
    `'00000000-0000-0000-0000-000000000001'`,
    `'Ffffffff-ffff-ffff-ffff-ffffffffffff'`,
    `'aaaaaaaa-ffff-ffff-ffff-ffffffffffff'`,
  ],
  'text of quotes and backslashes': [
    'a varchar(20) collate utf8mb4_bin',
    `''`,
    `'it''s'`,
    `'\\\\x'`,
    `'"é漢𝄞"'`,
    `'a b'`,
    `'a,b'`,
    `'B'`,
  ],
  'text of languages': ['a varchar(20) collate utf8mb4_unicode_ci', `'ä'`, `'Z'`, `'zz'`, `'é'`, `'-'`, `'ß'`, `'Ö'`],
  latin1: ['a varchar(20) character set latin1', `'ä'`, `'Z'`, `'a b'`, `'€'`],
  utf16: ['a varchar(20) character set utf16', `'ä'`, `'Z'`, `'𝄞'`],
  binary: ['a binary(4)', `x'00'`, `x'00ff'`, `x'0027'`, `x'ffffffff'`],
  varbinary: ['a varbinary(9)', `x''`, `x'00'`, `x'0000'`, `x'27'`],
  'several columns': [
    'b varchar(5) character set latin1, a int, c date',
    `'x', 2, '2024-01-01'`,
    `'x', 2, '2024-01-02'`,
    `'X', -1, '2024-01-01'`,
    `'', 5, '2024-01-01'`,
    `'y', 0, '2024-01-01'`,
    `'w', 9, '2024-01-01'`,
  ],
};
const ACCENTS: typeof KEYS = {
  'text of accents': ['a varchar(20) collate utf8mb4_0900_ai_ci', `'ä'`, `'Z'`, `'zz'`, `'b '`, `'b'`, `'-'`],
};

const kinds = mysqlKinds();

describe.skipIf(kinds.length === 0)('servers', () => {
  describe.each(kinds)('%s', (kind) => {
    let server: TestMysql;
    let database: TestMysqlDatabase;
    let sources: MysqlSource[];
    beforeAll(async () => {
      server = await startMysql(kind);
    });
    afterAll(async () => {
      await server.stop();
    });
    beforeEach(async () => {
      database = await freshMysqlDatabase(server);
      sources = [];
    });
    afterEach(async () => {
      for (const source of sources) await source.close();
      await database.drop();
    });

    async function opened(): Promise<Opened> {
      const source = mysqlSource(database.url);
      sources.push(source);
      const { tables } = await source.open();
      const table = tables.find((candidate) => candidate.name === 't') as SourceTable;
      expect(source.chunks.supports(table.key)).toBe(true);
      await source.chunks.prepareLog([table.key], signal);
      return { source, table };
    }

    test.each(Object.entries(kind === 'mysql' ? { ...KEYS, ...ACCENTS } : KEYS))(
      'P9 a table with a key of %s is read in parts and by key',
      async (_, [columns, ...rows]) => {
        const names = columns.split(', ').map((column) => column.split(' ')[0]);
        await database.sql(
          `create table t (v int not null, ${columns}, primary key (${names.join(', ')}))`,
          ...rows.map((row, index) => `insert into t (v, ${names.join(', ')}) values (${index}, ${row})`),
        );
        const { source, table } = await opened();
        const found: Read[] = [];
        let bound: string | null = null;
        do {
          const chunk: Read = await read(source, table, { kind: 'after', bound, rowsMax: 2 });
          expect(chunk.values.length).toBeLessThanOrEqual(2);
          found.push(chunk);
          bound = chunk.next;
        } while (bound !== null);
        expect(found.length).toBeGreaterThanOrEqual(Math.floor(rows.length / 2));
        const values = found.flatMap((chunk) => chunk.values);
        expect(inOrder(values)).toEqual(rows.map((_row, index) => index));
        const keys = found.flatMap((chunk) => chunk.keys);
        expect(inOrder((await read(source, table, { kind: 'keys', keys })).values)).toEqual(inOrder(values));
        expect((await read(source, table, { kind: 'keys', keys: keys.slice(1, 2) })).values).toEqual([values[1]]);
      },
    );

    test('P9 chunks and keys are looked up in the index of the key, and nothing is sorted', async () => {
      const rows = Array.from({ length: 3000 }, (_, index) => `('${index % 7}', ${index % 50}, ${index})`);
      await database.sql(
        'create table t (a varchar(9), b int, c bigint unsigned, v int not null default 0, primary key (a, b, c))',
        `insert into t (a, b, c) values ${rows.join(', ')}`,
        'analyze table t',
        `set global log_output = 'TABLE'`,
        'set global general_log = 1',
      );
      const { source, table } = await opened();
      const first = await read(source, table, { kind: 'after', bound: null, rowsMax: 300 });
      const { keys } = await read(source, table, { kind: 'after', bound: first.next, rowsMax: 300 });
      await read(source, table, { kind: 'keys', keys });
      await database.sql('set global general_log = 0');
      const statements = await database.rows(
        `select convert(argument using utf8mb4) from mysql.general_log
          where argument like 'SELECT%${database.name}%FORCE INDEX%WHERE%'`,
      );
      expect(statements.length).toBe(4);
      for (const [statement] of statements) {
        const [plan] = await database.rows(`explain ${statement ?? ''}`);
        expect(plan).toContain('range');
        expect(plan).toContain('PRIMARY');
        expect(plan.join(' ')).not.toContain('filesort');
      }
    });

    test('keys of two orders, of rounded numbers or without an index are for whole copies', async () => {
      await database.sql(
        `create table moods (a enum('sad', 'ok') primary key)`,
        'create table doubles (a double primary key)',
        'create table bits (a bit(8) primary key)',
        'create table loose (a int not null, b int not null, primary key (b))',
      );
      const source = mysqlSource(database.url, {
        tablePolicy: (_schema, name) => ({ key: name === 'loose' ? ['a'] : 'auto', noKey: 'skip', asString: [] }),
      });
      sources.push(source);
      const { tables } = await source.open();
      expect(tables.map(({ key }) => source.chunks.supports(key))).toEqual([false, false, false, false]);
    });

    test('P31 a lock that others hold ends the wait for a chunk, and a chunk that was given up holds none', async () => {
      await database.sql('create table t (a int primary key)', 'insert into t values (1)');
      const { source, table } = await opened();
      await withMysql(database.url, async (connection) => {
        await connection.query('lock tables t write');
        expect(await source.chunks.openChunk(table.key, FIRST, signal)).toBeNull();
        await connection.query('unlock tables');
        const chunk = await chunkOf(source, table);
        await chunk.close();
        await connection.query('set lock_wait_timeout = 5');
        await connection.query('alter table t add column b int');
      });
    });

    test('P17 a chunk is of after a TRUNCATE, or TRUNCATE waits for it', async () => {
      await database.sql('create table t (a int primary key)', 'insert into t values (1)');
      const { source, table } = await opened();
      const chunk = await chunkOf(source, table);
      await withMysql(database.url, async (connection) => {
        await connection.query('set lock_wait_timeout = 1');
        await expect(connection.query('truncate t')).rejects.toMatchObject({ code: 'ER_LOCK_WAIT_TIMEOUT' });
        let count = 0;
        for await (const batch of chunk.rows()) count += batch.rowCount;
        expect(count).toBe(1);
        await chunk.close();
        await connection.query('truncate t');
        expect((await read(source, table, FIRST)).values).toEqual([]);
      });
    });

    test('a chunk is of one moment, and has what was committed when it was asked for, while many commit', async () => {
      await database.sql('create table t (v int not null, a int primary key)', 'insert into t values (0, 1), (0, 2)');
      const { source, table } = await opened();
      const total = (): Promise<number> => database.rows('select sum(v) from t').then(([row]) => Number(row[0]));
      let ended = false;
      const writers = Array.from({ length: 4 }, () =>
        withMysql(database.url, (connection) => writeUntil(connection, () => ended)),
      );
      let chunks = 0;
      while (chunks < 60) {
        // What was committed when the chunk is asked for is in it; of each transaction both rows or none.
        const before = await total();
        const { values } = await read(source, table, FIRST);
        expect(values[0]).toBe(values[1]);
        expect(values[0] + values[1]).toBeGreaterThanOrEqual(before);
        chunks++;
      }
      ended = true;
      await Promise.all(writers);
      expect(await total()).toBeGreaterThan(60);
    });
  });
});

interface Opened {
  readonly source: MysqlSource;
  readonly table: SourceTable;
}

interface Read {
  /** Of the first column. */
  readonly values: number[];
  readonly keys: readonly RowKey[];
  readonly next: string | null;
}

async function chunkOf(source: MysqlSource, table: SourceTable, range: ChunkRange = FIRST): Promise<CopyChunk> {
  const chunk = await source.chunks.openChunk(tableKey(table.schema, table.name), range, signal);
  if (chunk === null) throw new Error('no chunk to be had');
  return chunk;
}

async function read(source: MysqlSource, table: SourceTable, range: ChunkRange): Promise<Read> {
  const chunk = await chunkOf(source, table, range);
  const values: number[] = [];
  const keys: RowKey[] = [];
  for await (const { columns, rowCount } of chunk.rows()) {
    for (let row = 0; row < rowCount; row++) {
      values.push(Number(rowKeyAt(columns, [0], row)[0]));
      keys.push(rowKeyAt(columns, table.keyColumns, row));
    }
  }
  await chunk.close();
  return { values, keys, next: chunk.next };
}

function inOrder(values: readonly number[]): readonly number[] {
  return [...values].sort((a, b) => a - b);
}

async function writeUntil(connection: mysql.Connection, ended: () => boolean): Promise<void> {
  while (!ended()) await connection.query('update t set v = v + 1 order by a');
}
