// Runs a program as a process of its own and tells what it used: wall time, CPU time with all threads, peak memory.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { systemClock } from '../../src/base/clock.ts';
import { type CliProcess, spawnCli } from '../../test/support/spawn-cli.ts';
import { tempDir } from '../../test/support/temp-dir.ts';
import { busySeconds } from './machine.ts';

const HOOK = fileURLToPath(new URL('../usage-hook.ts', import.meta.url));

/** What one run used. */
export interface Usage {
  readonly wallSeconds: number;
  /** When it was started, in milliseconds since the epoch. */
  readonly startMs: number;
  /** User and system time of the process with all its threads. */
  readonly cpuSeconds: number;
  /** The most memory that was ever resident. */
  readonly peakMiB: number;
  /** Cores that were busy meanwhile on the whole machine, with whatever else ran there. */
  readonly busyCores: number;
}

/** A daemon under measurement. */
export interface MeasuredDaemon {
  readonly process: CliProcess;
  /** Ends it as an operator does and tells what it used. Throws with its output if it fails. */
  stop(): Promise<Usage>;
}

/** Node's options from the environment variable TRIBUTARY_BENCH_NODE_OPTIONS, such as `--cpu-prof`. */
function extraNodeOptions(): readonly string[] {
  const text = process.env['TRIBUTARY_BENCH_NODE_OPTIONS'] ?? '';
  return text === '' ? [] : text.split(' ');
}

/** Starts `tributary …args`, as it was built. */
export function startMeasured(args: readonly string[]): MeasuredDaemon {
  const file = join(tempDir(), 'usage.json');
  const start = stopwatch();
  const nodeOptions = ['--import', HOOK, ...extraNodeOptions()];
  const child = spawnCli(args, { nodeOptions, built: true, env: { TRIBUTARY_BENCH_USAGE: file } });
  return { process: child, stop: () => child.kill('SIGTERM').then(() => usageOf(child, file, start)) };
}

/** Runs `tributary …args`, as it was built, to its end. Throws with its output if it fails. */
export async function runMeasured(args: readonly string[]): Promise<Usage> {
  const file = join(tempDir(), 'usage.json');
  const start = stopwatch();
  const nodeOptions = ['--import', HOOK, ...extraNodeOptions()];
  const child = spawnCli(args, { nodeOptions, built: true, env: { TRIBUTARY_BENCH_USAGE: file } });
  return usageOf(child, file, start);
}

async function usageOf(child: CliProcess, file: string, start: () => Elapsed): Promise<Usage> {
  const exit = await child.exit;
  const elapsed = start();
  if (exit.code !== 0)
    throw new Error(`measured process ended with ${String(exit.code ?? exit.signal)}:\n${child.stderr()}`);
  return { ...elapsed, ...(JSON.parse(readFileSync(file, 'utf8')) as Pick<Usage, 'cpuSeconds' | 'peakMiB'>) };
}

type Elapsed = Pick<Usage, 'wallSeconds' | 'startMs' | 'busyCores'>;

/** Starts counting; the returned function tells what has passed. */
function stopwatch(): () => Elapsed {
  const startMs = systemClock.nowMs();
  const begin = systemClock.monotonicMs();
  const startBusy = busySeconds();
  return () => {
    const wallSeconds = (systemClock.monotonicMs() - begin) / 1000;
    return { wallSeconds, startMs, busyCores: (busySeconds() - startBusy) / wallSeconds };
  };
}

/** Runs any program with its output thrown away and tells how long it took. Throws with what it says if it fails. */
export async function timed(
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Elapsed> {
  const elapsed = stopwatch();
  const child = spawn(program, args, { env: { ...process.env, ...env }, stdio: ['ignore', 'ignore', 'pipe'] });
  const errors: Buffer[] = [];
  child.stderr.on('data', (chunk: Buffer) => errors.push(chunk));
  const code = await new Promise<number | null>((done, failed) => {
    child.once('error', failed);
    child.once('close', done);
  });
  if (code !== 0) throw new Error(`${program} ended with ${code}: ${Buffer.concat(errors).toString('utf8')}`);
  return elapsed();
}

/** What a program used, with all its threads: see `Usage`. */
export interface ProgramUsage extends Pick<Usage, 'wallSeconds' | 'cpuSeconds' | 'peakMiB' | 'busyCores'> {
  /** What it printed. */
  readonly output: string;
}

/** Runs the program and tells what it and its children took: user and system time, on the last line. */
const TIMED_BY_SHELL = '"$@"; code=$?; times; exit $code';
/** Peak memory is looked at this often, and never goes down: what is missed is what the last moments add. */
const PEAK_INTERVAL_MS = 20;

/**
 * Runs any program to its end, and tells what it used, from its start on: the same instrument for every program. Needs bash and Linux's /proc. Throws with what the program says if it fails.
 */
export async function programMeasured(
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<ProgramUsage> {
  const elapsed = stopwatch();
  const child = spawn('bash', ['-c', TIMED_BY_SHELL, 'bash', program, ...args], { env: { ...process.env, ...env } });
  const [output, errors]: [Buffer[], Buffer[]] = [[], []];
  child.stdout.on('data', (chunk: Buffer) => output.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => errors.push(chunk));
  let peakMiB = 0;
  const stop = systemClock.every(PEAK_INTERVAL_MS, () => {
    peakMiB = Math.max(peakMiB, peakOfChild(child.pid));
  });
  const code = await new Promise<number | null>((done, failed) => {
    child.once('error', failed);
    child.once('close', done);
  });
  stop();
  if (code !== 0) throw new Error(`${program} ended with ${code}: ${Buffer.concat(errors).toString('utf8')}`);
  const { wallSeconds, busyCores } = elapsed();
  const lines = Buffer.concat(output).toString('utf8').trimEnd().split('\n');
  // Two lines of `times`: the shell itself, its children.
  const [user, system] = secondsIn(lines.at(-1) ?? '');
  return { wallSeconds, busyCores, cpuSeconds: user + system, peakMiB, output: lines.slice(0, -2).join('\n') };
}

/** The most memory of the one child of a process, in MiB; 0 where there is none now. */
function peakOfChild(pid: number | undefined): number {
  try {
    const child = Number.parseInt(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8'), 10);
    const kib = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${child}/status`, 'utf8'))?.[1] ?? '0';
    return Math.round(Number(kib) / 1024);
  } catch {
    return 0;
  }
}

/** Seconds in a line such as `0m5.142s 0m1.009s`. */
function secondsIn(line: string): readonly number[] {
  return [...line.matchAll(/(\d+)m([\d.]+)s/g)].map(([, minutes, seconds]) => 60 * Number(minutes) + Number(seconds));
}

/** Runs a script of ours with Node under measurement; what it printed as JSON, and what it used. */
export async function scriptMeasured<Result>(
  script: URL,
  args: readonly string[],
): Promise<Usage & { readonly result: Result }> {
  const file = join(tempDir(), 'usage.json');
  const elapsed = stopwatch();
  const options = ['--import', HOOK, ...extraNodeOptions(), fileURLToPath(script), ...args];
  const child = spawn(process.execPath, options, {
    env: { ...process.env, TRIBUTARY_BENCH_USAGE: file },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const output: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => output.push(chunk));
  const code = await new Promise<number | null>((done, failed) => {
    child.once('error', failed);
    child.once('close', done);
  });
  if (code !== 0) throw new Error(`${script.pathname} ended with ${code}`);
  const result = JSON.parse(Buffer.concat(output).toString('utf8')) as Result;
  const used = JSON.parse(readFileSync(file, 'utf8')) as Pick<Usage, 'cpuSeconds' | 'peakMiB'>;
  return { ...elapsed(), ...used, result };
}
