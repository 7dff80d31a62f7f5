// Small tables of every kind that take the same rows: from us, from another engine, and from us again. What the rows are to
// be in the end tells the kinds apart.
import type { RowObject } from '../../src/paimon/format/row-objects.ts';
import type { Lake } from '../../src/paimon/lake.ts';
import { TableSession } from '../../src/paimon/table-session.ts';
import { sqlName } from './engine-readers.ts';
import type { GoldenRow } from './golden.ts';

/** A kind of table for other engines to write to. */
export interface TakeoverKind {
  /** As the page names it. */
  readonly what: string;
  readonly table: string;
  readonly options: Readonly<Record<string, string>>;
  readonly isPartitioned?: boolean;
  readonly hasKey?: boolean;
  /** Where readers see only what is compacted: row 1 as long as the engine's rows are not. */
  readonly pending?: readonly GoldenRow[];
  /** The row that all have written, in the end; of a table without a key all rows of it. */
  readonly merged: readonly GoldenRow[];
}

const COLUMNS = { p: 'STRING', id: 'INT', v: 'INT', s: 'STRING' };
const ONE = { p: 'a', id: 1 };

/** Row 1 is written three times: by us in both commits, then by the engine, which has no value for `v`. */
const FIRST: readonly (readonly RowObject[])[] = [
  [
    { ...ONE, v: 10, s: 'x' },
    { p: 'a', id: 2, v: 20, s: 'y' },
    { p: 'b', id: 3, v: 30, s: 'z' },
  ],
  [{ ...ONE, v: 11, s: null }],
];

/** What the engine writes. */
export const THEIR_ROWS: readonly GoldenRow[] = [
  { ...ONE, v: null, s: 'new' },
  { p: 'b', id: 4, v: 40, s: 'w' },
];

/** The same as a statement. */
export function insertStatement(table: string): string {
  return `INSERT INTO ${sqlName(table)} VALUES ('a', 1, CAST(NULL AS INT), 'new'), ('b', 4, 40, 'w')`;
}

const LAST: readonly RowObject[] = [{ p: 'b', id: 5, v: 50, s: null }];
const REPLACED: readonly GoldenRow[] = [{ ...ONE, v: null, s: 'new' }];

/** The kinds, in the order of the page. */
export const TAKEOVER_KINDS: readonly TakeoverKind[] = [
  { what: 'partitions', table: 'parts', options: { bucket: '1' }, isPartitioned: true, merged: REPLACED },
  { what: 'Avro files', table: 'avro', options: { bucket: '1', 'file.format': 'avro' }, merged: REPLACED },
  { what: 'dynamic buckets', table: 'dynamic', options: { bucket: '-1' }, merged: REPLACED },
  {
    what: 'deletion vectors',
    table: 'vectors',
    options: { bucket: '1', 'deletion-vectors.enabled': 'true' },
    pending: [{ ...ONE, v: 11, s: null }],
    merged: REPLACED,
  },
  {
    what: 'changelog-producer input',
    table: 'input',
    options: { bucket: '1', 'changelog-producer': 'input' },
    merged: REPLACED,
  },
  {
    what: 'changelog-producer lookup',
    table: 'lookup',
    options: { bucket: '1', 'changelog-producer': 'lookup' },
    merged: REPLACED,
  },
  {
    what: 'partial-update',
    table: 'partial',
    options: { bucket: '1', 'merge-engine': 'partial-update' },
    merged: [{ ...ONE, v: 11, s: 'new' }],
  },
  {
    what: 'aggregation',
    table: 'sums',
    options: { bucket: '1', 'merge-engine': 'aggregation', 'fields.v.aggregate-function': 'sum' },
    merged: [{ ...ONE, v: 21, s: 'new' }],
  },
  {
    what: 'first-row',
    table: 'firsts',
    options: { bucket: '1', 'merge-engine': 'first-row' },
    pending: [{ ...ONE, v: 10, s: 'x' }],
    merged: [{ ...ONE, v: 10, s: 'x' }],
  },
  {
    what: 'no primary key',
    table: 'appended',
    options: { bucket: '-1' },
    hasKey: false,
    merged: [{ ...ONE, v: 10, s: 'x' }, { ...ONE, v: 11, s: null }, ...REPLACED],
  },
];

/** The rows after the engine has written, while what it wrote is not compacted, and after we have gone on. */
export function rowsAfter(kind: TakeoverKind, stage: 'theirs' | 'pending' | 'last'): readonly GoldenRow[] {
  const others = (FIRST[0] ?? []).slice(1) as readonly GoldenRow[];
  if (stage === 'pending') return [...(kind.pending ?? []), ...others];
  return [...kind.merged, ...others, ...THEIR_ROWS.slice(1), ...(stage === 'last' ? (LAST as GoldenRow[]) : [])];
}

/** Creates the table of a kind and writes our first commits. */
export async function writeKind(lake: Lake, database: string, kind: TakeoverKind): Promise<string> {
  const name = `${database}.${kind.table}`;
  const table = await lake.createTable(name, {
    columns: COLUMNS,
    ...(kind.hasKey === false ? {} : { primaryKey: ['p', 'id'] }),
    ...(kind.isPartitioned === true ? { partitionedBy: ['p'] } : {}),
    options: kind.options,
  });
  const session = await TableSession.open(table, { user: 'first' });
  for (const rows of FIRST) {
    await session.write(rows);
    await session.commit();
  }
  await session.close();
  return name;
}

/** Our commit after the engine's. */
export async function writeLast(lake: Lake, name: string): Promise<void> {
  const session = await TableSession.open(await lake.table(name), { user: 'second' });
  await session.write(LAST);
  await session.commit();
  await session.close();
}
