// Reads with conditions give what reads of everything give of the rows that meet them, in tables of every kind, although
// they fetch less: files, row groups and pages are left out.
import { expect, test } from 'vitest';
import { type Random, seededRandom } from '../../src/base/random.ts';
import { ofKind } from '../../src/column/take.ts';
import { type Condition, type Literal, plainConditions } from '../../src/paimon/format/condition.ts';
import { createRowPrinter } from '../../src/paimon/format/row-json.ts';
import type { RowObject } from '../../src/paimon/format/row-objects.ts';
import { Lake } from '../../src/paimon/lake.ts';
import { rowsThatMeet } from '../../src/paimon/scan/predicate.ts';
import type { ReadBatch, ReadOptions } from '../../src/paimon/scan/scan.ts';
import { parseDataType } from '../../src/paimon/schema/data-type-text.ts';
import { Table } from '../../src/paimon/table.ts';
import { TableSession } from '../../src/paimon/table-session.ts';
import { MemoryFileStore } from '../../src/storage/memory/memory-file-store.ts';
import { EagerClock } from '../support/eager-clock.ts';
import { OverlayStore } from '../support/overlay-store.ts';

const SEED = Number(process.env['SEED'] ?? '20261125');
const SECONDS = Number(process.env['PROPERTY_SECONDS'] ?? '2');
const CONDITION_COUNT = 6 * SECONDS;
/** More than a page of them, which is what a batch of rows makes of 20,000. */
const ROWS = 40_000;
const DAY_MS = 86_400_000;

interface TableKind {
  readonly options: Readonly<Record<string, string>>;
  readonly primaryKey?: readonly string[];
}

const PRIMARY_KEY = { primaryKey: ['id'] };
const KINDS: Readonly<Record<string, TableKind>> = {
  append: { options: { bucket: '-1' } },
  'append in buckets': { options: { bucket: '1', 'bucket-key': 'id' } },
  'files of one level': { ...PRIMARY_KEY, options: { bucket: '1', 'full-compaction.delta-commits': '1' } },
  'overlapping files': { ...PRIMARY_KEY, options: { bucket: '1', 'write-only': 'true' } },
  'partial update': {
    ...PRIMARY_KEY,
    options: { bucket: '1', 'write-only': 'true', 'merge-engine': 'partial-update' },
  },
  'deletion vectors': { ...PRIMARY_KEY, options: { bucket: '1', 'deletion-vectors.enabled': 'true' } },
};
const COLUMNS = {
  id: 'INT NOT NULL',
  price: 'DOUBLE',
  name: 'STRING',
  day: 'DATE',
  at: 'TIMESTAMP(3)',
  code: 'STRING',
};
const ODD_PRICES = [Number.NaN, 0, -0, null];

function nameOf(id: number): string {
  return `name ${String(id).padStart(6, '0')}`;
}

/** Rows whose values follow their ids more or less, with NULLs, NaN and both zeros among them. */
function rowsOf(random: Random, count: number, step: number): RowObject[] {
  return Array.from({ length: count }, (_, row) => {
    const id = row * step;
    const isOdd = random.unit() < 0.001;
    return {
      id,
      price: isOdd ? ODD_PRICES[integer(random, 0, ODD_PRICES.length - 1)] : id + random.unit(),
      name: random.unit() < 0.01 ? null : nameOf(id),
      day: new Date(Math.floor(id / 100) * DAY_MS),
      at: new Date(id * 1000),
      // Does not compress, so that pages are worth leaving out.
      code: random.uuid(),
    };
  });
}

/** A table of two commits that overlap, half of the times altered after them and written again. */
async function written(random: Random, { options, primaryKey }: TableKind): Promise<OverlayStore> {
  const store = new MemoryFileStore();
  const table = await new Lake(store).createTable('db.t', { columns: COLUMNS, primaryKey: primaryKey ?? [], options });
  await writeRows(table, random, [rowsOf(random, ROWS, 1), rowsOf(random, ROWS / 4, 2)]);
  if (random.unit() < 0.5) {
    await table.alter([
      { kind: 'renameColumn', path: ['name'], newName: 'title' },
      { kind: 'updateColumnType', path: ['day'], type: parseDataType('TIMESTAMP(3)') },
      { kind: 'addColumn', path: ['note'], type: parseDataType('STRING'), place: { kind: 'last' } },
    ]);
    const more = rowsOf(random, 5000, 3).map(({ name, ...row }) => ({ ...row, title: name, note: 'x' }));
    await writeRows(table, random, [more]);
  }
  return new OverlayStore(store, null);
}

async function writeRows(table: Table, random: Random, commits: readonly (readonly RowObject[])[]): Promise<void> {
  const session = await TableSession.open(table, { user: 'test', clock: new EagerClock(), random });
  for (const rows of commits) {
    await session.write(rows);
    await session.commit();
  }
  await session.close();
}

/** A condition on a column of the table, or a tree of some. */
function anyCondition(random: Random, table: Table, depth = 0): Condition {
  if (depth < 2 && random.unit() < 0.3) {
    const conditions = [anyCondition(random, table, depth + 1), anyCondition(random, table, depth + 1)];
    const operator = random.unit() < 0.5 ? 'and' : 'or';
    return random.unit() < 0.2 ? { operator: 'not', condition: conditions[0] } : { operator, conditions };
  }
  const columns = table.schema.fields.map(({ name }) => name);
  const column = columns[integer(random, 0, columns.length - 1)];
  const literal = (id: number): Literal => literalOf(table, column, id);
  const id = integer(random, -100, ROWS + 100);
  const operators = ['=', '!=', '<', '<=', '>', '>='] as const;
  const choice = integer(random, 0, 11);
  if (choice < 6) return { column, operator: operators[choice], literal: literal(id) };
  if (choice === 6) return { column, operator: 'is null' };
  if (choice === 7) return { column, operator: 'is not null' };
  if (choice === 8) return { column, operator: 'in', literals: [literal(id), literal(id + 3)] };
  return { column, operator: choice === 9 ? 'not between' : 'between', low: literal(id), high: literal(id + 200) };
}

function literalOf(table: Table, column: string, id: number): Literal {
  const { type } = table.schema.fields.find(({ name }) => name === column) ?? table.schema.fields[0];
  switch (type.kind) {
    case 'DATE':
      return Math.floor(id / 100);
    case 'TIMESTAMP':
      return BigInt(column === 'day' ? Math.floor(id / 100) * DAY_MS : id * 1000);
    case 'VARCHAR':
      return new TextEncoder().encode(column === 'note' ? 'x' : nameOf(id));
    default:
      return id;
  }
}

async function batchesOf(table: Table, options: ReadOptions): Promise<readonly ReadBatch[]> {
  const batches: ReadBatch[] = [];
  for await (const batch of table.read(options)) batches.push(batch);
  return batches;
}

/** The ids of the rows that meet conditions, and some of these rows as text. */
function answerOf(batches: readonly ReadBatch[], where: readonly Condition[]): unknown {
  const ids: number[] = [];
  const rows: string[] = [];
  for (const batch of batches) {
    const met = rowsThatMeet(plainConditions(where), batch.rowCount, (name) => {
      const index = batch.fields.findIndex((field) => field.name === name);
      return { type: batch.fields[index].type, vector: batch.columns[index] };
    });
    const id = ofKind(batch.columns[0], 'i32').values;
    const print = createRowPrinter(batch.fields);
    for (let row = 0; row < met.length; row++) {
      if (met[row] === 0) continue;
      if (ids.push(id[row]) % 500 === 1) rows.push(print(batch.columns, row));
    }
  }
  return { ids, rows };
}

// Each kind costs a second: `npm test` takes some, CI all.
const TRIED = Object.keys(KINDS).filter((_, index) => SECONDS > 2 || index % 2 === 1);

test.each(TRIED)('%s', async (kind) => {
  process.stderr.write(`pruned reads, ${kind}: SEED=${SEED}\n`);
  const random = seededRandom(SEED + kind.length);
  const store = await written(random, KINDS[kind]);
  const table = await Table.open(store, { database: 'db', table: 't' });
  const all = await batchesOf(table, {});
  const wholeBytes = store.readBytes;
  for (let count = 0; count < CONDITION_COUNT; count++) {
    const where = [anyCondition(random, table)];
    const answer = answerOf(await batchesOf(table, { where }), where);
    expect({ where, answer }).toEqual({ where, answer: answerOf(all, where) });
  }
  // Not only whole files are left out: a range of keys is a page or two of each.
  const before = store.readBytes;
  const where: readonly Condition[] = [{ column: 'id', operator: 'between', low: ROWS - 20, high: ROWS - 10 }];
  expect(answerOf(await batchesOf(table, { where }), [])).toEqual(answerOf(all, where));
  expect(store.readBytes - before).toBeLessThan(wholeBytes * 0.6);
});

/** A whole number of `from … to`, both included. */
function integer(random: Random, from: number, to: number): number {
  return from + Math.floor(random.unit() * (to - from + 1));
}
