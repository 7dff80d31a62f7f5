// How long commits take under a steady load, in real time and without a database: a thousand random updates a second on
// 200,000 rows through the whole mirror, a commit each second, compaction beside it.
// Run: node --import ./bench/built-hook.ts bench/commits.ts [SECONDS]
import { systemClock } from '../src/base/clock.ts';
import { silentLogger } from '../src/base/log.ts';
import { seededRandom } from '../src/base/random.ts';
import { CheckpointStore } from '../src/checkpoint/checkpoint-store.ts';
import { PipelineControl } from '../src/mirror/control.ts';
import { mirror } from '../src/mirror/mirror.ts';
import { newPipelineTelemetry } from '../src/mirror/telemetry.ts';
import { createTaskRunner } from '../src/paimon/lsm/task-runner.ts';
import { LocalFileStore } from '../src/storage/local/local-file-store.ts';
import { ScriptedSource } from '../test/support/scripted-source.ts';
import { removeDir, tempDir } from '../test/support/temp-dir.ts';
import { LOAD_SETTINGS, LOAD_TRANSACTIONS, loadedTable, UpdateLoad } from '../test/support/update-load.ts';
import { describeMachine, loadNow, rounded } from './support/machine.ts';

const SECONDS = Number(process.argv[2] ?? '300');
const ROWS = 200_000;
const STEP_MS = 1000 / LOAD_TRANSACTIONS;
/** Transactions between two looks at the table. */
const LOOK_EVERY = 100;

const directory = tempDir();
const store = new LocalFileStore(directory);
const random = seededRandom(1);
const load = new UpdateLoad(ROWS, random, systemClock.nowMs());
const telemetry = newPipelineTelemetry('shop', LOAD_SETTINGS.memoryBytesMax);
const runner = createTaskRunner(store, 1);
let transactions = 0;
let startMs = 0;
let runsMost = 0;
let storedMost = 0;
let copied = 0;

async function look(): Promise<void> {
  const { buckets } = await loadedTable(store);
  for (const { runBytes } of buckets) runsMost = Math.max(runsMost, runBytes.length);
  storedMost = Math.max(
    storedMost,
    buckets.reduce((sum, { rowCount }) => sum + rowCount, 0),
  );
}

const source = new ScriptedSource(load.database, {
  random,
  lossChance: 0,
  more: async () => {
    if (transactions === 0) {
      startMs = systemClock.monotonicMs();
      copied = telemetry.checkpoints;
    }
    if (transactions >= SECONDS * LOAD_TRANSACTIONS) return false;
    if (transactions % LOOK_EVERY === 0) await look();
    const waitMs = startMs + transactions * STEP_MS - systemClock.monotonicMs();
    if (waitMs > 0) await systemClock.sleep(waitMs);
    load.transaction(systemClock.nowMs());
    transactions++;
    return true;
  },
});

const loadBefore = loadNow();
await mirror(
  {
    source,
    store,
    runner,
    random,
    telemetry,
    control: new PipelineControl(),
    clock: systemClock,
    log: silentLogger,
    checkpoints: new CheckpointStore(store, 'shop'),
    process: { host: 'here', pid: 1, isAlive: () => false },
  },
  LOAD_SETTINGS,
  new AbortController().signal,
);
await runner.close();
removeDir(directory);
const durations = telemetry.checkpointDurationsMs.slice(copied).toSorted((a, b) => a - b);
const at = (share: number): number =>
  rounded(durations[Math.min(durations.length - 1, Math.floor(share * durations.length))] / 1000, 3);
const result = {
  ...describeMachine('none'),
  seconds: SECONDS,
  commits: durations.length,
  commitSeconds: { p50: at(0.5), p90: at(0.9), p99: at(0.99), max: at(1) },
  sortedRunsMost: runsMost,
  // Rows that a read of the whole table merges for each that it gives, at most.
  readAmplificationMost: rounded(storedMost / ROWS, 2),
  loadBefore,
  loadAfter: loadNow(),
};
process.stdout.write(`${JSON.stringify({ bench: 'commits', ...result })}\n`);
