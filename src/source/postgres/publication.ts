// The publication: the list of tables whose changes the server sends. It is made with a list of tables, never for all
// tables, and only ever holds tables with a key: without one, the publication would break the application's updates.
import { TributaryError } from '../../base/errors.ts';
import type { CheckResult } from '../check-result.ts';
import { type PostgresTable, quotedName, quoteIdentifier } from './postgres-table.ts';
import type { PostgresSettings } from './settings.ts';
import { field, isTrue, type SqlRunner } from './sql-session.ts';

/** A publication as the catalog describes it. */
export interface PublicationState {
  readonly allTables: boolean;
  /** It sends inserts, updates, deletes and truncates. */
  readonly complete: boolean;
  readonly viaRoot: boolean;
  readonly owned: boolean;
  /** `schema.table` → whether all rows and all columns are sent. */
  readonly tables: ReadonlyMap<string, boolean>;
}

/** The publication of the name, or null. */
export async function readPublication(
  sql: SqlRunner,
  name: string,
  versionNumber: number,
): Promise<PublicationState | null> {
  const [row] = await sql.query(
    `select puballtables::text as all_tables, (pubinsert and pubupdate and pubdelete and pubtruncate)::text as complete,
       pubviaroot::text as via_root, pg_has_role(pubowner, 'USAGE')::text as owned
     from pg_publication where pubname = $1`,
    [name],
  );
  if (row === undefined) return null;
  // Row filters and column lists exist since version 15. The names are those of now, the catalog's of the snapshot: they are
  // compared only where there is a list, as columns may be altered between.
  const whole =
    versionNumber < 150_000
      ? "'true'"
      : `(t.rowfilter is null and (not exists (select 1 from pg_publication_rel r join pg_publication p on p.oid = r.prpubid
            where p.pubname = t.pubname and r.prattrs is not null
              and (r.prrelid = c.oid or r.prrelid in (select relid from pg_partition_ancestors(c.oid))))
          or not exists (select 1 from pg_attribute a where a.attrelid = c.oid and a.attnum > 0
            and not a.attisdropped and a.attgenerated = '' and a.attname <> all (t.attnames))))::text`;
  const tables = await sql.query(
    `select n.nspname as schema, c.relname as name, ${whole} as whole from pg_publication_tables t
     join pg_namespace n on n.nspname = t.schemaname join pg_class c on c.relnamespace = n.oid and c.relname = t.tablename
     where t.pubname = $1`,
    [name],
  );
  return {
    allTables: isTrue(row, 'all_tables'),
    complete: isTrue(row, 'complete'),
    viaRoot: isTrue(row, 'via_root'),
    owned: isTrue(row, 'owned'),
    tables: new Map(
      tables.map((table) => [`${field(table, 'schema')}.${field(table, 'name')}`, isTrue(table, 'whole')]),
    ),
  };
}

/** What is wrong with the publication for the tables, with the SQL that puts it right. */
export function checkPublication(
  state: PublicationState | null,
  tables: readonly PostgresTable[],
  settings: Pick<PostgresSettings, 'publication'>,
): readonly CheckResult[] {
  const { name, create, viaPartitionRoot } = settings.publication;
  const subject = `publication ${name}`;
  const fail = (message: string, fix: string | null): CheckResult => ({
    subject,
    status: 'fail',
    code: 'E2023',
    message,
    fix,
  });
  const ok = (message: string): CheckResult => ({ subject, status: 'ok', code: null, message, fix: null });
  const quoted = quoteIdentifier(name);
  if (state === null) {
    if (create === 'auto') return [ok('is created at the first start')];
    return [fail('does not exist', createStatement(settings, tables))];
  }
  const results: CheckResult[] = [];
  if (!state.complete) {
    const fix = `ALTER PUBLICATION ${quoted} SET (publish = 'insert, update, delete, truncate');`;
    results.push(fail('does not publish inserts, updates, deletes and truncates', fix));
  }
  if (state.viaRoot !== viaPartitionRoot && tables.some((table) => table.partitioned)) {
    const fix = `ALTER PUBLICATION ${quoted} SET (publish_via_partition_root = ${viaPartitionRoot});`;
    results.push(fail('does not publish partitioned tables as their root', fix));
  }
  const partial = tables.filter((table) => state.tables.get(table.source.key) === false);
  for (const table of partial) {
    const list = listOf([table]);
    const fix = `ALTER PUBLICATION ${quoted} DROP TABLE ${list}; ALTER PUBLICATION ${quoted} ADD TABLE ${list};`;
    results.push(fail(`has a row filter or a column list: table=${table.source.key}`, fix));
  }
  const missing = missingTables(state, tables);
  if (missing.length > 0 && (create === 'never' || !state.owned)) {
    results.push(
      fail(`lacks tables: ${missing.map((table) => table.source.key).join(', ')}`, addStatement(name, missing)),
    );
  }
  return results.length > 0 ? results : [ok('has what is needed')];
}

/** Whether the user may do what has to be done to the publication at the start, with the SQL for somebody who may. */
export function checkPublishRights(
  state: PublicationState | null,
  tables: readonly PostgresTable[],
  options: { readonly settings: PostgresSettings; readonly mayCreate: boolean },
): readonly CheckResult[] {
  const { settings, mayCreate } = options;
  const { name, create } = settings.publication;
  const missing = missingTables(state, tables);
  if (create === 'never' || missing.length === 0 || state?.owned === false) return [];
  const subject = `publication ${name}`;
  const statement = state === null ? createStatement(settings, tables) : addStatement(name, missing);
  const foreign = missing.filter((table) => !table.owned);
  if (foreign.length > 0) {
    const names = foreign.map((table) => table.source.key).join(', ');
    const message = `only the owner can publish a table: tables=${names}`;
    return [{ subject, status: 'fail', code: 'E2022', message, fix: `${statement}; -- as the owner or a superuser` }];
  }
  if (state !== null || mayCreate) return [];
  const fix = `GRANT CREATE ON DATABASE ${quoteIdentifier(settings.database)} TO ${quoteIdentifier(settings.user)};`;
  return [{ subject, status: 'fail', code: 'E2022', message: 'may not be created by the user', fix }];
}

/** Makes the publication, or adds the tables it lacks. Throws E2022 if the user may not. */
export async function ensurePublication(
  sql: SqlRunner,
  settings: PostgresSettings,
  options: { readonly tables: readonly PostgresTable[]; readonly versionNumber: number },
): Promise<void> {
  const { name, create } = settings.publication;
  const state = await readPublication(sql, name, options.versionNumber);
  const missing = missingTables(state, options.tables);
  if (state !== null && missing.length === 0) return;
  const statement = state === null ? createStatement(settings, options.tables) : addStatement(name, missing);
  if (create === 'never')
    throw new TributaryError('E2023', `publication is not ready: publication=${name} fix=${statement}`);
  try {
    await sql.query(statement);
  } catch (error) {
    const denied = error instanceof TributaryError && error.context['state'] === '42501';
    if (!denied) throw error;
    throw new TributaryError('E2022', `no right to publish the tables: fix=${statement}`, { cause: error.cause });
  }
}

function missingTables(state: PublicationState | null, tables: readonly PostgresTable[]): readonly PostgresTable[] {
  if (state === null) return tables;
  return state.allTables ? [] : tables.filter((table) => !state.tables.has(table.source.key));
}

function listOf(tables: readonly PostgresTable[]): string {
  // ONLY keeps children by inheritance out; of a partitioned table the partitions belong to it.
  return tables.map((table) => `${table.partitioned ? '' : 'ONLY '}${quotedName(table.source)}`).join(', ');
}

function createStatement(settings: Pick<PostgresSettings, 'publication'>, tables: readonly PostgresTable[]): string {
  const { name, viaPartitionRoot } = settings.publication;
  return `CREATE PUBLICATION ${quoteIdentifier(name)} FOR TABLE ${listOf(tables)} WITH (publish_via_partition_root = ${viaPartitionRoot})`;
}

function addStatement(name: string, tables: readonly PostgresTable[]): string {
  return `ALTER PUBLICATION ${quoteIdentifier(name)} ADD TABLE ${listOf(tables)}`;
}
