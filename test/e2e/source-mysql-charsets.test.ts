// Every character of every character set: what the log's bytes become equals what the server gives a client that reads
// in UTF-8.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { tableKey } from '../../src/change/table-key.ts';
import type { ChangeSource } from '../../src/source/source.ts';
import { copySource, streamed } from '../support/mysql-log.ts';
import {
  freshMysqlDatabase,
  mysqlKinds,
  startMysql,
  type TestMysql,
  type TestMysqlDatabase,
} from '../support/mysql-servers.ts';
import { mysqlSource } from '../support/mysql-source.ts';

const kinds = mysqlKinds();
const SINGLE =
  'armscii8 cp1250 cp1251 cp1256 cp1257 cp850 cp852 cp866 dec8 geostd8 greek hebrew hp8 keybcs2 koi8r koi8u latin1 latin2 latin5 latin7 macce macroman swe7 tis620';
const DOUBLE = 'big5 cp932 euckr gb2312 gbk sjis';
const TRIPLE = 'eucjpms ujis';

/** Bytes of characters to try, as a condition on the numbers a, b, c and d of which they consist; and how many fit. */
const CANDIDATES: ReadonlyArray<{
  readonly charsets: string;
  readonly shapes: readonly (readonly string[])[];
  readonly countMin: number;
}> = [
  { charsets: SINGLE, shapes: [['a.n >= 0']], countMin: 128 },
  { charsets: DOUBLE, shapes: [['a.n >= 0'], ['a.n >= 128', 'b.n >= 0']], countMin: 6000 },
  {
    charsets: TRIPLE,
    shapes: [['a.n >= 0'], ['a.n >= 128', 'b.n >= 128'], ['a.n = 143', 'b.n >= 128', 'c.n >= 128']],
    countMin: 13_000,
  },
];
const DIGIT = 'BETWEEN 48 AND 57';
const GB18030_SHAPES = [
  ['a.n >= 0'],
  ['a.n >= 128', 'b.n >= 0'],
  ['a.n IN (129, 132, 133, 143, 144, 227, 228, 254)', `b.n ${DIGIT}`, 'c.n >= 128', `d.n ${DIGIT}`],
];
const CASES = kinds.flatMap((kind) =>
  [
    ...CANDIDATES.flatMap(({ charsets, ...rest }) => charsets.split(' ').map((charset) => ({ charset, ...rest }))),
    ...(kind === 'mysql' ? [{ charset: 'gb18030', shapes: GB18030_SHAPES, countMin: 100_000 }] : []),
  ].map((candidates) => ({ kind, ...candidates })),
);

/** Fills the table `found` of this session with the characters that a column of the set takes, and their bytes. */
function statements(charset: string, shapes: readonly (readonly string[])[]): readonly string[] {
  return [
    "set sql_mode = '', group_concat_max_len = 4000000",
    'create temporary table numbers (n int primary key)',
    `insert into numbers with recursive up as (select 0 as n union all select n + 1 from up where n < 255)
     select n from up`,
    `create temporary table found (lead_byte int, raw varbinary(4), v varchar(4) character set ${charset})`,
    ...shapes.flatMap((shape) => {
      const names = ['a', 'b', 'c', 'd'].slice(0, shape.length);
      // A session's own table cannot be named twice in a statement.
      const copies = names.map((name) => `create temporary table if not exists ${name} as select n from numbers`);
      const raw = `char(${names.map((name) => `${name}.n`).join(', ')})`;
      const insert = `insert ignore into found select a.n, ${raw}, ${raw} from ${names.join(', ')}
                      where ${shape.join(' and ')}`;
      return [...copies, insert];
    }),
    // What a column did not take is cut; what it took as two characters has been taken as each alone.
    'delete from found where hex(raw) <> hex(v) or char_length(v) <> 1',
    'insert into t select lead_byte, group_concat(v order by raw separator "") from found group by lead_byte',
  ];
}

describe.skipIf(kinds.length === 0)('servers', () => {
  describe.each(kinds)('%s', (kind) => {
    let server: TestMysql;
    let database: TestMysqlDatabase;
    let source: ChangeSource;
    beforeAll(async () => {
      server = await startMysql(kind);
    });
    afterAll(async () => {
      await server.stop();
    });
    beforeEach(async () => {
      database = await freshMysqlDatabase(server);
      source = mysqlSource(database.url);
    });
    afterEach(async () => {
      await source.close();
      await database.drop();
    });

    test.each(CASES.filter((one) => one.kind === kind))('$charset', async ({ charset, shapes, countMin }) => {
      await database.sql(`create table t (id int primary key, v longtext character set ${charset})`);
      const start = await copySource(source);
      await database.sql(...statements(charset, shapes));
      const [[rowCount, characterCount] = []] = await database.rows('select count(*), sum(char_length(v)) from t');
      expect(Number(characterCount)).toBeGreaterThanOrEqual(countMin);
      const changes = await streamed(start, Number(rowCount));
      const copied = (await copySource(source)).rows.get(tableKey(database.name, 't'));
      expect(changes).toEqual(copied);
    });
  });
});
