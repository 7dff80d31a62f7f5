// SIGKILL of the daemon and of the server at random moments under random load, on each kind of server: the lake ends
// equal to the source, and the changelog has each change once.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import { below } from '../support/every-type.ts';
import { plainText } from '../support/golden.ts';
import { changesOf, judgeReplay } from '../support/judge-lake.ts';
import { LOAD_ENTRIES, LOAD_TABLES, MysqlLoad } from '../support/mysql-load.ts';
import {
  freshMysqlDatabase,
  mysqlKinds,
  startMysql,
  type TestMysql,
  type TestMysqlDatabase,
} from '../support/mysql-servers.ts';
import { type MysqlSite, mysqlSite } from '../support/mysql-site.ts';
import { printedSeed } from '../support/seeds.ts';
import { until } from '../support/until.ts';

const KILLS = 6;
const LIFE_MS_MAX = 4000;
const kinds = mysqlKinds();

/**
 * No version is twice in the changelog as a new row, unless it is of before the first cut with the table: a copy in chunks
 * repeats what the log gives. None is there that was not committed.
 */
async function judgeVersions(site: MysqlSite, name: string, noted: ReadonlySet<string>): Promise<readonly string[]> {
  const counts = new Map<string, number>();
  const problems: string[] = [];
  const first = await firstCut(site, name);
  for (const { kind, row, snapshot } of await changesOf(await site.table(name))) {
    if (kind !== '+I' && kind !== '+U') continue;
    const version = plainText(row['version']);
    if (!noted.has(version)) problems.push(`${name}: version ${version} was never committed`);
    if (snapshot > first) counts.set(version, (counts.get(version) ?? 0) + 1);
  }
  for (const [version, count] of counts) {
    if (count > 1) problems.push(`${name}: version ${version} is ${count} times in the changelog`);
  }
  return problems;
}

/** The snapshot of the first record in which the table is not being copied any more. */
async function firstCut(site: MysqlSite, name: string): Promise<number> {
  const records = await site.records.records();
  const entries = records.flatMap(({ tables }) => tables.filter(({ table }) => table.endsWith(`.${name}`)));
  const ids = entries.map(({ snapshotId }) => Number(snapshotId ?? 0));
  expect(ids.length).toBeGreaterThan(0);
  return Math.min(...ids);
}

/** Waits for the record of that number, or for the end of the daemon. */
async function newRecords(site: MysqlSite, number: bigint, exit: Promise<unknown>): Promise<void> {
  const reached = async (): Promise<boolean> => ((await site.records.latest())?.number ?? 0n) >= number;
  await Promise.race([until(reached, { timeoutMs: 60_000, what: `record ${number}` }), exit]);
}

describe.skipIf(kinds.length === 0)('servers', () => {
  describe.each(kinds)('%s', (kind) => {
    let server: TestMysql;
    let database: TestMysqlDatabase;
    beforeEach(async () => {
      server = await startMysql(kind, kind === 'mariadb' ? ['--log-bin-compress=ON'] : []);
      database = await freshMysqlDatabase(server);
    });
    afterEach(async () => {
      await server.stop();
    });

    test(`killed ${KILLS} times under load, the lake ends equal and each change is there once`, async () => {
      const { random } = printedSeed(`mysql-kill ${kind}`);
      const load = new MysqlLoad(server, database, random);
      await load.prepare();
      const site = mysqlSite(server, database, {
        entries: LOAD_ENTRIES,
        rest: 'maintenance: { snapshots: { retain: 1d, min: 1000000 } }',
      });
      let ended = false;
      const loading = load.run(() => ended);
      let committed = 0;
      try {
        for (let life = 0; life < KILLS; life++) {
          const before = (await site.records.latest())?.number ?? 0n;
          const daemon = site.start();
          await Promise.race([systemClock.sleep(random.unit() * LIFE_MS_MAX), daemon.exit]);
          if (life % 3 === 2) await server.restart('SIGKILL');
          // Half of the deaths come close after a commit, where most can go wrong.
          if (life % 2 === 1) await newRecords(site, before + 1n + BigInt(below(random, 4)), daemon.exit);
          const { signal, code } = await daemon.kill('SIGKILL');
          expect({ life, signal, code }, daemon.stderr().slice(-2000)).toEqual({ life, signal: 'SIGKILL', code: null });
          if (((await site.records.latest())?.number ?? 0n) > before) committed++;
        }
      } finally {
        ended = true;
      }
      await loading;
      const daemon = site.start();
      await site.caughtUp();
      expect(await daemon.kill('SIGTERM'), daemon.stderr()).toEqual({ code: 0, signal: null });
      process.stderr.write(`${kind}: ${committed} lives committed, ${load.transactions} transactions\n`);
      expect(committed).toBeGreaterThanOrEqual(KILLS / 2 - 1);
      expect(await site.differences(LOAD_TABLES)).toEqual([]);
      const versions = await load.noted();
      for (const name of ['documents', 'pairs']) {
        const table = await site.table(name);
        expect(await judgeReplay(table, await changesOf(table))).toEqual([]);
        expect(await judgeVersions(site, name, versions)).toEqual([]);
      }
      await site.close();
    });
  });
});
