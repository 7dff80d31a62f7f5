// Names of what a catalog gives to read: `database.table`, a branch of it (`table$branch_dev`), a system table of either
// (`table$snapshots`, `table$branch_dev$snapshots`), and the system tables of the catalog itself (`sys.tables`).
import { TributaryError } from '../../base/errors.ts';
import { SYSTEM_DATABASE, type TableName, tablePathOf } from './file-system-catalog.ts';

/** A name in its parts. The database `sys` has `system` alone: its tables are nobody's. */
export type ObjectName =
  | (TableName & { readonly kind: 'table'; readonly branch: string | null; readonly system: string | null })
  | { readonly kind: 'global'; readonly system: string };

const BRANCH_PREFIX = 'branch_';

/** Reads a name, `database.object`. Throws `E3122`. */
export function parseObjectName(text: string): ObjectName {
  const point = text.indexOf('.');
  if (point < 0) throw refused(text, 'it is written database.table');
  return objectName(text.slice(0, point), text.slice(point + 1));
}

/** A name of its database and object. Throws `E3122`. */
export function objectName(database: string, object: string): ObjectName {
  if (database === SYSTEM_DATABASE) return { kind: 'global', system: object };
  const [table, ...suffixes] = object.split('$');
  const branch = suffixes[0]?.startsWith(BRANCH_PREFIX) ? suffixes[0].slice(BRANCH_PREFIX.length) : null;
  const [system = null, ...more] = branch === null ? suffixes : suffixes.slice(1);
  tablePathOf(database, table);
  if (more.length > 0 || branch === '' || system === '') throw refused(`${database}.${object}`, 'it has too many `$`');
  return { kind: 'table', database, table, branch, system };
}

function refused(text: string, why: string): TributaryError {
  return new TributaryError('E3122', `table name is refused, ${why}: table=${JSON.stringify(text)}`);
}
