// The schema versions of one table (or branch): `schema/schema-<id>`, contiguous from 0, each written once.
// Source: SchemaManager (format notes 01 sections 1 and 3).
import { TributaryError } from '../../base/errors.ts';
import type { FileEntry, FileStore } from '../../storage/file-store.ts';
import { newTableSchema } from './new-schema.ts';
import type { TableSchema } from './table-schema.ts';
import { parseTableSchema, type TableDefinition, tableSchemaToJson } from './table-schema-json.ts';
import { validateSchema } from './validate-schema.ts';

/** How often a change of the schema is tried again after other writers were faster. */
const ATTEMPTS_MAX = 20;
const FILE_PREFIX = 'schema-';
/** Options that name a branch to read from. */
const BRANCH_OPTIONS: readonly string[] = ['scan.fallback-branch', 'scan.primary-branch'];

/** A version that was read, and the file as it was then. */
interface KnownSchema {
  readonly schema: TableSchema;
  readonly file: FileEntry;
}

/**
 * Reads and writes the schemas of a table. A version is read once, unless its file is another one by now, as after the
 * table was moved to the state of a branch; that is looked at whenever the newest version is asked for.
 */
export class SchemaStore {
  private readonly store: FileStore;
  private readonly directory: string;
  private readonly known = new Map<number, KnownSchema>();

  /** `tableDirectory` is the table's directory, or that of a branch. */
  constructor(store: FileStore, tableDirectory: string) {
    this.store = store;
    this.directory = `${tableDirectory}/schema`;
  }

  /** The version of that id. Throws `E3104` where it is not there, `E3101`, `E3102` where it cannot be read. */
  async read(id: number): Promise<TableSchema> {
    const known = this.known.get(id);
    if (known !== undefined) return known.schema;
    const file = (await this.versions()).get(id);
    if (file === undefined) {
      throw new TributaryError('E3104', `schema version is not there: ${this.directory}/${FILE_PREFIX}${id}`);
    }
    const schema = parseTableSchema(await this.readText(id));
    this.known.set(id, { schema, file });
    return schema;
  }

  /** Reads every version anew from now on: what this process replaces may look as it did. */
  forget(): void {
    this.known.clear();
  }

  /** The versions of those ids; the ones in `known` are taken as they are. Throws as `read`. */
  async readAll(ids: Iterable<number>, known: readonly TableSchema[]): Promise<Map<number, TableSchema>> {
    const schemas = new Map(known.map((schema) => [schema.id, schema]));
    for (const id of ids) if (!schemas.has(id)) schemas.set(id, await this.read(id));
    return schemas;
  }

  /** The newest version; null where the table does not exist. */
  async latest(): Promise<TableSchema | null> {
    const id = (await this.ids()).at(-1);
    return id === undefined ? null : this.read(id);
  }

  /** All versions, oldest first. */
  async all(): Promise<readonly TableSchema[]> {
    const schemas: TableSchema[] = [];
    for (const id of await this.ids()) schemas.push(await this.read(id));
    return schemas;
  }

  /** Version 0 of a new table, or null if the table exists already. Throws `E3103`, `E3105`. */
  async create(definition: TableDefinition, timeMillis: number): Promise<TableSchema | null> {
    const schema = newTableSchema(definition, timeMillis);
    if ((await this.ids()).length > 0) return null;
    await this.requireBranches(schema);
    return (await this.publish(schema)) ? schema : null;
  }

  /**
   * Writes the next version: what `change` makes of the newest one (its id is set here). When another writer is faster,
   * `change` is asked again; when it gives null, nothing is written and the newest version is the answer. Throws
   * `E3104` (no table), `E3103`, `E3105` (the change is refused), `E3106` (always too late).
   */
  async update(change: (latest: TableSchema) => TableSchema | null): Promise<TableSchema> {
    for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
      const latest = await this.latest();
      if (latest === null) throw new TributaryError('E3104', `table has no schema: ${this.directory}`);
      const changed = change(latest);
      if (changed === null) return latest;
      const next = { ...changed, id: latest.id + 1 };
      validateSchema(next);
      await this.requireBranches(next);
      if (await this.publish(next)) return next;
    }
    throw new TributaryError('E3106', `schema kept changing: ${this.directory}`);
  }

  /** Throws `E3103` where an option names a branch that is not there. */
  private async requireBranches({ options }: TableSchema): Promise<void> {
    const named = BRANCH_OPTIONS.filter((key) => (options[key] ?? '').trim() !== '');
    if (named.length > 1)
      throw new TributaryError('E3103', `schema is refused: only one of ${named.join(', ')} is taken`);
    const root = this.directory.replace(/(\/branch\/branch-[^/]+)?\/schema$/, '');
    for (const key of named) {
      const branch = new SchemaStore(this.store, `${root}/branch/branch-${options[key]}`);
      if ((await branch.ids()).length > 0) continue;
      throw new TributaryError('E3103', `schema is refused: branch is not there: ${key}=${options[key]}`);
    }
  }

  /** True if the version that is stored under the schema's id is this one; the outcome of a failed `create` is read back. */
  private async publish(schema: TableSchema): Promise<boolean> {
    const text = tableSchemaToJson(schema);
    const path = `${this.directory}/${FILE_PREFIX}${schema.id}`;
    try {
      if (await this.store.create(path, new TextEncoder().encode(text))) return true;
    } catch (error) {
      if ((await this.store.stat(path)) === null) throw error;
    }
    return (await this.readText(schema.id)) === text;
  }

  /** The ids of all versions, ascending. */
  private async ids(): Promise<readonly number[]> {
    return [...(await this.versions()).keys()].sort((a, b) => a - b);
  }

  /** The files of all versions by id. Forgets what was read of those that are not what they were. */
  private async versions(): Promise<ReadonlyMap<number, FileEntry>> {
    const files = new Map<number, FileEntry>();
    for (const file of await this.store.list(this.directory)) {
      if (/^schema-\d+$/.test(file.name)) files.set(Number(file.name.slice(FILE_PREFIX.length)), file);
    }
    for (const [id, { file }] of this.known) {
      const now = files.get(id);
      if (now?.modifiedMs !== file.modifiedMs || now.sizeBytes !== file.sizeBytes) this.known.delete(id);
    }
    return files;
  }

  private async readText(id: number): Promise<string> {
    return new TextDecoder().decode(await this.store.read(`${this.directory}/${FILE_PREFIX}${id}`));
  }
}
