// What a table's rows must be after its changes, for the merge engines that are plain: an oracle that knows no files.
import type { GoldenRow, GoldenValue } from './golden.ts';
import type { KindRow } from './reference.ts';

/** How the rows of a key are merged; `append` is for tables without a primary key. */
export interface ModelEngine {
  readonly merge: 'deduplicate' | 'first-row' | 'partial-update' | 'append';
  readonly ignoresDeletes: boolean;
}

/** A table in memory. */
export class RowModel {
  private readonly engine: ModelEngine;
  private readonly keys: readonly string[];
  private rowsByKey = new Map<string, GoldenRow>();
  private rowCount = 0;

  constructor(engine: ModelEngine, keys: readonly string[]) {
    this.engine = engine;
    this.keys = keys;
  }

  apply(changes: readonly KindRow[]): void {
    for (const { kind, row } of changes) {
      const key =
        this.engine.merge === 'append' ? String(this.rowCount++) : JSON.stringify(this.keys.map((name) => row[name]));
      if (kind === '-D' || kind === '-U') {
        if (!this.engine.ignoresDeletes) this.rowsByKey.delete(key);
      } else this.rowsByKey.set(key, this.merged(this.rowsByKey.get(key), row));
    }
  }

  /** Gives every row what `change` makes of it. */
  alter(change: (row: GoldenRow) => GoldenRow): void {
    this.rowsByKey = new Map([...this.rowsByKey].map(([key, row]) => [key, change(row)]));
  }

  rows(): readonly GoldenRow[] {
    return [...this.rowsByKey.values()];
  }

  private merged(before: GoldenRow | undefined, row: GoldenRow): GoldenRow {
    if (before === undefined) return row;
    if (this.engine.merge === 'first-row') return before;
    if (this.engine.merge === 'deduplicate') return row;
    const values = Object.entries(row).map(([name, value]): [string, GoldenValue] => [
      name,
      value ?? before[name] ?? null,
    ]);
    return Object.fromEntries(values);
  }
}
