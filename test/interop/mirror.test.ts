// What the mirror has written is read by other implementations as by us: Java's command line and pypaimon give the rows
// of the source, fsck accepts every snapshot, changelogs are the same; and a table that Java has compacted is gone on with.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Table } from '../../src/paimon/table.ts';
import { compareSourceAndLake, differences, lakeRows, readerRows, sourceRows } from '../support/compare-source-lake.ts';
import { changesOf, judgeReplay } from '../support/judge-lake.ts';
import { type MirrorSite, mirrorSite } from '../support/mirror-site.ts';
import { pypaimon, type Pypaimon } from '../support/pypaimon.ts';
import { LOAD_ENTRIES, LOAD_TABLES, loadStatements, runRandomLoad } from '../support/random-load.ts';
import { reference, type Reference, type TableAt } from '../support/reference.ts';
import { printedSeed } from '../support/seeds.ts';
import { postgres, type TestPostgres, withClient } from '../support/servers.ts';

const java = await reference();
const python = await pypaimon();
let server: TestPostgres;
beforeAll(async () => {
  server = await postgres({ settings: { fsync: 'off' } });
});
afterAll(async () => {
  await server.stop();
});

describe.skipIf(java === null || python === null)('a mirrored lake', () => {
  const [client, pyClient] = [java as Reference, python as Pypaimon];

  function at(site: MirrorSite, table: Table): TableAt {
    return { warehouse: site.warehouse, table: table.path.replace('.db/', '.') };
  }

  async function tablesOf(site: MirrorSite): Promise<readonly Table[]> {
    return Promise.all(LOAD_TABLES.map((name) => site.table(name)));
  }

  async function earliestId(site: MirrorSite): Promise<bigint | null> {
    const [table] = await tablesOf(site);
    return table.snapshots.earliestId();
  }

  /** All readers give the rows of the source, and fsck finds nothing. */
  async function expectAllEqual(site: MirrorSite): Promise<void> {
    const tables = await tablesOf(site);
    expect(await compareSourceAndLake(site.database.url, tables)).toEqual([]);
    for (const table of tables) {
      const expected = await sourceRows(site.database.url, table);
      expect(
        differences(expected, readerRows(table, await client.read(at(site, table)))),
        `Java, ${table.path}`,
      ).toEqual([]);
      expect(
        differences(expected, readerRows(table, await pyClient.read(at(site, table)))),
        `pypaimon, ${table.path}`,
      ).toEqual([]);
      expect(await client.fsck(at(site, table))).toMatchObject({ ok: true, problems: [] });
    }
  }

  async function mirrored(
    rest: string,
    transactions: number,
  ): Promise<MirrorSite & { readonly more: () => Promise<void> }> {
    const { random } = printedSeed(`interop ${rest}`);
    const site = await mirrorSite(server, {
      settings: { tables: LOAD_ENTRIES, commitInterval: '100ms', rest },
      statements: loadStatements(random),
    });
    const more = async (): Promise<void> => {
      const daemon = site.start();
      await site.caughtUp();
      await withClient(site.database.url, (sql) => runRandomLoad(sql, random, (count) => count === transactions));
      await site.caughtUp();
      expect(await daemon.kill()).toEqual({ code: 0, signal: null });
    };
    await more();
    return { ...site, more };
  }

  test('every snapshot and the changelog are the same to Java', async () => {
    const site = await mirrored('maintenance: { snapshots: { retain: 1d, min: 1000000 } }', 200);
    await expectAllEqual(site);
    for (const table of await tablesOf(site)) {
      const latest = (await table.latestSnapshot())?.id ?? 0n;
      for (let id = 1n; id <= latest; id += latest / 8n + 1n) {
        const theirs = readerRows(table, await client.read(at(site, table), { snapshot: id }));
        expect(differences(await lakeRows(table, id), theirs), `${table.path} snapshot ${id}`).toEqual([]);
      }
      if (table.schema.options['changelog-producer'] !== 'input') continue;
      const ours = await changesOf(table);
      expect(await judgeReplay(table, ours)).toEqual([]);
      const theirs = await client.changelog(at(site, table), { fromSnapshot: 1 });
      const texts = (
        changes: readonly { readonly kind: string; readonly row: object; readonly snapshot: number }[],
      ): readonly string[] => changes.map(({ kind, row, snapshot }) => JSON.stringify([snapshot, kind, row]));
      // Java reads the buckets of a snapshot in an order of its own.
      expect([...texts(theirs)].sort()).toEqual([...texts(ours)].sort());
    }
    await site.close();
  });

  test('after compaction and expiry all readers agree', async () => {
    const site = await mirrored('maintenance: { snapshots: { retain: 1s, min: 2 } }', 300);
    // On a fast machine nothing is old enough to expire when the first life ends.
    for (let lives = 1; lives < 5 && (await earliestId(site)) === 1n; lives++) await site.more();
    expect(await earliestId(site)).toBeGreaterThan(1n);
    await expectAllEqual(site);
    await site.close();
  });

  test('a mirror goes on over a compaction of Java, with compaction of its own and without', async () => {
    for (const compaction of ['off', 'inline']) {
      const site = await mirrored(`maintenance: { compaction: ${compaction} }`, 60);
      for (let round = 0; round < 2; round++) {
        for (const table of await tablesOf(site)) await client.compact(at(site, table), { full: true });
        // A table that was emptied last has nothing to compact.
        const latest = await Promise.all((await tablesOf(site)).map((table) => table.latestSnapshot()));
        expect(latest.map((snapshot) => snapshot?.commitKind)).toContain('COMPACT');
        await expectAllEqual(site);
        await site.more();
        await expectAllEqual(site);
      }
      await site.close();
    }
  });
});
