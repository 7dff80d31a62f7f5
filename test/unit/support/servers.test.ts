// The servers that all other tests rest on: they start, take logical replication, survive a crash and end.
import { existsSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { freshDatabase, localPostgresKinds, postgres, type TestPostgres, withClient } from '../../support/servers.ts';
import { until } from '../../support/until.ts';

test('the embedded server is among the kinds of this machine', () => {
  expect(localPostgresKinds()).toContain('embedded');
});

describe.each(localPostgresKinds())('a server of the kind %s', (kind) => {
  let server: TestPostgres;
  beforeAll(async () => {
    server = await postgres({ kind, settings: { fsync: 'off', log_min_messages: 'info' } });
  });
  afterAll(() => server.stop());

  test('is set up for logical replication, in UTF-8, with the settings asked for', async () => {
    const names = ['wal_level', 'max_replication_slots', 'max_prepared_transactions', 'server_encoding', 'fsync'];
    const found = await withClient(server.url, (client) =>
      client.query<{ setting: string }>(
        'select setting from pg_settings where name = any($1) order by array_position($1, name)',
        [names],
      ),
    );
    expect(found.rows.map((row) => row.setting)).toEqual(['logical', '40', '10', 'UTF8', 'off']);
    expect(server.versionNumber).toBeGreaterThanOrEqual(150000);
  });

  test('gives what was written through a logical slot, and drops the database with the slot', async () => {
    const database = await freshDatabase(server);
    const changes = await withClient(database.url, async (client) => {
      await client.query('create table t (id int primary key, s text)');
      await client.query("select pg_create_logical_replication_slot('probe', 'pgoutput')");
      await client.query('create publication p for table t');
      await client.query("insert into t values (1, 'ü')");
      return client.query<{ kind: string }>(
        `select chr(get_byte(data, 0)) as kind
         from pg_logical_slot_get_binary_changes('probe', null, null, 'proto_version', '1', 'publication_names', 'p')`,
      );
    });
    expect(changes.rows.map((row) => row.kind)).toEqual(['B', 'R', 'I', 'C']);
    await database.drop();
    const left = await withClient(server.url, (client) =>
      client.query('select datname from pg_database where datname = $1', [database.name]),
    );
    expect(left.rows).toEqual([]);
  });

  test.each(['fast', 'immediate', 'kill'] as const)('keeps its data and its URL over a restart: %s', async (mode) => {
    const table = `kept_${mode}`;
    await withClient(server.url, (client) => client.query(`create table ${table} as select 42 as answer`));
    await server.restart(mode);
    const found = await withClient(server.url, (client) => client.query(`select answer from ${table}`));
    expect(found.rows).toEqual([{ answer: 42 }]);
  });
});

test('a stopped server takes no connections and leaves no files', async () => {
  const server = await postgres({ kind: 'embedded', settings: { fsync: 'off' } });
  await server.stop();
  await server.stop();
  expect(existsSync(server.dataDir ?? '')).toBe(false);
  await expect(withClient(server.url, (client) => client.query('select 1'))).rejects.toThrow('ECONNREFUSED');
});

test('two servers run side by side', async () => {
  const settings = { fsync: 'off' };
  const servers = await Promise.all([postgres({ settings }), postgres({ settings })]);
  try {
    const urls = servers.map((server) => server.url);
    expect(new Set(urls).size).toBe(2);
    await Promise.all(urls.map((url) => until(() => withClient(url, (client) => client.query('select 1')))));
  } finally {
    await Promise.all(servers.map((server) => server.stop()));
  }
});
