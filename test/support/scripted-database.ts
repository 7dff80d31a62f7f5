// A small database in memory with a log: the scripted source of simulations reads it, and its state is the oracle.
import type { Random } from '../../src/base/random.ts';
import type { SourcePosition } from '../../src/change/position.ts';
import { type TableKey, tableKey } from '../../src/change/table-key.ts';

/** A row of every scripted table: `id` BIGINT key, `name` STRING, `big` STRING that updates may leave out, `amount` INT. */
export interface ScriptedRow {
  readonly id: number;
  readonly name: string | null;
  readonly big: string | null;
  readonly amount: number;
}

/** One change of a transaction. `bigKept` says that the log leaves `big` out, as for an unchanged TOAST value. */
export type ScriptedChange =
  | { readonly kind: 'insert'; readonly table: TableKey; readonly row: ScriptedRow }
  | {
      readonly kind: 'update';
      readonly table: TableKey;
      readonly before: ScriptedRow;
      readonly row: ScriptedRow;
      readonly bigKept: boolean;
    }
  | { readonly kind: 'delete'; readonly table: TableKey; readonly before: ScriptedRow }
  | { readonly kind: 'truncate'; readonly table: TableKey };

/** A committed transaction; `end` is its position in the log. */
export interface ScriptedTransaction {
  readonly end: number;
  readonly commitTimeMs: number;
  readonly changes: readonly ScriptedChange[];
}

/** The text of a log position. */
export function scriptedPosition(end: number): SourcePosition {
  return String(end).padStart(12, '0') as SourcePosition;
}

/** The number of a log position. */
export function scriptedEnd(position: SourcePosition): number {
  return Number(position);
}

/** Tables, their rows and the log of committed transactions. */
export class ScriptedDatabase {
  readonly tables: readonly TableKey[];
  readonly log: ScriptedTransaction[] = [];
  /** What the log reader has acknowledged: transactions up to here may be gone. */
  confirmed: number | null = null;
  private readonly rows = new Map<TableKey, Map<number, ScriptedRow>>();
  private end = 100;

  constructor(tableNames: readonly string[]) {
    this.tables = tableNames.map((name) => tableKey('shop', name));
    for (const table of this.tables) this.rows.set(table, new Map());
  }

  /** End of the log. */
  get logEnd(): number {
    return this.end;
  }

  /** The rows of a table now, by key. */
  state(table: TableKey): ReadonlyMap<number, ScriptedRow> {
    return this.rows.get(table) ?? new Map();
  }

  /** The rows of a table after the transactions that are chosen. */
  stateOf(table: TableKey, transactions: readonly ScriptedTransaction[]): Map<number, ScriptedRow> {
    const rows = new Map<number, ScriptedRow>();
    for (const { changes } of transactions) {
      for (const change of changes) if (change.table === table) applyChange(rows, change);
    }
    return rows;
  }

  /** The rows of all tables after every transaction up to `end`, starting from empty tables. */
  stateAt(end: number): Map<TableKey, Map<number, ScriptedRow>> {
    const states = new Map(this.tables.map((table) => [table, new Map<number, ScriptedRow>()]));
    for (const transaction of this.log) {
      if (transaction.end > end) break;
      for (const change of transaction.changes)
        applyChange(states.get(change.table) ?? new Map<number, ScriptedRow>(), change);
    }
    return states;
  }

  /** Commits the changes as one transaction. */
  commit(changes: readonly ScriptedChange[], commitTimeMs: number): void {
    for (const change of changes) applyChange(this.rows.get(change.table) ?? new Map<number, ScriptedRow>(), change);
    this.end += 10;
    this.log.push({ end: this.end, commitTimeMs, changes });
  }

  /** Log written by others: nothing of it is ours. */
  noise(): void {
    this.end += 10;
  }
}

function applyChange(rows: Map<number, ScriptedRow>, change: ScriptedChange): void {
  if (change.kind === 'truncate') rows.clear();
  else if (change.kind === 'delete') rows.delete(change.before.id);
  else if (change.kind === 'insert') rows.set(change.row.id, change.row);
  else {
    rows.delete(change.before.id);
    rows.set(change.row.id, change.row);
  }
}

/** Makes random transactions on few keys, so that they collide often. */
export class ScriptedLoad {
  private readonly database: ScriptedDatabase;
  private readonly random: Random;
  private readonly keys: number;
  private version = 0;

  constructor(database: ScriptedDatabase, random: Random, keys = 24) {
    this.database = database;
    this.random = random;
    this.keys = keys;
  }

  /** Commits one random transaction of 1 to `changesMax` changes. */
  step(commitTimeMs: number, changesMax = 8): void {
    if (this.random.unit() < 0.05) {
      this.database.noise();
      return;
    }
    const count = 1 + this.below(changesMax);
    const changes: ScriptedChange[] = [];
    const pending = new Map(this.database.tables.map((table) => [table, new Map(this.database.state(table))]));
    for (let index = 0; index < count; index++) {
      const table = this.database.tables[this.below(this.database.tables.length)];
      const rows = pending.get(table) ?? new Map<number, ScriptedRow>();
      const change = this.change(table, rows);
      applyChange(rows, change);
      changes.push(change);
    }
    this.database.commit(changes, commitTimeMs);
  }

  private change(table: TableKey, rows: ReadonlyMap<number, ScriptedRow>): ScriptedChange {
    if (this.random.unit() < 0.01) return { kind: 'truncate', table };
    const id = this.below(this.keys);
    const before = rows.get(id);
    if (before === undefined) return { kind: 'insert', table, row: this.row(id) };
    const dice = this.random.unit();
    if (dice < 0.25) return { kind: 'delete', table, before };
    const bigKept = this.random.unit() < 0.5;
    const target = dice < 0.4 ? this.below(this.keys) : id;
    const newId = target === id || rows.has(target) ? id : target;
    const row = { ...this.row(newId), ...(bigKept ? { big: before.big } : {}) };
    return { kind: 'update', table, before, row, bigKept };
  }

  private row(id: number): ScriptedRow {
    const version = ++this.version;
    return {
      id,
      name:
        this.random.unit() < 0.1
          ? null
          : Array.from(`name ${version} é漢𝄞`)
              .slice(0, 6 + this.below(10))
              .join(''),
      big: this.random.unit() < 0.1 ? null : `big-${version}-${'x'.repeat(this.below(40))}`,
      amount: version,
    };
  }

  private below(limit: number): number {
    return Math.floor(this.random.unit() * limit);
  }
}
