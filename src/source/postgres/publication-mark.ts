// What tells whether the publication has sent every change: marks of the catalog that never come back once something
// was changed, even if it is changed back. A server of version 18 skips what is not published without an error.
import { TributaryError } from '../../base/errors.ts';
import type { TableKey } from '../../change/table-key.ts';
import type { PostgresTable } from './postgres-table.ts';
import { field, type SqlRunner } from './sql-session.ts';

/** A publication at one moment. Equal marks at two moments: nothing was changed in between. */
export interface PublicationMark {
  /** OID of the publication; another one means that it was dropped and made anew. Empty if there is none. */
  readonly publication: string;
  /** The transaction that last changed its options, name or owner. */
  readonly version: string;
  /** Of each table its OID and the OIDs of the entries that publish it; a dropped table is not in it. */
  readonly tables: ReadonlyMap<TableKey, string>;
}

const PUBLICATION = 'select oid::text as oid, xmin::text as version from pg_publication where pubname = $1';
const ENTRIES = `
  select r.oid from pg_publication_rel r where r.prpubid = $1
    and r.prrelid in (select c.oid union select relid from pg_partition_ancestors(c.oid))`;
// Whole schemas can be published since version 15.
const SCHEMA_ENTRIES = `
  union all select s.oid from pg_publication_namespace s where s.pnpubid = $1
    and s.pnnspid in (select relnamespace from pg_class
      where oid in (select c.oid union select relid from pg_partition_ancestors(c.oid)))`;

/** The mark of the publication for the tables. */
export async function readMark(
  sql: SqlRunner,
  name: string,
  options: { readonly tables: readonly PostgresTable[]; readonly versionNumber: number },
): Promise<PublicationMark> {
  const [row] = await sql.query(PUBLICATION, [name]);
  const publication = row === undefined ? '' : field(row, 'oid');
  const entries = options.versionNumber < 150_000 ? ENTRIES : `${ENTRIES}${SCHEMA_ENTRIES}`;
  const found = await sql.query(
    `select c.oid::text as oid, (select coalesce(string_agg(e.oid::text, '+' order by e.oid), '') from (${entries}) e) as entries
     from pg_class c where c.oid = any ($2::oid[])`,
    [publication === '' ? '0' : publication, options.tables.map((table) => table.oid)],
  );
  const byOid = new Map(found.map((table) => [Number(field(table, 'oid')), field(table, 'entries')]));
  const tables = new Map<TableKey, string>();
  for (const table of options.tables) {
    const published = byOid.get(table.oid);
    if (published !== undefined) tables.set(table.source.key, `${table.oid}:${published}`);
  }
  return { publication, version: row === undefined ? '' : field(row, 'version'), tables };
}

/** Throws E2105 if the publication itself was changed between the two. */
export function refuseOtherPublication(name: string, known: PublicationMark, now: PublicationMark): void {
  if (known.publication === now.publication && known.version === now.version) return;
  const text = (mark: PublicationMark): string => `${mark.publication || 'none'}/${mark.version || 'none'}`;
  throw new TributaryError(
    'E2105',
    `publication was changed behind the mirror, the log may lack changes: publication=${name} mark=${text(now)} known=${text(known)}`,
  );
}

/** The tables of which the log may lack changes, each with E2108: taken out of the publication, altered, or dropped. */
export function changedTables(known: PublicationMark, now: PublicationMark): ReadonlyMap<TableKey, TributaryError> {
  const changed = new Map<TableKey, TributaryError>();
  for (const [key, mark] of known.tables) {
    const current = now.tables.get(key);
    if (current === mark) continue;
    const reason = current === undefined ? 'dropped' : 'publication';
    const message = `the log may lack changes of a table: table=${key} reason=${reason} mark=${current ?? 'none'} known=${mark}`;
    changed.set(key, new TributaryError('E2108', message));
  }
  return changed;
}
