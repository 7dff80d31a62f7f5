// A table as PostgreSQL's catalog describes it, with what the decoders need beyond a `SourceTable`.
import type { SourceTable } from '../../change/source-table.ts';
import type { ValuePlan } from './value-plan.ts';

/** What makes old rows known in the log: `default`, `nothing`, `full` or `index`, as `pg_class.relreplident` says it. */
export type ReplicaIdentity = 'd' | 'n' | 'f' | 'i';

/** What the decoders need of a column, beside the `SourceColumn` of the same index. */
export interface ColumnLayout {
  readonly name: string;
  readonly typeOid: number;
  /** The type modifier where it decides how values are read (numeric, time and arrays of them), else -1. */
  readonly modifier: number;
  readonly plan: ValuePlan;
}

/** A table that can be mirrored. */
export interface PostgresTable {
  readonly source: SourceTable;
  readonly oid: number;
  /** A partitioned table, read as its root. */
  readonly partitioned: boolean;
  /** There is a unique index of just the key columns, in the key's order: rows can be read in that order by parts. */
  readonly hasKeyIndex: boolean;
  /** The user may do what only the owner may: put it into a publication. */
  readonly owned: boolean;
  readonly identity: ReplicaIdentity;
  /** One for each column of `source`. */
  readonly layout: readonly ColumnLayout[];
  /** Columns that are in the table and not in the mirror: generated ones. */
  readonly leftOut: readonly string[];
  /** Faults that become NULL in columns outside of the key, as bits. */
  readonly nullFaults: number;
  /** The database's encoding does not vouch for UTF-8. */
  readonly validateUtf8: boolean;
}

/** The text of SQL that names the table. */
export function quotedName(table: { readonly schema: string; readonly name: string }): string {
  return `${quoteIdentifier(table.schema)}.${quoteIdentifier(table.name)}`;
}

/** An identifier as SQL spells it, whatever is in it. */
export function quoteIdentifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** A text as an SQL literal, whatever is in it and however the session reads backslashes. */
export function quoteLiteral(text: string): string {
  const quoted = `'${text.replaceAll("'", "''").replaceAll('\\', '\\\\')}'`;
  return text.includes('\\') ? ` E${quoted}` : quoted;
}
