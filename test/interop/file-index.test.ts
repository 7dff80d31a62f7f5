// File indexes that we write: of the same rows the same bytes as the reference's, and the reference reads by them.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { seededRandom } from '../../src/base/random.ts';
import { tableCommand } from '../../src/cli/table/table.ts';
import { createIndex } from '../../src/paimon/format/file-index/create-index.ts';
import { fileIndexBytes } from '../../src/paimon/format/file-index/file-index-bytes.ts';
import { fileIndexSpecs } from '../../src/paimon/schema/file-index-options.ts';
import { canonicalRows } from '../support/golden.ts';
import { type KindRow, type Reference, reference } from '../support/reference.ts';
import { openReplayed } from '../support/replayed-table.ts';
import { tempDir } from '../support/temp-dir.ts';

const java = await reference();
const TABLE = 'db.t';
const ROWS = 700;

const TYPES = {
  id: 'INT NOT NULL',
  i: 'INT',
  y: 'TINYINT',
  h: 'SMALLINT',
  l: 'BIGINT',
  f: 'FLOAT',
  d: 'DOUBLE',
  o: 'BOOLEAN',
  s: 'STRING',
  x: 'BYTES',
  c: 'DECIMAL(12, 3)',
  t: 'DATE',
  m: 'TIME(3)',
  ts: 'TIMESTAMP(3)',
  tu: 'TIMESTAMP(6)',
  tz: 'TIMESTAMP(3) WITH LOCAL TIME ZONE',
  n: 'INT',
  p: { type: 'MAP', key: 'STRING', value: 'INT' },
};

const BITMAP = 'i,y,h,l,f,d,o,s,t,m,ts,tu,tz,n';
const OPTIONS: readonly Readonly<Record<string, string>>[] = [
  { 'file-index.bloom-filter.columns': 'i,y,h,l,f,d,s,x,t,m,ts,tu,tz,n,p[a],p[b b]' },
  { 'file-index.bitmap.columns': `${BITMAP},p[a]` },
  { 'file-index.bitmap.columns': BITMAP, 'file-index.bitmap.s.version': '1', 'file-index.bitmap.l.version': '1' },
  { 'file-index.bitmap.columns': 's,i', 'file-index.bitmap.s.index-block-size': '200 b' },
  { 'file-index.bsi.columns': 'i,y,h,l,c,t,m,ts,tu,tz,n', 'file-index.bitmap.columns': 'i,l,n,s' },
  { 'file-index.range-bitmap.columns': 'i,y,h,l,f,d,o,s,c,t,m,ts,tu,tz,n', 'file-index.bsi.columns': 'c,t' },
  {
    'file-index.range-bitmap.columns': 's,i,d',
    'file-index.range-bitmap.s.chunk-size': '100 b',
    'file-index.range-bitmap.i.chunk-size': '64 b',
  },
];

function drawRows(seed: number): readonly KindRow[] {
  const random = seededRandom(seed);
  const below = (count: number): number => Math.floor(random.unit() * count);
  const digits = (value: number, width: number): string => String(value).padStart(width, '0');
  return Array.from({ length: ROWS }, (_, id) => {
    const date = `20${digits(below(60), 2)}-${digits(1 + below(12), 2)}-${digits(1 + below(28), 2)}`;
    const time = `${digits(below(24), 2)}:${digits(below(60), 2)}:${digits(below(60), 2)}`;
    const values = {
      i: below(400) - 200,
      y: below(100) - 50,
      h: below(300) - 150,
      l: String((BigInt(below(1_000_000)) - 500_000n) * BigInt(1 + below(2) * 20_000_000)),
      f: [0.5, -0.0, 0, 'NaN', 3.25, -7][below(6)] ?? 0,
      d: below(5) === 0 ? 'Infinity' : below(50) / 8 - 3,
      o: below(2) === 0,
      s: `s${below(90)}${'é'.repeat(below(3))}`,
      x: digits(below(80), 4),
      c: `${below(500) - 250}.125`,
      t: date,
      m: `${time}.000`,
      ts: `${date}T${time}.${digits(below(1000), 3)}000`,
      tu: `${date}T${time}.${digits(below(1_000_000), 6)}`,
      tz: `${date}T${time}.000000Z`,
      n: null,
      p:
        below(3) === 0
          ? [['a', below(9)]]
          : [
              ['b b', below(9)],
              ['z', null],
            ],
    };
    const drawn = Object.entries(values).map(([name, value]) => [name, below(9) === 0 ? null : value] as const);
    return { kind: '+I', row: { id, ...Object.fromEntries(drawn) } };
  });
}

function schemaOf(options: Readonly<Record<string, string>>, primaryKeys: readonly string[]) {
  const fields = Object.entries(TYPES).map(([name, type], id) => ({ id, name, type }));
  return { fields, partitionKeys: [], primaryKeys, options, comment: '' };
}

/** A table of the rows, written by us. */
async function writeOurs(schema: object, rows: readonly KindRow[]): Promise<string> {
  const directory = tempDir();
  const warehouse = join(directory, 'warehouse');
  const run = async (args: readonly string[]) => (await tableCommand()).parseAsync(args, { from: 'user' });
  const file = (name: string, content: string): string => {
    writeFileSync(join(directory, name), content);
    return join(directory, name);
  };
  const at = ['--warehouse', warehouse, '--table', TABLE];
  await run(['create', ...at, '--schema', file('schema.json', JSON.stringify(schema))]);
  await run(['write', ...at, '--rows', file('rows.ndjson', rows.map((row) => `${JSON.stringify(row)}\n`).join(''))]);
  return warehouse;
}

/** The indexes of the table's one file, and where they are. */
async function indexesOf(warehouse: string) {
  const table = await openReplayed(warehouse);
  const files = (await table.plan()).splits.flatMap((split) => split.files);
  expect(files).toHaveLength(1);
  const [{ embeddedFileIndex, extraFiles }] = files;
  const path = `${table.path}/bucket-0/${extraFiles[0]}`;
  const bytes = embeddedFileIndex ?? (await table.store.read(path));
  return { isEmbedded: embeddedFileIndex !== null, path, hex: Buffer.from(bytes).toString('hex') };
}

describe.skipIf(java === null)('file indexes of ours', () => {
  const client = java as Reference;
  const cases = OPTIONS.flatMap((options, index) => [{ options, primaryKeys: index % 2 === 0 ? ['id'] : [] }]);

  test.each(cases)('are the bytes of the reference: $options', async ({ options, primaryKeys }) => {
    const { 'file-index.bloom-filter.columns': bloom = '' } = options;
    const items = new Set(bloom.split(',').map((name) => name.replace(/\[.*/, '')));
    const sized: Record<string, string> = {};
    for (const name of items) if (name !== '') sized[`file-index.bloom-filter.${name}.items`] = '300';
    const bucket = primaryKeys.length > 0 ? '1' : '-1';
    const schema = schemaOf({ bucket, ...options, ...sized }, primaryKeys);
    const rows = drawRows(11);
    const ours = await writeOurs(schema, rows);
    const theirs = join(tempDir(), 'theirs');
    await client.create({ warehouse: theirs, table: TABLE }, schema);
    await client.write({ warehouse: theirs, table: TABLE }, rows);
    const { isEmbedded, hex } = await indexesOf(ours);
    const expected = await indexesOf(theirs);
    expect({ isEmbedded, size: hex.length / 2 }).toEqual({
      isEmbedded: expected.isEmbedded,
      size: expected.hex.length / 2,
    });
    expect(hex).toBe(expected.hex);
    for (const filter of [
      ['s', '=', 's7'],
      ['i', '>', '150'],
      ['l', '<', '-400000'],
    ]) {
      const [read, wanted] = await Promise.all(
        [ours, theirs].map(async (warehouse) =>
          canonicalRows(await client.read({ warehouse, table: TABLE }, { filter })),
        ),
      );
      expect(read).toEqual(wanted);
    }
    expect((await client.fsck({ warehouse: ours, table: TABLE })).problems).toEqual([]);
  });

  test('are read by the reference: what an index denies, it does not find', async () => {
    const options = { bucket: '-1', 'file-index.bloom-filter.columns': 's', 'file-index.bloom-filter.s.items': '300' };
    const schema = schemaOf({ ...options, 'file-index.in-manifest-threshold': '1 b' }, []);
    const warehouse = await writeOurs(schema, drawRows(12));
    const read = async () => (await client.read({ warehouse, table: TABLE }, { filter: ['s', '=', 's7'] })).length;
    expect(await read()).toBeGreaterThan(0);
    const table = await openReplayed(warehouse);
    const parts = fileIndexSpecs(table.schema).map((spec) => ({
      ...spec,
      body: createIndex(spec)?.finish() ?? new Uint8Array(0),
    }));
    const { path } = await indexesOf(warehouse);
    writeFileSync(join(warehouse, path), fileIndexBytes(parts));
    expect(await read()).toBe(0);
    expect(await client.read({ warehouse, table: TABLE })).toHaveLength(ROWS);
  });
});
