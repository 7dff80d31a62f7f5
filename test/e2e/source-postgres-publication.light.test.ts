// Publications and partitions that are altered behind the mirror: whatever the log may lack because of it is told.
import { describe, expect, test } from 'vitest';
import { isTributaryError, type TributaryError } from '../../src/base/errors.ts';
import { type Logger, silentLogger } from '../../src/base/log.ts';
import { type TableKey, tableKey } from '../../src/change/table-key.ts';
import { listSlots } from '../../src/source/postgres/slot.ts';
import type { SourceEvent } from '../../src/source/source.ts';
import { postgresFixture, type Started, tableOf } from '../support/postgres-fixture.ts';
import { postgresSettings, rowsOf } from '../support/postgres-source.ts';
import { until } from '../support/until.ts';

const fixture = postgresFixture();
const T = tableKey('public', 't');
const U = tableKey('public', 'u');
const TWO_TABLES = ['create table t (id int primary key)', 'create table u (id int primary key)'];

/** A stream that is read in the background, everything acknowledged at once. */
interface Following {
  readonly events: SourceEvent[];
  /** The error that ended it; null while it runs, and after `stop`. */
  error(): TributaryError | null;
  stop(): Promise<void>;
}

function follow({ source, position, tables }: Started): Following {
  const abort = new AbortController();
  const events: SourceEvent[] = [];
  let error: TributaryError | null = null;
  const places = new Map([...tables.keys()].map((key) => [key, position]));
  const options = { from: position, places, beforeImages: new Set<TableKey>(), signal: abort.signal };
  const running = (async () => {
    for await (const event of source.stream(options)) {
      events.push(event);
      const reached = event.kind === 'progress' ? event.position : event.kind === 'changes' && event.boundary?.position;
      if (typeof reached === 'string') source.acknowledge(reached);
    }
  })().catch((failure: unknown) => {
    if (!isTributaryError(failure)) throw failure;
    error = failure;
  });
  return {
    events,
    error: () => error,
    stop: async () => {
      abort.abort();
      await running;
    },
  };
}

function failures(following: Following): readonly (readonly [TableKey, string])[] {
  return following.events.flatMap((event) =>
    event.kind === 'table-failed' ? [[event.table, event.error.code] as const] : [],
  );
}

async function confirmed(): Promise<bigint | null> {
  const { slot } = postgresSettings(fixture.url);
  return (await listSlots(postgresSettings(fixture.url))).find(({ name }) => name === slot.name)?.confirmed ?? null;
}

/** Waits until what was acknowledged after the last statement has reached the server. */
async function confirms(): Promise<void> {
  const before = await confirmed();
  await fixture.sql('insert into t select coalesce(max(id), 0) + 1 from t');
  await until(async () => (await confirmed()) !== before, { what: 'an acknowledgement' });
}

describe('the publication', () => {
  test.each([
    ['made anew', 'drop publication tributary_test', 'create publication tributary_test for table t, u'],
    [
      'altered and altered back',
      "alter publication tributary_test set (publish = 'insert')",
      "alter publication tributary_test set (publish = 'insert, update, delete, truncate')",
    ],
    [
      'renamed away and back',
      'alter publication tributary_test rename to away',
      'alter publication away rename to tributary_test',
    ],
  ])('P3 %s: the stream ends, and nothing is acknowledged over it', async (_what, away, back) => {
    await fixture.sql(...TWO_TABLES);
    const started = await fixture.start();
    const following = follow(started);
    await confirms();
    const before = await confirmed();
    await fixture.sql(`begin; ${away}; ${back}; commit`, 'insert into t values (100)');
    await until(() => following.error() !== null, { what: 'the stream ending' });
    expect(following.error()).toMatchObject({ code: 'E2105', kind: 'source' });
    expect(await confirmed()).toBe(before);
    const { identity } = await fixture.source({ publication: postgresSettings(fixture.url).publication }).open();
    expect(identity).not.toEqual(started.identity);
  });

  test('P3 health tells it too, where nothing is acknowledged', async () => {
    await fixture.sql(...TWO_TABLES);
    const started = await fixture.start();
    const { source, position } = started;
    const options = { from: position, places: new Map([[T, position]]), beforeImages: new Set<TableKey>() };
    const stream = source.stream({ ...options, signal: new AbortController().signal });
    await stream.next();
    await source.health();
    await fixture.sql('drop publication tributary_test', 'create publication tributary_test for table t, u');
    await expect(source.health()).rejects.toMatchObject({ code: 'E2105' });
    const ended = (async () => {
      for (;;) await stream.next();
    })();
    await expect(ended).rejects.toMatchObject({ code: 'E2105' });
  });

  test('P3 a table taken out and put back fails alone, with another incarnation', async () => {
    await fixture.sql(...TWO_TABLES);
    const started = await fixture.start();
    const following = follow(started);
    await confirms();
    await fixture.sql('alter publication tributary_test drop table u', 'alter publication tributary_test add table u');
    await confirms();
    await until(() => failures(following).length > 0, { what: 'the table failing' });
    await fixture.sql('insert into u values (1)', 'insert into t values (100)');
    await until(() => rowsOf(following.events, tableOf(started, 't')).some((row) => row[1] === '100'), {
      what: 'the other table going on',
    });
    expect(following.error()).toBeNull();
    expect(failures(following)).toEqual([[U, 'E2108']]);
    expect(rowsOf(following.events, tableOf(started, 'u'))).toEqual([]);
    await following.stop();
    const { incarnations } = await fixture.source().open();
    expect(incarnations.get(T)).toBe(started.incarnations.get(T));
    expect(incarnations.get(U)).not.toBe(started.incarnations.get(U));
  });

  test('a table that is dropped fails alone; one made anew has another incarnation', async () => {
    await fixture.sql(...TWO_TABLES);
    const started = await fixture.start();
    const following = follow(started);
    await confirms();
    await fixture.sql('drop table u', 'create table u (id int primary key)');
    await confirms();
    await until(() => failures(following).length > 0, { what: 'the table failing' });
    expect(failures(following)).toEqual([[U, 'E2108']]);
    expect(following.error()).toBeNull();
    await following.stop();
    await fixture.sql('alter publication tributary_test add table u');
    expect((await fixture.source().open()).incarnations.get(U)).not.toBe(started.incarnations.get(U));
  });

  test('what the mirror itself adds, and maintenance of the catalog, changes nothing for the others', async () => {
    await fixture.sql(TWO_TABLES[0]);
    const started = await fixture.start();
    const first = await fixture.source().open();
    expect(first.identity).toEqual(started.identity);
    expect(first.incarnations).toEqual(started.incarnations);
    const following = follow(started);
    await confirms();
    await fixture.sql(TWO_TABLES[1], 'vacuum freeze pg_publication', 'vacuum full pg_publication');
    const second = await fixture.start();
    expect(second.identity).toEqual(started.identity);
    expect(second.incarnations.get(T)).toBe(started.incarnations.get(T));
    await confirms();
    await started.source.health();
    expect([following.error(), failures(following)]).toEqual([null, []]);
    await following.stop();
    expect((await fixture.source().open()).incarnations).toEqual(second.incarnations);
  });

  test('of whole schemas and of all tables: taking a table in and out is seen', async () => {
    await fixture.sql(
      ...TWO_TABLES,
      'create schema other',
      'create publication tributary_test for tables in schema public',
    );
    const publication = { name: 'tributary_test', create: 'never', viaPartitionRoot: true } as const;
    const started = await fixture.start({ publication });
    const following = follow(started);
    await confirms();
    await fixture.sql(
      'alter publication tributary_test drop tables in schema public',
      'alter publication tributary_test add tables in schema public',
    );
    await until(() => started.source.health().then(() => failures(following).length === 2), { what: 'both failing' });
    await following.stop();
    await fixture.sql('create publication everything for all tables');
    const all = fixture.source({ publication: { ...publication, name: 'everything' } });
    expect([...(await all.open()).incarnations.values()].every((text) => /^\d+:$/.test(text))).toBe(true);
  });

  test('with a row filter or a column list it is refused, with the SQL that publishes all', async () => {
    await fixture.sql(
      'create table t (id int primary key, a int, b int)',
      'create table u (id int primary key, a int, b int)',
      'create publication tributary_test for table t where (id > 10), u (id, a)',
    );
    const publication = { name: 'tributary_test', create: 'never', viaPartitionRoot: true } as const;
    const source = fixture.source({ publication });
    await expect(source.open()).rejects.toMatchObject({ code: 'E2023' });
    const fixes = (await source.check()).results.flatMap((result) =>
      result.status === 'fail' ? [result.fix ?? ''] : [],
    );
    expect(fixes.length).toBe(2);
    await fixture.sql(...fixes);
    await source.open();
  });
});

describe('partitions', () => {
  test('P20 rows that come and go with a partition are warned of, new partitions are not', async () => {
    const warnings: string[] = [];
    const logger: Logger = {
      ...silentLogger,
      warn: (message, fields = {}) => warnings.push(`${String(fields['partition'])} ${message.split(':')[0]}`),
    };
    const values = (from: number): string => `for values from (${from}) to (${from + 10})`;
    await fixture.sql(
      'create table p (id int primary key) partition by range (id)',
      ...[0, 10, 20].map((from) => `create table p${from} partition of p ${values(from)}`),
      'insert into p select n from generate_series(0, 29) n',
    );
    const started = await fixture.start({}, logger);
    const following = follow(started);
    await until(() => following.events.length > 0, { what: 'the log' });
    const look = (): Promise<unknown> => started.source.health();
    await fixture.sql(
      `create table p30 partition of p ${values(30)}`,
      'insert into p values (30)',
      'create table p40 (like p including all)',
      `alter table p attach partition p40 ${values(40)}`,
      'vacuum full p20',
    );
    await look();
    expect(warnings).toEqual([]);
    await fixture.sql(
      'create table p50 (like p including all)',
      'insert into p50 values (50)',
      `alter table p attach partition p50 ${values(50)}`,
    );
    await look();
    expect(warnings.splice(0)).toEqual(['public.p50 partition was attached']);
    await fixture.sql('truncate p10');
    await look();
    expect(warnings.splice(0)).toEqual(['public.p10 partition was truncated']);
    await fixture.sql('alter table p detach partition p0', 'drop table p20');
    await look();
    expect(warnings.splice(0).sort()).toEqual([
      'public.p0 partition was detached or dropped',
      'public.p20 partition was detached or dropped',
    ]);
    await look();
    expect(warnings).toEqual([]);
    // The log tells of what comes through the root, and of nothing else.
    await fixture.sql('insert into p values (31)');
    const told = (): (string | null)[][] => rowsOf(following.events, tableOf(started, 'p'));
    await until(() => told().some((row) => row[1] === '31'), { what: 'the newest row' });
    expect(told()).toEqual([
      ['+I', '30'],
      ['+I', '31'],
    ]);
    await following.stop();
  });
});
