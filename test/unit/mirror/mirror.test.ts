// The mirror at its edges: stopping on a silent log, tables that come back, a lease that is lost during the copy.
import { EVOLVES } from '../../support/evolves.ts';
import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../../src/base/random.ts';
import { TributaryError } from '../../../src/base/errors.ts';
import { silentLogger } from '../../../src/base/log.ts';
import type { TableKey } from '../../../src/change/table-key.ts';
import { CheckpointStore } from '../../../src/checkpoint/checkpoint-store.ts';
import type { TableMapping } from '../../../src/mapping/lake-table.ts';
import { mirror, type MirrorEnd } from '../../../src/mirror/mirror.ts';
import type { MirrorSettings } from '../../../src/mirror/settings.ts';
import { PipelineControl } from '../../../src/mirror/control.ts';
import { newPipelineTelemetry } from '../../../src/mirror/telemetry.ts';
import { InlineRunner } from '../../../src/paimon/lsm/task-runner.ts';
import { SchemaStore } from '../../../src/paimon/schema/schema-store.ts';
import { Table } from '../../../src/paimon/table.ts';
import { TableSession } from '../../../src/paimon/table-session.ts';
import type { SourceEvent } from '../../../src/source/source.ts';
import { MemoryFileStore } from '../../../src/storage/memory/memory-file-store.ts';
import { EagerClock } from '../../support/eager-clock.ts';
import { FaultyFileStore, type FaultPlan, faultOn } from '../../support/faulty-file-store.ts';
import { ScriptedDatabase, ScriptedLoad, scriptedPosition } from '../../support/scripted-database.ts';
import { ScriptedSource } from '../../support/scripted-source.ts';

const SETTINGS: MirrorSettings = {
  pipeline: 'shop',
  database: 'shop',
  mapping: () => ({ database: '{schema}', table: '{table}', case: 'preserve', buckets: 1, options: {} }),
  commit: { intervalMs: 100, bytesMax: 1 << 20, rowsMax: 1000 },
  memoryBytesMax: 1 << 20,
  heartbeatMs: 1000,
  copy: { rowsMax: 50_000, bytesMax: 1 << 26, ageMaxMs: 60_000, heldBytesMax: 1 << 25, bytesPerSecondMax: null },
  snapshots: { retainMs: 1e12, countMin: 1000 },
  compaction: 'off',
  evolution: EVOLVES,
  onTableError: 'isolate',
  onLogLost: 'stop',
  isolateLagBytesMax: 1e12,
  untilCaughtUp: false,
  acceptGap: null,
};

function site() {
  const clock = new EagerClock();
  const random = seededRandom(1);
  const store = new MemoryFileStore(clock);
  const database = new ScriptedDatabase(['accounts', 'orders']);
  const load = new ScriptedLoad(database, random);
  for (let step = 0; step < 30; step++) load.step(clock.nowMs());
  /** One whose tables are copied in chunks has a log that goes on, silent. */
  const source = (tables = database.tables, chunked = false) =>
    new ScriptedSource(database, {
      random,
      tables,
      lossChance: 0,
      chunked,
      more: async () => {
        if (chunked) await clock.sleep(50);
        return chunked;
      },
    });
  /** What the next run is asked for. */
  const resyncs: TableKey[] = [];
  const run = (
    plan: FaultPlan = () => null,
    from = source(),
    signal = new AbortController().signal,
    settings = SETTINGS,
  ): Promise<MirrorEnd> => {
    const faulty = new FaultyFileStore(store, plan, clock);
    const control = new PipelineControl();
    for (const key of resyncs.splice(0)) control.ask('resync', key).catch(() => {});
    const parts = {
      source: from,
      store: faulty,
      checkpoints: new CheckpointStore(faulty, 'shop'),
      runner: new InlineRunner(faulty),
      process: { host: 'here', pid: 1, isAlive: () => false },
      clock,
      random,
      log: silentLogger,
      telemetry: newPipelineTelemetry('shop', 0),
      control,
    };
    return mirror(parts, settings, signal);
  };
  const keys = async (name: string, column = 0): Promise<number[]> => {
    const table = await Table.open(store, { database: 'shop', table: name });
    const found: number[] = [];
    for await (const { columns, rowCount } of table.read({}))
      for (let row = 0; row < rowCount; row++) {
        const ids = columns[column];
        if (ids.kind === 'i64') found.push(ids.values[2 * row]);
      }
    return found.sort((a, b) => a - b);
  };
  const expected = (index: number): number[] =>
    [...database.state(database.tables[index]).keys()].sort((a, b) => a - b);
  return { clock, store, database, load, source, resyncs, run, keys, expected };
}

describe('mirror', () => {
  it('stops while the source waits for its log', async () => {
    const { run, source } = site();
    const stop = new AbortController();
    const silent = source();
    const log = silent.stream.bind(silent);
    silent.stream = async function* (options): AsyncGenerator<SourceEvent> {
      yield* log(options);
      stop.abort();
      await new Promise<void>((resolve) => {
        options.signal.addEventListener('abort', () => resolve());
      });
    };
    await expect(run(() => null, silent, stop.signal)).resolves.toBe('ended');
  });

  it('copies a table again that was removed from the lake, however often that is interrupted', async () => {
    const { run, store, keys, expected } = site();
    await run();
    await store.deleteDirectory('shop.db/orders');
    const crash = faultOn({ operation: 'create', path: /orders\/snapshot/ }, { kind: 'crash', effect: false });
    await expect(run(crash)).rejects.toMatchObject({ code: 'E3453' });
    await run();
    expect(expected(1).length).toBeGreaterThan(0);
    expect(await keys('orders')).toEqual(expected(1));
  });

  it('goes on with a copy in place whose table stopped before anything of it was committed', async () => {
    const { run, store, database, load, source, resyncs, keys, expected, clock } = site();
    const chunked = () => source(database.tables, true);
    const catchUp = (from = chunked()) => run(() => null, from, undefined, { ...SETTINGS, untilCaughtUp: true });
    await catchUp();
    const orders = database.tables[1];
    const session = await TableSession.open(await Table.open(store, { database: 'shop', table: 'orders' }), {
      user: 'vandal',
    });
    await session.write([{ id: 999_999n, name: 'strange', big: null, amount: -1 }]);
    await session.commit();
    await session.close();
    resyncs.push(orders);
    await expect(run(() => null, chunked())).resolves.toBe('again');
    for (let step = 0; step < 30; step++) load.step(clock.nowMs());
    const failing = chunked();
    const log = failing.stream.bind(failing);
    failing.stream = async function* (options): AsyncGenerator<SourceEvent> {
      yield { kind: 'table-failed', table: orders, error: new TributaryError('E4006', 'a bad row') };
      yield* log(options);
    };
    await catchUp(failing);
    expect(await keys('orders')).toContain(999_999);
    await catchUp();
    expect(await keys('orders')).toEqual(expected(1));
    expect(await keys('accounts')).toEqual(expected(0));
  });

  it('copies over what the lake has of a table whose place nobody knows any more', async () => {
    const { run, store, database, keys, expected, clock } = site();
    await run();
    // As after a while without the table in the configuration: a compaction's snapshot is all that is left of it.
    const path = 'shop.db/orders/snapshot/snapshot-1';
    const text = Buffer.from(await store.read(path)).toString();
    await store.replace(path, Buffer.from(text.replace(/"commitUser" *: *"shop"/, '"commitUser": "shop-compaction"')));
    await store.deleteDirectory('_tributary/shop');
    const [, orders] = database.tables;
    const [gone] = database.state(orders).values();
    database.commit([{ kind: 'delete', table: orders, before: gone }], clock.nowMs());
    database.confirmed = Math.min(database.confirmed ?? 0, database.logEnd);
    await run();
    expect(await keys('orders')).toEqual(expected(1));
    expect(await keys('accounts')).toEqual(expected(0));
  });

  it('goes on where others have given a lake table a column of their own, which is NULL', async () => {
    const { run, keys, expected, load, clock, store } = site();
    await run();
    const schemas = new SchemaStore(store, 'shop.db/orders');
    await schemas.update((latest) => ({
      ...latest,
      id: latest.id + 1,
      highestFieldId: latest.highestFieldId + 1,
      fields: [
        { id: latest.highestFieldId + 1, name: 'more', type: { kind: 'VARCHAR', length: 9, nullable: true } },
        ...latest.fields,
      ],
    }));
    for (let step = 0; step < 20; step++) load.step(clock.nowMs());
    await run();
    expect(await keys('orders', 1)).toEqual(expected(1));
  });

  it('stops a table whose columns are not those of the lake where it is told to, and follows the others', async () => {
    const { run, keys, expected, load, clock, store, database } = site();
    await run();
    const schemas = new SchemaStore(store, 'shop.db/orders');
    await schemas.update((latest) => ({ ...latest, id: latest.id + 1, fields: latest.fields.slice(0, -1) }));
    const ordersBefore = await keys('orders');
    const confirmedBefore = database.confirmed;
    for (let step = 0; step < 20; step++) load.step(clock.nowMs());
    const evolution = { ...EVOLVES, onChange: 'stop' } as const;
    await run(() => null, undefined, undefined, { ...SETTINGS, evolution });
    expect(await keys('accounts')).toEqual(expected(0));
    expect(await keys('orders')).toEqual(ordersBefore);
    // The log that the stopped table still needs is kept.
    expect(database.confirmed).toBe(confirmedBefore);
  });

  it.each([
    ['merge-engine', 'first-row'],
    ['ignore-delete', 'true'],
  ])('refuses a table that was altered behind it so that it is no mirror any more: %s', async (key, value) => {
    const { run, store } = site();
    await run();
    await new SchemaStore(store, 'shop.db/orders').update((latest) => ({
      ...latest,
      id: latest.id + 1,
      options: { ...latest.options, [key]: value },
    }));
    await expect(run()).rejects.toMatchObject({ code: 'E1300' });
  });

  it('gives a table the options of the configuration, and stops the one that cannot get them', async () => {
    const { run, store, keys, expected, load, clock, database } = site();
    await run();
    const ordersBefore = await keys('orders');
    for (let step = 0; step < 20; step++) load.step(clock.nowMs());
    const mapping = (key: string): TableMapping => ({
      ...SETTINGS.mapping(database.tables[0]),
      options: key.endsWith('orders') ? { 'bucket-key': 'id' } : { 'changelog-producer': 'lookup' },
    });
    await run(undefined, undefined, undefined, { ...SETTINGS, mapping });
    const accounts = await Table.open(store, { database: 'shop', table: 'accounts' });
    expect(accounts.schema.options['changelog-producer']).toBe('lookup');
    expect(await keys('accounts')).toEqual(expected(0));
    const orders = await Table.open(store, { database: 'shop', table: 'orders' });
    expect(orders.schema.options['bucket-key']).toBeUndefined();
    expect(await keys('orders')).toEqual(ordersBefore);
  });

  it('refuses to begin where each table would have to stand in other buckets', async () => {
    const { run, database } = site();
    await run();
    const mapping = (): TableMapping => ({ ...SETTINGS.mapping(database.tables[0]), buckets: 7 });
    const other = { ...SETTINGS, mapping };
    await expect(run(undefined, undefined, undefined, other)).rejects.toMatchObject({ code: 'E1301' });
  });

  it('reads on over a gap that was accepted, and records it for ever', async () => {
    const { run, keys, expected, load, clock, store, database } = site();
    await run();
    const from = (await new CheckpointStore(store, 'shop').latest())?.position ?? '';
    for (let step = 0; step < 10; step++) load.step(clock.nowMs());
    // Another consumer has moved the log on.
    database.confirmed = database.logEnd;
    const to = scriptedPosition(database.logEnd);
    await expect(run()).rejects.toMatchObject({ code: 'E2104' });
    const inserted = { id: 77, name: 'after the gap', big: null, amount: 1_000_000 };
    database.commit([{ kind: 'insert', table: database.tables[0], row: inserted }], clock.nowMs());
    await run(undefined, undefined, undefined, { ...SETTINGS, acceptGap: { from, to } });
    expect(await keys('accounts')).toContain(77);
    expect(expected(0)).toContain(77);
    const [gap] = (await store.list('_tributary/shop')).filter((entry) => entry.name.startsWith('accepted-gap-'));
    const text = new TextDecoder().decode(await store.read(`_tributary/shop/${gap.name}`));
    expect(JSON.parse(text)).toMatchObject({ from, to });
  });

  it('is caught up only where a table that was copied meanwhile is covered', async () => {
    const { run, keys, expected, load, clock, store, database, source } = site();
    await run(undefined, source([database.tables[0]]));
    for (let step = 0; step < 10; step++) load.step(clock.nowMs());
    const second = source();
    const begin = second.beginCopy.bind(second);
    second.beginCopy = (...given) => {
      // The log goes on between the look at its end and the copy.
      for (let step = 0; step < 10; step++) load.step(clock.nowMs());
      return begin(...given);
    };
    await run(undefined, second, undefined, { ...SETTINGS, untilCaughtUp: true });
    const record = await new CheckpointStore(store, 'shop').latest();
    expect(record?.tables.map((table) => table.table).sort()).toEqual(['shop.accounts', 'shop.orders']);
    expect(await keys('accounts')).toEqual(expected(0));
    expect(await keys('orders')).toEqual(expected(1));
  });

  it('goes on without a table whose rows cannot be copied', async () => {
    const { run, keys, expected, source, database, load, clock } = site();
    const broken = source();
    const begin = broken.beginCopy.bind(broken);
    broken.beginCopy = async (...given) => {
      const copy = await begin(...given);
      return {
        ...copy,
        rows: (table, signal) => {
          if (table === database.tables[0]) throw new TributaryError('E4001', 'a row cannot be represented');
          return copy.rows(table, signal);
        },
      };
    };
    await run(undefined, broken);
    expect(await keys('accounts')).toEqual([]);
    expect(await keys('orders')).toEqual(expected(1));
    for (let step = 0; step < 10; step++) load.step(clock.nowMs());
    await run();
    expect(await keys('accounts')).toEqual(expected(0));
    expect(await keys('orders')).toEqual(expected(1));
  });

  it('publishes nothing of a copy whose lease was taken over', async () => {
    const { run, store } = site();
    const lease = { token: 'other', host: 'there', pid: 2, renewedMs: 0 };
    const written: Promise<void>[] = [];
    const takeOver: FaultPlan = (call) => {
      if (call.operation === 'openWrite')
        written.push(store.replace('_tributary/shop/lease', Buffer.from(JSON.stringify(lease))));
      return null;
    };
    await expect(run(takeOver)).rejects.toMatchObject({ code: 'E5003' });
    await Promise.all(written);
    expect(await store.list('shop.db/accounts/snapshot')).toEqual([]);
  });
});
