// What the daemon refuses because going on would lose changes or harm another writer: the coded error, what to do, the
// exit code, and nothing published, nothing acknowledged. Wrong settings and rights stand in cli.light.test.ts.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { expectItemsEqual, itemsTest, refusedWithoutEffect } from '../support/items-test.ts';
import { compareSourceAndLake } from '../support/compare-source-lake.ts';
import { until } from '../support/until.ts';

const POSITION = /[0-9A-F]+\/[0-9A-F]+/g;

itemsTest('P3: a slot that was moved on is refused with both positions; the gap can be accepted', async ({ site }) => {
  await site.catchUp();
  await site.sql(
    "insert into items values (100, 'lost')",
    `select pg_replication_slot_advance('${site.database.name}', pg_current_wal_lsn())`,
  );
  const failure = await refusedWithoutEffect(site, () => site.refused());
  expect(failure).toMatchObject({ exit: 3, code: 'E2104' });
  const [from, to] = failure.message.match(POSITION) ?? [];
  expect(to).toBe((await site.slot())?.confirmed);
  const wrong = await refusedWithoutEffect(site, () => site.refused({ flags: ['--accept-gap', `${from}..${from}`] }));
  expect(wrong).toMatchObject({ exit: 3, code: 'E2104' });
  await site.sql("insert into items values (101, 'kept')");
  const daemon = site.start({ flags: ['--accept-gap', `${from}..${to}`, '--until-caught-up'] });
  expect((await daemon.exit).code, daemon.stderr()).toBe(0);
  await site.sql('delete from items where id = 100');
  await site.catchUp();
  await expectItemsEqual(site);
});

itemsTest('P4: a slot that was dropped is refused, and one made anew too', async ({ site }) => {
  await site.catchUp();
  await site.sql(`select pg_drop_replication_slot('${site.database.name}')`, "insert into items values (100, 'lost')");
  expect(await refusedWithoutEffect(site, () => site.refused())).toMatchObject({ exit: 3, code: 'E2106' });
  expect(await site.slot()).toBeNull();
  await site.sql(
    `select pg_create_logical_replication_slot('${site.database.name}', 'pgoutput')`,
    "insert into items values (101, 'after')",
  );
  expect(await refusedWithoutEffect(site, () => site.refused())).toMatchObject({ exit: 3, code: 'E2104' });
});

itemsTest('P4: a lake that another server was mirrored into is refused', async ({ site }) => {
  await site.catchUp();
  const { number } = await site.latestRecord();
  const path = join(site.warehouse, '_tributary', 'shop', `checkpoint-${number}`);
  const record = JSON.parse(readFileSync(path, 'utf8')) as { identity: { values: Record<string, string> } };
  const [name = ''] = Object.keys(record.identity.values).filter((key) => /system/i.test(key));
  record.identity.values[name] = '7000000000000000001';
  writeFileSync(path, JSON.stringify(record));
  const failure = await refusedWithoutEffect(site, () => site.refused());
  expect(failure).toMatchObject({ exit: 3, code: 'E2105' });
  expect(failure.message).toContain('7000000000000000001');
});

itemsTest('a second instance is refused while the first goes on', async ({ site }) => {
  const first = site.start();
  await site.caughtUp();
  expect(await site.refused()).toMatchObject({ exit: 3, code: 'E5002' });
  await site.sql("insert into items values (100, 'after')");
  await site.caughtUp();
  await expectItemsEqual(site);
  expect(await first.kill()).toEqual({ code: 0, signal: null });
});

itemsTest('files that are no table where a table is to be made are refused and left alone', async ({ site }) => {
  const directory = join(site.warehouse, 'public.db', 'items');
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, 'keep.txt'), 'mine');
  const failure = await refusedWithoutEffect(site, () => site.refused());
  expect(failure).toMatchObject({ exit: 3, code: 'E5011' });
  expect(failure.message).toContain('keep.txt');
  expect(await site.slot()).toBeNull();
  expect(readFileSync(join(directory, 'keep.txt'), 'utf8')).toBe('mine');
});

itemsTest('schema.on_change=stop: an ALTER stops that table alone, coded, and the others go on', async ({ site }) => {
  site.configure({ source: '    schema: { on_change: stop }' });
  await site.sql('create table others (id bigint primary key)', 'create table thirds (id bigint primary key)');
  const daemon = site.start();
  await site.caughtUp();
  await site.sql(
    'alter table items drop column name',
    'alter table items add column note integer',
    'insert into items values (100, 7)',
    'insert into others values (1)',
  );
  await daemon.waitFor(/E2032/);
  await site.sql('insert into others values (2)', 'insert into thirds values (1)');
  await until(async () => (await compareSourceAndLake(site.database.url, [await site.table('others')])).length === 0, {
    what: 'the other table having gone on',
  });
  const rows = await (await site.table('items')).latestSnapshot();
  expect(rows?.totalRecordCount).toBe(20n);
  await daemon.kill('SIGKILL');
});
