// The PostgreSQL source under the contract of change sources, on a real server.
import { afterAll, beforeAll } from 'vitest';
import { tableKey } from '../../src/change/table-key.ts';
import { changeSourceContract, type ContractChange, type SourceHarness } from '../support/change-source-contract.ts';
import { postgresSettings, postgresSource } from '../support/postgres-source.ts';
import { freshDatabase, postgres, type TestPostgres, withClient } from '../support/servers.ts';

let server: TestPostgres;

beforeAll(async () => {
  server = await postgres();
});

afterAll(async () => {
  await server.stop();
});

function statement(change: ContractChange): readonly [string, readonly (string | number | null)[]] {
  const { table } = change;
  switch (change.kind) {
    case 'insert':
      return [`insert into ${table} values ($1, $2)`, [change.id, change.note]];
    case 'update':
      return [`update ${table} set note = $2 where id = $1`, [change.id, change.note]];
    case 'move':
      return [`update ${table} set id = $2 where id = $1`, [change.id, change.to]];
    case 'delete':
      return [`delete from ${table} where id = $1`, [change.id]];
    case 'truncate':
      return [`truncate ${table}`, []];
  }
}

changeSourceContract('postgres', async (): Promise<SourceHarness> => {
  const database = await freshDatabase(server);
  await withClient(database.url, async (client) => {
    for (const table of ['a', 'b']) await client.query(`create table ${table} (id bigint primary key, note text)`);
  });
  return {
    source: () => postgresSource(postgresSettings(database.url)),
    tables: { a: tableKey('public', 'a'), b: tableKey('public', 'b') },
    commit: (changes) =>
      withClient(database.url, async (client) => {
        await client.query('begin');
        for (const change of changes) {
          const [text, values] = statement(change);
          await client.query(text, [...values]);
        }
        await client.query('commit');
      }),
    close: () => database.drop(),
  };
});
