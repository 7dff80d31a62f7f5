// More refusals of the daemon, as in refusals.light.test.ts: coded, with the right exit code, nothing published and
// nothing acknowledged.
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { expectItemsEqual, itemsTest, refusedWithoutEffect } from '../support/items-test.ts';
import { postgres, withClient } from '../support/servers.ts';
import { until } from '../support/until.ts';

itemsTest('P4: a server restored to a time before our place is refused', async ({ server, site }) => {
  const other = await postgres({ kind: server.kind === 'url' ? 'embedded' : server.kind, settings: { fsync: 'off' } });
  try {
    // Its log is longer than that of a server just made, which has the same identity: both are copies of one.
    await site.sql("insert into items select n, repeat('x', 500) from generate_series(1000, 60000) n");
    await site.catchUp();
    const url = new URL(other.url);
    await withClient(other.url, (client) => client.query(`create database ${site.database.name}`));
    url.pathname = `/${site.database.name}`;
    await withClient(url.href, async (client) => {
      await client.query('create table items (id bigint primary key, name text)');
      await client.query(`create publication ${site.database.name} for table items with (publish_via_partition_root)`);
      await client.query(`select pg_create_logical_replication_slot('${site.database.name}', 'pgoutput')`);
    });
    const file = site.configure({ port: Number(url.port), file: 'other.yaml' });
    writeFileSync(file, readFileSync(file, 'utf8').replace(new URL(site.database.url).password, url.password));
    expect(await refusedWithoutEffect(site, () => site.refused({ file }))).toMatchObject({ exit: 3, code: 'E2105' });
  } finally {
    await other.stop();
  }
});

itemsTest('a table of another pipeline is refused, and no slot or publication is left behind', async ({ site }) => {
  await site.catchUp();
  const file = site.configure({ pipeline: 'rival', file: 'rival.yaml' });
  writeFileSync(file, readFileSync(file, 'utf8').replaceAll(`name: ${site.database.name}`, 'name: rival_of_shop'));
  const failure = await refusedWithoutEffect(site, () => site.refused({ file }));
  expect(failure).toMatchObject({ exit: 3, code: 'E5010' });
  expect(failure.message).toContain('public.items');
  const left = await withClient(site.database.url, (client) =>
    client.query(
      "select slot_name from pg_replication_slots where slot_name = 'rival_of_shop' union all select pubname from pg_publication where pubname = 'rival_of_shop'",
    ),
  );
  expect(left.rows).toEqual([]);
});

itemsTest('a schema that is none is refused; a foreign file beside a table is left alone', async ({ site }) => {
  const directory = join(site.warehouse, 'public.db', 'items');
  mkdirSync(join(directory, 'schema'), { recursive: true });
  writeFileSync(join(directory, 'schema', 'schema-0'), 'not a schema');
  expect(await refusedWithoutEffect(site, () => site.refused())).toMatchObject({ code: 'E3102' });
  rmSync(directory, { recursive: true });
  await site.catchUp();
  for (const place of ['', 'bucket-0', 'snapshot', 'manifest', 'schema'])
    writeFileSync(join(directory, place, 'keep.txt'), 'mine');
  await site.sql("update items set name = 'changed'");
  await site.catchUp();
  await expectItemsEqual(site);
  for (const place of ['', 'bucket-0', 'snapshot', 'manifest', 'schema'])
    expect(existsSync(join(directory, place, 'keep.txt'))).toBe(true);
});

itemsTest(
  'schema.on_change=stop: changed columns are refused, and no value lands in another column',
  async ({ site }) => {
    site.configure({ source: '    schema: { on_change: stop }' });
    await site.catchUp();
    await site.sql('alter table items add column price numeric(8,2)', "insert into items values (100, 'new', 1.5)");
    expect(await refusedWithoutEffect(site, () => site.refused())).toMatchObject({ exit: 3, code: 'E2107' });
  },
);

itemsTest(
  'P26: a paused instance holds the slot; the next waits for it and takes over, the resumed one ends fenced',
  async ({ site }) => {
    // Long enough for the second instance to start on a busy machine before the server gives the first one up.
    await site.sql(`alter role current_user in database ${site.database.name} set wal_sender_timeout = '10s'`);
    const first = site.start();
    await site.caughtUp();
    await until(async () => (await site.slot())?.activePid ?? null, { what: 'the slot in use' });
    process.kill(first.pid, 'SIGSTOP');
    // As if half a minute had passed: the lease has run out. The walsender of the first is still there.
    rmSync(join(site.warehouse, '_tributary', 'shop', 'lease'));
    expect((await site.slot())?.activePid).not.toBeNull();
    await site.sql("insert into items values (100, 'after')", 'update items set id = 200 where id = 1');
    const second = site.start();
    await site.caughtUp();
    expect(second.stdout() + second.stderr()).toContain('slot is in use');
    await expectItemsEqual(site);
    const snapshots = site.snapshotCount();
    process.kill(first.pid, 'SIGCONT');
    expect((await first.exit).code, first.stderr()).toBe(3);
    expect(first.stderr()).toMatch(/E500[1-4]/);
    expect(site.snapshotCount()).toBe(snapshots);
    await site.sql("insert into items values (101, 'later')");
    await site.caughtUp();
    await expectItemsEqual(site);
    expect(await second.kill()).toEqual({ code: 0, signal: null });
  },
);
