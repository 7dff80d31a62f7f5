// The one place where tests get servers. Each is a real one; it ends with the test's process at the latest.
import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { basename, join } from 'node:path';
import pg from 'pg';
import {
  prepareEmbeddedPostgres,
  type PostgresStopMode,
  startEmbeddedPostgres,
} from '../../src/cli/demo/embedded-postgres.ts';
import { embeddedPrograms } from '../../src/cli/demo/postgres-programs.ts';
import { serverAccount, type ServerPrograms } from '../../src/cli/demo/server-account.ts';
import { removeDir, tempDir } from './temp-dir.ts';
import { until } from './until.ts';

/** Where a server comes from: the environment, npm, the system's packages, Docker. */
export type PostgresKind = 'url' | 'embedded' | 'system' | 'container';

/** A PostgreSQL server with logical replication. */
export interface TestPostgres {
  readonly kind: PostgresKind;
  /** URL of a superuser and the database `postgres`. */
  readonly url: string;
  /** As the server counts: 180004 is 18.4. */
  readonly versionNumber: number;
  /** The data directory and the log; null where the server is not on this machine's file system. */
  readonly dataDir: string | null;
  readonly logFile: string | null;
  /** Stops the server in this way and starts it on the same port and data. Rejects for `url`. */
  restart(mode?: PostgresStopMode): Promise<void>;
  /** Ends the server and removes its data; does nothing the second time. */
  stop(): Promise<void>;
}

/** What a test needs of its server. */
export interface PostgresOptions {
  /** Server settings, such as `{ fsync: 'off' }`; they rule out a server of the environment. */
  readonly settings?: Readonly<Record<string, string>>;
  /** This kind or nothing; else the first that is there, in the order of `PostgresKind`. */
  readonly kind?: PostgresKind;
}

/** A database of one test's own. */
export interface TestDatabase {
  readonly name: string;
  readonly url: string;
  /** Drops it with its replication slots and sessions. */
  drop(): Promise<void>;
}

const URL_VARIABLE = 'TRIBUTARY_TEST_POSTGRES_URL';
const CONTAINER_IMAGE = 'postgres:18';

/** Starts a server, or connects to the one that `TRIBUTARY_TEST_POSTGRES_URL` names. */
export async function postgres(options: PostgresOptions = {}): Promise<TestPostgres> {
  const kind = options.kind ?? (await firstKind(options));
  switch (kind) {
    case 'url':
      return givenServer();
    case 'embedded':
      return localServer(kind, embeddedPrograms(), options.settings ?? {});
    case 'system': {
      const programs = systemPrograms();
      if (programs === null) throw new Error('no PostgreSQL among the system packages');
      return localServer(kind, programs, options.settings ?? {});
    }
    case 'container':
      return containerServer(options.settings ?? {});
  }
}

/** The kinds that this machine has on its own disk, for tests that run against each version. */
export function localPostgresKinds(): readonly PostgresKind[] {
  const kinds: PostgresKind[] = [];
  if (hasEmbedded()) kinds.push('embedded');
  if (systemPrograms() !== null) kinds.push('system');
  return kinds;
}

/** Makes an empty database on the server. */
export async function freshDatabase(server: Pick<TestPostgres, 'url'>): Promise<TestDatabase> {
  const name = `test_${randomUUID().replaceAll('-', '').slice(0, 16)}`;
  await withClient(server.url, (client) => client.query(`create database ${name} template template0`));
  const url = new URL(server.url);
  url.pathname = `/${name}`;
  return { name, url: url.href, drop: () => withClient(server.url, (client) => dropDatabase(client, name)) };
}

/** Connects, calls `use`, and closes the connection whatever happens. */
export async function withClient<Result>(url: string, use: (client: pg.Client) => Promise<Result>): Promise<Result> {
  const client = new pg.Client({ connectionString: url });
  // A server that goes down ends the session; the query that needed it reports that.
  client.on('error', () => undefined);
  await client.connect();
  try {
    return await use(client);
  } finally {
    await client.end();
  }
}

async function firstKind(options: PostgresOptions): Promise<PostgresKind> {
  if (process.env[URL_VARIABLE] !== undefined && options.settings === undefined) return 'url';
  const local = localPostgresKinds()[0];
  if (local !== undefined) return local;
  if (await dockerAnswers()) return 'container';
  throw new Error(`no PostgreSQL to test with: set ${URL_VARIABLE}, or npm ci without --omit=optional`);
}

function hasEmbedded(): boolean {
  try {
    embeddedPrograms();
    return true;
  } catch {
    return false;
  }
}

/** The newest version among Debian's packages. */
function systemPrograms(): ServerPrograms | null {
  const parent = '/usr/lib/postgresql';
  const versions = existsSync(parent) ? readdirSync(parent).map(Number) : [];
  const usable = versions.filter((version) => existsSync(join(parent, String(version), 'bin', 'postgres')));
  if (usable.length === 0) return null;
  const root = join(parent, String(Math.max(...usable)));
  return { folder: join(root, 'bin'), root };
}

async function givenServer(): Promise<TestPostgres> {
  const url = process.env[URL_VARIABLE];
  if (url === undefined) throw new Error(`${URL_VARIABLE} is not set`);
  return {
    kind: 'url',
    url,
    versionNumber: await versionOf(url),
    dataDir: null,
    logFile: null,
    restart: () => Promise.reject(new Error(`the server of ${URL_VARIABLE} is not ours to restart`)),
    stop: () => Promise.resolve(),
  };
}

async function localServer(
  kind: PostgresKind,
  programs: ServerPrograms,
  settings: Readonly<Record<string, string>>,
): Promise<TestPostgres> {
  const directory = tempDir();
  execFileSync('cp', ['-a', `${template(programs)}/.`, directory]);
  let server = await startEmbeddedPostgres({ directory, programs, settings });
  const { url, port, dataDirectory, logFile } = server;
  const stop = async (): Promise<void> => {
    await server.stop('immediate');
    removeDir(directory);
  };
  try {
    return {
      kind,
      url,
      versionNumber: await versionOf(url),
      dataDir: dataDirectory,
      logFile,
      restart: async (mode = 'fast') => {
        await server.stop(mode);
        server = await startEmbeddedPostgres({ directory, programs, settings, port });
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** A data directory as `initdb` leaves it, made once for each program and account; copies start at once. */
function template(programs: ServerPrograms): string {
  const version = execFileSync(join(programs.folder, 'postgres'), ['--version'], { encoding: 'utf8', cwd: '/' });
  const id = /\d+(\.\d+)*/.exec(version)?.[0] ?? 'unknown';
  const owner = serverAccount()?.uid ?? userInfo().uid;
  const final = join(tmpdir(), `tributary-postgres-template-${id}-${owner}`);
  if (!existsSync(join(final, 'complete'))) {
    const own = mkdtempSync(`${final}-`);
    prepareEmbeddedPostgres({ directory: own, programs });
    try {
      renameSync(own, final);
    } catch (error) {
      // Another process was faster: both are the same.
      rmSync(own, { recursive: true, force: true });
      if (!existsSync(join(final, 'complete'))) throw error;
    }
  }
  if (statSync(final).uid !== owner) throw new Error(`${basename(final)} belongs to someone else`);
  return final;
}

async function dockerAnswers(): Promise<boolean> {
  const { getContainerRuntimeClient } = await import('testcontainers');
  return getContainerRuntimeClient().then(
    () => true,
    () => false,
  );
}

async function containerServer(settings: Readonly<Record<string, string>>): Promise<TestPostgres> {
  const { GenericContainer, Wait } = await import('testcontainers');
  const all = {
    wal_level: 'logical',
    max_replication_slots: '40',
    max_wal_senders: '40',
    max_prepared_transactions: '10',
  };
  const flags = Object.entries({ ...all, ...settings }).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const password = randomUUID();
  const container = await new GenericContainer(CONTAINER_IMAGE)
    .withEnvironment({ POSTGRES_PASSWORD: password, POSTGRES_INITDB_ARGS: '-E UTF8 --locale=C.UTF-8' })
    .withCommand(['postgres', ...flags])
    .withExposedPorts(5432)
    .withWaitStrategy(Wait.forLogMessage(/ready to accept connections/, 2))
    .start();
  const url = (): string =>
    `postgres://postgres:${password}@${container.getHost()}:${container.getMappedPort(5432)}/postgres`;
  return {
    kind: 'container',
    get url() {
      return url();
    },
    versionNumber: await versionOf(url()),
    dataDir: null,
    logFile: null,
    restart: (mode = 'fast') => container.restart({ timeout: mode === 'fast' ? 10 : 0 }),
    stop: async () => {
      await container.stop();
    },
  };
}

async function versionOf(url: string): Promise<number> {
  const result = await withClient(url, (client) =>
    client.query<{ server_version_num: string }>('show server_version_num'),
  );
  return Number(result.rows[0]?.server_version_num);
}

async function dropDatabase(client: pg.Client, name: string): Promise<void> {
  const slots = 'select slot_name, active_pid from pg_replication_slots where database = $1';
  await until(
    async () => {
      const found = await client.query<{ slot_name: string; active_pid: number | null }>(slots, [name]);
      for (const slot of found.rows) {
        if (slot.active_pid === null) await client.query('select pg_drop_replication_slot($1)', [slot.slot_name]);
        else await client.query('select pg_terminate_backend($1)', [slot.active_pid]);
      }
      return found.rows.length === 0;
    },
    { what: `dropping the slots of ${name}` },
  );
  await client.query(`drop database if exists ${name} with (force)`);
}
