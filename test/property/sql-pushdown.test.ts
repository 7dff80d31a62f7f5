// What a query wants of its tables is pushed into their scans: it reads less, and gives what it gives without that.
import { describe, expect, test } from 'vitest';
import { type Random, seededRandom } from '../../src/base/random.ts';
import type { RowObject } from '../../src/paimon/format/row-objects.ts';
import { createRowPrinter } from '../../src/paimon/format/row-json.ts';
import { Lake as PaimonLake } from '../../src/paimon/lake.ts';
import { TableSession } from '../../src/paimon/table-session.ts';
import { type Lake, openLake } from '../../src/query/lake.ts';
import type { ReadAt } from '../../src/query/read-at.ts';
import { lsnOrder } from '../../src/source/postgres/lsn.ts';
import type { FileStore } from '../../src/storage/file-store.ts';
import { LocalFileStore } from '../../src/storage/local/local-file-store.ts';
import { MemoryFileStore } from '../../src/storage/memory/memory-file-store.ts';
import { EagerClock } from '../support/eager-clock.ts';
import { OverlayStore } from '../support/overlay-store.ts';
import { tempDir } from '../support/temp-dir.ts';

const SEED = Number(process.env['SEED'] ?? '20261125');
const SECONDS = Number(process.env['PROPERTY_SECONDS'] ?? '2');
const QUERIES = 5 * SECONDS;
const ROWS = 600;
const FILE_ROWS = 100;
const DAY_MS = 86_400_000;

const COLUMNS = {
  id: 'BIGINT NOT NULL',
  region: 'STRING',
  amount: 'DECIMAL(10, 2)',
  ratio: 'DOUBLE',
  day: 'DATE',
  at: 'TIMESTAMP(3)',
  seen: 'TIMESTAMP(6) WITH LOCAL TIME ZONE',
  flag: 'BOOLEAN',
  size: 'INT',
};

/** Rows with all that SQL and a scan could see differently. */
function rowOf(random: Random, id: number): RowObject {
  const maybe = <Value>(value: Value): Value | null => (random.unit() < 0.1 ? null : value);
  return {
    id: BigInt(id),
    region: maybe(['north', 'nörd', 'south', '50%', 'a_b', 'a\\b', ''][id % 7]),
    amount: maybe(`${id}.${String(id % 100).padStart(2, '0')}`),
    ratio: maybe([0, -0, Number.NaN, id / 3, -id, 0.1][id % 6]),
    day: maybe(new Date(Math.floor(id / 10) * DAY_MS)),
    at: maybe(new Date(id * DAY_MS + 500)),
    seen: maybe(new Date(id * DAY_MS)),
    flag: maybe(id % 2 === 0),
    size: maybe((id % 50) - 25),
  };
}

async function writeTable(
  store: FileStore,
  name: string,
  table: Parameters<PaimonLake['createTable']>[1],
): Promise<void> {
  const random = seededRandom(SEED + name.length);
  const created = await new PaimonLake(store, new EagerClock()).createTable(name, table);
  const session = await TableSession.open(created, { user: 'test', clock: new EagerClock(), random });
  for (let start = 0; start < ROWS; start += FILE_ROWS) {
    await session.write(Array.from({ length: FILE_ROWS }, (_, row) => rowOf(random, start + row)));
    await session.commit();
  }
  if (table.primaryKey !== undefined) {
    await session.write([rowOf(random, 7), rowOf(random, 300)]);
    await session.delete([{ id: 9n }, { id: 310n }]);
    await session.commit();
  }
  if (name === 'shop.older') {
    await created.alter([{ kind: 'renameColumn', path: ['size'], newName: 'old_size' }]);
    await created.alter([{ kind: 'renameColumn', path: ['day'], newName: 'size' }]);
  }
  await session.close();
}

const WRITE_ONLY = { 'write-only': 'true' };

async function writeTables(store: FileStore): Promise<void> {
  await writeTable(store, 'shop.plain', { columns: COLUMNS, options: { bucket: '-1', ...WRITE_ONLY } });
  await writeTable(store, 'shop.keyed', {
    columns: COLUMNS,
    primaryKey: ['id'],
    options: { bucket: '2', ...WRITE_ONLY },
  });
  await writeTable(store, 'shop.vectors', {
    columns: COLUMNS,
    primaryKey: ['id'],
    options: { bucket: '1', 'deletion-vectors.enabled': 'true' },
  });
  await writeTable(store, 'shop.older', { columns: COLUMNS, options: { bucket: '-1', ...WRITE_ONLY } });
}

interface Site {
  readonly pushing: Lake;
  readonly whole: Lake;
}

/** The lake of a store, asked with and without pushdown. */
async function openSite(store: FileStore): Promise<Site> {
  const parts = { store, positionOrders: () => lsnOrder };
  const temporary = tempDir();
  const lake = (pushDown: boolean): Promise<Lake> =>
    openLake({ warehouse: temporary, sql: { spill: { directory: temporary }, pushDown } }, parts);
  return { pushing: await lake(true), whole: await lake(false) };
}

async function rowsOf(lake: Lake, sql: string, at: ReadAt | undefined): Promise<readonly string[]> {
  const result = await lake.sql(sql, at === undefined ? {} : { at });
  const print = createRowPrinter(result.fields, 'display');
  const lines: string[] = [];
  for await (const { columns, rowCount } of result.columns()) {
    for (let row = 0; row < rowCount; row++) lines.push(print(columns, row));
  }
  return lines.sort();
}

async function answerOf(lake: Lake, sql: string, at?: ReadAt): Promise<unknown> {
  return rowsOf(lake, sql, at).catch((error: unknown) => String(error));
}

/** A store whose files DuckDB cannot open, so that our reader reads them, and that counts what it gives. */
const memory = new OverlayStore(new MemoryFileStore(), null);
await writeTables(memory);
const inMemory = await openSite(memory);
const local = new LocalFileStore(tempDir());
await writeTables(local);
const onDisk = await openSite(local);

async function bytesOf(sql: string): Promise<number> {
  const before = memory.readBytes;
  await answerOf(inMemory.pushing, sql);
  return memory.readBytes - before;
}

/** Queries whose conditions, columns or limits must not be taken for what they are not. */
const TRICKY: readonly string[] = [
  "select id from shop.keyed where region = 'north' and id < 100",
  'select count(*) from shop.plain',
  'select count(*), count(region) from shop.vectors',
  'select count(*) from shop.keyed, shop.plain where keyed.id = plain.id and keyed.id = 5',
  'select k.id, p.region from shop.keyed k left join shop.plain p on k.id = p.id + 1 where p.region is null and k.id < 50',
  'select k.id, p.id from shop.keyed k left join shop.plain p on k.id = p.id where p.id is null',
  'select k.id, p.id from shop.keyed k right join shop.plain p on k.id = p.id where k.id is null and p.id < 20',
  'select k.id, p.id from shop.keyed k full join shop.plain p on k.id = p.id * 2 where k.id is null and p.id > 500',
  'select id from shop.keyed k where exists (select 1 from shop.plain where id = 5 and plain.id = k.id)',
  'select id from shop.plain where id in (select id from shop.keyed where id < 3)',
  'select a.id from shop.plain a join shop.plain b using (id) where a.id < 10 and b.id > 5',
  'select a.id from shop.plain a, shop.plain b where a.id = b.id + 500 and a.id > 590',
  'with w as (select * from shop.keyed where id < 10) select count(*) from w, shop.keyed',
  'select x.b from shop.plain as x(b, a) where b = 3',
  'select plain from shop.plain where id = 3',
  "select id, size as region from shop.plain where region = 'north' and id < 50",
  'select id + 1 as twice from shop.plain where twice = 5',
  'select #1 from (select * from shop.plain where id = 4)',
  'select * exclude (id) from shop.plain where id = 4',
  "select columns('i.*') from shop.plain where id = 4",
  'from shop.plain natural join (select id, size from shop.keyed where id < 5) u',
  'select (select count(*) from shop.plain), count(*) from shop.plain where id = 3',
  "select (select count(*) from query_table('shop.plain')), count(*) from shop.plain where id = 3",
  "select count(*) from shop.plain where id = 3 or region = 'south' and id < 10",
  'select count(*) from shop.plain where not (id < 590 or region is null)',
  'select count(*) from shop.plain where not (flag and id < 590)',
  'select count(*) from shop.plain where ratio = 0',
  'select count(*) from shop.plain where ratio > 1e300',
  'select count(*) from shop.plain where ratio >= 0.1 and ratio < 5',
  'select count(*) from shop.plain where amount = 100.00 or amount = 7.070',
  'select count(*) from shop.plain where amount between 5 and 6.5',
  "select count(*) from shop.plain where day = '1970-01-10' or day > date '1970-02-20'",
  "select count(*) from shop.plain where at >= '1970-06-01' and at < timestamp '1970-06-05 00:00:00.5'",
  "select count(*) from shop.plain where seen >= '1970-06-01' and seen < timestamptz '1970-06-05 00:00:00+00'",
  "select count(*) from shop.plain where region like 'n%' and id > 580",
  "select count(*) from shop.plain where region like 'a_b' or region like 'a\\%' or region like '50%'",
  "select count(*) from shop.plain where region not like 'n%' and region >= 'nörd'",
  "select count(*) from shop.plain where region collate nocase = 'NORTH'",
  'select count(*) from shop.plain where id in (1, null) or size not in (1, null)',
  "select count(*) from shop.plain where size = '3'",
  'select count(*) from shop.plain where id = 9223372036854775808 or id > 9223372036854775806',
  'select count(*) from shop.plain where id < 5.5',
  "select count(*) from shop.older where size < '1970-01-03' and old_size is not null",
  'select max(size), min(old_size), count(*) from shop.older where id > 100',
  'select region, count(*) from shop.vectors where id > 100 group by all having count(*) > 3',
  'select id from shop.keyed qualify row_number() over (partition by region order by id) = 1',
  'select id from shop.keyed where id > 590 union all select id from shop.keyed where id < 3',
  'select distinct region from shop.vectors where size > 0',
  'select id from shop.keyed order by id desc limit 3',
  'pivot shop.plain on flag using count(*) group by region',
  'select count(*) from (unpivot shop.plain on size, id into name n value v)',
  'describe shop.plain',
  'select column_name, min, max, q50, count from (summarize select id from shop.plain)',
  'select nosuch from shop.plain where id = 3',
  'select unnest([1, 2]), id from shop.plain where id = 3',
  'select list(id) from shop.plain where id in (3)',
  'select id from shop.plain, lateral (select keyed.id as other from shop.keyed where keyed.id = plain.id) where id = 3',
];

const SITES = { 'in memory': inMemory, 'on disk': onDisk };

describe.each(Object.entries(SITES))('%s', (place, site) => {
  // Each query is a DuckDB of its own, twice: `npm test` takes half of them, each in one place, CI all in both.
  const turn = place === 'on disk' ? 0 : 2;
  const queries = TRICKY.filter((_, index) => SECONDS > 2 || index % 4 === turn);
  test.each(queries)('%s', async (sql) => {
    expect(await answerOf(site.pushing, sql)).toEqual(await answerOf(site.whole, sql));
  });

  test.each(['plain', 'keyed', 'vectors'])('a limit on %s', async (table) => {
    expect(await rowsOf(site.pushing, `from shop.${table} limit 7 offset 3`, undefined)).toHaveLength(7);
    expect(await rowsOf(site.pushing, `select id from shop.${table} limit 0`, undefined)).toEqual([]);
    expect(await rowsOf(site.pushing, `select id from shop.${table} limit 100000`, undefined)).toEqual(
      await rowsOf(site.whole, `select id from shop.${table}`, undefined),
    );
  });

  test('of the past', async () => {
    const sql = 'select count(*), min(id) from shop.keyed where id < 150 and id > 3';
    for (const snapshot of [1, 3, 7]) {
      expect(await answerOf(site.pushing, sql, { snapshot })).toEqual(await answerOf(site.whole, sql, { snapshot }));
    }
    const older = 'select count(*) from shop.older where size < 3';
    expect(await answerOf(site.pushing, older, { snapshot: 2 })).toEqual(
      await answerOf(site.whole, older, { snapshot: 2 }),
    );
  });
});

test('random queries', async () => {
  process.stderr.write(`sql pushdown: SEED=${SEED}\n`);
  const random = seededRandom(SEED);
  for (let count = 0; count < QUERIES; count++) {
    const site = random.unit() < 0.5 ? inMemory : onDisk;
    const sql = anyQuery(random);
    expect({ sql, answer: await answerOf(site.pushing, sql) }).toEqual({
      sql,
      answer: await answerOf(site.whole, sql),
    });
  }
});

test('less is read', async () => {
  const metadata = await bytesOf('from shop.plain limit 0');
  const whole = (await bytesOf('select * from shop.plain order by all')) - metadata;
  const dataOf = async (sql: string): Promise<number> => (await bytesOf(sql)) - metadata;
  expect(await dataOf('select * from shop.plain where id = 150')).toBeLessThan(whole / 3);
  expect(await dataOf("select * from shop.plain where id > 550 and region <> 'x' or day = '1970-01-03'")).toBeLessThan(
    whole / 2,
  );
  expect(await dataOf('from shop.plain limit 5')).toBeLessThan(whole / 3);
  expect(await bytesOf('select count(*) from shop.plain')).toBeLessThanOrEqual(metadata);
});

function pick<Item>(random: Random, items: readonly Item[]): Item {
  return items[Math.floor(random.unit() * items.length)];
}

function anyQuery(random: Random): string {
  const table = pick(random, ['plain', 'keyed', 'vectors']);
  const where = anyWhere(random, 't', 0);
  switch (Math.floor(random.unit() * 4)) {
    case 0:
      return `select id, region from shop.${table} where ${anyWhere(random, null, 0)}`;
    case 1:
      return `select count(*), min(id), max(amount) from shop.${table} t where ${where}`;
    case 2: {
      const join = pick(random, ['join', 'left join', 'right join', 'full join', 'semi join', 'anti join']);
      return `select count(*), sum(t.id) from shop.${table} t ${join} shop.plain p on t.id = p.id + 1 where ${where}`;
    }
    default:
      return `select * from shop.${table} t where ${where} and id in (select id from shop.plain where ${anyWhere(random, 'plain', 0)})`;
  }
}

function anyWhere(random: Random, qualifier: string | null, depth: number): string {
  const again = (): string => anyWhere(random, qualifier, depth + 1);
  const kind = depth < 2 ? random.unit() : 1;
  if (kind < 0.2) return `(${again()} and ${again()})`;
  if (kind < 0.4) return `(${again()} or ${again()})`;
  if (kind < 0.5) return `not (${again()})`;
  const [column, values] = pick(random, Object.entries(VALUES));
  const name = qualifier === null ? column : `${qualifier}.${column}`;
  const value = (): string => pick(random, values);
  switch (Math.floor(random.unit() * 7)) {
    case 0:
      return `${name} between ${value()} and ${value()}`;
    case 1:
      return `${name} ${pick(random, ['in', 'not in'])} (${value()}, ${value()})`;
    case 2:
      return `${name} is ${pick(random, ['null', 'not null'])}`;
    case 3:
      return `${value()} ${pick(random, ['=', '<', '>='])} ${name}`;
    default:
      return `${name} ${pick(random, ['=', '!=', '<', '<=', '>', '>='])} ${value()}`;
  }
}

const VALUES: Readonly<Record<string, readonly string[]>> = {
  id: ['3', '150', '599', '-1', '300.5', '9', '310'],
  region: ["'north'", "'nörd'", "''", "'z'", "'50%'"],
  amount: ['100', '100.00', '7.07', '-1.5', '599.99', '0.001'],
  ratio: ['0', '0.1', '-5', '100', '1e3', "'NaN'::double"],
  day: ["'1970-01-05'", "date '1970-02-01'", "timestamp '1970-02-01 12:00:00'"],
  at: ["'1970-03-01'", "timestamp '1970-05-01 00:00:00.500'", "'1970-05-01 00:00:00.5001'", "date '1970-06-01'"],
  seen: ["'1970-03-01'", "timestamptz '1970-05-01 00:00:00Z'", "timestamp '1970-06-01 00:00:00'"],
  flag: ['true', 'false', 'null'],
  size: ['0', '-25', '24', '1000000', '3.0'],
};
