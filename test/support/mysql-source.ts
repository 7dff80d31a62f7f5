// What tests of the MySQL source share: settings for a database, and a source on it.
import { systemClock } from '../../src/base/clock.ts';
import { silentLogger } from '../../src/base/log.ts';
import { systemRandom } from '../../src/base/random.ts';
import { MysqlSource } from '../../src/source/mysql/mysql-source.ts';
import type { MysqlSettings } from '../../src/source/mysql/settings.ts';

/** Settings for the database of a URL: every table of it. */
export function mysqlSettings(url: string, changes: Partial<MysqlSettings> = {}): MysqlSettings {
  const parsed = new URL(url);
  const database = parsed.pathname.slice(1);
  return {
    host: parsed.hostname,
    port: Number(parsed.port),
    user: parsed.username,
    database,
    password: () => Promise.resolve(null),
    tls: { mode: 'disable', ca: null, cert: null, key: null, servername: null },
    connectTimeoutMs: 10_000,
    serverId: 'auto',
    zeroDates: 'as_null',
    includes: (schema) => schema === database,
    tablePolicy: () => ({ key: 'auto', noKey: 'skip', asString: [] }),
    heartbeatMs: 1000,
    ...changes,
  };
}

/** A source with the machine's clock. */
export function mysqlSource(url: string, changes: Partial<MysqlSettings> = {}): MysqlSource {
  const components = { clock: systemClock, random: systemRandom, logger: silentLogger };
  return new MysqlSource(mysqlSettings(url, changes), components);
}
