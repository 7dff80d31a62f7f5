// One simulated life of a pipeline: random load, lost connections, store faults and crashes, then the judgement.
import type { Clock } from '../../src/base/clock.ts';
import type { Random } from '../../src/base/random.ts';
import { isTributaryError } from '../../src/base/errors.ts';
import { silentLogger } from '../../src/base/log.ts';
import type { SourcePosition } from '../../src/change/position.ts';
import type { TableKey } from '../../src/change/table-key.ts';
import type { CheckpointRecord } from '../../src/checkpoint/checkpoint-record.ts';
import { CheckpointStore } from '../../src/checkpoint/checkpoint-store.ts';
import { bigIntAt, bytesAt, NULL, validityAt } from '../../src/column/vector.ts';
import type { ColumnBatch, Vector } from '../../src/column/vector.ts';
import { rowKindText } from '../../src/column/row-kind.ts';
import type { TableMapping } from '../../src/mapping/lake-table.ts';
import { stampOf } from '../../src/mirror/commit-properties.ts';
import { mirror } from '../../src/mirror/mirror.ts';
import type { MirrorParts } from '../../src/mirror/parts.ts';
import type { MirrorSettings } from '../../src/mirror/settings.ts';
import { newPipelineTelemetry } from '../../src/mirror/telemetry.ts';
import { InlineRunner } from '../../src/paimon/lsm/task-runner.ts';
import type { SnapshotId } from '../../src/paimon/meta/snapshot.ts';
import { Table } from '../../src/paimon/table.ts';
import { MemoryFileStore } from '../../src/storage/memory/memory-file-store.ts';
import { EagerClock } from './eager-clock.ts';
import { LsmInvariants } from './lsm-invariants.ts';
import { FaultyFileStore, type FaultPlan, seededFaults } from './faulty-file-store.ts';
import { ScriptedDatabase, ScriptedLoad, type ScriptedRow, scriptedEnd } from './scripted-database.ts';
import { ScriptedSource } from './scripted-source.ts';

const PIPELINE = 'shop';
/** Lives without faults after which a pipeline that has not caught up is stuck. */
const CALM_LIVES_MAX = 3;
/** How far a process's wall clock may be off, up to half of it either way. */
const CLOCK_LIE_MS = 7_200_000;

/** What a simulation runs on. */
interface World {
  readonly random: Random;
  readonly clock: EagerClock;
  readonly store: MemoryFileStore;
  readonly database: ScriptedDatabase;
  readonly load: ScriptedLoad;
  readonly problems: string[];
  /** Snapshots and records that nobody needs go away while the pipeline runs. */
  readonly expires: boolean;
  readonly commitIntervalMs: number;
  /** Small enough that a checkpoint takes several flushes, or large enough that it takes none. */
  readonly memoryBytesMax: number;
  readonly layouts: ReadonlyMap<TableKey, Layout>;
  /** What holds after every compaction of each lake table; of some seeds none. */
  readonly invariants: ReadonlyMap<TableKey, LsmInvariants>;
  /** Tables are copied in chunks of so many rows; null for whole copies. */
  readonly chunkRows: number;
  readonly isChunked: boolean;
  steps: number;
}

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
    await live(world, { faultChance: 0.02, tables, looksMax: 2 + random.unit() * 20 });
    if (random.unit() < 0.3) world.store.crash();
    await checkInvariants(world);
  }
  for (let life = 0; life < CALM_LIVES_MAX && (life === 0 || world.steps > 0); life++) {
    await live(world, { faultChance: 0, tables, looksMax: Number.POSITIVE_INFINITY });
    await checkInvariants(world);
  }
  await judge(world);
  return world.problems;
}

function lakeTable(store: MemoryFileStore, key: TableKey): Promise<Table> {
  return Table.open(store, { database: 'shop', table: key.split('.')[1] });
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
      // The log of the last life goes on, silent, until everything is copied.
      const isCopying = [...parts.telemetry.tables.values()].some((table) => table.state === 'copying');
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
  };
  try {
    const untilCaughtUp = !isLast && random.unit() < 0.2;
    const endAtStart = database.logEnd;
    await mirror(parts, { ...settingsOf(world), untilCaughtUp }, stop.signal);
    if (untilCaughtUp && !logHasEnded && !stop.signal.aborted) await checkCaughtUp(world, records, endAtStart);
  } catch (error) {
    const expected = isTributaryError(error) && (error.kind === 'retry' || faultChance > 0) && error.kind !== 'bug';
    if (!expected || faultChance === 0) world.problems.push(`life ended with ${describe(error)}`);
  }
  await acknowledged;
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

function settingsOf(world: World): MirrorSettings {
  const tableMapping = (table: TableKey): TableMapping => {
    const layout = world.layouts.get(table) ?? {};
    const isDynamic = layout['dynamic-bucket.target-row-num'] !== undefined;
    return {
      database: '{schema}',
      table: '{table}',
      case: 'preserve',
      buckets: isDynamic ? 'dynamic' : table.endsWith('accounts') ? 1 : 2,
      options: {
        'num-sorted-run.compaction-trigger': '3',
        // Codecs are not what a simulation tests, and they would take a third of its time.
        'file.compression': 'none',
        'manifest.compression': 'null',
        ...layout,
      },
    };
  };
  return {
    pipeline: PIPELINE,
    database: 'shop',
    mapping: tableMapping,
    commit: { intervalMs: world.commitIntervalMs, bytesMax: 1 << 20, rowsMax: 50 },
    memoryBytesMax: world.memoryBytesMax,
    heartbeatMs: 1000,
    copy: {
      rowsMax: world.chunkRows,
      bytesMax: 1 << 20,
      ageMaxMs: 60_000,
      heldBytesMax: world.memoryBytesMax / 4,
      bytesPerSecondMax: world.expires ? 1 << 20 : null,
    },
    snapshots: world.expires ? { retainMs: 400, countMin: 1 } : { retainMs: 1e12, countMin: 1000 },
    compaction: 'inline',
    onTableError: 'isolate',
    isolateLagBytesMax: 1e12,
    untilCaughtUp: false,
    acceptGap: null,
  };
}

/** The options of a mirrored table that decide how its rows and changes come about. */
type Layout = Readonly<Record<string, string>>;

/** By the name of a scripted table, what its seeds take turns in. */
const LAYOUTS: Readonly<Record<string, readonly Layout[]>> = {
  accounts: [
    { 'changelog-producer': 'input' },
    { 'changelog-producer': 'lookup' },
    { 'changelog-producer': 'input', 'deletion-vectors.enabled': 'true' },
    { 'changelog-producer': 'full-compaction' },
  ],
  orders: [
    { 'changelog-producer': 'input' },
    { 'deletion-vectors.enabled': 'true', 'changelog-producer': 'lookup' },
    { 'changelog-producer': 'input', 'dynamic-bucket.target-row-num': '5' },
    { 'changelog-producer': 'full-compaction', 'full-compaction.delta-commits': '3' },
  ],
  notes: [{}, { 'deletion-vectors.enabled': 'true' }, { 'dynamic-bucket.target-row-num': '5' }],
};

function layoutsOf(tables: readonly TableKey[], seed: number): ReadonlyMap<TableKey, Layout> {
  const turn = Math.floor(seed / 6);
  return new Map(
    tables.map((table) => {
      const layouts = LAYOUTS[table.split('.')[1]];
      return [table, layouts[turn % layouts.length]];
    }),
  );
}

async function judge(world: World): Promise<void> {
  const records = await new CheckpointStore(world.store, PIPELINE).records();
  const last = records[records.length - 1];
  if (last === undefined) {
    world.problems.push('no checkpoint record');
    return;
  }
  for (const key of world.database.tables) {
    const table = await lakeTable(world.store, key);
    compare(world, `${key} at the end`, await rowsOf(table, null), world.database.state(key));
    const read = new Map<bigint | null, Map<number, string>>([[null, new Map()]]);
    for (const record of records) {
      const cut = record.tables.find((entry) => entry.source === key);
      if (cut === undefined) continue;
      const expected = world.database.stateAt(scriptedEnd(record.position)).get(key) ?? new Map<number, ScriptedRow>();
      const actual = read.get(cut.snapshotId) ?? (await rowsOf(table, cut.snapshotId as SnapshotId));
      read.set(cut.snapshotId, actual);
      compare(world, `${key} in cut ${record.number}`, actual, expected);
    }
    if (world.expires) continue;
    await judgeIdentifiers(world, table);
    if (world.layouts.get(key)?.['changelog-producer'] !== undefined)
      await judgeChangelog(world, table, { key, records });
  }
}

/** Rule 4: identifiers are strictly increasing per table and user. */
async function judgeIdentifiers(world: World, table: Table): Promise<void> {
  const latest = await table.latestSnapshot();
  let previous = 0n;
  for (let id = 1n; id <= (latest?.id ?? 0n); id++) {
    const snapshot = await table.snapshot(id);
    if (snapshot.commitUser !== PIPELINE) continue;
    if (snapshot.commitIdentifier <= previous)
      world.problems.push(`identifier ${snapshot.commitIdentifier} after ${previous}`);
    previous = snapshot.commitIdentifier;
  }
}

/**
 * Replays the changelog strictly: each change must fit what the ones before have made, and the end is the table, as of
 * the last checkpoint whose changes are due.
 */
async function judgeChangelog(
  world: World,
  table: Table,
  { key, records }: { readonly key: TableKey; readonly records: readonly CheckpointRecord[] },
): Promise<void> {
  const every = BigInt(world.layouts.get(key)?.['full-compaction.delta-commits'] ?? 1);
  const due = records.findLast((record) => record.number % every === 0n);
  const upTo = due?.tables.find((entry) => entry.source === key)?.snapshotId ?? null;
  if (due === undefined || upTo === null) return;
  const state = new Map<number, string>();
  const versions = new Map<number, number>();
  for await (const batch of table.changes({ after: 0n, upTo })) {
    for (let row = 0; row < batch.rowCount; row++) {
      const id = Number(rowValue(batch.columns[0], row));
      const text = rowText(batch, row);
      const kind = rowKindText(batch.kinds[row]);
      const fits = kind === '+I' || kind === '+U' ? !state.has(id) : state.get(id) === text;
      if (!fits)
        world.problems.push(`${key}: ${kind} ${text} in snapshot ${batch.snapshotId} on ${state.get(id) ?? 'nothing'}`);
      if (kind === '+I' || kind === '+U') {
        state.set(id, text);
        const version = Number(rowValue(batch.columns[3], row));
        versions.set(version, (versions.get(version) ?? 0) + 1);
      } else state.delete(id);
    }
  }
  // Changes that compactions write down are those between commits.
  if (world.layouts.get(key)?.['changelog-producer'] === 'input')
    await judgeOnce(world, table, { key, records, versions });
  const expected = world.database.stateAt(scriptedEnd(due.position)).get(key) ?? new Map<number, ScriptedRow>();
  compare(world, `${key} replayed from its changelog`, state, expected);
}

/**
 * Every version of a row that the log made after the copy is in the changelog once: none twice, none missing. What the log
 * made while chunks were read may be there again, and be left out where a later version of the row was read.
 */
async function judgeOnce(
  world: World,
  table: Table,
  of: {
    readonly key: TableKey;
    readonly records: readonly CheckpointRecord[];
    readonly versions: ReadonlyMap<number, number>;
  },
): Promise<void> {
  const { key, records, versions } = of;
  const first = stampOf(await table.snapshot(1n));
  const inChunks = records.find((record) => record.tables.some(({ source }) => source === key))?.position;
  const copied = first?.isCopying === true ? inChunks : first?.position;
  if (copied === undefined) return;
  for (const transaction of world.database.log) {
    if (transaction.end <= scriptedEnd(copied)) continue;
    for (const change of transaction.changes) {
      if (change.table !== key || change.kind === 'delete' || change.kind === 'truncate') continue;
      const count = versions.get(change.row.amount) ?? 0;
      if (count !== 1) world.problems.push(`${key}: version ${change.row.amount} is ${count} times in the changelog`);
    }
  }
}

async function rowsOf(table: Table, snapshotId: SnapshotId | null): Promise<Map<number, string>> {
  const rows = new Map<number, string>();
  for await (const batch of table.read(snapshotId === null ? {} : { at: { kind: 'snapshot', id: snapshotId } })) {
    for (let row = 0; row < batch.rowCount; row++)
      rows.set(Number(rowValue(batch.columns[0], row)), rowText(batch, row));
  }
  return rows;
}

function compare(
  world: World,
  what: string,
  actual: ReadonlyMap<number, string>,
  expected: ReadonlyMap<number, ScriptedRow>,
): void {
  const texts = new Map(
    [...expected].map(([id, row]) => [id, JSON.stringify([String(row.id), row.name, row.big, row.amount])]),
  );
  for (const id of new Set([...actual.keys(), ...texts.keys()])) {
    if (actual.get(id) !== texts.get(id)) {
      world.problems.push(`${what}: key ${id} is ${actual.get(id) ?? 'absent'}, expected ${texts.get(id) ?? 'absent'}`);
    }
  }
}

function rowText(batch: ColumnBatch, row: number): string {
  return JSON.stringify(batch.columns.map((column) => rowValue(column, row)));
}

function rowValue(column: Vector, row: number): string | number | null {
  if (validityAt(column, row) === NULL) return null;
  if (column.kind === 'i64') return bigIntAt(column, row).toString();
  if (column.kind === 'bytes') return Buffer.from(bytesAt(column, row)).toString('utf8');
  return column.kind === 'i32' ? column.values[row] : null;
}
