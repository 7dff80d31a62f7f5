// ORC files that we write: the reference finds rows in them by their row indexes, in every type and codec; pypaimon (the
// C++ implementation) and pypaimon-rust (orc-rust) read them.
import { describe, expect, test } from 'vitest';
import { seededRandom } from '../../src/base/random.ts';
import { canonicalRows, type GoldenRow, type GoldenValue } from '../support/golden.ts';
import { OurVerbs } from '../support/our-verbs.ts';
import { type Pypaimon, pypaimon } from '../support/pypaimon.ts';
import { type KindRow, type Reference, reference, type TableAt } from '../support/reference.ts';
import { tempDir } from '../support/temp-dir.ts';

const java = await reference();
const python = await pypaimon();
const ROWS = 9000;

const NESTED = {
  type: 'ROW',
  fields: [
    { id: 100, name: 'x', type: 'TIMESTAMP(6)' },
    { id: 101, name: 'y', type: { type: 'ARRAY', element: 'STRING' } },
  ],
};
const TYPES = {
  id: 'INT NOT NULL',
  o: 'BOOLEAN',
  y: 'TINYINT',
  h: 'SMALLINT',
  l: 'BIGINT',
  f: 'FLOAT',
  d: 'DOUBLE',
  s: 'STRING',
  u: 'VARCHAR(40)',
  ch: 'CHAR(9)',
  x: 'BYTES',
  c: 'DECIMAL(12, 3)',
  big: 'DECIMAL(30, 2)',
  t: 'DATE',
  m: 'TIME(3)',
  ts: 'TIMESTAMP(3)',
  tn: 'TIMESTAMP(9)',
  tz: 'TIMESTAMP(6) WITH LOCAL TIME ZONE',
  some: 'INT',
  none: 'STRING',
  a: { type: 'ARRAY', element: 'BIGINT' },
  p: { type: 'MAP', key: 'STRING', value: 'INT' },
  r: NESTED,
};

/** Options of tables, each of which puts rows otherwise into stripes, row groups and chunks. */
const OPTIONS: readonly Readonly<Record<string, string>>[] = [
  { 'orc.row.index.stride': '1000' },
  { 'orc.row.index.stride': '1000', 'file.compression': 'none', 'orc.dictionary.key.threshold': '0' },
  {
    'orc.row.index.stride': '1500',
    'orc.compress': 'ZLIB',
    'orc.stripe.size': '60000',
    'orc.dictionary.key.threshold': '1',
  },
  { 'orc.row.index.stride': '3000', 'file.compression': 'snappy', 'orc.stripe.size': '1048576' },
  { 'orc.row.index.stride': '0', 'file.compression': 'lz4' },
];

/** Rows by `id` up; some columns rise with it, so that row groups can be left out. */
function drawRows(seed: number): readonly KindRow[] {
  const random = seededRandom(seed);
  const below = (count: number): number => Math.floor(random.unit() * count);
  const digits = (value: number, width: number): string => String(value).padStart(width, '0');
  return Array.from({ length: ROWS }, (_, id): KindRow => {
    const date = `${1900 + Math.floor(id / 50)}-${digits(1 + below(12), 2)}-${digits(1 + below(28), 2)}`;
    const time = `${digits(below(24), 2)}:${digits(below(60), 2)}:${digits(below(60), 2)}`;
    const values: Record<string, GoldenValue> = {
      o: below(2) === 0,
      y: below(100) - 50,
      h: below(300) - 150,
      l: String((BigInt(id) - 4000n) * BigInt(1 + below(2) * 2_000_000_000_000)),
      f: [0.5, 0, 3.25, -7][below(4)] + Math.floor(id / 1000),
      d: below(50) / 8 - 3,
      s: `s${below(90)}${'é'.repeat(below(3))}`,
      u: `text number ${digits(id, 6)}`,
      ch: `c${below(200)}`,
      x: digits(below(80), 4).repeat(below(4)),
      c: `${below(500) - 250}.125`,
      big: `${below(2) === 0 ? '-' : ''}${digits(below(1e9), 9).replace(/^0/, '1')}${digits(id, 9)}.50`,
      t: date,
      m: `${time}.000`,
      ts: `${date}T${time}.${digits(below(1000), 3)}000`,
      tn: `2001-02-03T04:05:06.${digits(id, 9)}`,
      tz: `${date}T${time}.${digits(below(1_000_000), 6)}Z`,
      some: id >= 3000 && id < 6000 ? null : below(5),
      none: null,
      a: Array.from({ length: below(4) }, () => (below(5) === 0 ? null : String(below(1000)))),
      p: Array.from({ length: below(3) }, (__, index) => [`k${index}`, below(9)]),
      r: { x: `${date}T${time}.000001`, y: [`${id}`, null].slice(below(3)) },
    };
    const drawn = Object.entries(values).map(([name, value]) => [name, below(9) === 0 ? null : value] as const);
    return { kind: '+I', row: { id, ...Object.fromEntries(drawn) } };
  });
}

const FILTERS: readonly (readonly string[])[] = [
  ['id', '=', '7123'],
  ['id', '>', '2995', 'id', '<', '3005'],
  ['id', '>=', '8999'],
  ['l', '>', '9000000000000000'],
  ['u', '=', 'text number 004321'],
  ['u', 'like', 'text number 0012'],
  ['f', '>', '11'],
  ['t', '<', '1900-02-01'],
  ['c', '=', '-99.125', 'id', '>', '4400'],
  ['some', 'isnull', '-', 'id', '>', '5990'],
  ['some', 'notnull', '-', 'id', '>', '2990', 'id', '<', '6010'],
  ['o', '=', 'true', 'id', '>', '8900'],
  ['none', 'notnull', '-'],
];

describe.skipIf(java === null || python === null)('ORC files of ours', () => {
  const client = java as Reference;
  const rows = drawRows(7);

  async function written(options: Readonly<Record<string, string>>): Promise<TableAt> {
    const at = { warehouse: tempDir(), table: 'db.t' };
    const fields = Object.entries(TYPES).map(([name, type], id) => ({ id, name, type }));
    const own = { bucket: '-1', 'file.format': 'orc', 'metadata.stats-mode': 'none', ...options };
    const ours = new OurVerbs(at);
    expect(await ours.create({ fields, partitionKeys: [], primaryKeys: [], options: own, comment: '' })).toBeNull();
    expect(await ours.write(rows)).toBeNull();
    return at;
  }

  test.each(OPTIONS)('are searched by the reference as by us: %o', async (options) => {
    const at = await written(options);
    const ours = new OurVerbs(at);
    const all = canonicalRows(rows.map(({ row }) => row));
    expect(canonicalRows(await client.read(at))).toEqual(all);
    expect(canonicalRows(await ours.read())).toEqual(all);
    for (const filter of FILTERS) {
      const found = canonicalRows(await client.read(at, { filter }));
      expect(found, filter.join(' ')).toEqual(canonicalRows(await ours.read({ filter })));
    }
    expect(await client.fsck(at)).toMatchObject({ problems: [] });
  });

  test('are read by pypaimon and, natively, by pypaimon-rust', async () => {
    const at = await written(OPTIONS[0]);
    const columns = Object.keys(TYPES).filter((name) => name !== 'r');
    const narrowed = (row: GoldenRow): GoldenRow => Object.fromEntries(columns.map((name) => [name, row[name]]));
    const read = await (python as Pypaimon).read(at, { columns });
    const wanted = canonicalRows(rows.map(({ row }) => narrowed(row)));
    expect(canonicalRows(read)).toEqual(wanted);
    const query = `SELECT ${columns.map((name) => `"${name}"`).join(', ')} FROM paimon.db.t`;
    expect(canonicalRows(await (python as Pypaimon).sql(at.warehouse, query))).toEqual(wanted);
  });
});
