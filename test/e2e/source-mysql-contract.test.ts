// The MySQL source under the contract of change sources, on real servers.
import { afterAll, beforeAll, describe } from 'vitest';
import { tableKey } from '../../src/change/table-key.ts';
import { changeSourceContract, type ContractChange, type SourceHarness } from '../support/change-source-contract.ts';
import { freshMysqlDatabase, mysqlKinds, startMysql, type TestMysql, withMysql } from '../support/mysql-servers.ts';
import { mysqlSource } from '../support/mysql-source.ts';

/** Statements that leave a mark in the log even where nothing changes: MySQL logs no row that stays as it was. */
function statements(change: ContractChange): readonly (readonly [string, readonly (string | number | null)[]])[] {
  const { table } = change;
  switch (change.kind) {
    case 'insert':
      return [[`insert into ${table} values (?, ?)`, [change.id, change.note]]];
    case 'update':
      return [
        [`update ${table} set note = '~' where id = ?`, [change.id]],
        [`update ${table} set note = ? where id = ?`, [change.note, change.id]],
      ];
    case 'move':
      return [[`update ${table} set id = ? where id = ?`, [change.to, change.id]]];
    case 'delete':
      return [[`delete from ${table} where id = ?`, [change.id]]];
    // TRUNCATE would end the transaction.
    case 'truncate':
      return [
        [`insert into ${table} values (99, null)`, []],
        [`delete from ${table}`, []],
      ];
  }
}

const kinds = mysqlKinds();

describe.skipIf(kinds.length === 0)('servers', () => {
  describe.each(kinds)('%s', (kind) => {
    let server: TestMysql;
    beforeAll(async () => {
      server = await startMysql(kind);
    });
    afterAll(async () => {
      await server.stop();
    });

    changeSourceContract(kind, async (): Promise<SourceHarness> => {
      const database = await freshMysqlDatabase(server);
      for (const table of ['a', 'b']) {
        await database.sql(`create table ${table} (id bigint primary key, note varchar(100))`);
      }
      return {
        source: () => mysqlSource(database.url),
        tables: { a: tableKey(database.name, 'a'), b: tableKey(database.name, 'b') },
        commit: (changes) =>
          withMysql(database.url, async (connection) => {
            await connection.beginTransaction();
            for (const [text, values] of changes.flatMap(statements)) await connection.query(text, [...values]);
            await connection.commit();
          }),
        close: () => database.drop(),
      };
    });
  });
});
