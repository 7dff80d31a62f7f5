// Options of files: the same rows, written by our verbs and by the reference into tables of the same options, give files of
// the same names, levels, statistics and file indexes; and the reference reads ours as its own.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { tableCommand } from '../../src/cli/table/table.ts';
import { parseJson } from '../../src/base/json-text.ts';
import { seededRandom } from '../../src/base/random.ts';
import { dumpTable } from '../../src/paimon/maintenance/dump.ts';
import { comparableDump } from '../support/comparable-dump.ts';
import { canonicalRows, type GoldenRow } from '../support/golden.ts';
import { type KindRow, type Reference, reference } from '../support/reference.ts';
import { openReplayed } from '../support/replayed-table.ts';
import { tempDir } from '../support/temp-dir.ts';

const java = await reference();
const COMMITS = 4;
const TABLE = 'db.t';

const FIELDS = [
  { id: 0, name: 'id', type: 'INT NOT NULL' },
  { id: 1, name: 'k', type: 'STRING NOT NULL' },
  { id: 2, name: 'a', type: 'INT' },
  { id: 3, name: 's', type: 'STRING' },
  { id: 4, name: 'b', type: 'BYTES' },
  { id: 5, name: 'l', type: { type: 'ARRAY', element: 'INT' } },
  { id: 6, name: 'm', type: 'DECIMAL(20, 2)' },
];

/** Options of keyed tables, each set a table. */
const KEYED: readonly Readonly<Record<string, string>>[] = [
  { 'file.format.per.level': '0:avro,5:parquet', 'file.compression.per.level': '0:snappy,5:gzip' },
  { 'file.format.per.level': '0:avro', 'changelog-producer': 'lookup', 'changelog-file.stats-mode': 'full' },
  { 'file.format.per.level': '0:avro', 'changelog-producer': 'input', 'changelog-file.format': 'parquet' },
  { 'file.format': 'avro', 'data-file.thin-mode': 'true', 'metadata.stats-keep-first-n-columns': '4' },
  { 'data-file.thin-mode': 'true', 'metadata.stats-keep-first-n-columns': '2', 'fields.s.stats-mode': 'truncate(3)' },
  { 'file.format.per.level': '0:avro', 'metadata.stats-mode.per.level': '0:none,5:truncate(2)' },
  { 'file.suffix.include.compression': 'true', 'file.compression.per.level': '5:none', 'data-file.prefix': 'd_' },
  { 'metadata.stats-dense-store': 'false', 'fields.a.stats-mode': 'none', 'changelog-producer': 'full-compaction' },
  { 'deletion-vectors.enabled': 'true', 'file.format.per.level': '0:avro', 'metadata.stats-mode': 'counts' },
  { 'file.format.per.level': '0:orc', 'changelog-producer': 'input', 'changelog-file.format': 'orc' },
  { 'file.format': 'orc', 'data-file.thin-mode': 'true', 'file.compression.per.level': '0:zlib' },
];

/** Options of tables without keys. */
const KEYLESS: readonly Readonly<Record<string, string>>[] = [
  { 'file.format': 'avro', 'metadata.stats-keep-first-n-columns': '2', 'file.format.per.level': '0:parquet' },
  { 'file.format': 'orc', 'metadata.stats-mode': 'full' },
];

function drawRows(seed: number, deletes: boolean): readonly (readonly KindRow[])[] {
  const random = seededRandom(seed);
  const below = (count: number): number => Math.floor(random.unit() * count);
  return Array.from({ length: COMMITS }, () =>
    Array.from({ length: 25 }, () => {
      const id = below(60);
      const row = {
        id,
        k: `key-${'é'.repeat(id % 19)}-${id}`,
        a: below(5) === 0 ? null : below(1000),
        s: below(6) === 0 ? null : `s${below(30)}-${'x'.repeat(below(40))}`,
        b: 'cafe',
        l: below(4) === 0 ? null : [below(10), null],
        m: `${below(1000)}.25`,
      };
      return { kind: deletes && below(6) === 0 ? '-D' : '+I', row };
    }),
  );
}

/** A table written by both from the same commits, then compacted. */
async function writeBoth(client: Reference, options: Readonly<Record<string, string>>, isKeyed: boolean) {
  const directory = tempDir();
  const [ours, theirs] = [join(directory, 'ours'), join(directory, 'theirs')];
  const own = { bucket: isKeyed ? '1' : '-1', 'num-sorted-run.compaction-trigger': '3', ...options };
  const schema = {
    fields: FIELDS,
    partitionKeys: [],
    primaryKeys: isKeyed ? ['id', 'k'] : [],
    options: own,
    comment: '',
  };
  const file = (name: string, content: string): string => {
    writeFileSync(join(directory, name), content);
    return join(directory, name);
  };
  const run = async (args: readonly string[]) => (await tableCommand()).parseAsync(args, { from: 'user' });
  const at = { warehouse: theirs, table: TABLE };
  await run(['create', '--warehouse', ours, '--table', TABLE, '--schema', file('schema.json', JSON.stringify(schema))]);
  await client.create(at, schema);
  const commits = drawRows(7, isKeyed && options['merge-engine'] === undefined);
  for (const [index, rows] of commits.entries()) {
    const path = file(`${index}.ndjson`, rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
    await run(['write', '--warehouse', ours, '--table', TABLE, '--rows', path]);
    await client.write(at, rows);
  }
  if (isKeyed) {
    await run(['compact', '--warehouse', ours, '--table', TABLE, '--full']);
    await client.compact(at, { full: true });
  }
  return { ours, theirs };
}

async function ourDump(warehouse: string): Promise<readonly GoldenRow[]> {
  const lines: GoldenRow[] = [];
  for await (const line of dumpTable(await openReplayed(warehouse))) lines.push(parseJson(line) as GoldenRow);
  return lines;
}

describe.skipIf(java === null)('files by their options, as the reference writes them', () => {
  const client = java as Reference;
  const cases = [
    ...KEYED.map((options) => ({ options, isKeyed: true })),
    ...KEYLESS.map((options) => ({ options, isKeyed: false })),
  ];

  test.each(cases)('$options', async ({ options, isKeyed }) => {
    const { ours, theirs } = await writeBoth(client, options, isKeyed);
    const dump = await client.dump({ warehouse: theirs, table: TABLE });
    expect(comparableDump(await ourDump(ours))).toEqual(comparableDump(dump));
    const [read, expected] = await Promise.all(
      [ours, theirs].map(async (warehouse) => canonicalRows(await client.read({ warehouse, table: TABLE }))),
    );
    expect(read).toEqual(expected);
    expect((await client.fsck({ warehouse: ours, table: TABLE })).problems).toEqual([]);
  });
});
