// A first copy in chunks on each kind of server: killed at its half it goes on where it was, while rows on both sides of
// that change. P32.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  freshMysqlDatabase,
  mysqlKinds,
  startMysql,
  type TestMysql,
  type TestMysqlDatabase,
} from '../support/mysql-servers.ts';
import { type MysqlSite, mysqlSite } from '../support/mysql-site.ts';
import { until } from '../support/until.ts';

const ROWS = 4096;
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

    test('P32: killed at half of a copy, what a checkpoint has is not read again', async () => {
      await database.sql(
        'create table big (id int primary key, note varchar(300))',
        'insert into big values (0, null)',
      );
      for (let count = 1; count < ROWS; count *= 2) {
        await database.sql(`insert into big select id + ${count}, repeat(md5(id), 8) from big`);
      }
      const source = '    snapshot: { chunk_rows: 100, rate_limit: 256KiB }';
      const site = mysqlSite(server, database, { source });
      const first = site.start();
      const half = await until(() => copiedUpTo(site, ROWS / 2), { timeoutMs: 120_000, what: 'half of the copy' });
      await first.kill('SIGKILL');
      await database.sql(
        `update big set note = 'changed' where id % 100 = 7`,
        'delete from big where id in (5, 4000)',
        `insert into big values (-1, 'before')`,
      );
      const second = site.start();
      const isCopied = async (): Promise<true | null> =>
        (await site.records.latest())?.tables.length === 1 ? true : null;
      await until(isCopied, { timeoutMs: 120_000, what: 'the copy' });
      await site.caughtUp();
      expect(await second.kill('SIGTERM')).toEqual({ code: 0, signal: null });
      const line = second
        .stderr()
        .split('\n')
        .find((text) => text.includes('table copied'));
      const copied = JSON.parse(line ?? '{}') as { readonly read?: number };
      expect(copied.read).toBeLessThanOrEqual(ROWS - half);
      expect(await site.differences(['big'])).toEqual([]);
      await site.close();
    });
  });
});

/** The rows that the newest record has of the copy, once they are so many. */
async function copiedUpTo(site: MysqlSite, rows: number): Promise<number | null> {
  const [copying] = (await site.records.latest())?.copying ?? [];
  return copying !== undefined && copying.rows >= rows ? copying.rows : null;
}
