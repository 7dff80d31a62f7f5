import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { CheckpointRecord } from '../../../src/checkpoint/checkpoint-record.ts';
import { CheckpointStore } from '../../../src/checkpoint/checkpoint-store.ts';
import { lsnOrder } from '../../../src/source/postgres/lsn.ts';
import { createRowPrinter } from '../../../src/paimon/format/row-json.ts';
import { type Lake, openLake } from '../../../src/query/lake.ts';
import type { ReadAt } from '../../../src/query/read-at.ts';
import type { SqlSettings } from '../../../src/query/sql.ts';
import { LocalFileStore } from '../../../src/storage/local/local-file-store.ts';
import type { FileStore } from '../../../src/storage/file-store.ts';
import { MemoryFileStore } from '../../../src/storage/memory/memory-file-store.ts';
import { CommittedTable } from '../../support/committed-table.ts';
import { EagerClock } from '../../support/eager-clock.ts';
import { until } from '../../support/until.ts';
import { tempDir } from '../../support/temp-dir.ts';
import { type TableSpec, text } from '../../support/written-table.ts';

const SPEC: TableSpec = {
  columns: { id: { kind: 'INT', nullable: false }, s: { kind: 'VARCHAR', length: 100, nullable: true } },
  primaryKeys: ['id'],
};

interface Site {
  readonly lake: Lake;
  readonly store: FileStore;
  /** Where temporary files go. */
  readonly temp: string;
}

async function site(settings: SqlSettings = {}, memory = false): Promise<Site> {
  const warehouse = tempDir();
  const temp = join(tempDir(), 'temp');
  mkdirSync(temp);
  const store = memory ? new MemoryFileStore(new EagerClock()) : new LocalFileStore(warehouse);
  const parts = { store, positionOrders: () => lsnOrder };
  const sql = { ...settings, spill: { directory: temp, ...settings.spill } };
  return { lake: await openLake({ warehouse, sql }, parts), store, temp };
}

async function rows(lake: Lake, sql: string, at?: ReadAt): Promise<readonly string[]> {
  const result = await lake.sql(sql, at === undefined ? {} : { at });
  const print = createRowPrinter(result.fields, 'display');
  const lines: string[] = [];
  for await (const { columns, rowCount } of result.columns()) {
    for (let row = 0; row < rowCount; row++) lines.push(print(columns, row));
  }
  return lines;
}

async function twoOrders({ store }: Site): Promise<CommittedTable> {
  const orders = await CommittedTable.create(store, 'shop.orders', SPEC);
  await orders.commit([
    ['+I', 1, text('a')],
    ['+I', 2, text('b')],
  ]);
  await orders.commit([
    ['+U', 1, text('c')],
    ['-D', 2, text('b')],
    ['+I', 3, null],
  ]);
  return orders;
}

describe.each([
  ['duckdb', false],
  ['reader', false],
  ['duckdb', true],
] as const)('merged by %s, memory store %s', (mergeBy, memory) => {
  it('reads the latest state, and one of before', async () => {
    const here = await site({ mergeBy }, memory);
    await twoOrders(here);
    const sql = 'select * from shop.orders order by id';
    expect(await rows(here.lake, sql)).toEqual(['{"id":1,"s":"c"}', '{"id":3,"s":null}']);
    expect(await rows(here.lake, sql, { snapshot: 1n })).toEqual(['{"id":1,"s":"a"}', '{"id":2,"s":"b"}']);
    expect(readdirSync(here.temp)).toEqual([]);
  });
});

describe('names', () => {
  it('of any case and alphabet, and reserved words, are found', async () => {
    const { lake, store } = await site();
    const columns: TableSpec['columns'] = {
      Größe: { kind: 'INT', nullable: false },
      'a "b"': { kind: 'INT', nullable: true },
    };
    const table = await CommittedTable.create(store, 'Läger.Select', { columns, primaryKeys: ['Größe'] });
    await table.commit([['+I', 1, 2]]);
    expect(await rows(lake, 'select "Größe", "a ""b""" from "Läger"."Select"')).toEqual(['{"Größe":1,"a \\"b\\"":2}']);
    expect(await rows(lake, 'select count(*) c from läger."SELECT" as t')).toEqual(['{"c":1}']);
    expect(await rows(lake, 'with x as (select 1 as a) select * from x')).toEqual(['{"a":1}']);
  });

  it('of tables that are not there get the nearest one', async () => {
    const here = await site();
    await twoOrders(here);
    await expect(rows(here.lake, 'from shop.order')).rejects.toMatchObject({
      code: 'E3120',
      message: expect.stringContaining('shop.orders') as string,
    });
    await expect(rows(here.lake, 'from orders')).rejects.toMatchObject({
      code: 'E3120',
      message: expect.stringContaining('did you mean "shop.orders"') as string,
    });
  });

  it('of result columns that are equal are told apart', async () => {
    const { lake } = await site();
    expect(await rows(lake, 'select 1 as a, 2 as a')).toEqual(['{"a":1,"a:1":2}']);
  });
});

describe('system tables', () => {
  it('are tables like others', async () => {
    const here = await site();
    await twoOrders(here);
    const sql = 'select snapshot_id, commit_kind from shop."orders$snapshots" order by 1';
    expect(await rows(here.lake, sql)).toEqual([
      '{"snapshot_id":1,"commit_kind":"APPEND"}',
      '{"snapshot_id":2,"commit_kind":"APPEND"}',
    ]);
    await expect(rows(here.lake, 'from shop."orders$nope"')).rejects.toMatchObject({ code: 'E3403' });
    await expect(rows(here.lake, 'from shop."order$files"')).rejects.toMatchObject({ code: 'E3120' });
  });

  it('take conditions, projections and joins', async () => {
    const here = await site();
    await twoOrders(here);
    const sql = `select f.level, sum(f.record_count) as n from shop."Orders$Files" f
      join shop."orders$options" o on o.key = 'bucket' where f.bucket = 0 group by all`;
    expect(await rows(here.lake, sql)).toEqual(['{"level":0,"n":5}']);
    expect(await rows(here.lake, `select rowkind, id from shop."orders$audit_log" where rowkind = '-D'`)).toEqual([
      '{"rowkind":"-D","id":2}',
    ]);
  });

  it('of a state show the state that is asked for', async () => {
    const here = await site();
    await twoOrders(here);
    const sql = 'select record_count from shop."orders$partitions"';
    expect(await rows(here.lake, sql)).toEqual(['{"record_count":5}']);
    expect(await rows(here.lake, sql, { snapshot: 1 })).toEqual(['{"record_count":2}']);
  });

  it('of the catalog are in the database sys', async () => {
    const here = await site();
    await twoOrders(here);
    expect(await rows(here.lake, 'select database_name, table_name, primary_key from sys.tables')).toEqual([
      '{"database_name":"shop","table_name":"orders","primary_key":true}',
    ]);
    expect(await rows(here.lake, 'select count(*) as n from SYS.Partitions')).toEqual(['{"n":0}']);
    await expect(rows(here.lake, 'from sys.nope')).rejects.toMatchObject({ code: 'E3403' });
  });
});

describe('refusals', () => {
  it.each([
    ['selec 1', 'E6014'],
    ['select nope from shop.orders', 'E6014'],
    ['select 1; select 2', 'E6017'],
    ['create table t (a int)', 'E6017'],
    ["set memory_limit = '8GB'", 'E6017'],
    ['explain analyze select 1', 'E6017'],
    ["select * from read_text('/etc/hostname')", 'E6014'],
    ["from '/etc/hostname'", 'E3120'],
    ["select 'infinity'::timestamp as t", 'E6013'],
    ["select time '10:00:00.000001' as t", 'E6013'],
    ["select error('x') from shop.orders", 'E6014'],
  ])('%s', async (sql, code) => {
    const here = await site();
    await twoOrders(here);
    await expect(rows(here.lake, sql)).rejects.toMatchObject({ code });
    expect(readdirSync(here.temp)).toEqual([]);
  });

  it('of writes over the files of the table', async () => {
    const here = await site();
    await twoOrders(here);
    const bucket = 'shop.db/orders/bucket-0';
    const [file] = await here.store.list(bucket);
    const location = here.store.location(`${bucket}/${file.name}`);
    await expect(rows(here.lake, `copy (from shop.orders) to '${location}'`)).rejects.toMatchObject({ code: 'E6017' });
    expect((await here.store.stat(`${bucket}/${file.name}`))?.sizeBytes).toBe(file.sizeBytes);
  });

  it('of columns that differ only in case', async () => {
    const { lake, store } = await site();
    const columns: TableSpec['columns'] = { a: { kind: 'INT', nullable: false }, A: { kind: 'INT', nullable: true } };
    await (await CommittedTable.create(store, 'db.t', { columns, primaryKeys: ['a'] })).commit([['+I', 1, 2]]);
    await expect(rows(lake, 'from db.t')).rejects.toMatchObject({ code: 'E6015' });
  });
});

describe('ends', () => {
  it('free everything when the rows are not read to their end, and when the lake is closed', async () => {
    const here = await site({ mergeBy: 'reader' });
    await twoOrders(here);
    const first = await here.lake.sql('select * from shop.orders, range(100000)');
    for await (const batch of first) {
      expect(batch.numRows).toBeGreaterThan(0);
      break;
    }
    expect(readdirSync(here.temp)).toEqual([]);
    await here.lake.sql('select * from shop.orders');
    expect(readdirSync(here.temp)).toHaveLength(1);
    await here.lake.close();
    expect(readdirSync(here.temp)).toEqual([]);
    await expect(here.lake.sql('select 1')).rejects.toMatchObject({ code: 'E6021' });
  });

  it('come where temporary files would be too large: our own, and those of DuckDB', async () => {
    const small = await site({ spill: { bytesMax: 100 } }, true);
    await twoOrders(small);
    await expect(rows(small.lake, 'SELECT * FROM shop.orders')).rejects.toMatchObject({ code: 'E3006' });
    expect(readdirSync(small.temp)).toEqual([]);

    const nowhere = await site({ spill: { directory: join(small.temp, 'nowhere') } });
    await expect(rows(nowhere.lake, 'SELECT 1')).rejects.toMatchObject({ code: 'E3001' });

    const larger = await site({ memoryBytes: 48 * 1024 ** 2, threads: 1, spill: { bytesMax: 1024 ** 2 } }, true);
    await twoOrders(larger);
    const sorted = `SELECT random() AS r, repeat('x', 100) FROM range(2000000), shop.orders ORDER BY r`;
    await expect(rows(larger.lake, sorted)).rejects.toMatchObject({ code: 'E3006' });
    expect(readdirSync(larger.temp)).toEqual([]);
  });

  it('come with the signal', async () => {
    const { lake, temp } = await site();
    const stop = new AbortController();
    const endless = 'select sum(a.range * b.range) from range(10000000) a, range(10000000) b';
    const running = lake.sql(endless, { signal: stop.signal });
    await until(() => readdirSync(temp).length > 0);
    stop.abort(new Error('enough'));
    await expect(running).rejects.toThrow('enough');
    expect(readdirSync(temp)).toEqual([]);
  });
});

describe('cuts', () => {
  function record(number: bigint, position: string, tables: Readonly<Record<string, bigint | null>>): CheckpointRecord {
    return {
      pipeline: 'shop',
      number,
      position: position as CheckpointRecord['position'],
      identity: { kind: 'postgres', values: {} },
      commitTimeMs: 0,
      token: 't',
      timeMs: Number(number) * 1000,
      tables: Object.entries(tables).map(([table, snapshotId]) => ({
        source: table as CheckpointRecord['tables'][number]['source'],
        table,
        snapshotId,
        incarnation: '1',
      })),
      stopped: [],
      copying: [],
      paused: [],
    };
  }

  async function shop(): Promise<Site> {
    const here = await site();
    const orders = await twoOrders(here);
    const lines = await CommittedTable.create(here.store, 'shop.lines', SPEC);
    const other = await CommittedTable.create(here.store, 'crm.other', SPEC);
    await lines.commit([['+I', 10, text('x')]]);
    await other.commit([['+I', 5, null]]);
    const checkpoints = new CheckpointStore(here.store, 'shop');
    await checkpoints.write(record(1n, '0/10', { 'shop.orders': 1n, 'shop.lines': null }));
    await checkpoints.write(record(2n, '0/20', { 'shop.orders': 2n, 'shop.lines': 1n }));
    await orders.commit([['+I', 9, null]]);
    return here;
  }
  const BOTH = 'select (select count(*) from shop.orders) o, (select count(*) from shop.lines) l';

  it('hold tables of one pipeline together, while a table alone is at its latest', async () => {
    const { lake } = await shop();
    expect(await rows(lake, BOTH)).toEqual(['{"o":2,"l":1}']);
    expect(await rows(lake, 'select count(*) o from shop.orders')).toEqual(['{"o":3}']);
    const mixed = 'select (select count(*) from shop.orders) o, (select count(*) from crm.other) x';
    expect(await rows(lake, mixed)).toEqual(['{"o":3,"x":1}']);
  });

  it.each([
    [{ cut: 1n }, '{"o":2,"l":0}'],
    [{ cut: 2, pipeline: 'shop' }, '{"o":2,"l":1}'],
    [{ position: '0/1F' }, '{"o":2,"l":0}'],
    [{ timestamp: 2500 }, '{"o":2,"l":1}'],
    [{ timestamp: '1970-01-01T00:00:01.5' }, '{"o":2,"l":0}'],
  ])('are chosen by %o', async (at, expected) => {
    const { lake } = await shop();
    expect(await rows(lake, BOTH, at)).toEqual([expected]);
  });

  it.each([
    [{ cut: 7n }, 'E3501'],
    [{ position: '0/1' }, 'E3501'],
    [{ cut: 1n, pipeline: 'nope' }, 'E6012'],
    [{ snapshot: 1n }, 'E6012'],
    [{ timestamp: 'noon' }, 'E6012'],
    [{ tag: 'none' }, 'E3404'],
  ])('are refused for %o', async (at, code) => {
    const { lake } = await shop();
    await expect(rows(lake, BOTH, at)).rejects.toMatchObject({ code });
  });

  it('do not hold tables of other pipelines', async () => {
    const { lake } = await shop();
    await expect(rows(lake, 'from crm.other', { cut: 1n })).rejects.toMatchObject({ code: 'E6012' });
  });
});
