// The name of a table in its source.

/** `schema.table` of PostgreSQL or `database.table` of MySQL, as the server spells it; unique within a source. */
export type TableKey = string & { readonly brand: 'TableKey' };

/** The key of a table. Names are used as the server gives them, without quoting or folding. */
export function tableKey(schema: string, table: string): TableKey {
  return `${schema}.${table}` as TableKey;
}
