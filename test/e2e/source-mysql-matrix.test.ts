// Random values of every type: what is copied equals what is streamed, in every time zone of the server, of the
// writing session and of the process, and however zero dates are to be shown.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { tableKey } from '../../src/change/table-key.ts';
import { Dice } from '../support/dice.ts';
import { copySource, streamed } from '../support/mysql-log.ts';
import { randomRows } from '../support/mysql-random-values.ts';
import {
  freshMysqlDatabase,
  mysqlKinds,
  startMysql,
  type TestMysql,
  type TestMysqlDatabase,
} from '../support/mysql-servers.ts';
import { mysqlSource } from '../support/mysql-source.ts';
import { printedSeed } from '../support/seeds.ts';
import { valueLines } from '../support/shown-rows.ts';

const kinds = mysqlKinds();
const ROW_COUNT = 60;
/** Of the server, of the writing session, of the process; and the policy of zero dates. */
const ROUNDS = [
  ['+00:00', '+00:00', 'UTC', 'as_null'],
  ['-11:30', '+13:00', 'US/Eastern', 'as_null'],
  ['+05:45', 'SYSTEM', 'Asia/Shanghai', 'string'],
  ['SYSTEM', '-05:00', 'Australia/Lord_Howe', 'string'],
] as const;

describe.skipIf(kinds.length === 0)('servers', () => {
  describe.each(kinds)('%s', (kind) => {
    const { types, draw } = randomRows(kind);
    const processZone = process.env['TZ'];
    let server: TestMysql;
    let database: TestMysqlDatabase;
    beforeAll(async () => {
      server = await startMysql(kind);
    });
    afterAll(async () => {
      await server.stop();
    });
    beforeEach(async () => {
      database = await freshMysqlDatabase(server);
      const columns = types.map((type, index) => `c${index} ${type}`).join(', ');
      await database.sql("set sql_mode = ''", `create table t (id int primary key, ${columns}) row_format=dynamic`);
    });
    afterEach(async () => {
      if (processZone === undefined) delete process.env['TZ'];
      else process.env['TZ'] = processZone;
      await database.drop();
    });

    test.each(ROUNDS)(
      'server %s, session %s, process %s, zero dates %s',
      async (ofServer, ofSession, zone, zeroDates) => {
        const dice = new Dice(printedSeed(`matrix of ${kind} with ${zone}`, zone.length).random);
        process.env['TZ'] = zone;
        const source = mysqlSource(database.url, { zeroDates });
        const start = await copySource(source);
        const session = `set global time_zone = '${ofServer}', session time_zone = '${ofSession}', sql_mode = 'ALLOW_INVALID_DATES'`;
        const inserts = Array.from({ length: ROW_COUNT }, (_, id) => `insert into t values (${id}, ${draw(dice)})`);
        await database.sql(session, ...inserts);
        const changes = await streamed(start, ROW_COUNT);
        const copied = (await copySource(source)).rows.get(tableKey(database.name, 't')) ?? [];
        await source.close();
        expect(copied).toHaveLength(ROW_COUNT);
        expect(valueLines(changes, types)).toEqual(valueLines(copied, types));
        // Lines show the beginning of a value.
        expect(changes).toEqual(copied);
      },
    );
  });
});
