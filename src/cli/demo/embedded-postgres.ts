// Starts and stops a PostgreSQL server of our own in a given directory, set up for logical replication: for the demo and for tests.
// Opens files and starts processes itself (an exception to the file rule): a server's files are no part of the lake's storage.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import {
  chownSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { join, resolve } from 'node:path';
import { type Clock, systemClock } from '../../base/clock.ts';
import { TributaryError } from '../../base/errors.ts';
import { systemRandom } from '../../base/random.ts';
import {
  embeddedPrograms,
  mayEnter,
  type PostgresPrograms,
  reachablePrograms,
  type ServerAccount,
  serverAccount,
} from './postgres-programs.ts';

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
  readonly programs?: PostgresPrograms;
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
const STOP_PATIENCE_MS = 5_000;
const POLL_MS = 20;
const SIGNALS: Readonly<Record<PostgresStopMode, readonly NodeJS.Signals[]>> = {
  fast: ['SIGINT', 'SIGQUIT', 'SIGKILL'],
  immediate: ['SIGQUIT', 'SIGKILL'],
  kill: ['SIGKILL'],
};
// The shell becomes the server. Its watcher, a child of nobody, waits on a pipe that only we hold: a line says that
// the server has ended, the end of the pipe says that we have, even by kill -9, and then the server goes too.
const GUARD = `exec 3<&0
( ( read -r _ <&3 || kill -QUIT $$ ) >/dev/null 2>&1 & )
exec "$@" </dev/null 3<&-`;

/** Everything one server's start needs, resolved. */
interface Installation {
  readonly directory: string;
  readonly programs: PostgresPrograms;
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
function localeOptions(programs: PostgresPrograms, account: ServerAccount | undefined): readonly string[] {
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
  const { directory, clock } = installation;
  const logFile = logFileOf(directory);
  const logStart = existsSync(logFile) ? statSync(logFile).size : 0;
  const child = spawnServer(installation, port, settings);
  const ended = endOf(child);
  const pidFile = join(directory, 'data', 'postmaster.pid');
  const deadlineMs = clock.monotonicMs() + START_DEADLINE_MS;
  while (!isReady(pidFile, child.pid)) {
    if (hasEnded(child)) return { reason: linesSince(logFile, logStart) };
    if (clock.monotonicMs() > deadlineMs) {
      await stopServer(child, 'kill', clock);
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
    stop: (mode = 'fast') => stopServer(child, mode, clock),
  };
  return { server, reason: '' };
}

function spawnServer(
  installation: Installation,
  port: number,
  settings: Readonly<Record<string, string>>,
): ChildProcess {
  const { directory, programs, account } = installation;
  const all = { listen_addresses: '127.0.0.1', unix_socket_directories: '', ...REPLICATION_SETTINGS, ...settings };
  const flags = Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const command = [join(programs.folder, 'postgres'), '-D', join(directory, 'data'), '-p', String(port), ...flags];
  const [program = '', ...rest] = process.platform === 'win32' ? command : ['/bin/sh', '-c', GUARD, 'sh', ...command];
  const log = openSync(logFileOf(directory), 'a');
  try {
    // In a session of its own, so that Ctrl-C in a terminal reaches only us and the order of shutdown stays ours.
    const child = spawn(program, rest, { ...account, cwd: '/', detached: true, stdio: ['pipe', log, log] });
    child.once('exit', () => child.stdin?.end('ended\n'));
    child.stdin?.on('error', () => {
      // The watcher went with the server's session: nobody is left to be told.
    });
    return child;
  } finally {
    closeSync(log);
  }
}

/** The server itself writes `ready` as the eighth line of its pid file, the way `pg_ctl` waits for it. */
function isReady(pidFile: string, pid: number | undefined): boolean {
  if (!existsSync(pidFile)) return false;
  const lines = readFileSync(pidFile, 'utf8').split('\n');
  return Number(lines[0]) === pid && lines[7]?.trim() === 'ready';
}

async function stopServer(child: ChildProcess, mode: PostgresStopMode, clock: Clock): Promise<void> {
  const ended = endOf(child);
  for (const signal of SIGNALS[mode]) {
    if (hasEnded(child)) return;
    child.kill(signal);
    const patience = new AbortController();
    const tooLong = clock.sleep(STOP_PATIENCE_MS, patience.signal).catch(() => {});
    await Promise.race([ended, tooLong]);
    patience.abort();
  }
  await ended;
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null || child.pid === undefined;
}

function endOf(child: ChildProcess): Promise<void> {
  if (hasEnded(child)) return Promise.resolve();
  return new Promise((done) => {
    child.once('exit', () => done());
    child.once('error', () => done());
  });
}

function freePort(): Promise<number> {
  return new Promise((done, failed) => {
    const probe = createServer();
    probe.once('error', failed);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      probe.close(() => done(port));
    });
  });
}

/** What the server has logged since its log had `start` bytes; the last part of it. */
function linesSince(logFile: string, start: number): string {
  return readFileSync(logFile).subarray(start).toString('utf8').slice(-2000);
}

function logFileOf(directory: string): string {
  return join(directory, 'server.log');
}

function passwordFileOf(directory: string): string {
  return join(directory, 'password');
}
