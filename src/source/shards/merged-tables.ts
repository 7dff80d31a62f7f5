// Which tables of a source are shards of one, and how a row of a shard becomes one of the merged table
// (docs/design/0005-shards.md). Pure.
import { TributaryError } from '../../base/errors.ts';
import type { ChangeBatch } from '../../change/change-batch.ts';
import type { SourceColumn, SourceTable } from '../../change/source-table.ts';
import type { TableKey } from '../../change/table-key.ts';
import { filledTemplate } from '../../change/table-template.ts';
import { type Vector, vectorSizeBytes } from '../../column/vector.ts';

/** What the configuration says about shards. */
export interface ShardSettings {
  /** The pipeline's name. */
  readonly source: string;
  /** The source database. */
  readonly database: string;
  /** The merged table that a table is a shard of; null for a table that is mirrored by itself. */
  shardOf(schema: string, table: string): ShardRule | null;
}

/** A table is a shard. */
export interface ShardRule {
  /** The merged table: the lake table that it goes to, as `database.table`. */
  readonly to: { readonly database: string; readonly table: string };
  /** Columns that tell the shards apart, by name, with templates of their values. */
  readonly add: Readonly<Record<string, string>>;
}

/** One shard of a merged table. */
export interface Shard {
  readonly table: SourceTable;
  readonly merged: TableKey;
  /** Of the columns that tell it apart, in their order. */
  readonly values: readonly string[];
  /** For each column of the merged table beyond those its place in the shard. */
  readonly placement: readonly number[];
}

/** A table that is merged of shards. */
export interface MergedTable {
  /** As if the source had it. */
  readonly table: SourceTable;
  /** In the order of their keys; never empty. */
  readonly shards: readonly Shard[];
}

/** Puts the shards among the tables together. Throws `E1008` where a merged table has the name of another one. */
export function mergedTables(tables: readonly SourceTable[], settings: ShardSettings): readonly MergedTable[] {
  const groups = new Map<TableKey, { readonly rule: ShardRule; readonly tables: SourceTable[] }>();
  for (const table of tables) {
    const rule = settings.shardOf(table.schema, table.name);
    if (rule === null) continue;
    const key = `${rule.to.database}.${rule.to.table}` as TableKey;
    const group = groups.get(key) ?? { rule, tables: [] };
    group.tables.push(table);
    groups.set(key, group);
  }
  const taken = tables.find(({ key, schema, name }) => groups.has(key) && settings.shardOf(schema, name) === null);
  if (taken !== undefined) {
    throw new TributaryError('E1008', `a merged table has the name of a table of the source: table=${taken.key}`);
  }
  return [...groups].map(([key, group]) => merged(key, group, settings));
}

function merged(
  key: TableKey,
  { rule, tables }: { readonly rule: ShardRule; readonly tables: readonly SourceTable[] },
  { source, database }: ShardSettings,
): MergedTable {
  const sorted = [...tables].sort((a, b) => (a.key < b.key ? -1 : 1));
  const [first] = sorted;
  const shards = sorted.map((table): Shard => {
    const names = { source, database, schema: table.schema, table: table.name };
    const values = Object.values(rule.add).map((template) => filledTemplate(template, names));
    const placement = first.columns.map(({ name }) => table.columns.findIndex((column) => column.name === name));
    return { table, merged: key, values, placement };
  });
  const added = Object.keys(rule.add);
  const refusal = mismatchOf(key, shards, added);
  const table = { ...mergedTable(shards, added), key, schema: rule.to.database, name: rule.to.table };
  return { table: refusal === null ? table : { ...table, refusal }, shards };
}

/** The columns that tell shards apart come first, in the table and in its key. Columns are known by their names alone. */
function mergedTable(shards: readonly Shard[], added: readonly string[]): Omit<SourceTable, 'key' | 'schema' | 'name'> {
  const [{ table: first }] = shards;
  const apart = added.map((name): SourceColumn => {
    return { name, id: null, nativeType: 'shard', type: { kind: 'string' }, nullable: false };
  });
  const own = first.columns.map((column, index) => ({
    ...column,
    id: null,
    nullable: shards.some(({ table, placement }) => placement[index] < 0 || table.columns[placement[index]].nullable),
  }));
  return {
    columns: [...apart, ...own],
    keyColumns: [...apart.keys(), ...first.keyColumns.map((index) => apart.length + index)],
    rowCountEstimate: shards.reduce((sum, { table }) => sum + table.rowCountEstimate, 0),
    shards: shards.map(({ table, values }) => [table.key, ...values]),
  };
}

/** `E2109` where the shards do not fit together: the merged table cannot be followed. */
function mismatchOf(key: TableKey, shards: readonly Shard[], added: readonly string[]): TributaryError | null {
  const reason = shards
    .map((shard) => difference(shards[0], shard) ?? collision(shard, shards, added))
    .find((text) => text !== null);
  return reason === undefined
    ? null
    : new TributaryError('E2109', `shards do not fit together: table=${key} ${reason}`);
}

/** The first thing in which a shard is another than the first one; null for none. */
function difference({ table: first }: Shard, { table, placement }: Shard): string | null {
  const lacking = placement.indexOf(-1);
  if (lacking >= 0) return `shard=${table.key} lacks column=${first.columns[lacking].name} of shard=${first.key}`;
  const more = table.columns.find((_, index) => !placement.includes(index));
  if (more !== undefined) return `shard=${first.key} lacks column=${more.name} of shard=${table.key}`;
  const retyped = first.columns.findIndex(({ type }, index) => {
    return JSON.stringify(type) !== JSON.stringify(table.columns[placement[index]].type);
  });
  if (retyped >= 0) {
    const [is, was] = [table.columns[placement[retyped]], first.columns[retyped]];
    return `column=${was.name} shard=${table.key} type=${is.nativeType} other=${first.key} type=${was.nativeType}`;
  }
  const [key, wanted] = [table, first].map(({ columns, keyColumns }) =>
    keyColumns.map((index) => columns[index].name).join(', '),
  );
  return key === wanted ? null : `shard=${table.key} key=(${key}) other=${first.key} key=(${wanted})`;
}

/** What would make rows of two shards one, or two columns one. */
function collision({ table, values }: Shard, shards: readonly Shard[], added: readonly string[]): string | null {
  const column = table.columns.find(({ name }) => added.includes(name));
  if (column !== undefined) return `shard=${table.key} has a column=${column.name} of its own`;
  const text = JSON.stringify(values);
  const twin = shards.find((other) => other.table.key !== table.key && JSON.stringify(other.values) === text);
  return twin === undefined ? null : `shard=${table.key} has the values of shard=${twin.table.key}: ${text}`;
}

/** The changes of a shard as those of the merged table. */
export function mergedBatch(batch: ChangeBatch, { merged: table, values, placement }: Shard): ChangeBatch {
  const apart = values.map((value) => constantVector(value, batch.rowCount));
  const columns = [...apart, ...placement.map((index) => batch.columns[index])];
  const sizeBytes = apart.reduce((sum, vector) => sum + vectorSizeBytes(vector), batch.sizeBytes);
  return { ...batch, table, columns, sizeBytes };
}

function constantVector(value: string, rowCount: number): Vector {
  const one = Buffer.from(value, 'utf8');
  const offsets = Int32Array.from({ length: rowCount + 1 }, (_, row) => row * one.length);
  const bytes = new Uint8Array(rowCount * one.length);
  for (let row = 0; row < rowCount; row++) bytes.set(one, offsets[row]);
  return { kind: 'bytes', length: rowCount, offsets, bytes, validity: null };
}
