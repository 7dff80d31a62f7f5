// Flink, Spark, pypaimon and pypaimon-rust read what we write: tables of every kind, past states, conditions, system
// tables, and a stream of changes. docs/compatibility.md shows the result, and the last test compares it.
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Lake } from '../../src/paimon/lake.ts';
import type { SnapshotId } from '../../src/paimon/meta/snapshot.ts';
import type { ReadOptions } from '../../src/paimon/scan/scan.ts';
import { comparableRows } from '../support/comparable-rows.ts';
import { type Cell, pageBlock, pageText } from '../support/compatibility-page.ts';
import { difference, problemsOf, type Seen, seen, type TypedRows, typedRows } from '../support/engine-judge.ts';
import { ENGINE_LIMITS, type EngineLimit } from '../support/engine-limits.ts';
import { writeMirroredTables } from '../support/engine-mirror.ts';
import { ENGINE_CONDITIONS, ENGINE_SYSTEM_TABLES, hasSql } from '../support/engine-queries.ts';
import {
  ENGINE_NAMES,
  type EngineName,
  type EngineReader,
  openEngine,
  sqlName,
  type TableState,
} from '../support/engine-readers.ts';
import {
  ENGINE_TABLE_KINDS,
  type EngineTable,
  referenceDirectoryOf,
  writeEngineTables,
} from '../support/engine-tables.ts';
import type { GoldenRow } from '../support/golden.ts';
import { changesOf } from '../support/judge-lake.ts';
import { interopWanted } from '../support/line-process.ts';
import { tempDir } from '../support/temp-dir.ts';

/** A table as one engine has read it. */
interface Judged {
  readonly table: EngineTable;
  readonly theirs: Seen;
  readonly limit: EngineLimit | null;
  readonly problems: readonly string[];
}

const YES: Cell = { verdict: 'yes', notes: [] };
const NO_SQL: Cell = { verdict: '–', notes: ['pypaimon itself has no SQL.'] };
const NO_STREAM: Cell = { verdict: '–', notes: ['Not tried.'] };
const NOT_SEEN: Cell = { verdict: 'no', notes: [] };
const STREAM_SECONDS = 120;

describe.skipIf(!interopWanted())('other engines read our tables', () => {
  const warehouse = join(tempDir(), 'lake');
  const lake = Lake.open(warehouse);
  const seenOfKinds = new Map<EngineName, readonly Judged[]>();
  const seenOfReads = new Map<string, Map<EngineName, Cell>>();
  let tables: readonly EngineTable[] = [];

  beforeAll(async () => {
    tables = [...(await writeEngineTables(warehouse)), ...(await writeMirroredTables(warehouse))];
    for (const table of tables.filter(isMisread)) {
      const directory = referenceDirectoryOf(table);
      if (directory !== null) cpSync(directory, directoryOf(ofReference(table)), { recursive: true });
    }
  });

  function directoryOf(name: string): string {
    return join(warehouse, name.replace('.', '.db/'));
  }

  async function ours(name: string, at?: ReadOptions['at']): Promise<TypedRows> {
    const table = await lake.table(name);
    return typedRows(table.read(at === undefined ? {} : { at }), table.schema.fields);
  }

  /** The engine's rows of a table with the columns that it should have. */
  async function theirs(engine: EngineReader, name: string, state: TableState = {}): Promise<TypedRows> {
    const { schema } = await lake.table(name);
    return { fields: schema.fields, rows: await engine.read(name, state) };
  }

  async function judge(name: EngineName, engine: EngineReader, table: EngineTable): Promise<Judged> {
    const what = `${name}, ${table.table}`;
    const limit = limitOf(name, table.table);
    const found = await seen(theirs(engine, table.table));
    const problems = problemsOf(what, await seen(ours(table.table)), found, limit);
    if (limit === null || !isMisread(table)) return { table, theirs: found, limit, problems };
    // A table of the reference is misread in the same way: the fault is not in what we write.
    const alike =
      referenceDirectoryOf(table) === null
        ? []
        : difference(`${what} of the reference`, found, await seen(theirs(engine, ofReference(table))));
    return { table, theirs: found, limit, problems: [...problems, ...alike] };
  }

  function record(read: string, engine: EngineName, cell: Cell): void {
    seenOfReads.set(read, (seenOfReads.get(read) ?? new Map<EngineName, Cell>()).set(engine, cell));
  }

  describe.each(ENGINE_NAMES)('%s', (name) => {
    let engine: EngineReader;
    beforeAll(async () => {
      engine = await openEngine(name, warehouse);
    });
    afterAll(() => engine.stop());

    test('reads every table as we do, but for its limits', async () => {
      const judged: Judged[] = [];
      for (const table of tables) judged.push(await judge(name, engine, table));
      expect(judged.flatMap(({ problems }) => problems)).toEqual([]);
      seenOfKinds.set(name, judged);
    });

    test.each([
      ['db.dedup_basic', 1],
      ['db.dedup_basic', 5],
      ['db.pu_basic', 2],
      ['db.dv_basic', 3],
    ])('reads %s as of snapshot %d', async (table, snapshot) => {
      const then = await seen(ours(table, snapshotAt(snapshot)));
      expect(await seen(theirs(engine, table, { snapshot }))).toEqual(then);
      expect(then).not.toEqual(await seen(ours(table)));
      record('a snapshot of the past', name, YES);
    });

    test('reads a tag', async () => {
      const then = await seen(ours('db.tags', { kind: 'tag', name: 'kept' }));
      expect(await seen(theirs(engine, 'db.tags', { tag: 'kept' }))).toEqual(then);
      record('a tag', name, YES);
    });

    test.each(['db.se_rename', 'db.se_add'])('reads %s with the columns of then, or of now', async (table) => {
      const { schema } = await lake.table(table);
      const then = await ours(table, snapshotAt(1));
      const isOfNow = name === 'Flink';
      const wanted = isOfNow ? underColumns(then, schema.fields) : then;
      const rows = await engine.read(table, { snapshot: 1 });
      expect(comparableRows(wanted.fields, rows)).toEqual(comparableRows(wanted.fields, wanted.rows));
      const notes = isOfNow ? ['The rows of then under the columns of now; the others show the columns of then.'] : [];
      record('a snapshot from before columns changed', name, { verdict: 'yes', notes });
    });

    test.each(ENGINE_CONDITIONS)('finds the rows of $table where $condition', async ({ table, condition, holds }) => {
      record('conditions', name, hasSql(name) ? YES : NO_SQL);
      if (engine.sql === null) return;
      const all = await ours(table);
      const wanted = comparableRows(all.fields, all.rows.filter(holds));
      const found = await engine.sql(`SELECT * FROM ${sqlName(table)} WHERE ${condition}`);
      expect(comparableRows(all.fields, found)).toEqual(wanted);
      expect(wanted).not.toHaveLength(0);
    });

    test.each(ENGINE_SYSTEM_TABLES)('reads the system table %s', async (table, columns) => {
      record('system tables', name, hasSql(name) ? YES : NO_SQL);
      if (engine.sql === null) return;
      const [base = '', system = ''] = table.split('$');
      const { fields, rows } = await typedRows((await lake.table(base)).systemTable(system), []);
      const wanted = fields.filter((field) => columns.includes(field.name));
      expect(wanted).toHaveLength(columns.length);
      const found = await engine.sql(`SELECT ${columns.join(', ')} FROM ${sqlName(table)}`);
      const picked = rows.map((row) => Object.fromEntries(columns.map((column) => [column, row[column] ?? null])));
      expect(comparableRows(wanted, found)).toEqual(comparableRows(wanted, picked));
      expect(found).not.toHaveLength(0);
    });

    test.each(['public.documents', 'public.pairs'])('streams the changes of %s as they were made', async (table) => {
      record('a stream of changes', name, engine.stream === null ? NO_STREAM : YES);
      if (engine.stream === null) return;
      const opened = await lake.table(table);
      const changes = await changesOf(opened);
      const hint = `/*+ OPTIONS('scan.mode' = 'from-snapshot', 'scan.snapshot-id' = '1') */`;
      const limit = { count: changes.length, seconds: STREAM_SECONDS };
      const streamed = await engine.stream(`SELECT * FROM ${sqlName(table)} ${hint}`, limit);
      // The order of the changes of a key is told; that of keys is the reader's own.
      const byKey = (list: readonly { readonly kind: string; readonly row: GoldenRow }[]): object =>
        Object.groupBy(
          list.map(({ kind, row }) => `${kind} ${comparableRows(opened.schema.fields, [row]).join()}`),
          (_, index) => JSON.stringify(opened.schema.primaryKeys.map((key) => list[index]?.row[key])),
        );
      expect(byKey(streamed)).toEqual(byKey(changes));
      expect(new Set(changes.map(({ kind }) => kind))).toEqual(new Set(['+I', '-U', '+U', '-D']));
    });
  });

  test('the page shows what was seen', () => {
    expect([...seenOfKinds.keys()]).toEqual(ENGINE_NAMES);
    const kinds = ENGINE_TABLE_KINDS.map((kind) => {
      const cells = ENGINE_NAMES.map((name) => cellOf(seenOfKinds.get(name) ?? [], kind));
      return [kind, cells] as const;
    });
    const reads = [...seenOfReads].map(([read, row]) => {
      return [read, ENGINE_NAMES.map((name) => row.get(name) ?? NOT_SEEN)] as const;
    });
    const text = pageText({ corner: 'read', columns: ENGINE_NAMES, rows: [...kinds, ...reads] });
    expect(pageBlock('reads', text)).toBe(text);
  });
});

function limitOf(name: EngineName, table: string): EngineLimit | null {
  const bare = table.replace(/^.*\./, '');
  return ENGINE_LIMITS.find(({ engines, tables }) => engines.includes(name) && tables.test(bare)) ?? null;
}

/** True where some engine reads other rows, rather than none. */
function isMisread(table: EngineTable): boolean {
  const limits = ENGINE_NAMES.map((name) => limitOf(name, table.table));
  return limits.some((limit) => limit !== null && !(limit.seen instanceof RegExp));
}

function snapshotAt(id: number): ReadOptions['at'] {
  return { kind: 'snapshot', id: BigInt(id) as SnapshotId };
}

function ofReference(table: EngineTable): string {
  return table.table.replace('db.', 'ref.');
}

function cellOf(judged: readonly Judged[], kind: string): Cell {
  const ofKind = judged.filter(({ table }) => table.kind === kind);
  const notes = [...new Set(ofKind.flatMap(({ limit }) => limit?.note ?? []))];
  if (notes.length === 0) return { verdict: ofKind.length === 0 ? '–' : 'yes', notes };
  return { verdict: ofKind.every(({ theirs }) => 'refused' in theirs) ? 'no' : 'in part', notes };
}

/** Rows of the past under other columns, found by their ids; NULL in those that there were not. */
function underColumns(then: TypedRows, fields: TypedRows['fields']): TypedRows {
  const names = new Map(then.fields.map((field) => [field.id, field.name]));
  const rows = then.rows.map((row) =>
    Object.fromEntries(fields.map((field) => [field.name, row[names.get(field.id) ?? ''] ?? null])),
  );
  return { fields, rows };
}
