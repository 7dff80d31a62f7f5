// Starts and stops a MySQL or MariaDB server of the demo's own, from programs that the machine has.
// Opens files itself (an exception to the file rule): a server's files are no part of the lake's storage.
import { spawnSync } from 'node:child_process';
import { chownSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '../../base/clock.ts';
import { TributaryError } from '../../base/errors.ts';
import { systemRandom } from '../../base/random.ts';
import type { MysqlKind, MysqlPrograms } from './mysql-programs.ts';
import { mayEnter, reachablePrograms, type ServerAccount, serverAccount } from './server-account.ts';
import { freePort, hasEnded, linesSince, logSizeBytes, spawnServer, stopServer } from './server-process.ts';

/** A running server. It ends with this process, however this process ends. */
export interface LocalMysql {
  /** `mysql://` URL of the administrator, with the password. */
  readonly url: string;
  readonly port: number;
  /** Ends the server and waits for its end. */
  stop(): Promise<void>;
}

interface Installation {
  readonly directory: string;
  readonly programs: MysqlPrograms;
  readonly account: ServerAccount | undefined;
}

const START_DEADLINE_MS = 120_000;
const POLL_MS = 20;
const READY = /ready for connections/;
/** What following the log needs (docs/sources/mysql.md), and little memory. */
const SETTINGS: readonly string[] = [
  '--bind-address=127.0.0.1',
  '--server-id=1',
  '--log-bin=binlog',
  '--binlog-format=ROW',
  '--binlog-row-image=FULL',
  '--binlog-row-metadata=FULL',
  '--innodb-flush-log-at-trx-commit=2',
  '--sync-binlog=0',
  '--innodb-buffer-pool-size=64M',
  '--performance-schema=OFF',
];
const SETTINGS_OF: Readonly<Record<MysqlKind, readonly string[]>> = {
  mariadb: ['--gtid-strict-mode=ON'],
  mysql: ['--gtid-mode=ON', '--enforce-gtid-consistency=ON', '--mysqlx=OFF'],
};

/**
 * Starts the server on 127.0.0.1, making its data directory the first time; it asks for a password.
 * Throws E9011 (it did not start), E9012 (as root: no account, or the directory is closed to it).
 */
export async function startLocalMysql(programs: MysqlPrograms, directory: string): Promise<LocalMysql> {
  const installation = install(programs, directory);
  makeDataDirectory(installation);
  const port = await freePort();
  const logFile = logFileOf(directory);
  const logStart = logSizeBytes(logFile);
  const child = spawnServer(command(installation, port), { account: installation.account, logFile });
  const stop = (): Promise<void> => stopServer(child, ['SIGTERM', 'SIGKILL'], systemClock);
  const deadlineMs = systemClock.monotonicMs() + START_DEADLINE_MS;
  while (!READY.test(linesSince(logFile, logStart))) {
    if (hasEnded(child) || systemClock.monotonicMs() > deadlineMs) {
      await stop();
      throw notStarted(programs.kind, logFile, linesSince(logFile, logStart));
    }
    await systemClock.sleep(POLL_MS);
  }
  return { url: `mysql://root:${passwordOf(directory)}@127.0.0.1:${port}`, port, stop };
}

/** The file that holds the administrator's password. */
export function mysqlPasswordFile(directory: string): string {
  return join(directory, 'password');
}

function install(programs: MysqlPrograms, directory: string): Installation {
  const account = serverAccount('mysql');
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  if (account !== undefined) chownSync(directory, account.uid, account.gid);
  if (!mayEnter(account, directory)) {
    throw new TributaryError('E9012', `directory is closed to the account of the server: directory=${directory}`);
  }
  return { directory, account, programs: { ...programs, ...reachablePrograms(programs, account, directory) } };
}

function makeDataDirectory({ directory, programs, account }: Installation): void {
  const complete = join(directory, 'complete');
  if (existsSync(complete)) return;
  rmSync(dataOf(directory), { recursive: true, force: true });
  const password = systemRandom.uuid();
  const own = { mode: 0o600 };
  writeFileSync(mysqlPasswordFile(directory), `${password}\n`, own);
  // Run at each start before anybody can connect, so that nobody gets in without the password.
  writeFileSync(initFileOf(directory), `alter user root@localhost identified by '${password}';\n`, own);
  if (account !== undefined) chownSync(initFileOf(directory), account.uid, account.gid);
  const data = `--datadir=${dataOf(directory)}`;
  const { installer, places, root, folder, server } = programs;
  const [program, ...options] =
    installer === null
      ? [join(folder, server), '--no-defaults', '--initialize-insecure', ...places(root), data]
      : [installer, '--no-defaults', '--auth-root-authentication-method=normal', '--skip-test-db', data];
  const run = spawnSync(program, options, { ...account, cwd: '/', encoding: 'utf8' });
  const reason = `${run.stdout ?? ''}${run.stderr ?? ''}`;
  writeFileSync(logFileOf(directory), reason);
  if (run.status !== 0) throw notStarted(programs.kind, logFileOf(directory), reason.slice(-2000));
  writeFileSync(complete, '');
}

function command({ directory, programs, account }: Installation, port: number): readonly [string, ...string[]] {
  const { folder, server, root, places, kind } = programs;
  const files = [
    `--datadir=${dataOf(directory)}`,
    `--socket=${join(directory, 's.sock')}`,
    `--pid-file=${join(directory, 'server.pid')}`,
    `--init-file=${initFileOf(directory)}`,
    // The system's may be closed to the account.
    ...(account === undefined ? [] : [`--tmpdir=${directory}`]),
  ];
  return [
    join(folder, server),
    '--no-defaults',
    ...places(root),
    ...files,
    `--port=${port}`,
    ...SETTINGS,
    ...SETTINGS_OF[kind],
  ];
}

function notStarted(kind: MysqlKind, logFile: string, reason: string): TributaryError {
  return new TributaryError('E9011', `${kind} server did not start: log=${logFile}`, { context: { reason } });
}

function passwordOf(directory: string): string {
  return readFileSync(mysqlPasswordFile(directory), 'utf8').trim();
}

function dataOf(directory: string): string {
  return join(directory, 'data');
}

function initFileOf(directory: string): string {
  return join(directory, 'init.sql');
}

function logFileOf(directory: string): string {
  return join(directory, 'server.log');
}
