// Random ALTERs under random load, with kills of the daemon, on each kind of server: whatever the columns are in the end,
// the lake has them with the source's rows; and tables are exchanged by RENAME, as tools for schema changes do. P33 to P36.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import {
  freshMysqlDatabase,
  mysqlKinds,
  startMysql,
  type TestMysql,
  type TestMysqlDatabase,
} from '../support/mysql-servers.ts';
import { LOAD_ENTRIES, LOAD_TABLES, MysqlLoad } from '../support/mysql-load.ts';
import { mysqlSite } from '../support/mysql-site.ts';
import { type AlterDialect, RandomAlters } from '../support/random-alters.ts';
import { printedSeed } from '../support/seeds.ts';
import { until } from '../support/until.ts';

const KILLS = 5;
const LIFE_MS_MAX = 6000;
/** Between two ALTERs, at most. */
const PAUSE_MS_MAX = 1500;
/** Tables whose statements name their columns. */
const ALTERED = ['documents', 'pairs'];
// No TEXT: an insert that does not name the column leaves it out of a NOBLOB image, which stops the table (E4008).
const DIALECT: AlterDialect = {
  types: ['int', 'varchar(9)', 'decimal(8,2)', "timestamp default '2020-01-01'", "varchar(20) not null default 'new'"],
  widen: (table, name) => `alter table ${table} modify column ${name} bigint default 7`,
};

const kinds = mysqlKinds();

describe.skipIf(kinds.length === 0)('servers', () => {
  describe.each(kinds)('%s', (kind) => {
    let server: TestMysql;
    let database: TestMysqlDatabase;
    beforeEach(async () => {
      server = await startMysql(kind);
      database = await freshMysqlDatabase(server);
    });
    afterEach(async () => {
      await server.stop();
    });

    test(`ALTERs under load and ${KILLS} kills: the lake has the source's columns and rows`, async () => {
      const { random } = printedSeed(`mysql-schema-kill ${kind}`);
      const load = new MysqlLoad(server, database, random);
      await load.prepare();
      const source = '    schema: { drop_column: drop }\n    snapshot: { chunk_rows: 17 }';
      const site = mysqlSite(server, database, { entries: LOAD_ENTRIES, source });
      const ending = new AbortController();
      const loading = load.run(() => ending.signal.aborted);
      const alters = new RandomAlters(random, ALTERED, DIALECT);
      const altering = (async () => {
        while (!ending.signal.aborted) {
          for (const statement of alters.next().statements) await database.sql(statement);
          if (random.unit() < 0.1) {
            await database.sql(
              'create table pairs_new like pairs',
              'insert into pairs_new select * from pairs',
              'rename table pairs to pairs_gone, pairs_new to pairs',
              'drop table pairs_gone',
            );
          }
          await systemClock.sleep(random.unit() * PAUSE_MS_MAX);
        }
      })();
      try {
        for (let life = 0; life < KILLS; life++) {
          const daemon = site.start();
          await Promise.race([systemClock.sleep(random.unit() * LIFE_MS_MAX), daemon.exit]);
          const { signal, code } = await daemon.kill('SIGKILL');
          expect({ life, signal, code }, daemon.stderr().slice(-2000)).toEqual({ life, signal: 'SIGKILL', code: null });
        }
      } finally {
        ending.abort();
      }
      await Promise.all([loading, altering]);
      // A row of each table, so that the log describes them all.
      await database.sql(...LOAD_TABLES.map((table) => `update ${table} set version = version + 1000000`));
      const daemon = site.start();
      const tables = LOAD_TABLES.length;
      await until(async () => ((await site.records.latest())?.tables.length === tables ? true : null), {
        timeoutMs: 60_000,
        what: 'all tables in a cut',
      }).catch((error: unknown) => {
        throw new Error(daemon.stderr().slice(-3000) + daemon.stdout().slice(-6000), { cause: error });
      });
      await site.caughtUp();
      expect(await daemon.kill('SIGTERM'), daemon.stderr()).toEqual({ code: 0, signal: null });
      expect(await site.differences(LOAD_TABLES)).toEqual([]);
      for (const name of ALTERED) {
        const rows = await database.rows(
          `select column_name from information_schema.columns where table_schema = database() and table_name = '${name}'`,
        );
        const fields = (await site.table(name)).schema.fields.map((field) => field.name);
        expect(new Set(fields)).toEqual(new Set(rows.map(([column]) => column)));
      }
      await site.close();
    });
  });
});
