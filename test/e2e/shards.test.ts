// Shards of one source merged into one lake table (issue 6, item 7) on each kind of server: first copies in chunks, the log
// and truncated shards over kills, a new shard, shards that have other columns for a while, and one that is gone.
import { afterEach, describe, expect, test } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import type { Random } from '../../src/base/random.ts';
import { below } from '../support/every-type.ts';
import { mirrorSite } from '../support/mirror-site.ts';
import { mysqlKinds } from '../support/mysql-servers.ts';
import { printedSeed } from '../support/seeds.ts';
import { postgres } from '../support/servers.ts';
import { addShard, type ShardedKind, type ShardedSite, shardedSite, showShards } from '../support/sharded-site.ts';
import { until } from '../support/until.ts';

const KINDS: readonly ShardedKind[] = ['postgres', ...mysqlKinds()];
const KILLS = 8;
const BOTH = ['orders', 'other'];
const INPUT = 'options: { changelog-producer: input }';
const PLAIN = 'buckets: 2';

describe.each(KINDS)('%s', (kind) => {
  let site: ShardedSite;
  afterEach(() => site.close());

  test.each([PLAIN, INPUT])('kills under load, with shards that are emptied: %s', async (options) => {
    const { random } = printedSeed(`shards on ${kind}`);
    site = await shardedSite(kind, options);
    let ended = false;
    const load = change(site, random, () => ended);
    for (let life = 0; life < KILLS; life++) {
      const daemon = site.start();
      await Promise.race([systemClock.sleep(500 + random.unit() * 2500), daemon.exit]);
      expect(await daemon.kill('SIGKILL'), daemon.stderr()).toMatchObject({ signal: 'SIGKILL' });
    }
    ended = true;
    await load;
    const daemon = site.start();
    await site.caughtUp();
    expect(await site.differences(BOTH)).toEqual([]);
    // Once more without a copy: one that ends at last might hide what the log has lost.
    await site.sql('update orders_2 set id = id + 1000000 where id < 50', 'delete from orders_3 where id % 3 = 0');
    await site.caughtUp();
    expect(await site.differences(BOTH)).toEqual([]);
    expect(await daemon.kill('SIGTERM'), daemon.stderr()).toEqual({ code: 0, signal: null });
  });

  test('a shard that is emptied takes its rows alone, and others are merged when they come', async () => {
    site = await shardedSite(kind, PLAIN);
    const first = site.start();
    await site.caughtUp();
    await site.sql('truncate table orders_2', `insert into orders_2 values (7, 'after')`);
    await until(async () => (await site.differences(BOTH)).length === 0, { what: 'the emptied shard' });
    expect(await first.kill('SIGTERM'), first.stderr()).toEqual({ code: 0, signal: null });
    await addShard(site, 4);
    await showShards(site, { numbers: [1, 2, 3, 4], columns: 'id, note' });
    await site.sql(`update orders_1 set note = 'meanwhile' where id < 10`);
    const second = site.start();
    await site.caughtUp();
    expect(await site.differences(BOTH)).toEqual([]);
    await site.sql(`update orders_4 set note = 'streamed' where id < 10`, `insert into orders_1 values (201, null)`);
    await site.caughtUp();
    expect(await site.differences(BOTH)).toEqual([]);
    expect(await second.kill('SIGTERM'), second.stderr()).toEqual({ code: 0, signal: null });
    // What is merged is a matter of the record, too: a third start copies nothing.
    const third = site.start();
    await site.sql(`update orders_4 set note = 'again' where id < 10`);
    await site.caughtUp();
    expect(await site.differences(BOTH)).toEqual([]);
    expect(await third.kill('SIGTERM'), third.stderr()).toEqual({ code: 0, signal: null });
    expect(third.stderr()).not.toContain('table copied');
  });

  test('shards with other columns stop their table alone, until all have them', async () => {
    site = await shardedSite(kind, PLAIN);
    const first = site.start();
    await site.caughtUp();
    await site.sql(
      `alter table orders_1 add column price int default 5`,
      `insert into orders_1 values (300, 'priced', 9)`,
      `insert into other values (2, 'goes on')`,
    );
    await until(() => first.stderr().includes('E2109') || null, { timeoutMs: 60_000, what: 'the stop' });
    expect(first.stderr()).toMatch(/shard=\S+orders_2|of shard=\S+orders_2|orders_2 lacks column=price/);
    await site.sql(`insert into other values (3, 'goes on, too')`);
    await until(async () => (await site.differences(['other'])).length === 0, { what: 'the other table' });
    for (const number of [2, 3]) await site.sql(`alter table orders_${number} add column price int default 6`);
    await site.sql(`insert into orders_3 values (300, 'priced', null)`);
    await showShards(site, { numbers: [1, 2, 3], columns: 'id, note, price' });
    expect(await first.kill('SIGTERM'), first.stderr()).toEqual({ code: 0, signal: null });
    const second = site.start();
    await site.caughtUp();
    expect(await site.differences(BOTH)).toEqual([]);
    expect((await site.table('orders')).schema.fields.map(({ name }) => name)).toContain('price');
    expect(await second.kill('SIGTERM'), second.stderr()).toEqual({ code: 0, signal: null });
  });

  test('rows of a shard that is gone are not deleted unasked', async () => {
    site = await shardedSite(kind, PLAIN);
    const first = site.start();
    await site.caughtUp();
    expect(await first.kill('SIGTERM'), first.stderr()).toEqual({ code: 0, signal: null });
    const { snapshotId } = (await site.latestRecord())?.tables.find(({ table }) => table.endsWith('.orders')) ?? {};
    await site.sql('drop view orders', 'drop table orders_3', `insert into other values (2, 'goes on')`);
    const second = site.start();
    await until(() => second.stderr().includes('orders_3 is gone') || null, { timeoutMs: 60_000, what: 'the stop' });
    await until(async () => (await site.differences(['other'])).length === 0, { what: 'the other table' });
    expect((await (await site.table('orders')).latestSnapshot())?.id).toBe(snapshotId);
    expect(await second.kill('SIGTERM'), second.stderr()).toEqual({ code: 0, signal: null });
  });
});

test('tables that go to one lake table are refused where nothing tells them apart', async () => {
  const server = await postgres({ settings: { fsync: 'off' } });
  const site = await mirrorSite(server, {
    settings: { tables: '[ { match: "public.*", to: public.one } ]' },
    statements: ['create table a (id int primary key)', 'create table b (id int primary key)'],
  });
  expect(await site.refused()).toMatchObject({ exit: 2, code: 'E1304' });
  expect(await site.records.latest()).toBeNull();
  expect(site.snapshotCount()).toBe(0);
  await site.close();
  await server.stop();
});

/** Changes of all kinds in all shards, until told to end. */
async function change(site: ShardedSite, random: Random, isEnded: () => boolean): Promise<void> {
  for (let number = 1000; !isEnded(); number++) {
    const shard = `orders_${1 + below(random, 3)}`;
    const id = 1 + below(random, 250);
    const statements = [
      `insert into ${shard} values (${number}, 'new ${number}')`,
      `update ${shard} set note = 'changed at ${number}' where id = ${id}`,
      `update ${shard} set note = repeat('long ${number} ', 2000) where id = ${id}`,
      `update ${shard} set id = ${number + 500_000} where id = ${id}`,
      `delete from ${shard} where id between ${id} and ${id + 3}`,
      `update other set note = 'at ${number}' where id = 1`,
      ...(below(random, 20) === 0 ? [`truncate table ${shard}`] : []),
    ];
    const at = below(random, statements.length);
    await site.sql(statements[at]);
    await systemClock.sleep(10);
  }
}
