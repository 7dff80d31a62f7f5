// The tables of a source as the mirror sees them, merged ones in the place of their shards.
import type { SourceTable } from '../../change/source-table.ts';
import type { TableKey } from '../../change/table-key.ts';
import type { Incarnations } from '../source.ts';
import { type MergedTable, mergedTables, type Shard, type ShardSettings } from './merged-tables.ts';

/** What is known once the source has described its tables. */
export class ShardedTables {
  readonly merged: ReadonlyMap<TableKey, MergedTable>;
  /** By the keys of the shards. */
  readonly shards: ReadonlyMap<TableKey, Shard>;
  /** All tables to be mirrored. */
  readonly tables: readonly SourceTable[];

  /** Throws what `mergedTables` throws. */
  constructor(tables: readonly SourceTable[], settings: ShardSettings) {
    const merged = mergedTables(tables, settings);
    this.merged = new Map(merged.map((one) => [one.table.key, one]));
    const shards = merged.flatMap((one) => one.shards);
    this.shards = new Map(shards.map((shard) => [shard.table.key, shard]));
    this.tables = [...tables.filter(({ key }) => !this.shards.has(key)), ...merged.map(({ table }) => table)];
  }

  /** The tables of the source that a table is of. */
  keysOf(table: TableKey): readonly TableKey[] {
    return this.merged.get(table)?.shards.map((shard) => shard.table.key) ?? [table];
  }

  /** The same of each table of the source that is of one of these. */
  spread<Value>(of: ReadonlyMap<TableKey, Value>): ReadonlyMap<TableKey, Value> {
    return new Map([...of].flatMap(([table, value]) => this.keysOf(table).map((key) => [key, value] as const)));
  }

  /** Of a merged table those of all shards: it may lack changes where one of them does. */
  incarnations(of: Incarnations): Incarnations {
    const all = new Map([...of].filter(([key]) => !this.shards.has(key)));
    for (const table of this.merged.keys()) {
      const texts = this.keysOf(table).map((key) => of.get(key) ?? '');
      all.set(table, texts.every((text) => text === '') ? '' : JSON.stringify(texts));
    }
    return all;
  }
}
