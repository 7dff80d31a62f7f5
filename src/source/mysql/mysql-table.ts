// A table as the information schema describes it, with what the decoders need beyond a `SourceTable`.
import type { SourceTable } from '../../change/source-table.ts';
import { quoteIdentifier } from './sql-session.ts';
import type { ValuePlan } from './value-plan.ts';

/** A table that can be mirrored. */
export interface MysqlTable {
  readonly source: SourceTable;
  /** One for each column of `source`. */
  readonly plans: readonly ValuePlan[];
  /** Columns that are in the table and not in the mirror: virtual ones. */
  readonly leftOut: readonly string[];
  /** Faults that become NULL in columns outside of the key, as bits. */
  readonly nullFaults: number;
  /** The index of just the key's columns, in their order; null where there is none. */
  readonly keyIndex: string | null;
}

/** The text of SQL that names the table. */
export function quotedName(table: { readonly schema: string; readonly name: string }): string {
  return `${quoteIdentifier(table.schema)}.${quoteIdentifier(table.name)}`;
}
