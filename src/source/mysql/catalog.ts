// What the information schema says of tables and columns, as rows.
import { field, type SqlRunner, type TextRow } from './sql-session.ts';
import type { CatalogType } from './value-plan.ts';

/** A column of the information schema. */
export interface CatalogColumn extends CatalogType {
  readonly name: string;
  /** From 1, in the order of the table. */
  readonly position: number;
  readonly nullable: boolean;
  /** Computed when read: the log does not have it for certain. */
  readonly virtual: boolean;
}

/** A table of the information schema. */
export interface CatalogTable {
  readonly schema: string;
  readonly name: string;
  readonly engine: string;
  /** MariaDB: the table keeps rows of the past beside those of now. */
  readonly versioned: boolean;
  readonly rowCountEstimate: number;
  readonly columns: readonly CatalogColumn[];
  /** Columns of the primary key, else of the first unique key without NULLs and prefixes; empty if there is none. */
  readonly key: readonly string[];
  /** The index of that key; null if there is none. */
  readonly keyIndex: string | null;
  /** Foreign keys by which the engine changes rows of this table itself: the log does not have these changes. */
  readonly cascades: readonly string[];
}

const SYSTEM = "('mysql', 'sys', 'performance_schema', 'information_schema')";
// Aliases: MySQL 8 gives the schema's columns in upper case.
const TABLES = `SELECT table_schema AS db, table_name AS name, engine AS engine, table_rows AS row_count,
  table_type AS kind
FROM information_schema.tables WHERE table_type IN ('BASE TABLE', 'SYSTEM VERSIONED') AND table_schema NOT IN ${SYSTEM} ORDER BY 1, 2`;
const COLUMNS = `SELECT table_schema AS db, table_name AS tab, column_name AS name, ordinal_position AS position,
  is_nullable AS nullable, data_type AS data_type, column_type AS column_type, character_maximum_length AS length_max,
  numeric_precision AS num_precision, numeric_scale AS num_scale, datetime_precision AS fraction,
  character_set_name AS charset, extra AS extra
FROM information_schema.columns WHERE table_schema NOT IN ${SYSTEM} ORDER BY 1, 2, 4`;
const KEYS = `SELECT table_schema AS db, table_name AS tab, index_name AS name, column_name AS col, sub_part AS prefix
FROM information_schema.statistics WHERE non_unique = 0 AND table_schema NOT IN ${SYSTEM}
ORDER BY 1, 2, index_name <> 'PRIMARY', 3, seq_in_index`;

const CASCADES = `SELECT constraint_schema AS db, table_name AS tab, constraint_name AS name
FROM information_schema.referential_constraints WHERE constraint_schema NOT IN ${SYSTEM}
  AND (delete_rule IN ('CASCADE', 'SET NULL', 'SET DEFAULT') OR update_rule IN ('CASCADE', 'SET NULL', 'SET DEFAULT'))
ORDER BY 1, 2, 3`;

/** The tables that the configuration wants. Throws E2010 to E2013. */
export async function readTables(
  sql: SqlRunner,
  includes: (schema: string, table: string) => boolean,
): Promise<readonly CatalogTable[]> {
  const tables = await sql.query(TABLES);
  const columns = grouped(await sql.query(COLUMNS));
  const keys = grouped(await sql.query(KEYS));
  const cascades = grouped(await sql.query(CASCADES));
  return tables
    .filter((row) => includes(field(row, 'db'), field(row, 'name')))
    .map((row) => {
      const schema = field(row, 'db');
      const name = field(row, 'name');
      const own = (columns.get(`${schema}.${name}`) ?? []).map(columnOf);
      const key = keyOf(keys.get(`${schema}.${name}`) ?? [], own);
      return {
        schema,
        name,
        engine: row['engine'] ?? '',
        versioned: row['kind'] === 'SYSTEM VERSIONED',
        rowCountEstimate: Number(row['row_count'] ?? 0),
        columns: own,
        key: key?.columns ?? [],
        keyIndex: key?.index ?? null,
        cascades: (cascades.get(`${schema}.${name}`) ?? []).map((row) => field(row, 'name')),
      };
    });
}

function grouped(rows: readonly TextRow[]): ReadonlyMap<string, readonly TextRow[]> {
  const groups = new Map<string, TextRow[]>();
  for (const row of rows) {
    const name = `${field(row, 'db')}.${field(row, 'tab')}`;
    const group = groups.get(name);
    if (group === undefined) groups.set(name, [row]);
    else group.push(row);
  }
  return groups;
}

function columnOf(row: TextRow): CatalogColumn {
  return {
    name: field(row, 'name'),
    position: Number(field(row, 'position')),
    nullable: field(row, 'nullable') === 'YES',
    virtual: /virtual/i.test(row['extra'] ?? ''),
    dataType: field(row, 'data_type').toLowerCase(),
    columnType: field(row, 'column_type').toLowerCase(),
    precision: Number(row['num_precision'] ?? 0),
    scale: Number(row['num_scale'] ?? 0),
    fraction: Number(row['fraction'] ?? 0),
    lengthMax: Number(row['length_max'] ?? 0),
    charset: row['charset'] ?? null,
  };
}

/** The first usable unique key: the primary key comes first. A key on expressions or prefixes tells no row apart. */
function keyOf(
  rows: readonly TextRow[],
  columns: readonly CatalogColumn[],
): { readonly index: string; readonly columns: readonly string[] } | null {
  const nullable = new Set(columns.filter((column) => column.nullable).map((column) => column.name));
  for (const index of new Set(rows.map((row) => field(row, 'name')))) {
    const parts = rows.filter((row) => row['name'] === index);
    const names = parts.flatMap((row) => row['col'] ?? []);
    const whole = names.length === parts.length && parts.every((row) => row['prefix'] === null);
    if (whole && !names.some((name) => nullable.has(name))) return { index, columns: names };
  }
  return null;
}
