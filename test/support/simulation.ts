// One simulated life of a pipeline: random load, lost connections, store faults and crashes, then the judgement.
import type { Clock } from '../../src/base/clock.ts';
import type { Random } from '../../src/base/random.ts';
import { isTributaryError } from '../../src/base/errors.ts';
import { silentLogger } from '../../src/base/log.ts';
import type { SourcePosition } from '../../src/change/position.ts';
import type { TableKey } from '../../src/change/table-key.ts';
import { CheckpointStore } from '../../src/checkpoint/checkpoint-store.ts';
import { mirror, type MirrorEnd } from '../../src/mirror/mirror.ts';
import type { MirrorParts } from '../../src/mirror/parts.ts';
import { PipelineControl } from '../../src/mirror/control.ts';
import { newPipelineTelemetry } from '../../src/mirror/telemetry.ts';
import { InlineRunner } from '../../src/paimon/lsm/task-runner.ts';
import { MemoryFileStore } from '../../src/storage/memory/memory-file-store.ts';
import { damageTable } from './damage.ts';
import { EagerClock } from './eager-clock.ts';
import { LsmInvariants } from './lsm-invariants.ts';
import { FaultyFileStore, type FaultPlan, seededFaults } from './faulty-file-store.ts';
import { ScriptedDatabase, ScriptedLoad, scriptedEnd } from './scripted-database.ts';
import { ScriptedSource } from './scripted-source.ts';
import { judge, wrongCuts } from './judge-simulation.ts';
import { lakeTable, layoutsOf, PIPELINE, settingsOf, type World } from './simulation-world.ts';

/** Lives without faults after which a pipeline that has not caught up is stuck. */
const CALM_LIVES_MAX = 3;
/** How far a process's wall clock may be off, up to half of it either way. */
const CLOCK_LIE_MS = 7_200_000;

/** How one process of the mirror lives. */
interface Life {
  /** Chance that a call of the store fails; 0 for a life that has to end well. */
  readonly faultChance: number;
  /** The tables that its configuration names. */
  readonly tables: readonly TableKey[];
  /** It finds the end of the log after so many looks for more of it. */
  readonly looksMax: number;
}

/** The simulation's clock, with a wall clock that is off. */
class LyingClock implements Clock {
  private readonly inner: EagerClock;
  private readonly offByMs: number;

  constructor(inner: EagerClock, offByMs: number) {
    this.inner = inner;
    this.offByMs = Math.floor(offByMs);
  }

  nowMs(): number {
    return this.inner.nowMs() + this.offByMs;
  }

  monotonicMs(): number {
    return this.inner.monotonicMs();
  }

  sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
    return this.inner.sleep(delayMs, signal);
  }

  every(intervalMs: number, action: () => void): () => void {
    return this.inner.every(intervalMs, action);
  }

  after(delayMs: number, action: () => void): () => void {
    return this.inner.after(delayMs, action);
  }
}

/** Runs one simulation and gives what is wrong at its end, empty if nothing is. */
export async function simulate(seed: number, random: Random): Promise<readonly string[]> {
  const clock = new EagerClock();
  const database = new ScriptedDatabase(['accounts', 'orders', 'notes'].slice(0, 1 + (seed % 3)));
  const store = new MemoryFileStore(clock);
  // It takes a third of a simulation's time.
  const checked = seed % 3 === 0 ? database.tables : [];
  const invariants = checked.map((key) => [key, new LsmInvariants(() => lakeTable(store, key))] as const);
  const world: World = {
    random,
    clock,
    store,
    database,
    invariants: new Map(invariants),
    load: new ScriptedLoad(database, random),
    problems: [],
    layouts: layoutsOf(database.tables, seed),
    expires: seed % 2 === 0,
    isChunked: seed % 4 < 3,
    chunkRows: 1 + Math.floor(random.unit() * 8),
    damaged: new Map(),
    mended: new Set(),
    copiedAnew: new Set(),
    commitIntervalMs: random.unit() < 0.5 ? 20 : 300,
    memoryBytesMax: random.unit() < 0.1 ? 1024 : 64 * 1024,
    steps: 3 + Math.floor(random.unit() * 16),
  };
  for (let step = 0; step < 10; step++) world.load.step(clock.nowMs());
  // The tables that come later are added to the configuration of a pipeline that runs.
  const { tables } = database;
  const early = tables.slice(0, 1 + Math.floor(random.unit() * tables.length));
  if (early.length < tables.length) await live(world, { faultChance: 0, tables: early, looksMax: 2 });
  const faultyLives = Math.floor(random.unit() * 5);
  for (let life = 0; life < faultyLives; life++) {
    if (random.unit() < 0.3) await damage(world);
    await live(world, { faultChance: 0.02, tables, looksMax: 2 + random.unit() * 20 });
    if (random.unit() < 0.3) world.store.crash();
    await checkInvariants(world);
  }
  for (let life = 0; life < CALM_LIVES_MAX && (life === 0 || world.steps > 0); life++) {
    if (life === 0 && random.unit() < 0.5) await damage(world);
    await live(world, { faultChance: 0, tables, looksMax: Number.POSITIVE_INFINITY });
    await checkInvariants(world);
  }
  await judge(world);
  return world.problems;
}

/** Another writer writes to one of the tables, if it is there. */
async function damage(world: World): Promise<void> {
  const { random, store, database, damaged, mended } = world;
  const key = database.tables[Math.floor(random.unit() * database.tables.length)];
  const records = new CheckpointStore(store, PIPELINE);
  const latest = await records.latest();
  if (latest === null) return;
  const table = await lakeTable(store, key).catch(() => null);
  if (table === null || (await table.latestSnapshot()) === null) return;
  const strange = [1, 2, 3].map((index) => ({ id: BigInt(index + 1_000_000 * Math.floor(random.unit() * 9)) }));
  await damageTable(
    table,
    {
      changed: (row) => ({ ...row, name: 'vandal' }),
      strange: strange.map((row) => ({ ...row, name: 'strange', big: null, amount: -1 })),
    },
    { random, clock: world.clock },
  );
  if (!damaged.has(key) || !wrongCuts(await records.records(), key, damaged.get(key))(latest))
    damaged.set(key, latest.number);
  mended.delete(key);
}

/** Of the tables that there are already: what compactions did is sound, and every snapshot reads as it did. */
async function checkInvariants({ problems, invariants }: World): Promise<void> {
  for (const [key, invariant] of invariants) {
    try {
      await invariant.check();
    } catch (error) {
      if (!isTributaryError(error, 'E3120')) problems.push(`${key}: ${describe(error)}`);
    }
  }
}

/** One process of the mirror, from its start to its end or its death. */
async function live(world: World, life: Life): Promise<void> {
  const { random, database } = world;
  const { faultChance } = life;
  // The database is written to while no mirror runs.
  for (let step = random.unit() * 4; step > 1; step--) world.load.step(world.clock.nowMs());
  const records = new CheckpointStore(world.store, PIPELINE);
  const clock = new LyingClock(world.clock, (random.unit() - 0.5) * CLOCK_LIE_MS);
  const store = new FaultyFileStore(world.store, lifeFaults(world, faultChance), clock);
  const isLast = life.looksMax === Number.POSITIVE_INFINITY;
  const stop = new AbortController();
  let changesLeft = isLast || random.unit() < 0.6 ? Number.POSITIVE_INFINITY : Math.floor(random.unit() * 100);
  let looksLeft = life.looksMax;
  let patience = 1000;
  let logHasEnded = false;
  let acknowledged: Promise<void> = Promise.resolve();
  const source = new ScriptedSource(database, {
    random,
    tables: life.tables,
    lossChance: faultChance / 10,
    failChance: faultChance > 0 && random.unit() < 0.3 ? 0.02 : 0,
    chunked: world.isChunked,
    betweenRows: async () => {
      if (world.steps > 0 && random.unit() < 0.3) world.load.step(clock.nowMs());
      await world.clock.sleep(random.unit() * 5);
    },
    pause: async () => {
      for (let wait = random.unit() < 0.2 ? 8 : 0; wait > 0; wait--) await world.clock.sleep(200);
    },
    onChange: () => {
      if (changesLeft-- <= 0) stop.abort();
    },
    more: async () => {
      world.clock.advance(100);
      // The log of the last life goes on, silent, until everything is copied and followed.
      const isCopying = [...parts.telemetry.tables.values()].some(
        ({ state }) => state === 'copying' || state === 'paused',
      );
      if (isLast && world.steps <= 0 && isCopying && patience-- > 0) return true;
      if (looksLeft-- <= 0 || world.steps-- <= 0) {
        logHasEnded = true;
        return false;
      }
      for (let step = 0; step < 1 + random.unit() * 4; step++) world.load.step(clock.nowMs());
      return true;
    },
    onAcknowledge: (position) => {
      acknowledged = acknowledged.then(() => checkAcknowledged(world, records, position));
    },
  });
  const parts: MirrorParts = {
    source,
    store,
    checkpoints: new CheckpointStore(store, PIPELINE),
    runner: new InlineRunner(store),
    process: { host: 'here', pid: 1, isAlive: () => false },
    clock,
    random,
    log: silentLogger,
    telemetry: newPipelineTelemetry(PIPELINE, 0),
    control: new PipelineControl(),
  };
  const untilCaughtUp = !isLast && random.unit() < 0.2;
  let end: MirrorEnd = 'ended';
  askForCopies(
    world,
    parts.control,
    isLast ? [...world.damaged.keys()] : life.tables.filter(() => random.unit() < 0.1),
  );
  await askForPauses(world, parts.control, { tables: life.tables, isLast });
  try {
    const endAtStart = database.logEnd;
    end = await mirror(parts, { ...settingsOf(world), untilCaughtUp }, stop.signal);
    if (end === 'ended' && untilCaughtUp && !logHasEnded && !stop.signal.aborted)
      await checkCaughtUp(world, records, endAtStart);
  } catch (error) {
    const expected = isTributaryError(error) && (error.kind === 'retry' || faultChance > 0) && error.kind !== 'bug';
    if (!expected || faultChance === 0) world.problems.push(`life ended with ${describe(error)}`);
  }
  parts.control.close();
  await acknowledged;
  if (end === 'again') await live(world, life);
}

/** An operator has tables copied anew. */
function askForCopies({ mended, copiedAnew }: World, control: PipelineControl, tables: readonly TableKey[]): void {
  for (const key of tables) {
    if (mended.has(key)) continue;
    control.ask('resync', key).then(
      () => {
        mended.add(key);
        copiedAnew.add(key);
      },
      // The life ended before, or the store failed: the next one is asked again.
      () => {},
    );
  }
}

/** An operator pauses tables, and has them followed again: all of them at the end. */
async function askForPauses(
  { random, store }: World,
  control: PipelineControl,
  { tables, isLast }: { readonly tables: readonly TableKey[]; readonly isLast: boolean },
): Promise<void> {
  const latest = await new CheckpointStore(store, PIPELINE).latest();
  const paused = (latest?.paused ?? []).filter(() => isLast || random.unit() < 0.5).map(({ source }) => source);
  const toPause = tables.filter(() => !isLast && random.unit() < 0.1);
  // The life may end before: the next one is asked again.
  for (const key of paused) control.ask('resume', key).catch(() => {});
  for (const key of toPause) control.ask('pause', key).catch(() => {});
}

/** A run until caught up has committed everything up to the end of the log at its start. */
async function checkCaughtUp(world: World, records: CheckpointStore, end: number): Promise<void> {
  const latest = await records.latest();
  if (latest === null || scriptedEnd(latest.position) < end) {
    world.problems.push(`caught up with ${end}, recorded ${latest?.position ?? 'nothing'}`);
  }
}

/** Some calls fail or lose their answer, and the process may end: at any call, or between two publications. */
function lifeFaults(world: World, share: number): FaultPlan {
  if (share === 0) return () => null;
  const { random } = world;
  const failing = seededFaults(random, random.unit() < 0.5 ? share : 0);
  const unwritable = random.unit() < 0.3 ? 0.01 : 0;
  const effect = random.unit() < 0.5;
  const atPublication = random.unit() < 0.6;
  let left = Math.floor(random.unit() * (atPublication ? 12 : 400));
  return (call) => {
    const counts = !atPublication || (call.operation === 'create' && /(snapshot|checkpoint)-\d+$/.test(call.path));
    if (counts && left-- === 0) return { kind: 'crash', effect };
    const isData = call.operation === 'openWrite' && call.path.includes('/bucket-');
    // As a row that cannot be written would end the flush of its table.
    return isData && random.unit() < unwritable ? { kind: 'before', code: 'E4001' } : failing(call);
  };
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause === undefined ? '' : ` <- ${describe(error.cause)}`;
  return `${isTributaryError(error) ? error.code : error.name} ${error.message}${cause}\n${error.stack ?? ''}`;
}

/** P1: nothing is acknowledged that no durable record holds. */
async function checkAcknowledged(world: World, records: CheckpointStore, position: SourcePosition): Promise<void> {
  const latest = await records.latest();
  if (latest === null || scriptedEnd(latest.position) < scriptedEnd(position)) {
    world.problems.push(`acknowledged ${position}, recorded ${latest?.position ?? 'nothing'}`);
  }
  for (const table of [...(latest?.stopped ?? []), ...(latest?.copying ?? [])]) {
    if (scriptedEnd(table.place) < scriptedEnd(position))
      world.problems.push(`acknowledged ${position}, ${table.source} stands at ${table.place}`);
  }
}
