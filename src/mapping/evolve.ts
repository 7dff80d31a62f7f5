// How a lake table follows its source table's columns: which changes of its schema a difference asks for, and whether its
// rows have to be copied anew for them. Pure; docs/design/0004-schema-changes.md.
import { isTributaryError, TributaryError } from '../base/errors.ts';
import type { SourceTable } from '../change/source-table.ts';
import { checkDefaultValue } from '../paimon/format/default-value.ts';
import { applySchemaChanges } from '../paimon/schema/apply-schema-changes.ts';
import type { DataType } from '../paimon/schema/data-type.ts';
import { dataTypeText } from '../paimon/schema/data-type-text.ts';
import type { SchemaChange } from '../paimon/schema/schema-change.ts';
import type { TableSchema } from '../paimon/schema/table-schema.ts';
import { canChangeType } from '../paimon/schema/type-casts.ts';
import { type LakeTable, SHARDS_OPTION, SOURCE_COLUMNS_OPTION, sourceColumnsText } from './lake-table.ts';

/** What is done about each kind of change; `stop` stops the table. */
export interface EvolutionPolicy {
  readonly onChange: 'evolve' | 'stop';
  readonly addColumn: 'apply' | 'stop';
  /** `keep`: the column stays in the lake; rows that are written later have NULL there. */
  readonly dropColumn: 'keep' | 'drop' | 'stop';
  readonly renameColumn: 'apply' | 'stop';
  readonly widenType: 'apply' | 'stop';
  /** `new_column`: the column stays under another name, and a new one of the new type gets its name. */
  readonly narrowType: 'new_column' | 'stop';
}

/** What a lake table needs. */
export interface Evolution {
  /** Of its schema, in order; empty where the lake needs none. */
  readonly changes: readonly SchemaChange[];
  /** In words, for the log: one for each column. */
  readonly told: readonly string[];
  /** Rows of the source have other values than the lake now, without a change of theirs in the log. */
  readonly copies: boolean;
}

/** A column that the lake has of the source. */
interface Known {
  readonly sourceName: string;
  readonly lakeName: string;
}

/**
 * What the lake table needs to be as the source table is now; null for nothing. Throws `E2107` for what cannot be followed:
 * another key, or what the policy stops at.
 */
export function planEvolution(
  schema: TableSchema,
  { source, lake }: { readonly source: SourceTable; readonly lake: LakeTable },
  policy: EvolutionPolicy,
): Evolution | null {
  const plan = new EvolutionPlan(schema, source, lake, policy);
  plan.run();
  if (plan.told.length === 0) return null;
  if (policy.onChange === 'stop') throw plan.refused('schema.on_change=stop');
  const names = {
    kind: 'setOption',
    key: SOURCE_COLUMNS_OPTION,
    value: sourceColumnsText(source, lake.fields),
  } as const;
  const changes = plan.changes.length === 0 ? [] : [...plan.changes, names];
  try {
    applySchemaChanges(schema, changes, { hasSnapshots: true, timeMillis: 0, checkDefaultValue });
  } catch (error) {
    if (!isTributaryError(error)) throw error;
    throw plan.refused(error.message);
  }
  const { told, copies } = plan;
  return { changes, told, copies };
}

/** For each field of the lake table the column of the source that it has the values of; -1 for none. */
export function placementOf(schema: TableSchema, { fields }: LakeTable): readonly number[] {
  return schema.fields.map(({ name }) => fields.findIndex((field) => field.name === name));
}

/**
 * Names that columns had in the source by these versions of the lake table, oldest first, with those that they have now; null
 * for columns that are gone. Empty where the source has no identities of columns.
 */
export function formerNames(
  versions: readonly TableSchema[],
  { columns }: SourceTable,
): ReadonlyMap<string, string | null> {
  const former = new Map<string, string | null>();
  for (const { options } of versions) {
    for (const [id, name] of JSON.parse(options[SOURCE_COLUMNS_OPTION] ?? '[]') as [number | null, string, string][]) {
      if (id === null) continue;
      const now = columns.find((column) => column.id === id)?.name ?? null;
      if (now !== name) former.set(name, now);
    }
  }
  return former;
}

class EvolutionPlan {
  readonly changes: SchemaChange[] = [];
  readonly told: string[] = [];
  copies = false;
  private readonly schema: TableSchema;
  private readonly source: SourceTable;
  private readonly lake: LakeTable;
  private readonly policy: EvolutionPolicy;
  /** The lake's columns by their names as the changes so far leave them. */
  private readonly types: Map<string, DataType>;

  constructor(schema: TableSchema, source: SourceTable, lake: LakeTable, policy: EvolutionPolicy) {
    this.schema = schema;
    this.source = source;
    this.lake = lake;
    this.policy = policy;
    this.types = new Map(schema.fields.map(({ name, type }) => [name, type]));
  }

  run(): void {
    const known = this.known();
    const matched = this.source.columns.map((_, index) => known.get(this.identity(index)) ?? null);
    const left = [...known.values()].filter((one) => !matched.includes(one));
    for (const column of left) this.leave(column);
    this.rename(matched);
    for (const [index, column] of matched.entries()) {
      if (column === null) this.add(index);
      else this.retype(index);
    }
    this.reshard();
    const keys = (names: readonly string[]): string => [...names].join(', ');
    const wanted = keys(this.lake.primaryKeys);
    const now = keys(this.schema.primaryKeys.map((key) => this.renamedKey(key, matched)));
    if (now !== wanted) throw this.refused(`key lake=(${now}) source=(${wanted})`);
  }

  refused(reason: string): TributaryError {
    return new TributaryError(
      'E2107',
      `columns of the source table are not those of the lake table: table=${this.source.key} ${this.told.join('; ')} reason=${reason}`,
    );
  }

  /** Columns of the source that the lake has, by their identity: the number of the source, or the name. */
  private known(): Map<string, Known> {
    const text = this.schema.options[SOURCE_COLUMNS_OPTION];
    const known = new Map<string, Known>();
    if (text === undefined) {
      for (const { name } of this.schema.fields) known.set(name, { sourceName: name, lakeName: name });
      return known;
    }
    const hasIds = this.source.columns.every(({ id }) => id !== null);
    for (const [id, sourceName, lakeName] of JSON.parse(text) as [number | null, string, string][]) {
      if (this.types.has(lakeName)) known.set(hasIds && id !== null ? String(id) : lakeName, { sourceName, lakeName });
    }
    return known;
  }

  private identity(index: number): string {
    const { id } = this.source.columns[index];
    const hasText = this.schema.options[SOURCE_COLUMNS_OPTION] !== undefined;
    return hasText && id !== null ? String(id) : this.lake.fields[index].name;
  }

  /** Of other tables than before: the rows of those that are new or gone are not in the log. */
  private reshard(): void {
    const shards = this.lake.options[SHARDS_OPTION];
    if (shards === undefined || shards === this.schema.options[SHARDS_OPTION]) return;
    this.told.push(`merged of ${shards} now`);
    const known = JSON.parse(this.schema.options[SHARDS_OPTION] ?? '[]') as string[][];
    const gone = known.find(([key]) => this.source.shards?.every(([now]) => now !== key) === true);
    // A right that was revoked looks the same as a table that was dropped: its rows are not deleted for that.
    if (gone !== undefined) throw this.refused(`shard ${gone[0]} is gone`);
    this.changes.push({ kind: 'setOption', key: SHARDS_OPTION, value: shards });
    this.copies = true;
  }

  private leave({ lakeName }: Known): void {
    const { dropColumn } = this.policy;
    this.told.push(`column ${lakeName} is gone`);
    if (dropColumn === 'stop') throw this.refused('schema.drop_column=stop');
    if (dropColumn === 'keep') {
      // Named by the list of the source's columns no more, it is the lake's own.
      this.changes.push({ kind: 'updateColumnComment', path: [lakeName], comment: 'not in the source any more' });
      return;
    }
    this.changes.push({ kind: 'dropColumn', path: [lakeName] });
    this.types.delete(lakeName);
  }

  private rename(matched: readonly (Known | null)[]): void {
    const renamed = matched.flatMap((column, index) => {
      const name = this.lake.fields[index].name;
      return column === null || column.lakeName === name ? [] : [{ from: column.lakeName, to: name }];
    });
    if (renamed.length > 0 && this.policy.renameColumn === 'stop') throw this.refused('schema.rename_column=stop');
    for (const { from, to } of renamed) this.told.push(`column ${from} is ${to} now`);
    for (let waiting = renamed; waiting.length > 0; ) {
      const next = waiting.find(({ to }) => !waiting.some(({ from }) => from === to));
      if (next === undefined) {
        // Names are exchanged: one of them goes by another meanwhile.
        const [first, ...others] = waiting;
        waiting = [...others, { ...first, from: this.makeRoom(first.from) }];
        continue;
      }
      this.makeRoom(next.to);
      this.move(next.from, next.to);
      waiting = waiting.filter((one) => one !== next);
    }
  }

  private add(index: number): void {
    const { name, type } = this.lake.fields[index];
    this.told.push(`column ${name} ${dataTypeText(type)} is new`);
    if (this.policy.addColumn === 'stop') throw this.refused('schema.add_column=stop');
    this.makeRoom(name);
    this.changes.push({ kind: 'addColumn', path: [name], type: { ...type, nullable: true } });
    this.types.set(name, type);
    this.copies = true;
  }

  private retype(index: number): void {
    const { name, type } = this.lake.fields[index];
    const known = this.types.get(name);
    if (known === undefined || dataTypeText(known) === dataTypeText({ ...type, nullable: known.nullable })) return;
    this.told.push(`column ${name} is ${dataTypeText(type)} now, was ${dataTypeText(known)}`);
    if (this.source.keyColumns.includes(index)) throw this.refused('a key column has another type');
    this.copies = true;
    if (canChangeType({ ...known, nullable: true }, { ...type, nullable: true }, true)) {
      if (this.policy.widenType === 'stop') throw this.refused('schema.widen_type=stop');
      this.changes.push({ kind: 'updateColumnType', path: [name], type, keepNullability: true });
      return;
    }
    if (this.policy.narrowType === 'stop') throw this.refused('schema.narrow_type=stop');
    this.makeRoom(name);
    this.changes.push({ kind: 'addColumn', path: [name], type: { ...type, nullable: true } });
    this.types.set(name, type);
  }

  /** The column of the lake that has this name, if there is one, gets another one, which is given back. */
  private makeRoom(name: string): string {
    if (!this.types.has(name)) return name;
    let free = `${name}_old`;
    for (let number = 2; this.types.has(free); number++) free = `${name}_old${number}`;
    this.move(name, free);
    return free;
  }

  private move(from: string, to: string): void {
    this.changes.push({ kind: 'renameColumn', path: [from], newName: to });
    this.types.set(to, this.types.get(from) as DataType);
    this.types.delete(from);
  }

  private renamedKey(key: string, matched: readonly (Known | null)[]): string {
    const index = matched.findIndex((column) => column?.lakeName === key);
    return index < 0 ? key : this.lake.fields[index].name;
  }
}
