// Our engine beside Paimon's Java implementation, without a database: upserts with the compaction they make due, a
// merged read of overlapping runs, and a full compaction of them. Both read and compact the same files.
import { execFileSync } from 'node:child_process';
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { removeDir, tempDir } from '../test/support/temp-dir.ts';
import { loadNow, rounded, spread } from './support/machine.ts';
import { type ProgramUsage, programMeasured } from './support/measured-run.ts';

/** What a run is to do. */
export interface EngineOptions {
  readonly repeats: number;
  /** What to measure; everything unless given. */
  readonly only: readonly string[];
  /** Who writes the files that both read and compact. */
  readonly files: Engine;
}

type Engine = 'tributary' | 'reference';

const ENGINES: readonly Engine[] = ['reference', 'tributary'];
const TABLE = 'bench.t';
/** Upserts: rows inserted, then updates of random ones of them; a commit each `every` rows, each compacted as it needs. */
const UPSERTS = { rows: 1_000_000, updates: 200_000, every: 100_000 };
/** Five overlapping runs in each of two buckets: reads and full compactions. */
const RUNS = { rows: 400_000, updates: 1_600_000, every: 400_000 };
const READ_ROUNDS = 3;

const BUILT_HOOK = fileURLToPath(new URL('built-hook.ts', import.meta.url));
const OUR_SCRIPT = fileURLToPath(new URL('engine-side.ts', import.meta.url));
const OUR_CLI = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url));
const REFERENCE = fileURLToPath(new URL('../test/reference/', import.meta.url));
/** The reference as engines run it: with both of Java's compilers and its default collector. */
const JAVA_ENVIRONMENT = { JAVA_OPTS: '-Xmx2g' };

type Sizes = typeof UPSERTS;

/** One engine's ways to do the work; each is a process of its own, its start included. */
interface Side {
  /** `kind`: with compactions, without, or the rows alone, which are thrown away. */
  write(warehouse: string, sizes: Sizes, kind: 'compacted' | 'write-only' | 'rows-only'): Promise<ProgramUsage>;
  read(warehouse: string): Promise<ProgramUsage>;
  compact(warehouse: string): Promise<ProgramUsage>;
}

const SIDES: Readonly<Record<Engine, Side>> = {
  tributary: {
    write: (warehouse, { rows, updates, every }, kind) =>
      node(['--import', BUILT_HOOK, OUR_SCRIPT, kind, warehouse, String(rows), String(updates), String(every)]),
    read: (warehouse) => node(['--import', BUILT_HOOK, OUR_SCRIPT, 'read', warehouse, String(READ_ROUNDS)]),
    compact: (warehouse) => node([OUR_CLI, 'table', 'compact', '--warehouse', warehouse, '--table', TABLE, '--full']),
  },
  reference: {
    write: (warehouse, { rows, updates, every }, kind) => {
      const sizes = ['--rows', String(rows), '--updates', String(updates), '--commit-every', String(every)];
      const how = { compacted: [], 'write-only': ['--option', 'write-only=true'], 'rows-only': ['--gen-only'] }[kind];
      return java(['bench-write', '--warehouse', warehouse, ...sizes, ...how]);
    },
    read: (warehouse) =>
      java([
        'bench-read',
        '--warehouse',
        warehouse,
        '--table',
        TABLE,
        '--rounds',
        String(READ_ROUNDS),
        '--threads',
        '1',
      ]),
    compact: (warehouse) => java(['compact', '--warehouse', warehouse, '--table', TABLE, '--full']),
  },
};

function node(args: readonly string[]): Promise<ProgramUsage> {
  return programMeasured(process.execPath, args);
}

function java(args: readonly string[]): Promise<ProgramUsage> {
  return programMeasured(join(REFERENCE, 'paimon-ref'), args, JAVA_ENVIRONMENT);
}

/** Runs the measurements that are wanted. */
export async function benchEngine({ repeats, only, files }: EngineOptions): Promise<Record<string, unknown>> {
  execFileSync(join(REFERENCE, 'build.sh'), { stdio: ['ignore', 'ignore', 'inherit'] });
  const wants = (name: string): boolean => only.length === 0 || only.includes(name);
  const loadBefore = loadNow();
  const upserts = wants('upserts') ? await measureUpserts(repeats) : undefined;
  const runs = wants('read') || wants('compact') ? tempDir() : null;
  if (runs !== null) await SIDES[files].write(runs, RUNS, 'write-only');
  const read = runs !== null && wants('read') ? await measureRead(runs, repeats) : undefined;
  const compact = runs !== null && wants('compact') ? await measureCompaction(runs, repeats) : undefined;
  return { repeats, files, upserts, read, compact, loadBefore, loadAfter: loadNow() };
}

async function measureUpserts(repeats: number): Promise<Record<string, unknown>> {
  const rowCount = UPSERTS.rows + UPSERTS.updates;
  const making = await eachSide(1, (side) => inFreshDirectory((lake) => side.write(lake, UPSERTS, 'rows-only')));
  const used = await eachSide(repeats, (side) => inFreshDirectory((lake) => side.write(lake, UPSERTS, 'compacted')));
  const least = (engine: Engine): number => Math.min(...making[engine].map(({ cpuSeconds }) => cpuSeconds));
  return {
    ...compared(rowCount, used),
    // Making the rows is in the figures above: this is what a process takes that makes them and nothing else.
    rowsAloneCpuSeconds: { reference: rounded(least('reference'), 2), tributary: rounded(least('tributary'), 2) },
  };
}

async function measureRead(runs: string, repeats: number): Promise<Record<string, unknown>> {
  const used = await eachSide(repeats, (side) => side.read(runs));
  const counts = ENGINES.flatMap((engine) => used[engine].flatMap(rowsRead));
  if (new Set(counts).size !== 1) throw new Error(`the engines read different numbers of rows: ${counts.join(', ')}`);
  return { rounds: READ_ROUNDS, ...compared(READ_ROUNDS * (RUNS.rows + RUNS.updates), used) };
}

/** How many rows each round gave, from the lines that either side prints. */
function rowsRead({ output }: ProgramUsage): readonly number[] {
  return output.split('\n').map((line) => (JSON.parse(line) as { readonly rows: number }).rows);
}

async function measureCompaction(runs: string, repeats: number): Promise<Record<string, unknown>> {
  const used = await eachSide(repeats, (side) =>
    inFreshDirectory((lake) => {
      cpSync(runs, lake, { recursive: true });
      return side.compact(lake);
    }),
  );
  return compared(RUNS.rows + RUNS.updates, used);
}

async function inFreshDirectory<Result>(action: (directory: string) => Promise<Result>): Promise<Result> {
  const directory = tempDir();
  try {
    return await action(directory);
  } finally {
    removeDir(directory);
  }
}

type BySide<Value> = Readonly<Record<Engine, Value>>;

/** Both engines in turn, so that both have what else the machine does. */
async function eachSide(
  repeats: number,
  action: (side: Side) => Promise<ProgramUsage>,
): Promise<BySide<readonly ProgramUsage[]>> {
  const used: BySide<ProgramUsage[]> = { reference: [], tributary: [] };
  for (let repeat = 0; repeat < repeats; repeat++) {
    for (const engine of ENGINES) used[engine].push(await action(SIDES[engine]));
  }
  return used;
}

function compared(rowCount: number, used: BySide<readonly ProgramUsage[]>): Record<string, unknown> {
  const pairs = used.tributary.map((ours, repeat) => ({ ours, reference: used.reference[repeat] }));
  return {
    rows: rowCount,
    reference: report(rowCount, used.reference),
    tributary: report(rowCount, used.tributary),
    // Rows per CPU second, ours to the reference's; peak memory likewise.
    rateRatio: spread(pairs.map(({ ours, reference }) => rounded(reference.cpuSeconds / ours.cpuSeconds, 2))),
    memoryRatio: spread(pairs.map(({ ours, reference }) => rounded(ours.peakMiB / reference.peakMiB, 2))),
  };
}

function report(rowCount: number, used: readonly ProgramUsage[]): Record<string, unknown> {
  return {
    cpuSeconds: spread(used.map(({ cpuSeconds }) => rounded(cpuSeconds, 2))),
    wallSeconds: spread(used.map(({ wallSeconds }) => rounded(wallSeconds, 2))),
    rowsPerCpuSecond: spread(used.map(({ cpuSeconds }) => Math.round(rowCount / cpuSeconds))),
    peakMiB: spread(used.map(({ peakMiB }) => peakMiB)),
    busyCores: spread(used.map(({ busyCores }) => rounded(busyCores, 2))),
  };
}
