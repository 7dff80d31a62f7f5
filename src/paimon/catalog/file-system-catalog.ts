// The catalog that is a directory: `<database>.db/<table>` below the store's root; a table exists where it has a schema.
// Source: FileSystemCatalog (format notes 06 section 6).
import { didYouMean } from '../../base/did-you-mean.ts';
import { TributaryError } from '../../base/errors.ts';
import type { FileStore } from '../../storage/file-store.ts';
import { checkDefaultValue } from '../format/default-value.ts';
import { catalogRule } from '../schema/foreign-options.ts';
import { SchemaStore } from '../schema/schema-store.ts';
import type { TableSchema } from '../schema/table-schema.ts';
import type { TableDefinition } from '../schema/table-schema-json.ts';

const DATABASE_SUFFIX = '.db';
/** The database of the reference's own system tables. */
export const SYSTEM_DATABASE = 'sys';
/** Bytes that most file systems allow for a name. */
const NAME_SIZE_MAX = 255;

/** The directory of a table, relative to the store's root. Throws `E3122` for a name that is not allowed. */
export function tablePathOf(database: string, table: string): string {
  requireDatabaseName(database);
  requireName(table, 'table');
  if (table.includes('$')) throw refusedName('table', table, '`$` is for system tables');
  return `${database}${DATABASE_SUFFIX}/${table}`;
}

/** Databases and tables of a warehouse. Names are case-sensitive. */
export class FileSystemCatalog {
  private readonly store: FileStore;

  constructor(store: FileStore) {
    this.store = store;
  }

  /** The names of all databases, sorted. */
  async listDatabases(): Promise<readonly string[]> {
    const entries = await this.store.list('');
    return entries
      .filter((entry) => entry.isDirectory && entry.name.endsWith(DATABASE_SUFFIX) && entry.name !== DATABASE_SUFFIX)
      .map((entry) => entry.name.slice(0, -DATABASE_SUFFIX.length))
      .sort();
  }

  /** The names of a database's tables, sorted. Throws `E3120` where there is no such database, `E3122`. */
  async listTables(database: string): Promise<readonly string[]> {
    requireDatabaseName(database);
    const tables = await this.tablesOf(database);
    if (tables.length > 0) return tables;
    const databases = await this.listDatabases();
    if (databases.includes(database)) return [];
    throw new TributaryError('E3120', `database not found${didYouMean(database, databases)}: database=${database}`);
  }

  /** Throws `E3122`. */
  async tableExists(database: string, table: string): Promise<boolean> {
    return (await this.schemas(database, table).latest()) !== null;
  }

  /**
   * Creates a table and gives its first schema. Field ids stay as given (`assignFieldIds` gives new ones); `timeMillis`
   * is the wall clock. Throws `E3121` (it exists), `E3122` (its name), `E3103`, `E3105`, `E3133` (its definition).
   */
  async createTable(place: TableName, definition: TableDefinition, timeMillis: number): Promise<TableSchema> {
    for (const { type, defaultValue } of definition.fields) {
      if (defaultValue !== undefined) checkDefaultValue(type, defaultValue);
    }
    const rule = catalogRule(definition.options);
    if (rule !== null) throw new TributaryError('E3103', `schema is refused: ${rule}`);
    const schema = await this.schemas(place.database, place.table).create(definition, timeMillis);
    if (schema !== null) return schema;
    throw new TributaryError('E3121', `table exists: table=${place.database}.${place.table}`);
  }

  /** The latest schema of a table. Throws `E3120` with the nearest name where there is none, `E3122`. */
  async loadSchema(database: string, table: string): Promise<TableSchema> {
    const schema = await this.schemas(database, table).latest();
    if (schema !== null) return schema;
    throw await this.notFound(database, table);
  }

  /** Removes a table with all its files. Throws `E3120`, `E3122`. */
  async dropTable(database: string, table: string): Promise<void> {
    const path = tablePathOf(database, table);
    if (!(await this.tableExists(database, table))) throw await this.notFound(database, table);
    await this.store.deleteDirectory(path);
  }

  /** Gives a table another name, in its database or another. Throws `E3120`, `E3121` (the new name is taken), `E3122`. */
  async renameTable(from: TableName, to: TableName): Promise<void> {
    const path = tablePathOf(from.database, from.table);
    const target = tablePathOf(to.database, to.table);
    if (!(await this.tableExists(from.database, from.table))) throw await this.notFound(from.database, from.table);
    if (await this.store.renameDirectory(path, target)) return;
    throw new TributaryError('E3121', `table exists: table=${to.database}.${to.table}`);
  }

  /**
   * Removes a database; one with tables only with `cascade`. A database comes into being with its first table. Throws
   * `E3120`, `E3122`, `E3136` (it has tables).
   */
  async dropDatabase(database: string, { cascade = false }: { readonly cascade?: boolean } = {}): Promise<void> {
    const tables = await this.listTables(database);
    if (tables.length > 0 && !cascade) {
      throw new TributaryError('E3136', `database has tables: database=${database} count=${tables.length}`);
    }
    await this.store.deleteDirectory(`${database}${DATABASE_SUFFIX}`);
  }

  private schemas(database: string, table: string): SchemaStore {
    return new SchemaStore(this.store, tablePathOf(database, table));
  }

  private async tablesOf(database: string): Promise<readonly string[]> {
    const directory = `${database}${DATABASE_SUFFIX}`;
    const names: string[] = [];
    for (const entry of await this.store.list(directory)) {
      if (!entry.isDirectory) continue;
      const schemas = await this.store.list(`${directory}/${entry.name}/schema`);
      if (schemas.some((schema) => /^schema-\d+$/.test(schema.name))) names.push(entry.name);
    }
    return names.sort();
  }

  private async notFound(database: string, table: string): Promise<TributaryError> {
    const databases = await this.listDatabases();
    const name = `${database}.${table}`;
    const known: string[] = [];
    for (const candidate of databases) {
      for (const other of await this.tablesOf(candidate)) known.push(`${candidate}.${other}`);
    }
    return new TributaryError('E3120', `table not found${didYouMean(name, known)}: table=${name}`);
  }
}

/** A table's place in a catalog. */
export interface TableName {
  readonly database: string;
  readonly table: string;
}

/** Reads `database.table`. Throws `E3122`. */
export function parseTableName(text: string): TableName {
  const point = text.indexOf('.');
  if (point < 0) throw refusedName('table', text, 'it is written database.table');
  const name = { database: text.slice(0, point), table: text.slice(point + 1) };
  tablePathOf(name.database, name.table);
  return name;
}

function requireDatabaseName(name: string): void {
  requireName(name, 'database');
  if (name === SYSTEM_DATABASE) throw refusedName('database', name, 'it is for system tables');
}

/** A name becomes a directory, so it must not reach elsewhere or be lost on the way. */
function requireName(name: string, what: string): void {
  if (name === '' || name.trim() !== name) throw refusedName(what, name, 'it is empty or begins or ends with a space');
  if (name === '.' || name === '..') throw refusedName(what, name, 'it is a directory of its own');
  if (/[/\\\p{Cc}]/u.test(name)) throw refusedName(what, name, 'it has a slash or a control character');
  if (!name.isWellFormed()) throw refusedName(what, name, 'it is not Unicode text');
  if (new TextEncoder().encode(name).length > NAME_SIZE_MAX - DATABASE_SUFFIX.length) {
    throw refusedName(what, name, 'it is too long');
  }
}

function refusedName(what: string, name: string, why: string): TributaryError {
  return new TributaryError('E3122', `${what} name is refused, ${why}: ${what}=${JSON.stringify(name)}`);
}
