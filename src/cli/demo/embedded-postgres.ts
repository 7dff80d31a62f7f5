// Starts and stops a PostgreSQL server of our own in a given directory, set up for logical replication: for the demo and for tests.
// Opens files and starts processes itself (an exception to the file rule): a server's files are no part of the lake's storage.
import { spawnSync } from 'node:child_process';
import { chownSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type Clock, systemClock } from '../../base/clock.ts';
import { TributaryError } from '../../base/errors.ts';
import { systemRandom } from '../../base/random.ts';
import { embeddedPrograms } from './postgres-programs.ts';
import {
  mayEnter,
  reachablePrograms,
  type ServerAccount,
  serverAccount,
  type ServerPrograms,
} from './server-account.ts';
import { endOf, freePort, hasEnded, linesSince, logSizeBytes, spawnServer, stopServer } from './server-process.ts';

/** How a server goes down: `fast` ends sessions and writes everything, `immediate` recovers at the next start, `kill` is a crash. */
export type PostgresStopMode = 'fast' | 'immediate' | 'kill';

/** What to start and where. */
export interface EmbeddedPostgresOptions {
  /** Holds the data, the log and the password; made if absent. As root it must be one that other accounts can enter. */
  readonly directory: string;
  /** The port on 127.0.0.1; a free one unless given. */
  readonly port?: number;
  /** Server settings beyond those needed for logical replication; they win over ours. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Other programs than the npm package's. */
  readonly programs?: ServerPrograms;
  readonly clock?: Clock;
}

/** A running server. It ends with this process, however this process ends (except on Windows after a kill). */
export interface EmbeddedPostgres {
  /** `postgres://` URL of the superuser and the database `postgres`, with the password. */
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  readonly dataDirectory: string;
  readonly logFile: string;
  /** Resolves when the server has ended, for whatever reason. */
  readonly ended: Promise<void>;
  /** Ends the server and waits for its end; harder after five seconds each. A second call waits for the same end. */
  stop(mode?: PostgresStopMode): Promise<void>;
}

const REPLICATION_SETTINGS = {
  wal_level: 'logical',
  max_replication_slots: '40',
  max_wal_senders: '40',
  max_prepared_transactions: '10',
};
const START_DEADLINE_MS = 60_000;
const POLL_MS = 20;
const SIGNALS: Readonly<Record<PostgresStopMode, readonly NodeJS.Signals[]>> = {
  fast: ['SIGINT', 'SIGQUIT', 'SIGKILL'],
  immediate: ['SIGQUIT', 'SIGKILL'],
  kill: ['SIGKILL'],
};
/** Everything one server's start needs, resolved. */
interface Installation {
  readonly directory: string;
  readonly programs: ServerPrograms;
  readonly account: ServerAccount | undefined;
  readonly clock: Clock;
}

/**
 * Starts a server on 127.0.0.1, making its data directory the first time (UTF8, C.UTF-8, password login only).
 * Throws E9010 (no programs), E9011 (it did not start), E9012 (as root: no account, or the directory is closed to it).
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const installation = install(options);
  initializeDatabase(installation);
  const deadlineMs = installation.clock.monotonicMs() + START_DEADLINE_MS;
  for (;;) {
    const port = options.port ?? (await freePort());
    const started = await launch(installation, port, options.settings ?? {});
    if (started.server !== undefined) return started.server;
    const portTaken = options.port === undefined && started.reason.includes('could not bind');
    // After a crash the old server's children need a moment to notice and let go of the shared memory.
    const stillHeld = /still in use|lock file .* already exists/.test(started.reason);
    if (!(portTaken || stillHeld) || installation.clock.monotonicMs() > deadlineMs) {
      throw new TributaryError('E9011', `embedded postgres did not start: log=${logFileOf(installation.directory)}`, {
        context: { reason: started.reason },
      });
    }
    await installation.clock.sleep(POLL_MS);
  }
}

/** Makes the data directory in `directory` without starting a server; does nothing where it exists already. Throws as `startEmbeddedPostgres`. */
export function prepareEmbeddedPostgres(options: Pick<EmbeddedPostgresOptions, 'directory' | 'programs'>): void {
  initializeDatabase(install(options));
}

function install(options: EmbeddedPostgresOptions): Installation {
  const directory = resolve(options.directory);
  const account = serverAccount();
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  if (account !== undefined) chownSync(directory, account.uid, account.gid);
  if (!mayEnter(account, directory)) {
    throw new TributaryError('E9012', `directory is closed to the account of postgres: directory=${directory}`);
  }
  const programs = reachablePrograms(options.programs ?? embeddedPrograms(), account, directory);
  return { directory, programs, account, clock: options.clock ?? systemClock };
}

function initializeDatabase({ directory, programs, account }: Installation): void {
  const data = join(directory, 'data');
  if (existsSync(join(directory, 'complete'))) return;
  rmSync(data, { recursive: true, force: true });
  const passwordFile = passwordFileOf(directory);
  writeFileSync(passwordFile, `${systemRandom.uuid()}\n`, { mode: 0o600 });
  if (account !== undefined) chownSync(passwordFile, account.uid, account.gid);
  const initdb = join(programs.folder, 'initdb');
  const options = [
    '-D',
    data,
    '-U',
    'postgres',
    '-A',
    'scram-sha-256',
    `--pwfile=${passwordFile}`,
    '-E',
    'UTF8',
    '--no-sync',
  ];
  const run = spawnSync(initdb, [...options, ...localeOptions(programs, account)], {
    ...account,
    cwd: '/',
    encoding: 'utf8',
  });
  if (run.status !== 0) {
    const reason = `${run.stdout ?? ''}${run.stderr ?? ''}`.slice(-2000);
    throw new TributaryError('E9011', `initdb failed: directory=${directory}`, {
      cause: run.error,
      context: { reason },
    });
  }
  writeFileSync(join(directory, 'complete'), '');
}

/** C.UTF-8 the same on every machine: by the server itself from version 17 on, by the C library before. */
function localeOptions(programs: ServerPrograms, account: ServerAccount | undefined): readonly string[] {
  const run = spawnSync(join(programs.folder, 'postgres'), ['--version'], { ...account, cwd: '/', encoding: 'utf8' });
  const major = Number(/(\d+)/.exec(run.stdout ?? '')?.[1] ?? Number.NaN);
  return major >= 17 ? ['--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8'] : ['--locale=C.UTF-8'];
}

/** One attempt: a server that accepts connections, or the last lines of its log. */
async function launch(
  installation: Installation,
  port: number,
  settings: Readonly<Record<string, string>>,
): Promise<{ readonly server?: EmbeddedPostgres; readonly reason: string }> {
  const { directory, account, clock } = installation;
  const logFile = logFileOf(directory);
  const logStart = logSizeBytes(logFile);
  const child = spawnServer(command(installation, port, settings), { account, logFile });
  const ended = endOf(child);
  const pidFile = join(directory, 'data', 'postmaster.pid');
  const deadlineMs = clock.monotonicMs() + START_DEADLINE_MS;
  while (!isReady(pidFile, child.pid)) {
    if (hasEnded(child)) return { reason: linesSince(logFile, logStart) };
    if (clock.monotonicMs() > deadlineMs) {
      await stopServer(child, SIGNALS.kill, clock);
      return { reason: `not ready after ${START_DEADLINE_MS} ms: ${linesSince(logFile, logStart)}` };
    }
    await clock.sleep(POLL_MS);
  }
  const password = readFileSync(passwordFileOf(directory), 'utf8').trim();
  const server: EmbeddedPostgres = {
    url: `postgres://postgres:${password}@127.0.0.1:${port}/postgres`,
    port,
    pid: child.pid ?? 0,
    dataDirectory: join(directory, 'data'),
    logFile,
    ended,
    stop: (mode = 'fast') => stopServer(child, SIGNALS[mode], clock),
  };
  return { server, reason: '' };
}

function command(
  { directory, programs }: Installation,
  port: number,
  settings: Readonly<Record<string, string>>,
): readonly [string, ...string[]] {
  const all = { listen_addresses: '127.0.0.1', unix_socket_directories: '', ...REPLICATION_SETTINGS, ...settings };
  const flags = Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  return [join(programs.folder, 'postgres'), '-D', join(directory, 'data'), '-p', String(port), ...flags];
}

/** The server itself writes `ready` as the eighth line of its pid file, the way `pg_ctl` waits for it. */
function isReady(pidFile: string, pid: number | undefined): boolean {
  if (!existsSync(pidFile)) return false;
  const lines = readFileSync(pidFile, 'utf8').split('\n');
  return Number(lines[0]) === pid && lines[7]?.trim() === 'ready';
}

function logFileOf(directory: string): string {
  return join(directory, 'server.log');
}

function passwordFileOf(directory: string): string {
  return join(directory, 'password');
}
