// MySQL and MariaDB servers for tests: real ones, started from what test/servers/setup-mysql.sh has installed; each ends
// with the test's process at the latest.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync, mkdtempSync, openSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import mysql from 'mysql2/promise';
import { freePort } from './free-port.ts';
import { removeDir, tempDir } from './temp-dir.ts';
import { until } from './until.ts';

/** Which server. */
export type MysqlKind = 'mariadb' | 'mysql';

/** A server with a binary log. */
export interface TestMysql {
  readonly kind: MysqlKind;
  /** URL of its administrator, without a database. */
  readonly url: string;
  /** Ends the server by the signal and starts it on the same port and data. */
  restart(signal: 'SIGTERM' | 'SIGKILL'): Promise<void>;
  /** Ends the server and removes its data. */
  stop(): Promise<void>;
}

/** A database of one test's own. */
export interface TestMysqlDatabase {
  readonly name: string;
  readonly url: string;
  /** Statements in one session, one after the other. */
  sql(...statements: readonly string[]): Promise<void>;
  /** The rows of a query, every value as the text the server prints. */
  rows(query: string): Promise<readonly (readonly (string | null)[])[]>;
  drop(): Promise<void>;
}

const MYSQL_BASE = fileURLToPath(new URL('../servers/run/mysql-8.0', import.meta.url));
const PROGRAMS: Readonly<Record<MysqlKind, string>> = {
  mariadb: '/usr/sbin/mariadbd',
  mysql: join(MYSQL_BASE, 'bin/mysqld'),
};
const running = new Set<ChildProcess>();
process.once('exit', () => running.forEach((child) => child.kill('SIGKILL')));

/** The servers that this machine has; the others are named on standard error, once. */
export function mysqlKinds(): readonly MysqlKind[] {
  const all: readonly MysqlKind[] = ['mariadb', 'mysql'];
  for (const kind of all) {
    if (!existsSync(PROGRAMS[kind])) process.stderr.write(`no ${kind} here: run test/servers/setup-mysql.sh\n`);
  }
  return all.filter((kind) => existsSync(PROGRAMS[kind]));
}

/** The folder of a server's program. */
export function mysqlProgramFolder(kind: MysqlKind): string {
  return dirname(PROGRAMS[kind]);
}

/** Starts a server with further options, such as `--log-bin-compress=ON`. */
export async function startMysql(kind: MysqlKind, options: readonly string[] = []): Promise<TestMysql> {
  const directory = tempDir();
  execFileSync('cp', ['-a', `${template(kind)}/.`, directory]);
  const port = await freePort();
  const url = `mysql://root@127.0.0.1:${port}`;
  let child = await launch(kind, { directory, port, options });
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    const ended = new Promise((done) => child.once('exit', done));
    if (child.exitCode === null && child.signalCode === null && child.kill(signal)) await ended;
    running.delete(child);
  };
  return {
    kind,
    url,
    restart: async (signal) => {
      await end(signal);
      child = await launch(kind, { directory, port, options });
    },
    stop: async () => {
      await end('SIGKILL');
      removeDir(directory);
    },
  };
}

/** Makes an empty database on the server. */
export async function freshMysqlDatabase(server: TestMysql): Promise<TestMysqlDatabase> {
  const name = `test_${randomUUID().replaceAll('-', '').slice(0, 16)}`;
  await withMysql(server.url, (connection) => connection.query(`create database ${name} character set utf8mb4`));
  const url = `${server.url}/${name}`;
  return {
    name,
    url,
    sql: (...statements) =>
      withMysql(url, async (connection) => {
        for (const statement of statements) await connection.query(statement);
      }),
    rows: (query) => withMysql(url, (connection) => rowsOf(connection, query)),
    drop: async () => {
      await withMysql(server.url, (connection) => connection.query(`drop database if exists ${name}`));
    },
  };
}

/** Connects, calls `use`, and closes the connection whatever happens. Every value is the text the server prints. */
export async function withMysql<Result>(
  url: string,
  use: (connection: mysql.Connection) => Promise<Result>,
): Promise<Result> {
  const connection = await mysql.createConnection({
    uri: url,
    multipleStatements: true,
    timezone: 'Z',
    typeCast: (field) => field.string('utf8'),
  });
  // A server that goes down ends the session; the query that needed it reports that.
  connection.on('error', () => undefined);
  try {
    return await use(connection);
  } finally {
    connection.destroy();
  }
}

/** The rows of a query, values in the order of its columns. */
export async function rowsOf(
  connection: mysql.Connection,
  query: string,
): Promise<readonly (readonly (string | null)[])[]> {
  const [found] = await connection.query<mysql.RowDataPacket[]>({ sql: query, rowsAsArray: true });
  return found.map((row) => Object.values(row) as (string | null)[]);
}

function account(): readonly string[] {
  return userInfo().uid === 0 ? ['--user=root'] : [];
}

function languageOptions(kind: MysqlKind): readonly string[] {
  return kind === 'mysql' ? [`--basedir=${MYSQL_BASE}`, `--lc-messages-dir=${MYSQL_BASE}/share`] : [];
}

/** A data directory as the server makes it, once for each kind and account; copies start at once. */
function template(kind: MysqlKind): string {
  const final = join(tmpdir(), `tributary-${kind}-template-${userInfo().uid}`);
  if (existsSync(final)) return final;
  const own = mkdtempSync(`${final}-`);
  const data = `--datadir=${own}`;
  if (kind === 'mysql') {
    const options = ['--initialize-insecure', '--innodb-redo-log-capacity=16M', ...account(), ...languageOptions(kind)];
    execFileSync(PROGRAMS.mysql, ['--no-defaults', ...options, data], { stdio: 'ignore' });
  } else {
    const options = ['--auth-root-authentication-method=normal', '--skip-test-db', '--innodb-log-file-size=16M'];
    execFileSync('mariadb-install-db', ['--no-defaults', ...options, ...account(), data], { stdio: 'ignore' });
  }
  try {
    renameSync(own, final);
  } catch (error) {
    // Another process was faster: both are the same.
    rmSync(own, { recursive: true, force: true });
    if (!existsSync(final)) throw error;
  }
  return final;
}

async function launch(
  kind: MysqlKind,
  place: { readonly directory: string; readonly port: number; readonly options: readonly string[] },
): Promise<ChildProcess> {
  const { directory, port, options } = place;
  const own =
    kind === 'mysql'
      ? ['--gtid-mode=ON', '--enforce-gtid-consistency=ON', '--mysqlx=OFF', '--innodb-redo-log-capacity=16M']
      : ['--gtid-strict-mode=ON', '--log-slave-updates=ON', '--innodb-log-file-size=16M'];
  const logFile = join(directory, 'server.log');
  const log = openSync(logFile, 'w');
  const common = [
    '--no-defaults',
    `--datadir=${directory}`,
    '--bind-address=127.0.0.1',
    `--port=${port}`,
    `--socket=${join(directory, 's.sock')}`,
    `--pid-file=${join(directory, 'server.pid')}`,
    '--server-id=1',
    '--log-bin=binlog',
    '--binlog-format=ROW',
    '--binlog-row-metadata=FULL',
    '--innodb-flush-log-at-trx-commit=2',
    '--sync-binlog=0',
    '--innodb-buffer-pool-size=64M',
    '--performance-schema=OFF',
  ];
  const all = [...common, ...account(), ...languageOptions(kind), ...own, ...options];
  const child = spawn(PROGRAMS[kind], all, { stdio: ['ignore', log, log] });
  running.add(child);
  const ready = (): boolean => {
    const text = readFileSync(logFile, 'utf8');
    if (child.exitCode !== null) throw new Error(`${kind} ended with ${child.exitCode}:\n${text.slice(-3000)}`);
    return /ready for connections/.test(text);
  };
  await until(ready, { timeoutMs: 60_000, what: `the start of ${kind}` });
  return child;
}
