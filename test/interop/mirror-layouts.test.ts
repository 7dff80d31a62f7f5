// Mirrors in other layouts than the usual one are read by the reference as by us: rows, changes, and its own check.
import { describe, expect, test } from 'vitest';
import { compareSourceAndLake, differences, readerRows, sourceRows } from '../support/compare-source-lake.ts';
import { changesOf } from '../support/judge-lake.ts';
import { mirrorSite } from '../support/mirror-site.ts';
import { reference, type Reference } from '../support/reference.ts';
import { postgres } from '../support/servers.ts';

const java = await reference();

const LAYOUTS: Readonly<Record<string, string>> = {
  vectors: '{ deletion-vectors.enabled: true, changelog-producer: lookup }',
  given: '{ deletion-vectors.enabled: true, changelog-producer: input }',
  compacted: '{ changelog-producer: full-compaction }',
  spread: '{ bucket: -1, dynamic-bucket.target-row-num: 20 }',
};
const NAMES = Object.keys(LAYOUTS);
const TABLES = Object.entries(LAYOUTS).map(
  ([name, options]) => `\n      - { match: public.${name}, options: ${options} }`,
);

const eachTable = (statement: (name: string) => string): readonly string[] => NAMES.map(statement);

describe.skipIf(java === null)('a mirror with', () => {
  const client = java as Reference;

  test('deletion vectors, changes by compaction, dynamic buckets', async () => {
    const server = await postgres({ settings: { fsync: 'off' } });
    const statements = eachTable((name) => `create table ${name} (id int primary key, a int, b text)`);
    const site = await mirrorSite(server, { settings: { tables: TABLES.join('') }, statements });
    await site.sql(...eachTable((name) => `insert into ${name} select n, n, 'first' from generate_series(1, 80) n`));
    const daemon = site.start();
    for (let round = 1; round <= 3; round++) {
      await site.sql(
        ...eachTable((name) => `update ${name} set a = a + 1, b = 'round ${round}' where id % 4 = ${round}`),
        ...eachTable((name) => `delete from ${name} where id % 9 = ${round}`),
        ...eachTable((name) => `insert into ${name} values (${100 + round}, ${round}, null)`),
      );
      await site.caughtUp();
    }
    expect(await daemon.kill()).toEqual({ code: 0, signal: null });
    for (const name of NAMES) {
      const table = await site.table(name);
      const at = { warehouse: site.warehouse, table: `public.${name}` };
      expect(await compareSourceAndLake(site.database.url, [table])).toEqual([]);
      const expected = await sourceRows(site.database.url, table);
      expect(differences(expected, readerRows(table, await client.read(at))), name).toEqual([]);
      expect(await client.fsck(at), name).toMatchObject({ ok: true, problems: [] });
      if (table.schema.options['changelog-producer'] === undefined) continue;
      const theirs = await client.changelog(at);
      const ours = await changesOf(table);
      expect(theirs.length, name).toBeGreaterThan(100);
      expect(texts(theirs)).toEqual(texts(ours));
    }
    await site.close();
    await server.stop();
  });
});

/** Changes as texts; those of one snapshot in any order. */
function texts(changes: readonly { readonly kind: string; readonly row: object; readonly snapshot: number }[]) {
  return changes.map(({ kind, row, snapshot }) => `${snapshot} ${kind} ${JSON.stringify(row)}`).sort();
}
