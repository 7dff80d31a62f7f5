// Reads the catalog: which tables there are, their columns, keys and types. Plain rows in, no decisions.
import type { CatalogType } from './value-plan.ts';
import { field, isTrue, type SqlRunner, type TextRow } from './sql-session.ts';

/** A column of the catalog. */
export interface CatalogColumn {
  readonly number: number;
  readonly name: string;
  readonly typeOid: number;
  readonly modifier: number;
  readonly nativeType: string;
  readonly notNull: boolean;
  readonly generated: boolean;
}

/** A table of the catalog: ordinary or partitioned, not temporary, not the system's. */
export interface CatalogTable {
  readonly oid: number;
  readonly schema: string;
  readonly name: string;
  readonly partitioned: boolean;
  /** OIDs of the partitioned tables above it, if it is a partition. */
  readonly ancestors: readonly number[];
  readonly unlogged: boolean;
  /** `pg_class.relreplident`. */
  readonly identity: string;
  readonly rowSecurity: boolean;
  readonly selectable: boolean;
  readonly owned: boolean;
  readonly rowCountEstimate: number;
  readonly columns: readonly CatalogColumn[];
  /** Column numbers of the primary key and of the replica identity index, in key order; empty if there is none. */
  readonly primaryKey: readonly number[];
  readonly identityIndex: readonly number[];
}

const TABLES = `
select c.oid::text as oid, n.nspname as schema, c.relname as name, c.relkind as kind, c.relpersistence as persistence,
  c.relreplident as identity, row_security_active(c.oid)::text as row_security,
  has_table_privilege(c.oid, 'SELECT')::text as selectable, pg_has_role(c.relowner, 'USAGE')::text as owned,
  case when c.relkind = 'p' then (select coalesce(sum(greatest(l.reltuples, 0)), 0)
      from pg_partition_tree(c.oid) t join pg_class l on l.oid = t.relid where t.isleaf)
    else greatest(c.reltuples, 0) end::float8::text as estimate,
  case when c.relispartition then (select string_agg(a.relid::oid::text, ',')
      from pg_partition_ancestors(c.oid) a where a.relid <> c.oid) end as ancestors
from pg_class c join pg_namespace n on n.oid = c.relnamespace
where c.relkind in ('r', 'p') and c.relpersistence <> 't'
  and n.nspname not in ('pg_catalog', 'information_schema') and n.nspname !~ '^pg_(toast|temp)'
order by n.nspname, c.relname`;

const COLUMNS = `
select a.attrelid::text as table, a.attnum::text as number, a.attname as name, a.atttypid::text as type,
  a.atttypmod::text as modifier, format_type(a.atttypid, a.atttypmod) as native, a.attnotnull::text as not_null,
  (a.attgenerated <> '')::text as generated
from pg_attribute a where a.attrelid = any($1::oid[]) and a.attnum > 0 and not a.attisdropped
order by a.attrelid, a.attnum`;

// Only what the server itself takes as a replica identity: valid and immediate. INCLUDE columns are not key columns.
const INDEXES = `
select i.indrelid::text as table, i.indisprimary::text as primary, i.indisreplident::text as identity,
  array_to_string((i.indkey::int2[])[0:i.indnkeyatts - 1], ',') as columns
from pg_index i where i.indrelid = any($1::oid[]) and i.indisvalid and i.indimmediate
  and (i.indisprimary or i.indisreplident)`;

const TYPES = `
with recursive used as (
  select t.oid, t.typbasetype, t.typtypmod, t.typelem, t.typdelim, t.typinput from pg_type t where t.oid = any($1::oid[])
  union
  select t.oid, t.typbasetype, t.typtypmod, t.typelem, t.typdelim, t.typinput
  from pg_type t join used u on t.oid in (u.typbasetype, u.typelem))
select oid::text as oid, typbasetype::text as base, typtypmod::text as modifier, ascii(typdelim)::text as delimiter,
  case when typinput = 'array_in'::regproc then typelem::text else '0' end as element from used`;

/** All tables whose names `includes` accepts. */
export async function readTables(
  sql: SqlRunner,
  includes: (schema: string, table: string) => boolean,
): Promise<readonly CatalogTable[]> {
  const rows = await sql.query(TABLES);
  const wanted = rows.filter((row) => includes(field(row, 'schema'), field(row, 'name')));
  const oids = wanted.map((row) => field(row, 'oid'));
  if (oids.length === 0) return [];
  const columns = groupByTable(await sql.query(COLUMNS, [oids]));
  const indexes = groupByTable(await sql.query(INDEXES, [oids]));
  return wanted.map((row) => {
    const oid = field(row, 'oid');
    return tableOf(row, columns.get(oid) ?? [], indexes.get(oid) ?? []);
  });
}

/** The types of the OIDs with everything they are made of, by OID. */
export async function readTypes(sql: SqlRunner, oids: ReadonlySet<number>): Promise<ReadonlyMap<number, CatalogType>> {
  const rows = oids.size === 0 ? [] : await sql.query(TYPES, [[...oids]]);
  return new Map(
    rows.map((row) => {
      const oid = Number(field(row, 'oid'));
      const type: CatalogType = {
        oid,
        baseOid: Number(field(row, 'base')),
        baseModifier: Number(field(row, 'modifier')),
        elementOid: Number(field(row, 'element')),
        delimiter: Number(field(row, 'delimiter')),
      };
      return [oid, type];
    }),
  );
}

function groupByTable(rows: readonly TextRow[]): ReadonlyMap<string, readonly TextRow[]> {
  const groups = new Map<string, TextRow[]>();
  for (const row of rows) {
    const table = field(row, 'table');
    const group = groups.get(table);
    if (group === undefined) groups.set(table, [row]);
    else group.push(row);
  }
  return groups;
}

function tableOf(row: TextRow, columns: readonly TextRow[], indexes: readonly TextRow[]): CatalogTable {
  const indexColumns = (kind: string): readonly number[] =>
    numbers(indexes.find((index) => isTrue(index, kind))?.['columns'] ?? null);
  return {
    oid: Number(field(row, 'oid')),
    schema: field(row, 'schema'),
    name: field(row, 'name'),
    partitioned: row['kind'] === 'p',
    ancestors: numbers(row['ancestors'] ?? null),
    unlogged: row['persistence'] === 'u',
    identity: field(row, 'identity'),
    rowSecurity: isTrue(row, 'row_security'),
    selectable: isTrue(row, 'selectable'),
    owned: isTrue(row, 'owned'),
    rowCountEstimate: Number(field(row, 'estimate')),
    columns: columns.map(columnOf),
    primaryKey: indexColumns('primary'),
    identityIndex: indexColumns('identity'),
  };
}

function columnOf(row: TextRow): CatalogColumn {
  return {
    number: Number(field(row, 'number')),
    name: field(row, 'name'),
    typeOid: Number(field(row, 'type')),
    modifier: Number(field(row, 'modifier')),
    nativeType: field(row, 'native'),
    notNull: isTrue(row, 'not_null'),
    generated: isTrue(row, 'generated'),
  };
}

function numbers(list: string | null): readonly number[] {
  return list === null || list === '' ? [] : list.split(',').map(Number);
}
