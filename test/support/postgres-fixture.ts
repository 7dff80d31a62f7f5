// A database and PostgreSQL sources on it for the tests of one file, with the steps that they share.
import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest';
import type { Logger } from '../../src/base/log.ts';
import type { SourceIdentity, SourcePosition } from '../../src/change/position.ts';
import type { SourceTable } from '../../src/change/source-table.ts';
import { type TableKey, tableKey } from '../../src/change/table-key.ts';
import type { PostgresSource } from '../../src/source/postgres/postgres-source.ts';
import type { PostgresSettings } from '../../src/source/postgres/settings.ts';
import type { Incarnations, SourceEvent } from '../../src/source/source.ts';
import { batchRows, postgresSettings, postgresSource, reaches, readLog } from './postgres-source.ts';
import { freshDatabase, postgres, type TestDatabase, type TestPostgres, withClient } from './servers.ts';

/** An opened source with its copy: rows by table, and the position the log is read from. */
export interface Started {
  readonly source: PostgresSource;
  readonly tables: ReadonlyMap<TableKey, SourceTable>;
  readonly position: SourcePosition;
  readonly identity: SourceIdentity;
  readonly incarnations: Incarnations;
  readonly copied: ReadonlyMap<TableKey, (string | null)[][]>;
}

/** What a test does with its database. */
export interface PostgresFixture {
  /** Of the test's own database. */
  readonly url: string;
  readonly name: string;
  /** Of the server. */
  readonly serverUrl: string;
  /** Runs the statements one after the other in one session. */
  sql(...statements: readonly string[]): Promise<void>;
  /** A source on the database, closed after the test. */
  source(changes?: Partial<PostgresSettings>, logger?: Logger): PostgresSource;
  /** Opens a source and copies all tables. */
  start(changes?: Partial<PostgresSettings>, logger?: Logger): Promise<Started>;
}

/** One server for the file and one database for each test. */
export function postgresFixture(): PostgresFixture {
  let server: TestPostgres;
  let database: TestDatabase;
  const sources: PostgresSource[] = [];
  beforeAll(async () => {
    server = await postgres();
  });
  afterAll(async () => {
    await server.stop();
  });
  beforeEach(async () => {
    database = await freshDatabase(server);
  });
  afterEach(async () => {
    for (const source of sources.splice(0)) await source.close();
    await database.drop();
  });
  const source = (changes: Partial<PostgresSettings> = {}, logger?: Logger): PostgresSource => {
    const made = postgresSource(postgresSettings(database.url, changes), logger);
    sources.push(made);
    return made;
  };
  return {
    get url() {
      return database.url;
    },
    get name() {
      return database.name;
    },
    get serverUrl() {
      return server.url;
    },
    sql: (...statements) =>
      withClient(database.url, async (client) => {
        for (const statement of statements) await client.query(statement);
      }),
    source,
    start: (changes, logger) => copyAll(source(changes, logger)),
  };
}

async function copyAll(source: PostgresSource): Promise<Started> {
  const { tables } = await source.open();
  const copy = await source.beginCopy(
    tables.map((table) => table.key),
    new AbortController().signal,
  );
  const copied = new Map<TableKey, (string | null)[][]>();
  for (const table of tables) {
    const rows: (string | null)[][] = [];
    for await (const batch of copy.rows(table.key, new AbortController().signal)) rows.push(...batchRows(batch, table));
    copied.set(table.key, rows);
  }
  await copy.close();
  const { position, identity, incarnations } = copy;
  const byKey = new Map(tables.map((table) => [table.key, table]));
  return { source, tables: byKey, position, identity, incarnations, copied };
}

/** The events from the copy's position to the present end of the log. */
export async function streamToEnd(
  started: Started,
  beforeImages: readonly TableKey[] = [],
): Promise<readonly SourceEvent[]> {
  const { source, position, tables } = started;
  const { logEnd } = await source.health();
  const places = new Map([...tables.keys()].map((key) => [key, position]));
  return readLog(source, {
    from: position,
    places,
    beforeImages: new Set(beforeImages),
    enough: reaches(source, logEnd),
  });
}

/** The table of `public` with this name. */
export function tableOf(started: Started, name: string): SourceTable {
  const table = started.tables.get(tableKey('public', name));
  if (table === undefined) throw new Error(`no table ${name}`);
  return table;
}
