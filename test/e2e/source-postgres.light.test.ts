// The PostgreSQL source on a real server: its slot, lost connections, and what it refuses.
import { describe, expect, test } from 'vitest';
import { isTributaryError } from '../../src/base/errors.ts';
import { type TableKey, tableKey } from '../../src/change/table-key.ts';
import { parseLsn } from '../../src/source/postgres/lsn.ts';
import { dropSlot, listSlots } from '../../src/source/postgres/slot.ts';
import { postgresFixture, streamToEnd, tableOf } from '../support/postgres-fixture.ts';
import { postgresSettings, postgresSource, reaches, readLog, rowsOf } from '../support/postgres-source.ts';
import { withClient } from '../support/servers.ts';
import { until } from '../support/until.ts';

const fixture = postgresFixture();
const unaborted = new AbortController().signal;

describe('the slot', () => {
  test('P1 P2 only what is acknowledged is confirmed, an idle log moves on by progress', async () => {
    await fixture.sql('create table t (id int primary key)', 'create table other (id int)');
    const started = await fixture.start({ includes: (_schema, table) => table === 't' });
    const { source } = started;
    const name = postgresSettings(fixture.url).slot.name;
    const confirmed = async (): Promise<string> => {
      const slots = await listSlots(postgresSettings(fixture.url));
      return String(slots.find((slot) => slot.name === name)?.confirmed);
    };
    const before = await confirmed();
    await fixture.sql('insert into t values (1)', 'insert into other values (1)');
    await streamToEnd(started);
    expect(await confirmed()).toBe(before);
    await fixture.sql('insert into other values (2)');
    let given = started.position;
    const abort = new AbortController();
    const { logEnd } = await source.health();
    const places = new Map([[tableKey('public', 't'), started.position]]);
    for await (const event of source.stream({
      from: started.position,
      places,
      beforeImages: new Set(),
      signal: abort.signal,
    })) {
      const reached =
        event.kind === 'progress' ? event.position : event.kind === 'changes' ? event.boundary?.position : undefined;
      if (reached === undefined) continue;
      source.acknowledge(reached);
      given = reached;
      if (source.positions.includes(reached, logEnd)) break;
    }
    await until(async () => BigInt(await confirmed()) > BigInt(before), { what: 'the slot moving on' });
    expect(BigInt(await confirmed())).toBe(parseLsn(given));
  });

  test('P3 P4 a slot that stands after the place is refused, a missing one too', async () => {
    await fixture.sql('create table t (id int primary key)');
    const started = await fixture.start();
    const settings = postgresSettings(fixture.url);
    await fixture.sql(
      'insert into t values (1)',
      `select pg_replication_slot_advance('${settings.slot.name}', pg_current_wal_lsn())`,
    );
    const description = await started.source.open();
    expect(
      description.logStart !== null && started.source.positions.includes(started.position, description.logStart),
    ).toBe(false);
    await expect(streamToEnd(started)).rejects.toMatchObject({ code: 'E2104' });
    await dropSlot(settings, settings.slot.name);
    expect((await started.source.health()).status).toBe('missing');
    await expect(streamToEnd(started)).rejects.toMatchObject({ code: 'E2106' });
    await expect(dropSlot(settings, settings.slot.name)).rejects.toMatchObject({ code: 'E2024' });
  });

  test('P26 a slot in use is waited for, then refused with the process', async () => {
    await fixture.sql(
      'create table t (id int primary key)',
      `alter role postgres in database ${fixture.name} set wal_sender_timeout = '1s'`,
    );
    const started = await fixture.start();
    const other = fixture.source();
    await other.open();
    const abort = new AbortController();
    const options = {
      from: started.position,
      places: new Map([[tableKey('public', 't'), started.position]]),
      beforeImages: new Set<TableKey>(),
      signal: abort.signal,
    };
    const holding = started.source.stream(options)[Symbol.asyncIterator]();
    const held = holding.next();
    await until(async () => (await listSlots(postgresSettings(fixture.url))).some((slot) => slot.activePid !== null), {
      what: 'the slot in use',
    });
    const refused = await other
      .stream({ ...options, signal: new AbortController().signal })
      .next()
      .catch((error: unknown) => error);
    expect(isTributaryError(refused, 'E2030') && refused.message).toMatch(/pid=\d+$/);
    // Without an answer the server would have ended the connection that holds the slot within a second.
    abort.abort();
    await held;
  });

  test('P28 P27 the connection outlives a consumer that stalls longer than the server waits', async () => {
    await fixture.sql(
      'create table t (id int primary key, note text)',
      `alter role postgres in database ${fixture.name} set wal_sender_timeout = '500ms'`,
    );
    const started = await fixture.start();
    const table = tableOf(started, 't');
    await fixture.sql(`insert into t select i, repeat('n', 200) from generate_series(1, 100000) i`);
    const { source, position } = started;
    const places = new Map([[table.key, position]]);
    let rows = 0;
    let stalled = false;
    for await (const event of source.stream({
      from: position,
      places,
      beforeImages: new Set(),
      signal: new AbortController().signal,
    })) {
      if (event.kind !== 'changes') continue;
      for (const batch of event.changes) rows += batch.rowCount;
      if (!stalled) {
        stalled = true;
        await withClient(fixture.serverUrl, (client) => client.query('select pg_sleep(2)'));
      }
      if (event.boundary !== null) break;
    }
    expect(rows).toBe(100_000);
  });

  test('a killed connection is a loss to retry, and the log goes on from the same place', async () => {
    await fixture.sql('create table t (id int primary key)');
    const started = await fixture.start();
    const table = tableOf(started, 't');
    const places = new Map([[table.key, started.position]]);
    const iterator = started.source.stream({
      from: started.position,
      places,
      beforeImages: new Set(),
      signal: new AbortController().signal,
    });
    await fixture.sql('insert into t values (1)');
    await iterator.next();
    await fixture.sql(`select pg_terminate_backend(active_pid) from pg_replication_slots where active_pid is not null`);
    const failure = await (async () => {
      for (;;) await iterator.next();
    })().catch((error: unknown) => error);
    expect(isTributaryError(failure) && failure.kind).toBe('retry');
    await fixture.sql('insert into t values (2)');
    expect(rowsOf(await streamToEnd(started), table).map((row) => row[1])).toEqual(['1', '2']);
  });

  test('a slot waits for the transactions that are running, and the copy has their rows', async () => {
    await fixture.sql('create table t (id int primary key)');
    const source = fixture.source();
    await source.open();
    const waiting =
      "select 1 from pg_stat_activity where wait_event_type = 'Lock' and query like 'CREATE_REPLICATION_SLOT%'";
    await withClient(fixture.url, async (client) => {
      await client.query('begin; insert into t values (1)');
      const begun = source.beginCopy([tableKey('public', 't')], unaborted);
      await until(async () => (await withClient(fixture.url, (other) => other.query(waiting))).rows.length === 1, {
        what: 'the slot waiting',
      });
      await client.query('commit');
      const copy = await begun;
      const rows: number[] = [];
      for await (const batch of copy.rows(tableKey('public', 't'), new AbortController().signal))
        rows.push(batch.rowCount);
      expect(rows).toEqual([1]);
      await copy.close();
    });
  });

  test('waiting for running transactions can be aborted, and leaves no slot and no session', async () => {
    await fixture.sql('create table t (id int primary key)');
    const { slot } = postgresSettings(fixture.url);
    const source = fixture.source();
    await source.open();
    await withClient(fixture.url, async (client) => {
      await client.query('begin; insert into t values (1)');
      const abort = new AbortController();
      const begun = source.beginCopy([tableKey('public', 't')], abort.signal).catch((error: unknown) => error);
      const waiting = "select 1 from pg_stat_activity where query like 'CREATE_REPLICATION_SLOT%' and state = 'active'";
      const waits = async (): Promise<boolean> =>
        (await withClient(fixture.url, (other) => other.query(waiting))).rows.length === 1;
      await until(waits, { what: 'the slot waiting' });
      const reason = new Error('enough');
      abort.abort(reason);
      expect(await begun).toBe(reason);
      await until(async () => !(await waits()), { what: 'the session ending' });
      expect((await listSlots(postgresSettings(fixture.url))).filter(({ name }) => name === slot.name)).toEqual([]);
      await expect(source.beginCopy([tableKey('public', 't')], abort.signal)).rejects.toBe(reason);
      await client.query('commit');
    });
    await (await source.beginCopy([tableKey('public', 't')], unaborted)).close();
  });

  test('a second copy uses a snapshot of its own and leaves no slot behind', async () => {
    await fixture.sql('create table t (id int primary key)', 'insert into t values (1)');
    const started = await fixture.start();
    await fixture.sql(
      'insert into t values (2)',
      'create table later (id int primary key)',
      'insert into later values (1)',
    );
    const again = await fixture.start();
    expect(again.source.positions.includes(again.position, started.position)).toBe(true);
    expect(again.copied.get(tableKey('public', 't'))?.map((row) => row[1])).toEqual(['1', '2']);
    expect(again.copied.get(tableKey('public', 'later'))?.map((row) => row[1])).toEqual(['1']);
    await fixture.sql('insert into later values (2)');
    const places = new Map([
      [tableKey('public', 't'), again.position],
      [tableKey('public', 'later'), again.position],
    ]);
    const { logEnd } = await again.source.health();
    const events = await readLog(again.source, {
      from: started.position,
      places,
      enough: reaches(again.source, logEnd),
    });
    expect(rowsOf(events, tableOf(again, 'later')).map((row) => row[1])).toEqual(['2']);
    expect(rowsOf(events, tableOf(again, 't'))).toEqual([]);
    await until(
      async () => (await listSlots(postgresSettings(fixture.url))).every((slot) => !slot.name.includes('_copy_')),
      {
        what: 'the temporary slot gone',
      },
    );
  });
});

describe('what is given up or taken away', () => {
  test('a copy given up half-way, or aborted, leaves nothing behind', async () => {
    await fixture.sql(
      'create table t (id int primary key, note text)',
      `insert into t select i, repeat('n', 200) from generate_series(1, 100000) i`,
    );
    const source = fixture.source();
    await source.open();
    const key = tableKey('public', 't');
    const given = await source.beginCopy([key], unaborted);
    for await (const batch of given.rows(key, new AbortController().signal)) if (batch.rowCount > 0) break;
    await given.close();
    const abort = new AbortController();
    const aborted = await source.beginCopy([key], unaborted);
    const rows = aborted.rows(key, abort.signal)[Symbol.asyncIterator]();
    await rows.next();
    abort.abort(new Error('enough'));
    await expect(
      (async () => {
        for (;;) if ((await rows.next()).done === true) return;
      })(),
    ).rejects.toThrow('enough');
    await aborted.close();
    const activity =
      "select 1 from pg_stat_activity where datname = current_database() and query like 'COPY%' and state <> 'idle'";
    await until(async () => (await withClient(fixture.url, (client) => client.query(activity))).rows.length === 0, {
      what: 'the copies ending',
    });
  });

  test('a publication that is gone, or no longer has a table, is refused', async () => {
    await fixture.sql('create table t (id int primary key)', 'create table u (id int primary key)');
    const started = await fixture.start();
    await fixture.sql('alter publication tributary_test drop table u');
    await expect(streamToEnd(started)).rejects.toMatchObject({ code: 'E2023' });
    await fixture.sql('drop publication tributary_test');
    await expect(streamToEnd(started)).rejects.toMatchObject({ code: 'E2023' });
  });
});

describe('checks', () => {
  test('P47 P48 tables that cannot be mirrored are named, with the reason and the SQL', async () => {
    await fixture.sql(
      'create table keyed (id int primary key, double int generated always as (id * 2) stored, a int)',
      'create table keyless (a int)',
      'create table deferred (id int primary key deferrable)',
      'create unlogged table unlogged (id int primary key)',
      'create view v as select 1 as id',
    );
    const started = await fixture.start();
    expect([...started.tables.keys()]).toEqual(['public.keyed']);
    expect(tableOf(started, 'keyed').columns.map((column) => column.name)).toEqual(['id', 'a']);
    const { results } = await started.source.check();
    const warnings = results
      .filter((result) => result.status === 'warn')
      .map((result) => [result.subject, result.code]);
    expect(warnings).toEqual([
      ['table public.deferred', 'E2026'],
      ['table public.keyed', null],
      ['table public.keyless', 'E2026'],
      ['table public.unlogged', null],
    ]);
    // The publication holds no table whose updates it would break.
    await fixture.sql(
      'insert into keyless values (1)',
      'update keyless set a = 2',
      'insert into keyed (id, a) values (1, 2)',
    );
    expect(rowsOf(await streamToEnd(started), tableOf(started, 'keyed'))).toEqual([['+I', '1', '2']]);
  });

  test('a role without rights: every refusal names what to run', async () => {
    const role = `${fixture.name}_user`;
    await fixture.sql(
      `create role ${role} login password 'secret-word'`,
      'create table t (id int primary key)',
      'create table hidden (id int primary key)',
      `grant select on hidden to ${role}`,
      'alter table hidden enable row level security',
    );
    try {
      const source = fixture.source({ user: role, password: () => Promise.resolve('secret-word') });
      const failures = (await source.check()).results.filter((result) => result.status === 'fail');
      expect(failures.map((result) => [result.subject, result.code, result.fix])).toEqual([
        ['user', 'E2022', `ALTER ROLE "${role}" REPLICATION;`],
        ['table public.hidden', 'E2025', `ALTER ROLE "${role}" BYPASSRLS;`],
        ['table public.t', 'E2022', `GRANT SELECT ON "public"."t" TO "${role}";`],
        ['tables', 'E2027', null],
      ]);
      await expect(source.open()).rejects.toMatchObject({ code: 'E2022' });
      await source.close();
      // P43: neither the message nor what it was caused by holds the password.
      const wrong = postgresSource(
        postgresSettings(fixture.url, { user: role, password: () => Promise.resolve('wrong-word') }),
      );
      const error = await wrong.open().catch((failure: unknown) => failure);
      expect(isTributaryError(error, 'E2011')).toBe(true);
      expect(
        JSON.stringify([error, String(error), (error as Error).cause, String((error as Error).cause)]),
      ).not.toContain('wrong-word');
      await wrong.close();
      const without = postgresSource(
        postgresSettings(fixture.url, { user: role, password: () => Promise.resolve(null) }),
      );
      await expect(without.open()).rejects.toMatchObject({ code: 'E2011' });
      await without.close();
    } finally {
      await fixture.sql('drop table hidden', `drop role ${role}`);
    }
  });

  test('a user who does not own the tables is told before the start who has to publish them', async () => {
    const role = `${fixture.name}_guest`;
    await fixture.sql(
      `create role ${role} login replication password 'secret-word'`,
      'create table t (id int primary key)',
      `grant select on t to ${role}`,
    );
    try {
      const settings = { user: role, password: () => Promise.resolve('secret-word') };
      const failures = async () =>
        (await fixture.source(settings).check()).results.filter((result) => result.status === 'fail');
      const [failure, ...others] = await failures();
      expect(others).toEqual([]);
      expect(failure.code).toBe('E2022');
      expect(failure.fix).toMatch(/^CREATE PUBLICATION .*"t"/);
      await fixture.sql(String(failure.fix));
      expect(await failures()).toEqual([]);
      await fixture.sql(
        `drop publication ${postgresSettings(fixture.url).publication.name}`,
        `alter table t owner to ${role}`,
      );
      const [owner] = await failures();
      expect(owner.code).toBe('E2022');
      expect(owner.fix).toMatch(/^GRANT CREATE ON DATABASE/);
    } finally {
      await fixture.sql('drop table t', `drop role ${role}`);
    }
  });

  test('a member of the role that Amazon gives may replicate', async () => {
    const role = `${fixture.name}_user`;
    const given = 'create role rds_replication nologin';
    await fixture.sql(`create role ${role} login password 'word'`, given, 'create table t (id int primary key)');
    try {
      const source = fixture.source({ user: role, password: () => Promise.resolve('word') });
      const may = async (): Promise<string | undefined> =>
        (await source.check()).results.find((result) => result.subject === 'user')?.status;
      expect(await may()).toBe('fail');
      await fixture.sql(`grant rds_replication to ${role}`);
      expect(await may()).toBe('ok');
      await source.close();
    } finally {
      await fixture.sql(`drop role ${role}`, 'drop role rds_replication');
    }
  });

  test('an existing publication and slot that do not fit are refused', async () => {
    await fixture.sql(
      'create table p (id int primary key) partition by range (id)',
      'create table p1 partition of p for values from (0) to (9)',
      `create publication tributary_test for table p with (publish = 'insert')`,
    );
    const { slot } = postgresSettings(fixture.url);
    const failures = (await fixture.source().check()).results
      .filter((result) => result.status === 'fail')
      .map((result) => result.fix);
    expect(failures).toEqual([
      `ALTER PUBLICATION "tributary_test" SET (publish = 'insert, update, delete, truncate');`,
      'ALTER PUBLICATION "tributary_test" SET (publish_via_partition_root = true);',
    ]);
    await fixture.sql('drop publication tributary_test');
    const never = fixture.source({
      publication: { name: 'tributary_test', create: 'never', viaPartitionRoot: true },
      slot: { ...slot, create: 'never' },
    });
    const codes = (await never.check()).results
      .filter((result) => result.status === 'fail')
      .map((result) => result.code);
    expect(codes).toEqual(['E2024', 'E2023']);
  });

  test('P46 the password is asked for at every connect', async () => {
    await fixture.sql('create table t (id int primary key)');
    const settings = postgresSettings(fixture.url);
    let asked = 0;
    const source = fixture.source({
      password: () => {
        asked++;
        return settings.password();
      },
    });
    await source.open();
    const first = asked;
    await (await source.beginCopy([tableKey('public', 't')], unaborted)).close();
    expect(first).toBe(1);
    expect(asked).toBe(3);
  });
});
