// The process of a database server of the demo's own: it ends with ours, however that ends, and is stopped by signals.
// Opens files itself (an exception to the file rule): a server's log is no part of the lake's storage.
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import type { Clock } from '../../base/clock.ts';
import type { ServerAccount } from './server-account.ts';

/** Where a server's output goes, and as whom it runs. */
export interface ServerSurroundings {
  /** Undefined for the caller's own. */
  readonly account: ServerAccount | undefined;
  /** Appended to. */
  readonly logFile: string;
}

const STOP_PATIENCE_MS = 5_000;
// The shell becomes the server. Its watcher, a child of nobody, waits on a pipe that only we hold: a line says that
// the server has ended, the end of the pipe says that we have, even by kill -9, and then the server goes too.
const GUARD = `exec 3<&0
( ( read -r _ <&3 || kill -QUIT $$ ) >/dev/null 2>&1 & )
exec "$@" </dev/null 3<&-`;

/** Starts the program with its arguments; on Windows it outlives a kill of ours. */
export function spawnServer(
  command: readonly [string, ...string[]],
  { account, logFile }: ServerSurroundings,
): ChildProcess {
  const [program, ...rest] =
    process.platform === 'win32' ? command : (['/bin/sh', '-c', GUARD, 'sh', ...command] as const);
  const log = openSync(logFile, 'a');
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

/** Sends the signals, one after the other with five seconds between, until the server has ended; waits for its end. */
export async function stopServer(child: ChildProcess, signals: readonly NodeJS.Signals[], clock: Clock): Promise<void> {
  const ended = endOf(child);
  for (const signal of signals) {
    if (hasEnded(child)) return;
    child.kill(signal);
    const patience = new AbortController();
    const tooLong = clock.sleep(STOP_PATIENCE_MS, patience.signal).catch(() => {});
    await Promise.race([ended, tooLong]);
    patience.abort();
  }
  await ended;
}

/** Whether the process is no more, or never was. */
export function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null || child.pid === undefined;
}

/** Resolves when the process has ended, for whatever reason. */
export function endOf(child: ChildProcess): Promise<void> {
  if (hasEnded(child)) return Promise.resolve();
  return new Promise((done) => {
    child.once('exit', () => done());
    child.once('error', () => done());
  });
}

/** A port on 127.0.0.1 that nobody listens on now. */
export function freePort(): Promise<number> {
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

/** The size of the log in bytes; 0 where there is none yet. */
export function logSizeBytes(logFile: string): number {
  return existsSync(logFile) ? statSync(logFile).size : 0;
}

/** What the server has logged since its log had `start` bytes; the last part of it. */
export function linesSince(logFile: string, start: number): string {
  return readFileSync(logFile).subarray(start).toString('utf8').slice(-2000);
}
