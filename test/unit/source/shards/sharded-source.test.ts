// Merged tables as the mirror sees them: their columns, batches, truncates, chunks and marks, over a source of fixed answers.
import { expect, test } from 'vitest';
import type { ChangeBatch } from '../../../../src/change/change-batch.ts';
import type { SourcePosition } from '../../../../src/change/position.ts';
import { rowKeyAt } from '../../../../src/change/row-key.ts';
import type { SourceTable } from '../../../../src/change/source-table.ts';
import { type TableKey, tableKey } from '../../../../src/change/table-key.ts';
import { INSERT } from '../../../../src/column/row-kind.ts';
import type { Vector } from '../../../../src/column/vector.ts';
import type { ChunkRange, CopyChunk, SourceEvent } from '../../../../src/source/source.ts';
import { type ShardSettings, mergedTables } from '../../../../src/source/shards/merged-tables.ts';
import { type CheckedSource, ShardedSource } from '../../../../src/source/shards/sharded-source.ts';
import { shownRows } from '../../../support/shown-rows.ts';

type Column = readonly [name: string, kind: 'int32' | 'string'];

const ID: Column = ['id', 'int32'];
const NOTE: Column = ['note', 'string'];
const ODS = 'ods.orders' as TableKey;
const POSITION = 'here' as SourcePosition;

function table(schema: string, columns: readonly Column[] = [ID, NOTE], key: readonly number[] = [0]): SourceTable {
  return {
    key: tableKey(schema, 'orders'),
    schema,
    name: 'orders',
    columns: columns.map(([name, kind], id) => ({
      name,
      id,
      nativeType: kind,
      type: { kind },
      nullable: name !== 'id',
    })),
    keyColumns: key,
    rowCountEstimate: 10,
  };
}

function settings(template = '{schema}'): ShardSettings {
  return {
    source: 'shop',
    database: 'db',
    shardOf: (schema) =>
      schema === 'public' ? null : { to: { database: 'ods', table: 'orders' }, add: { shard: template } },
  };
}

/** Rows of a shard as its source gives them: a number in each column, as its type has it. */
function batch(of: SourceTable, numbers: readonly number[]): ChangeBatch {
  const columns = of.columns.map(({ type }): Vector => {
    const length = numbers.length;
    if (type.kind === 'int32') return { kind: 'i32', length, values: Int32Array.from(numbers), validity: null };
    const texts = numbers.map((number) => `n${number}`);
    const offsets = Int32Array.from([0, ...texts.keys()], (_, row) => texts.slice(0, row).join('').length);
    return { kind: 'bytes', length, offsets, bytes: Buffer.from(texts.join('')), validity: null };
  });
  const kinds = new Uint8Array(numbers.length).fill(INSERT);
  const rest = { beforeImages: false, hasMissing: false, sizeBytes: 1 };
  return { table: of.key, rowCount: numbers.length, columns, kinds, ...rest };
}

/** A source that has these tables and gives these events; `chunks` are asked for as told. */
function source(tables: readonly SourceTable[], events: readonly SourceEvent[], asked: unknown[] = []): CheckedSource {
  return {
    positions: { includes: () => true, earliest: (a) => a, latest: (a) => a, distanceBytes: () => 0 },
    check: () => Promise.resolve({ results: [], tables }),
    open: () =>
      Promise.resolve({
        identity: { kind: 'scripted', values: {} },
        tables,
        logStart: null,
        logEnd: POSITION,
        incarnations: new Map(tables.map(({ key }) => [key, `mark of ${key}`])),
      }),
    beginCopy: () => Promise.reject(new Error('not asked for')),
    chunks: {
      supports: (key) => key !== 'b.orders',
      prepareLog: () => Promise.reject(new Error('not asked for')),
      openChunk: (key: TableKey, range: ChunkRange) => {
        asked.push([key, range]);
        const of = tables.find((one) => one.key === key) ?? tables[0];
        return Promise.resolve({
          position: POSITION,
          next: range.kind === 'after' && range.bound === null ? 'inner' : null,
          rows: async function* () {
            yield await Promise.resolve(batch(of, [1, 2]));
          },
          close: () => Promise.resolve(),
        });
      },
      close: () => Promise.resolve(),
    },
    stream: async function* () {
      for (const event of events) yield await Promise.resolve(event);
    },
    acknowledge: () => undefined,
    health: () => Promise.reject(new Error('not asked for')),
    close: () => Promise.resolve(),
  };
}

async function streamed(tables: readonly SourceTable[], events: readonly SourceEvent[]): Promise<SourceEvent[]> {
  const sharded = new ShardedSource(source(tables, events), settings());
  await sharded.open();
  const given: SourceEvent[] = [];
  const { signal } = new AbortController();
  const options = { from: POSITION, places: new Map([[ODS, POSITION]]), beforeImages: new Set<TableKey>(), signal };
  for await (const event of sharded.stream(options)) given.push(event);
  return given;
}

const A = table('a');
const B = table('b', [NOTE, ID], [1]);
const PUBLIC = table('public');

test('a merged table is in the place of its shards, with what tells them apart first', async () => {
  const sharded = new ShardedSource(source([B, PUBLIC, A], []), settings());
  const { tables, incarnations } = await sharded.open();
  const merged = tables.find(({ key }) => key === ODS);
  expect(tables.map(({ key }) => key)).toEqual(['public.orders', 'ods.orders']);
  expect(merged?.columns.map(({ name, id }) => [name, id])).toEqual([
    ['shard', null],
    ['id', null],
    ['note', null],
  ]);
  expect(merged).toMatchObject({ keyColumns: [0, 1], rowCountEstimate: 20 });
  expect(merged?.refusal).toBeUndefined();
  expect(merged?.shards).toEqual([
    ['a.orders', 'a'],
    ['b.orders', 'b'],
  ]);
  expect(incarnations.get(ODS)).toBe('["mark of a.orders","mark of b.orders"]');
  expect(sharded.chunks?.supports(ODS)).toBe(false);
});

test('rows of each shard have its value, and the columns of the merged table whatever their order', async () => {
  const changes = [batch(A, [1, 2]), batch(PUBLIC, [3]), batch(B, [4])];
  const [event] = await streamed([A, B, PUBLIC], [{ kind: 'changes', changes, boundary: null }]);
  const [merged] = mergedTables([A, B], settings());
  const given = event.kind === 'changes' ? event.changes : [];
  expect(given.map((one) => one.table)).toEqual([ODS, 'public.orders', ODS]);
  expect([given[0], given[2]].flatMap((one) => shownRows(one, merged.table))).toEqual([
    ['+I', { shard: 'a', id: 1, note: 'n1' }],
    ['+I', { shard: 'a', id: 2, note: 'n2' }],
    ['+I', { shard: 'b', id: 4, note: 'n4' }],
  ]);
});

test('where all shards are emptied the table is; where one is, it is given up to be copied anew', async () => {
  const both: SourceEvent = { kind: 'truncate', tables: [A.key, PUBLIC.key, B.key] };
  expect(await streamed([A, B, PUBLIC], [both])).toEqual([{ kind: 'truncate', tables: ['public.orders', ODS] }]);
  const changes = [batch(A, [1]), batch(PUBLIC, [2])];
  const events: SourceEvent[] = [
    { kind: 'truncate', tables: [A.key, PUBLIC.key] },
    { kind: 'changes', changes, boundary: null },
    { kind: 'truncate', tables: [B.key] },
  ];
  const given = await streamed([A, B, PUBLIC], events);
  expect(given).toMatchObject([
    { kind: 'table-failed', table: ODS, altered: 'rows' },
    { kind: 'truncate', tables: ['public.orders'] },
    { kind: 'changes', changes: [{ table: 'public.orders' }] },
  ]);
});

test('chunks go through the shards in order', async () => {
  const asked: unknown[] = [];
  const sharded = new ShardedSource(source([A, B], [], asked), settings());
  await sharded.open();
  const { signal } = new AbortController();
  const bounds: (string | null)[] = [];
  for (let bound: string | null = null; bounds.length < 10; ) {
    const range: ChunkRange = { kind: 'after', bound, rowsMax: 5 };
    const chunk: CopyChunk | null | undefined = await sharded.chunks?.openChunk(ODS, range, signal);
    bound = chunk?.next ?? null;
    bounds.push(bound);
    if (bound === null) break;
  }
  expect(asked).toEqual(
    [
      ['a.orders', null],
      ['a.orders', 'inner'],
      ['b.orders', null],
      ['b.orders', 'inner'],
    ].map(([key, bound]) => [key, { kind: 'after', bound, rowsMax: 5 }]),
  );
});

test('keys are looked for in the shard that they are of', async () => {
  const asked: unknown[] = [];
  const sharded = new ShardedSource(source([A, B], [], asked), settings());
  await sharded.open();
  const [merged] = mergedTables([A, B], settings());
  const key = (shard: string, id: number) => [Buffer.from(shard).toString('base64'), String(id)];
  const keys = [key('b', 1), key('a', 1), key('b', 2)];
  const chunk = await sharded.chunks?.openChunk(ODS, { kind: 'keys', keys }, new AbortController().signal);
  expect(asked).toEqual([
    ['a.orders', { kind: 'keys', keys: [['1']] }],
    ['b.orders', { kind: 'keys', keys: [['1'], ['2']] }],
  ]);
  const found: unknown[] = [];
  for await (const one of chunk?.rows() ?? []) {
    for (let row = 0; row < one.rowCount; row++) found.push(rowKeyAt(one.columns, merged.table.keyColumns, row));
  }
  expect(found).toEqual([key('a', 1), key('a', 2), key('b', 1), key('b', 2)]);
});

test.each<[string, SourceTable, string]>([
  ['a column less', table('b', [ID]), 'shard=b.orders lacks column=note of shard=a.orders'],
  ['a column more', table('b', [ID, NOTE, ['x', 'string']]), 'shard=a.orders lacks column=x of shard=b.orders'],
  ['another type', table('b', [ID, ['note', 'int32']]), 'column=note shard=b.orders type=int32 other=a.orders'],
  ['another key', table('b', [ID, NOTE], [0, 1]), 'shard=b.orders key=(id, note) other=a.orders key=(id)'],
])('%s is told', (_, other, reason) => {
  const [merged] = mergedTables([A, other], settings());
  expect(merged.table.refusal?.code).toBe('E2109');
  expect(merged.table.refusal?.message).toContain(reason);
});

test('shards that nothing tells apart are told, and columns of the same name', () => {
  const refusalOf = (tables: readonly SourceTable[], template: string) =>
    mergedTables(tables, settings(template))[0].table.refusal?.message;
  expect(refusalOf([A, table('b')], '{table}')).toContain('shard=a.orders has the values of shard=b.orders');
  expect(refusalOf([table('a', [ID, ['shard', 'string']])], '{schema}')).toContain('has a column=shard of its own');
  expect(refusalOf([A, table('b')], '{source}-{database}-{schema}')).toBeUndefined();
});

test('a merged table does not take the name of another one', () => {
  const taken = { ...PUBLIC, key: ODS };
  expect(() => mergedTables([A, taken], settings())).toThrow(expect.objectContaining({ code: 'E1008' }));
});
