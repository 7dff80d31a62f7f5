// Runs the command line as a process of its own, the way a user does, with its output captured.
import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { until } from './until.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const BUILT = `${ROOT}dist/cli/main.js`;
// The sources unless the built program is asked for: a test never meets a stale build by accident.
const MAIN = process.env['TRIBUTARY_TEST_CLI'] === 'dist' ? BUILT : `${ROOT}src/cli/main.ts`;
// Compiling the sources is two thirds of what a command's start costs; the suites start it hundreds of times.
const COMPILE_CACHE = { NODE_COMPILE_CACHE: `${ROOT}node_modules/.cache/tributary-compiled` };
const running = new Set<ChildProcess>();
process.once('exit', () => running.forEach((child) => child.kill('SIGKILL')));

/** How a process ended. */
export interface CliExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A running command. It is killed when this process ends. */
export interface CliProcess {
  readonly pid: number;
  /** All that it has printed so far. */
  stdout(): string;
  stderr(): string;
  /** Resolves when it has ended and all its output has arrived. */
  readonly exit: Promise<CliExit>;
  /** Sends a signal (SIGTERM unless given) and waits for the end. Does nothing where it has ended. */
  kill(signal?: NodeJS.Signals): Promise<CliExit>;
  /** Waits until its output (both streams) matches; rejects with the output when it ends or `timeoutMs` passes first. */
  waitFor(pattern: RegExp, timeoutMs?: number): Promise<RegExpExecArray>;
}

/** Surroundings of a command. */
export interface CliOptions {
  /** Added to this process's environment; undefined takes a variable away. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Default: the project's folder. */
  readonly cwd?: string;
  /** Written to its standard input, which is then closed. */
  readonly input?: string;
  /** Options for Node itself, such as `--max-old-space-size=512`. */
  readonly nodeOptions?: readonly string[];
  /** The built program, which has to be there and new; default: as the environment says. */
  readonly built?: boolean;
}

/** Starts `tributary …args`. */
export function spawnCli(args: readonly string[], options: CliOptions = {}): CliProcess {
  const main = options.built === true ? BUILT : MAIN;
  const child = spawn(process.execPath, [...(options.nodeOptions ?? []), main, ...args], {
    cwd: options.cwd ?? ROOT,
    env: { ...COMPILE_CACHE, ...process.env, ...options.env },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  running.add(child);
  const stdout = collect(child.stdout);
  const stderr = collect(child.stderr);
  const exit = new Promise<CliExit>((done, failed) => {
    child.once('error', failed);
    child.once('close', (code, signal) => {
      running.delete(child);
      done({ code, signal });
    });
  });
  // A command that ends without reading its input breaks the pipe; its exit tells what happened.
  child.stdin.on('error', () => undefined);
  child.stdin.end(options.input ?? '');
  const hasEnded = (): boolean => child.exitCode !== null || child.signalCode !== null;
  return {
    pid: child.pid ?? 0,
    stdout,
    stderr,
    exit,
    kill: (signal = 'SIGTERM') => {
      if (!hasEnded()) child.kill(signal);
      return exit;
    },
    waitFor: async (pattern, timeoutMs = 30_000) => {
      const look = (): RegExpExecArray | null => pattern.exec(stdout() + stderr());
      const ended = (): true | null => (hasEnded() ? true : null);
      await until(() => look() ?? ended(), { timeoutMs, what: `${String(pattern)} in the output` }).catch(() => null);
      const match = look();
      if (match === null)
        throw new Error(`no ${String(pattern)} in the output of ${args.join(' ')}:\n${stdout()}${stderr()}`);
      return match;
    },
  };
}

/** Runs `tributary …args` to its end. */
export async function runCli(
  args: readonly string[],
  options: CliOptions = {},
): Promise<CliExit & { readonly stdout: string; readonly stderr: string }> {
  const process_ = spawnCli(args, options);
  const exit = await process_.exit;
  return { ...exit, stdout: process_.stdout(), stderr: process_.stderr() };
}

function collect(stream: NodeJS.ReadableStream): () => string {
  const chunks: Buffer[] = [];
  stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  return () => Buffer.concat(chunks).toString('utf8');
}
