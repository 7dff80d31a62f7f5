// Tables that we have written, and what another engine does to them, step by step; a model beside them says what the rows
// must be after each step, whoever reads.
import type { RowObject } from '../../src/paimon/format/row-objects.ts';
import type { Lake } from '../../src/paimon/lake.ts';
import type { Table } from '../../src/paimon/table.ts';
import { TableSession } from '../../src/paimon/table-session.ts';
import { sqlName } from './engine-readers.ts';
import { type GoldenRow, plainText } from './golden.ts';

/** The user of our commits between the engine's. */
export const US = 'second';

/** The engines that write, as the page names them. */
export const WRITERS = ['Flink', 'Spark', 'pypaimon', 'pypaimon, native'] as const;

export type Writer = (typeof WRITERS)[number];

/** Rows by key, in the reference's JSON. */
export type Model = Map<string, GoldenRow>;

/** One thing that is done to a table. */
export interface Step {
  /** As the page names it. */
  readonly what: string;
  readonly act: (table: string) => StepAction;
  /** What becomes of the rows. */
  readonly change: (rows: Model) => void;
}

/** A statement, or rows for a writer without SQL. */
export type StepAction = { readonly sql: string } | { readonly rows: readonly GoldenRow[] };

/** The columns of the table that is taken over. */
const COLUMNS = { id: 'BIGINT', n: 'INT', amount: 'DECIMAL(18, 2)', at: 'TIMESTAMP(6)', note: 'STRING' };
const OPTIONS = { bucket: '2', 'num-sorted-run.compaction-trigger': '3' };

/** The value of `at` in all rows: as JSON, and as we write it. */
const AT = '2026-05-05T05:05:05.000005';

function row(id: number, n: number, note: string | null): GoldenRow {
  return { id: String(id), n, amount: `${n}.25`, at: AT, note };
}

/** A row as our sessions take it. */
function writable(from: GoldenRow): RowObject {
  return { ...(from as RowObject), id: Number(from['id']) };
}

function put(rows: Model, ...changed: readonly GoldenRow[]): void {
  for (const each of changed) rows.set(plainText(each['id']), each);
}

/** Writes the table with several commits, deletes and a compaction. */
export async function writeTakenTable(lake: Lake, name: string): Promise<Model> {
  const table = await lake.createTable(name, { columns: COLUMNS, primaryKey: ['id'], options: OPTIONS });
  const model: Model = new Map();
  const session = await TableSession.open(table, { user: 'first' });
  for (let round = 0; round < 4; round++) {
    const rows = Array.from({ length: 30 }, (_, index) => row(round * 20 + index, round, `round ${round}`));
    await session.write(rows.map(writable));
    put(model, ...rows);
    await session.delete([{ id: round * 20 }]);
    model.delete(String(round * 20));
    await session.commit();
  }
  await session.close();
  return model;
}

/** What we do between the steps of the engine: rows, a delete, and a full compaction unless that is the engine's next. */
export async function goOn(table: Table, model: Model, next: Step | undefined): Promise<void> {
  const session = await TableSession.open(table, { user: US });
  const extra = table.schema.fields.some((field) => field.name === 'extra') ? { extra: null } : {};
  const rows = [row(11, -11, 'ours again'), row(500, 5, 'ours')].map((each) => ({ ...each, ...extra }));
  await session.write(rows.map(writable));
  await session.delete([{ id: 30 }]);
  await session.commit();
  if (next?.what !== COMPACTION) await session.compact({ full: true });
  await session.close();
  put(model, ...rows);
  model.delete('30');
}

/** The step after which the newest snapshot must be a compaction of the engine's. */
export const COMPACTION = 'compaction';

const INSERTS = 'INSERT of rows and of new versions of rows';

const INSERT: Step = {
  what: INSERTS,
  act: (table) => ({
    sql: `INSERT INTO ${sqlName(table)} VALUES
      (900, 9, CAST(9.25 AS DECIMAL(18, 2)), TIMESTAMP '${AT.replace('T', ' ')}', 'new'),
      (41, 9, CAST(9.25 AS DECIMAL(18, 2)), TIMESTAMP '${AT.replace('T', ' ')}', CAST(NULL AS STRING))`,
  }),
  change: (rows) => put(rows, row(900, 9, 'new'), row(41, 9, null)),
};

const UPDATE: Step = {
  what: 'UPDATE',
  act: (table) => ({ sql: `UPDATE ${sqlName(table)} SET n = 77, note = 'updated' WHERE id BETWEEN 50 AND 59` }),
  change: (rows) => {
    for (const each of rows.values()) {
      const id = Number(each['id']);
      if (id >= 50 && id <= 59) put(rows, { ...each, n: 77, note: 'updated' });
    }
  },
};

const DELETE: Step = {
  what: 'DELETE',
  act: (table) => ({ sql: `DELETE FROM ${sqlName(table)} WHERE id < 10` }),
  change: (rows) => {
    for (const id of rows.keys()) if (Number(id) < 10) rows.delete(id);
  },
};

const MERGE: Step = {
  what: 'MERGE INTO',
  act: (table) => ({
    sql: `MERGE INTO ${sqlName(table)} AS t
      USING (SELECT id + 40 AS id, 88 AS n, amount, \`at\`, 'merged' AS note FROM ${sqlName(table)} WHERE id BETWEEN 50 AND 69) AS s
      ON t.id = s.id WHEN MATCHED THEN UPDATE SET * WHEN NOT MATCHED THEN INSERT *`,
  }),
  change: (rows) => {
    const sources = [...rows.values()].filter((each) => Number(each['id']) >= 50 && Number(each['id']) <= 69);
    for (const each of sources) put(rows, { ...each, id: String(Number(each['id']) + 40), n: 88, note: 'merged' });
  },
};

/** The procedure's argument has a name that Flink's SQL wants quoted, and Spark's does not take quoted. */
function compact(argument: string): Step {
  return {
    what: COMPACTION,
    act: (table) => ({ sql: `CALL sys.compact(${argument} => '${table}')` }),
    change: () => undefined,
  };
}

function addColumn(columns: string): Step {
  return {
    what: 'ALTER TABLE, a column added',
    act: (table) => ({ sql: `ALTER TABLE ${sqlName(table)} ADD ${columns}` }),
    change: (rows) => {
      for (const each of rows.values()) put(rows, { ...each, extra: null });
    },
  };
}

const INSERT_WIDER: Step = {
  what: 'INSERT with the new column',
  act: (table) => ({
    sql: `INSERT INTO ${sqlName(table)} VALUES
      (901, 9, CAST(9.25 AS DECIMAL(18, 2)), TIMESTAMP '${AT.replace('T', ' ')}', 'wide', CAST(0.5 AS DOUBLE))`,
  }),
  change: (rows) => put(rows, { ...row(901, 9, 'wide'), extra: 0.5 }),
};

function upsert(id: number): Step {
  const rows = [row(id, 6, 'python'), row(42, id, null)];
  return { what: INSERTS, act: () => ({ rows }), change: (model) => put(model, ...rows) };
}

/** What each engine does to the table. */
export const TAKEOVERS: Readonly<Record<Writer, readonly Step[]>> = {
  Flink: [INSERT, UPDATE, DELETE, compact('`table`'), addColumn('(extra DOUBLE)'), INSERT_WIDER],
  Spark: [INSERT, UPDATE, DELETE, MERGE, compact('table'), addColumn('COLUMNS (extra DOUBLE)'), INSERT_WIDER],
  pypaimon: [upsert(910), upsert(911)],
  'pypaimon, native': [upsert(920), upsert(921)],
};
