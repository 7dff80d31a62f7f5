// SQL over the lake: each query in a DuckDB of its own that sees the tables it names, at one state, and nothing else.
import {
  type DuckDBConnection,
  DuckDBInstance,
  type DuckDBPreparedStatement,
  type DuckDBResult,
  StatementType,
} from '@duckdb/node-api';
import type { Clock } from '../base/clock.ts';
import { didYouMean } from '../base/did-you-mean.ts';
import { isTributaryError, TributaryError } from '../base/errors.ts';
import { FileSystemCatalog, SYSTEM_DATABASE } from '../paimon/catalog/file-system-catalog.ts';
import { openGlobalTable } from '../paimon/catalog/global-tables.ts';
import { type ObjectName, objectName } from '../paimon/catalog/object-name.ts';
import type { ReadBatch } from '../paimon/scan/scan.ts';
import type { DataField } from '../paimon/schema/data-type.ts';
import { Table } from '../paimon/table.ts';
import type { FileStore } from '../storage/file-store.ts';
import { openStore } from '../storage/open-store.ts';
import { type SpillSettings, SpillSpace, spillSink } from '../storage/spill-space.ts';
import { chunkBatch, resultFields } from './duckdb-columns.ts';
import { type PositionOrders, type ReadAt, type TablePoint, tablePoints } from './read-at.ts';
import { nameParts, quoteName, quoteText } from './sql-names.ts';
import {
  type MergeBy,
  type Relation,
  type RelationSettings,
  type Spool,
  systemRelation,
  tableRelation,
} from './sql-source.ts';
import { ALL_OF_IT, tableUses, type TableUse } from './sql-statement.ts';
import { createTempDir, type TempDir } from './temp-dir.ts';

/** What queries may use. */
export interface SqlSettings {
  /** Bytes that DuckDB keeps in memory before it moves data to the temporary directory; default 256 MiB. */
  readonly memoryBytes?: number;
  /** Threads of DuckDB; default 2. */
  readonly threads?: number;
  /** Where the temporary directory of a query is made, and what it may hold. */
  readonly spill?: SpillSettings;
  /** Who merges; DuckDB unless given. */
  readonly mergeBy?: MergeBy;
  /** Whether only what a query wants of a table is read; true unless given. */
  readonly pushDown?: boolean;
}

/** What a query runs on. */
export interface SqlLake {
  readonly store: FileStore;
  readonly positionOrders: PositionOrders;
  readonly clock: Clock;
  readonly settings: SqlSettings;
}

/** What a query is asked with. */
export interface SqlOptions {
  readonly at?: ReadAt;
  readonly signal?: AbortSignal;
}

/** A running query. Its rows can be read once; the end of them, or `close`, frees everything. */
export interface SqlRows {
  readonly fields: readonly DataField[];
  /** The rows in batches, as DuckDB makes them. Throws `E6013`, `E6014`, `E6016`. */
  batches(): AsyncGenerator<ReadBatch>;
  close(): void;
}

const DEFAULT_MEMORY_BYTES = 256 * 1024 * 1024;
const KIBIBYTE = 1024;
const INTERRUPT_MS = 50;

/**
 * Starts a query: one SELECT (or DESCRIBE, SUMMARIZE, SHOW). Throws `E3120` (no such table), `E6012` (no such state),
 * `E3006` (temporary files), `E6014` (the SQL is wrong), `E6015` (a table that SQL cannot show), `E6016` (memory), `E6017` (not a SELECT).
 */
export async function startSql(lake: SqlLake, text: string, options: SqlOptions = {}): Promise<SqlRows> {
  const session = await SqlSession.open(lake.settings);
  try {
    return await session.start(lake, text, options);
  } catch (error) {
    session.close();
    throw error;
  }
}

class SqlSession {
  private readonly settings: SqlSettings;
  private readonly space: SpillSpace;
  private readonly tempDir: TempDir;
  private readonly instance: DuckDBInstance;
  private readonly connection: DuckDBConnection;
  private isClosed = false;

  private constructor(
    settings: SqlSettings,
    temp: { readonly space: SpillSpace; readonly dir: TempDir },
    duck: { instance: DuckDBInstance; connection: DuckDBConnection },
  ) {
    this.settings = settings;
    this.space = temp.space;
    this.tempDir = temp.dir;
    this.instance = duck.instance;
    this.connection = duck.connection;
  }

  static async open(settings: SqlSettings): Promise<SqlSession> {
    const space = new SpillSpace(settings.spill);
    const dir = createTempDir(space.directory);
    try {
      const memoryKib = Math.ceil((settings.memoryBytes ?? DEFAULT_MEMORY_BYTES) / KIBIBYTE);
      const instance = await DuckDBInstance.create(':memory:', {
        memory_limit: `${memoryKib}KiB`,
        threads: String(settings.threads ?? 2),
        temp_directory: dir.path,
        autoinstall_known_extensions: 'false',
        autoload_known_extensions: 'false',
      });
      return new SqlSession(settings, { space, dir }, { instance, connection: await instance.connect() });
    } catch (error) {
      dir.remove();
      throw failed(error);
    }
  }

  async start(lake: SqlLake, text: string, { at, signal }: SqlOptions): Promise<SqlRows> {
    const names = await this.tableNames(text);
    const tables = await resolveTables(lake.store, names);
    const points = await tablePoints(lake, pointedNames(tables, at), at);
    const uses = this.settings.pushDown === false ? new Map<string, TableUse>() : await this.tableUses(text);
    const files: string[] = [];
    const spool = this.spool();
    for (const [index, { schema, view, name }] of tables.entries()) {
      const settings = {
        mergeBy: this.settings.mergeBy ?? 'duckdb',
        spool,
        spoolName: `table-${index}`,
        use: uses.get(`${schema}.${view}`.toLowerCase()) ?? ALL_OF_IT,
        ...(signal === undefined ? {} : { signal }),
      };
      const relation = await relationOf(lake.store, name, { points, settings });
      files.push(...relation.files);
      await this.run(`CREATE SCHEMA IF NOT EXISTS ${quoteName(schema)}`);
      await this.run(`CREATE VIEW ${quoteName(schema)}.${quoteName(view)} AS ${relation.select}`);
    }
    // What the files made so far have left.
    await this.run(`SET max_temp_directory_size = '${Math.ceil(this.space.leftBytes / KIBIBYTE)}KiB'`);
    await this.closeDoors(files);
    return this.stream(text, lake.clock, signal);
  }

  private spool(): Spool {
    const store = openStore({ kind: 'local', rootPath: this.tempDir.path });
    return {
      openWrite: async (path) => spillSink(await store.openWrite(path), this.space),
      location: (path) => store.location(path),
    };
  }

  /** Ends the query; what it holds is freed. */
  close(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.connection.interrupt();
    this.connection.closeSync();
    this.instance.closeSync();
    this.tempDir.remove();
  }

  private async tableNames(text: string): Promise<readonly (readonly string[])[]> {
    return coded(async () => {
      const { count } = await this.connection.extractStatements(text);
      if (count !== 1) throw new TributaryError('E6017', `query is not one statement: statements=${count}`);
      return this.connection.getTableNames(text, true).map(nameParts);
    });
  }

  /** What the statement wants of its tables; nothing is known of statements that are no SELECT for DuckDB. */
  private async tableUses(text: string): Promise<ReadonlyMap<string, TableUse>> {
    return coded(async () => {
      const statement = await this.connection.prepare('SELECT json_serialize_sql($1::VARCHAR)');
      statement.bindVarchar(1, text);
      const [[serialized]] = (await statement.runAndReadAll()).getRows();
      return tableUses(String(serialized));
    });
  }

  /** From here on the files of the named tables can be read, and nothing else of the machine. */
  private async closeDoors(files: readonly string[]): Promise<void> {
    await this.run("SET TimeZone = 'UTC'");
    await this.run(`SET allowed_paths = [${files.map(quoteText).join(', ')}]`);
    await this.run('SET enable_external_access = false');
    await this.run('SET lock_configuration = true');
  }

  /** Interrupts what runs when the signal comes; again and again, as DuckDB forgets it where nothing runs yet. */
  private interruptOn(clock: Clock, signal: AbortSignal | undefined): () => void {
    let stopRepeating = (): void => {};
    const interrupt = (): void => {
      if (!this.isClosed) this.connection.interrupt();
    };
    const onAbort = (): void => {
      interrupt();
      stopRepeating = clock.every(INTERRUPT_MS, interrupt);
    };
    signal?.throwIfAborted();
    signal?.addEventListener('abort', onAbort, { once: true });
    return () => {
      signal?.removeEventListener('abort', onAbort);
      stopRepeating();
    };
  }

  private async run(sql: string): Promise<void> {
    await coded(() => this.connection.run(sql));
  }

  private async stream(text: string, clock: Clock, signal: AbortSignal | undefined): Promise<SqlRows> {
    const statement = await coded(() => this.connection.prepare(text));
    requireSelect(statement);
    const release = this.interruptOn(clock, signal);
    const result = await coded(() => statement.stream(), signal).catch((error: unknown) => {
      release();
      throw error;
    });
    const names = result.deduplicatedColumnNames();
    const fields = resultFields(result.columnTypes().map((type, index) => ({ name: names[index], type })));
    const close = (): void => {
      release();
      this.close();
    };
    return { fields, close, batches: () => readChunks({ result, fields, close, signal }) };
  }
}

async function* readChunks(from: {
  readonly result: DuckDBResult;
  readonly fields: readonly DataField[];
  readonly close: () => void;
  readonly signal: AbortSignal | undefined;
}): AsyncGenerator<ReadBatch> {
  const { result, fields, signal } = from;
  try {
    for (;;) {
      const chunk = await coded(() => result.fetchChunk(), signal);
      if (chunk === null || chunk.rowCount === 0) return;
      yield { ...chunkBatch(chunk, fields), fields, kinds: new Uint8Array(chunk.rowCount) };
    }
  } finally {
    from.close();
  }
}

/** COPY, ATTACH, SET and the like have effects, and EXPLAIN ANALYZE runs them. */
function requireSelect(statement: DuckDBPreparedStatement): void {
  if (statement.statementType === StatementType.SELECT) return;
  throw new TributaryError('E6017', `query is not a SELECT: statement=${StatementType[statement.statementType]}`);
}

/** A table that a query names: under which name it is seen, and what it is. */
interface SqlTable {
  readonly schema: string;
  readonly view: string;
  readonly name: ObjectName;
}

type TableObject = Extract<ObjectName, { readonly kind: 'table' }>;

async function relationOf(
  store: FileStore,
  name: ObjectName,
  from: {
    readonly points: ReadonlyMap<string, TablePoint>;
    readonly settings: RelationSettings & { readonly use: TableUse };
  },
): Promise<Relation> {
  const { points, settings } = from;
  if (name.kind === 'global') return systemRelation(openGlobalTable(store, name.system), settings);
  const { database, table: tableName, branch, system } = name;
  const table = await Table.open(store, { database, table: tableName, ...(branch === null ? {} : { branch }) });
  const point = points.get(baseName(name)) ?? { kind: 'latest' };
  if (system === null) return tableRelation(table, point, settings);
  const at = point.kind === 'empty' ? {} : { at: point };
  const relation = await systemRelation(await table.openSystemTable(system, at), settings);
  // A table without a snapshot at the cut consisted of nothing.
  return point.kind === 'empty' ? { ...relation, select: `${relation.select} WHERE false` } : relation;
}

/** The table or branch underneath a system table, `database.table`. */
function baseName({ database, table, branch }: TableObject): string {
  return branch === null ? `${database}.${table}` : `${database}.${table}$branch_${branch}`;
}

/** The tables that are read at a point: system tables too where one is asked for, else they show the present. */
function pointedNames(tables: readonly SqlTable[], at: ReadAt | undefined): readonly string[] {
  const names = tables.flatMap(({ name }) =>
    name.kind === 'table' && (name.system === null || at !== undefined) ? [baseName(name)] : [],
  );
  return [...new Set(names)];
}

/** The tables of the lake that a query names, each once. Case decides only where two names differ in nothing else. */
async function resolveTables(store: FileStore, names: readonly (readonly string[])[]): Promise<readonly SqlTable[]> {
  const catalog = new FileSystemCatalog(store);
  const databases = names.length === 0 ? [] : await catalog.listDatabases();
  const found = new Map<string, SqlTable>();
  for (const parts of names) {
    const table = await resolveTable(catalog, databases, parts);
    found.set(`${table.schema}.${table.view}`, table);
  }
  const folded = new Set([...found.keys()].map((name) => name.toLowerCase()));
  if (folded.size < found.size) {
    throw new TributaryError('E6015', `tables of one query differ only in case: tables=${[...found.keys()].join(',')}`);
  }
  return [...found.values()];
}

async function resolveTable(
  catalog: FileSystemCatalog,
  databases: readonly string[],
  parts: readonly string[],
): Promise<SqlTable> {
  const [asked, askedObject] = parts;
  if (parts.length !== 2) throw await notQualified(catalog, databases, parts);
  const isGlobal = asked.toLowerCase() === SYSTEM_DATABASE;
  const name = objectName(isGlobal ? SYSTEM_DATABASE : asked, askedObject);
  if (name.kind === 'global') return { schema: SYSTEM_DATABASE, view: name.system.toLowerCase(), name };
  const database = sameName(asked, databases);
  const tables = database === null ? [] : await catalog.listTables(database);
  const table = sameName(name.table, tables);
  if (database !== null && table !== null) {
    const view = `${table}${askedObject.slice(name.table.length)}`;
    return { schema: database, view, name: { ...name, database, table } };
  }
  await catalog.loadSchema(asked, name.table);
  throw new TributaryError('E9001', `table is there and was not found: table=${parts.join('.')}`);
}

/** The name itself, else the only one that differs in nothing but case. */
function sameName(asked: string, names: readonly string[]): string | null {
  if (names.includes(asked)) return asked;
  const alike = names.filter((name) => name.toLowerCase() === asked.toLowerCase());
  return alike.length === 1 ? alike[0] : null;
}

async function notQualified(
  catalog: FileSystemCatalog,
  databases: readonly string[],
  parts: readonly string[],
): Promise<TributaryError> {
  const table = parts.at(-1) ?? '';
  const known: string[] = [];
  for (const database of databases)
    known.push(...(await catalog.listTables(database)).map((name) => `${database}.${name}`));
  const alike = known.find((name) => name.toLowerCase().endsWith(`.${table.toLowerCase()}`));
  const hint = alike === undefined ? didYouMean(parts.join('.'), known) : ` (did you mean "${alike}"?)`;
  return new TributaryError(
    'E3120',
    `table not found, tables are named database.table${hint}: table=${parts.join('.')}`,
  );
}

async function coded<T>(action: () => Promise<T>, signal?: AbortSignal): Promise<T> {
  try {
    return await action();
  } catch (error) {
    if (signal?.aborted === true) throw signal.reason;
    throw failed(error);
  }
}

/** DuckDB's errors with a code of ours; its message stands in the cause. */
function failed(error: unknown): TributaryError {
  if (isTributaryError(error)) return error;
  const text = error instanceof Error ? error.message : String(error);
  const first = text.slice(0, Math.max(text.indexOf(':'), 0));
  if (/max_temp_directory_size/.test(text))
    return new TributaryError('E3006', 'query needs larger temporary files', { cause: error });
  if (/^Out of Memory/i.test(text)) return new TributaryError('E6016', 'query needs more memory', { cause: error });
  return new TributaryError('E6014', `query failed: by=${first.endsWith(' Error') ? first : 'DuckDB'}`, {
    cause: error,
  });
}
