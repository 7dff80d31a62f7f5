// Takes the binary log of a MySQL or MariaDB server away, but its newest file.
import { rowsOf, withMysql } from './mysql-servers.ts';
import { until } from './until.ts';

/** Resolves when there is one file; one that was read a moment ago may be in use for a while. */
export async function purgeLogs(url: string): Promise<void> {
  const isPurged = (): Promise<true | null> =>
    withMysql(url, async (connection) => {
      const files = (await rowsOf(connection, 'show binary logs')).map(([name]) => name ?? '');
      if (files.length === 1) return true;
      await connection.query(`purge binary logs to '${files.at(-1)}'`);
      return null;
    });
  await until(isPurged, { what: 'the log being purged' });
}
