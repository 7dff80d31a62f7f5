// Tables of every kind, written by us, for other engines to read: the golden cases run through our verbs, and a few more
// that stress what engines stumble over. All in the database `db` of one warehouse.
import { seededRandom } from '../../src/base/random.ts';
import type { RowObject } from '../../src/paimon/format/row-objects.ts';
import { Lake, type NewTable } from '../../src/paimon/lake.ts';
import { parseDataType } from '../../src/paimon/schema/data-type-text.ts';
import { TableSession } from '../../src/paimon/table-session.ts';
import { golden, goldenNames } from './golden.ts';
import { replay } from './golden-replay.ts';

/** Kinds of tables, in the order of the page, with the names of the tables that belong to each; the first that fits counts. */
const KINDS: readonly (readonly [string, RegExp])[] = [
  ['plain types with nulls and extremes', /^(types_primitive|types_float|wide|big_strings|decimals|moments)/],
  ['arrays, maps, multisets, rows', /^types_nested/],
  ['keys of all types', /^(key|types_key)/],
  ['thin mode (no key columns in the files)', /^thin/],
  ['partial-update', /^pu_(basic|ignore|delete_poison)/],
  ['partial-update with groups, aggregates, removal', /^(pu_|cp_lookup_partial)/],
  ['aggregation', /^(agg|cp_lookup_agg)/],
  ['first-row', /^first/],
  ['changelog producers', /^cp/],
  ['deletion vectors', /^dv/],
  ['partitions', /^part/],
  ['dynamic buckets', /^bucket_dynamic/],
  ['postponed buckets', /^bucket_postpone/],
  ['no primary key', /^append/],
  ['columns added, dropped, renamed, retyped, moved', /^se/],
  ['tags, branches, rollback, expiry', /^(tags|branches|rollback|expire)/],
  ['Avro and ORC files', /^(avro|orc)/],
  ['compressions, row groups, indexes, statistics', /^(parquet|index|stats|manifest|filters|large)/],
  ['deduplicate: levels, deletes, sequence fields', /./],
];

/** A table that we have written. */
export interface EngineTable {
  /** `database.table`. */
  readonly table: string;
  readonly kind: string;
  /** The golden case that it repeats; null for one of our own. */
  readonly golden: string | null;
}

/** The kind of what the daemon has written. */
export const MIRRORED = 'mirrored from PostgreSQL';

/** The kinds of tables, as the page names them. */
export const ENGINE_TABLE_KINDS: readonly string[] = [...KINDS.map(([kind]) => kind), MIRRORED];

/** Writes all tables; golden cases that we do not write are left out. */
export async function writeEngineTables(warehouse: string): Promise<readonly EngineTable[]> {
  const tables: EngineTable[] = [];
  for (const found of goldenNames()) {
    const name = found.replaceAll('-', '_');
    const fault = await replay(golden(found), warehouse, `db.${name}`);
    if (fault !== null) throw new Error(`golden case ${found} was not replayed: ${JSON.stringify(fault)}`);
    tables.push({ table: `db.${name}`, kind: kindOf(name), golden: found });
  }
  const lake = Lake.open(warehouse);
  for (const [name, write] of Object.entries(OWN)) {
    await write(lake, `db.${name}`);
    tables.push({ table: `db.${name}`, kind: kindOf(name), golden: null });
  }
  return tables;
}

function kindOf(name: string): string {
  const found = KINDS.find(([, names]) => names.test(name));
  if (found === undefined) throw new Error(`no kind for ${name}`);
  return found[0];
}

const OWN: Readonly<Record<string, (lake: Lake, name: string) => Promise<void>>> = {
  decimals: (lake, name) => decimals(lake, name),
  moments: (lake, name) => moments(lake, name),
  large: (lake, name) => large(lake, name),
  part_types: (lake, name) => partitionTypes(lake, name),
  se_inner: (lake, name) => nestedEvolution(lake, name),
};

/** Commits one batch of rows after the other. */
async function written(lake: Lake, name: string, spec: NewTable, commits: readonly (readonly RowObject[])[]) {
  const table = await lake.createTable(name, spec);
  const session = await TableSession.open(table, { user: 'engines' });
  for (const rows of commits) {
    await session.write(rows);
    await session.commit();
  }
  await session.close();
  return table;
}

/** A DECIMAL of each precision, as value and (of an append table) in statistics: how wide the value is stored changes at 9 and 18. */
async function decimals(lake: Lake, name: string): Promise<void> {
  const precisions = Array.from({ length: 38 }, (_, index) => index + 1);
  const columns = precisions.map((precision) => ({
    precision,
    scale: [0, precision >> 1, precision][precision % 3] ?? 0,
  }));
  const spec = {
    columns: {
      id: 'INT',
      ...Object.fromEntries(
        columns.map(({ precision, scale }) => [`d${precision}`, `DECIMAL(${precision}, ${scale})`]),
      ),
    },
    primaryKey: ['id'],
    options: { bucket: '1' },
  };
  const placed = (digits: string, scale: number): string => {
    const padded = digits.padStart(scale + 1, '0');
    return scale === 0 ? digits : `${padded.slice(0, -scale)}.${padded.slice(-scale)}`;
  };
  const row = (id: number, text: (precision: number, scale: number) => string | null): RowObject => ({
    id,
    ...Object.fromEntries(columns.map(({ precision, scale }) => [`d${precision}`, text(precision, scale)])),
  });
  await written(lake, name, spec, [
    [row(1, () => null), row(2, (precision, scale) => placed('9'.repeat(precision), scale))],
    [
      row(3, (precision, scale) => `-${placed('9'.repeat(precision), scale)}`),
      row(4, (_, scale) => placed('1', scale)),
    ],
    [row(5, (_, scale) => placed('0', scale)), row(6, (_, scale) => `-${placed('1', scale)}`), row(1, () => '0')],
  ]);
}

/** Both kinds of timestamps with every precision, before and after the epoch. */
async function moments(lake: Lake, name: string): Promise<void> {
  const digits = Array.from({ length: 10 }, (_, precision) => precision);
  const spec = {
    columns: {
      id: 'INT',
      ...Object.fromEntries(digits.map((precision) => [`t${precision}`, `TIMESTAMP(${precision})`])),
      ...Object.fromEntries(
        digits.map((precision) => [`z${precision}`, `TIMESTAMP(${precision}) WITH LOCAL TIME ZONE`]),
      ),
    },
    primaryKey: ['id'],
    options: { bucket: '1' },
  };
  const row = (id: number, second: string | null, fraction = ''): RowObject => {
    const text = (precision: number): string | null =>
      second === null ? null : precision === 0 ? second : `${second}.${fraction.slice(0, precision)}`;
    return {
      id,
      ...Object.fromEntries(digits.map((precision) => [`t${precision}`, text(precision)])),
      ...Object.fromEntries(
        digits.map((precision) => [`z${precision}`, second === null ? null : `${text(precision)}Z`]),
      ),
    };
  };
  await written(lake, name, spec, [
    [row(1, '1970-01-01T00:00:00', '000000000'), row(2, '1969-12-31T23:59:59', '999999999'), row(3, null)],
    [row(4, '1700-02-28T23:59:59', '123456789'), row(5, '2262-04-11T23:47:16', '854775807')],
    [row(3, '2024-02-29T12:34:56', '000000001')],
  ]);
}

/** Several pages and levels in two buckets, with rows deleted and changed. */
async function large(lake: Lake, name: string): Promise<void> {
  const random = seededRandom(11);
  const spec = {
    columns: { id: 'BIGINT', name: 'STRING', amount: 'DECIMAL(12, 2)', at: 'TIMESTAMP(6)', note: 'STRING' },
    primaryKey: ['id'],
    options: { bucket: '2', 'num-sorted-run.compaction-trigger': '3', 'target-file-size': '100 kb' },
  };
  const table = await lake.createTable(name, spec);
  const session = await TableSession.open(table, { user: 'engines' });
  const row = (id: number): RowObject => ({
    id,
    name: `${random.uuid().slice(0, 4)}-${id}`,
    amount: `${Math.floor(random.unit() * 1e6)}.${String(id % 100).padStart(2, '0')}`,
    at: new Date(1.7e12 + Math.floor(random.unit() * 1e10)),
    note: id % 3 === 0 ? null : `note ${'x'.repeat(id % 40)}`,
  });
  for (let round = 0; round < 5; round++) {
    await session.write(Array.from({ length: 3000 }, (_, index) => row(round * 2000 + index)));
    await session.delete(Array.from({ length: 200 }, (_, index) => row(round * 2000 + index * 7)));
    await session.commit();
  }
  await session.close();
}

/** Partitions of other types than text, each of them NULL once. */
async function partitionTypes(lake: Lake, name: string): Promise<void> {
  const spec = {
    columns: { id: 'BIGINT', day: 'DATE', number: 'INT', flag: 'BOOLEAN', text: 'STRING' },
    partitionedBy: ['day', 'number', 'flag', 'text'],
    options: { bucket: '-1' },
  };
  const row = { day: '2024-02-29', number: -7, flag: true, text: 'a=b/c %' };
  await written(lake, name, spec, [
    [
      { id: 1, ...row },
      { id: 2, ...row, day: null },
      { id: 3, ...row, number: null },
    ],
    [
      { id: 4, ...row, flag: null },
      { id: 5, ...row, text: null },
      { id: 6, ...row, day: '1969-12-31' },
    ],
    [{ id: 7, day: null, number: null, flag: null, text: null }],
  ]);
}

/** Fields within rows, elements and values that come, go and change. */
async function nestedEvolution(lake: Lake, name: string): Promise<void> {
  const inner = {
    type: 'ROW',
    fields: [
      { name: 'a', type: 'INT' },
      { name: 'b', type: 'STRING' },
    ],
  };
  const spec = {
    columns: { id: 'INT', r: inner, items: { type: 'ARRAY', element: inner } },
    primaryKey: ['id'],
    options: { bucket: '1' },
  };
  const table = await written(lake, name, spec, [
    [
      { id: 1, r: { a: 1, b: 'one' }, items: [{ a: 1, b: 'x' }] },
      { id: 2, r: null, items: [] },
    ],
    [{ id: 3, r: { a: 3, b: 'three' }, items: [{ a: 2, b: 'y' }] }],
  ]);
  await table.alter([
    { kind: 'addColumn', path: ['r', 'c'], type: parseDataType('DOUBLE') },
    { kind: 'renameColumn', path: ['r', 'b'], newName: 'bb' },
    { kind: 'updateColumnType', path: ['items', 'element', 'a'], type: parseDataType('BIGINT') },
  ]);
  const session = await TableSession.open(table, { user: 'later' });
  await session.write([{ id: 3, r: { a: 30, bb: 'new', c: 0.5 }, items: [{ a: 3_000_000_000n, b: null }] }]);
  await session.commit();
  await session.close();
}

/** The directory of the reference's own table of the case, if there is one: what an engine misreads there, too, is its own doing. */
export function referenceDirectoryOf(table: EngineTable): string | null {
  return table.golden === null ? null : golden(table.golden).tableDirectory;
}
