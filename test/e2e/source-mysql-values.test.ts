// Every type with its edge values: copied and streamed values are equal, and are what they are to be; whatever the
// session's time zone, and however the server writes its log.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { tableKey } from '../../src/change/table-key.ts';
import type { ChangeSource } from '../../src/source/source.ts';
import {
  freshMysqlDatabase,
  mysqlKinds,
  startMysql,
  type TestMysql,
  type TestMysqlDatabase,
} from '../support/mysql-servers.ts';
import { copySource, streamed } from '../support/mysql-log.ts';
import { mysqlSource } from '../support/mysql-source.ts';
import { typedTable } from '../support/mysql-types.ts';
import { type ShownChange, updatesOf, valueLines } from '../support/shown-rows.ts';

const kinds = mysqlKinds();

describe.skipIf(kinds.length === 0)('servers', () => {
  describe.each(kinds)('values of %s', (kind) => {
    const { types, definition, insert, rows } = typedTable(kind);
    let server: TestMysql;
    let database: TestMysqlDatabase;
    let source: ChangeSource;
    beforeAll(async () => {
      server = await startMysql(kind);
    });
    afterAll(async () => {
      await server.stop();
    });
    beforeEach(async () => {
      database = await freshMysqlDatabase(server);
      source = mysqlSource(database.url);
      for (const table of ['t1', 't2']) {
        await database.sql(`create table ${table} (id bigint primary key, ${definition}) row_format=dynamic`);
      }
    });
    afterEach(async () => {
      await source.close();
      await database.drop();
    });

    const compressed =
      kind === 'mysql' ? 'set session binlog_transaction_compression = ON' : 'set global log_bin_compress = ON';
    test.each([
      ['as it is by default', 'select 1', 'select 1'],
      ['compressed', compressed, kind === 'mysql' ? 'select 1' : 'set global log_bin_compress = OFF'],
      ['with images without unchanged blobs', "set session binlog_row_image = 'NOBLOB'", 'select 1'],
    ])('every type, the log %s', async (_name, before, after) => {
      const zone = "set session time_zone = '+08:00', sql_mode = ''";
      await database.sql(zone, insert('t1'));
      const start = await copySource(source);
      const wanted = rows.map((row): ShownChange => ['+I', row]);
      const found = start.rows.get(tableKey(database.name, 't1')) ?? [];
      expect(valueLines(found, types)).toEqual(valueLines(wanted, types));
      expect(start.rows.get(tableKey(database.name, 't2'))).toEqual([]);
      await database.sql(zone, before, insert('t2'), after);
      const changes = await streamed(start, 2);
      expect(valueLines(changes, types)).toEqual(valueLines(wanted, types));
    });

    test('updates and deletes have the old rows', async () => {
      const zone = "set session time_zone = '+08:00', sql_mode = ''";
      await database.sql(zone, insert('t1'));
      const start = await copySource(source);
      await database.sql('update t1 set c0 = 5 where id = 0', 'update t1 set id = 7 where id = 1', 'delete from t1');
      const changes = await streamed(start, 6);
      expect(valueLines(changes, types)).toEqual(valueLines(updatesOf(rows), types));
    });
  });
});
