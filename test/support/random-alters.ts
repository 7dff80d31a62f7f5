// Random ALTERs of columns that tables are given beyond their own: added, dropped, renamed, widened.
import type { Random } from '../../src/base/random.ts';
import { below, oneOf } from './every-type.ts';

/** Columns of a table beyond its own, at most. */
const COLUMNS_MAX = 4;

/** How a server says it. */
export interface AlterDialect {
  readonly types: readonly string[];
  /** Makes a bigint of a column of numbers. */
  widen(table: string, column: string): string;
}

/** ALTERs of tables, which leave the tables' own columns alone. */
export class RandomAlters {
  private readonly random: Random;
  private readonly dialect: AlterDialect;
  private columns: ReadonlyMap<string, string[]>;
  private before: ReadonlyMap<string, string[]>;
  private count = 0;

  constructor(random: Random, tables: readonly string[], dialect: AlterDialect) {
    this.random = random;
    this.dialect = dialect;
    this.columns = new Map(tables.map((table) => [table, []]));
    this.before = this.columns;
  }

  /** One or several statements about one table; unless `undo` is called, they are taken as done. */
  next(): { readonly table: string; readonly statements: readonly string[] } {
    this.before = structuredClone(this.columns);
    const table = oneOf(this.random, [...this.columns.keys()]);
    return {
      table,
      statements: Array.from({ length: 1 + below(this.random, 3) }, () => this.statements(table)).flat(),
    };
  }

  /** None of the last statements was done. */
  undo(): void {
    this.columns = this.before;
  }

  private statements(table: string): readonly string[] {
    const columns = this.columns.get(table) as string[];
    const chance = this.random.unit();
    if (columns.length === 0 || (chance < 0.4 && columns.length < COLUMNS_MAX)) {
      const name = `added_${this.count++}`;
      columns.push(name);
      return [`alter table ${table} add column ${name} ${oneOf(this.random, this.dialect.types)}`];
    }
    const at = below(this.random, columns.length);
    const name = columns[at];
    if (chance < 0.6) {
      columns.splice(at, 1);
      return [`alter table ${table} drop column ${name}`];
    }
    const next = `${chance < 0.8 ? 'renamed' : 'widened'}_${this.count++}`;
    columns[at] = next;
    if (chance < 0.8) return [`alter table ${table} rename column ${name} to ${next}`];
    return [
      `alter table ${table} drop column ${name}`,
      `alter table ${table} add column ${next} int default 1`,
      this.dialect.widen(table, next),
    ];
  }
}
