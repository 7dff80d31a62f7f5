// A thousand random updates and a commit each second for long, on the local disk and a clock of its own: buckets keep as
// few files and sorted runs as their options promise, and reads have little more than the table to read.
// HOUR_COMMITS=3600 is the whole hour.
import { expect, it } from 'vitest';
import { silentLogger } from '../../src/base/log.ts';
import { seededRandom } from '../../src/base/random.ts';
import { CheckpointStore } from '../../src/checkpoint/checkpoint-store.ts';
import { ofKind } from '../../src/column/take.ts';
import { bigIntAt } from '../../src/column/vector.ts';
import { PipelineControl } from '../../src/mirror/control.ts';
import { mirror } from '../../src/mirror/mirror.ts';
import { newPipelineTelemetry } from '../../src/mirror/telemetry.ts';
import { createTaskRunner } from '../../src/paimon/lsm/task-runner.ts';
import { fsck } from '../../src/paimon/maintenance/fsck.ts';
import { tableOptions } from '../../src/paimon/schema/table-options.ts';
import type { Table } from '../../src/paimon/table.ts';
import { LocalFileStore } from '../../src/storage/local/local-file-store.ts';
import { EagerClock } from '../support/eager-clock.ts';
import { ScriptedSource } from '../support/scripted-source.ts';
import { tempDir } from '../support/temp-dir.ts';
import { until } from '../support/until.ts';
import { LOAD_BUCKETS, LOAD_SETTINGS, LOAD_TRANSACTIONS, loadedTable, UpdateLoad } from '../support/update-load.ts';

const COMMITS = Number(process.env['HOUR_COMMITS'] ?? '120');
const ROWS = 200_000;
/** Commits between two looks at the table. */
const LOOK_EVERY = 60;

type Loaded = Awaited<ReturnType<typeof loadedTable>>;

function runsMost({ buckets }: Loaded): number {
  return Math.max(...buckets.map(({ runBytes }) => runBytes.length));
}

/** What the options say of every bucket, and what reads have to read for each row that there is. */
function expectBounds({ table, buckets }: Loaded, when: string): void {
  const { stopTrigger, maxSizeAmplificationPercent } = tableOptions(table.schema);
  expect(buckets.length, when).toBe(LOAD_BUCKETS);
  for (const { fileCount, runBytes } of buckets) {
    expect(runBytes.length, when).toBeLessThanOrEqual(stopTrigger);
    // No file comes near the target size: a run is one file.
    expect(fileCount, when).toBe(runBytes.length);
    const above = runBytes.slice(0, -1).reduce((sum, bytes) => sum + bytes, 0);
    expect((above * 100) / (runBytes.at(-1) ?? 1), when).toBeLessThanOrEqual(maxSizeAmplificationPercent);
  }
  const stored = buckets.reduce((sum, { rowCount }) => sum + rowCount, 0);
  expect(stored / ROWS, when).toBeLessThanOrEqual(1 + maxSizeAmplificationPercent / 100);
}

async function expectRows(table: Table, load: UpdateLoad): Promise<void> {
  let count = 0;
  const wrong: bigint[] = [];
  for await (const { columns, rowCount } of table.read({ columns: ['id', 'amount'] })) {
    const [ids, amounts] = [ofKind(columns[0], 'i64'), ofKind(columns[1], 'i32')];
    for (let row = 0; row < rowCount; row++) {
      const id = bigIntAt(ids, row);
      if (amounts.values[row] !== load.state.get(Number(id))?.amount) wrong.push(id);
    }
    count += rowCount;
  }
  expect(wrong).toEqual([]);
  expect(count).toBe(ROWS);
}

it('a thousand random updates a second for long: files and read amplification stay within the bounds of the options', async () => {
  const random = seededRandom(11);
  const clock = new EagerClock();
  const load = new UpdateLoad(ROWS, random, clock.nowMs());
  const store = new LocalFileStore(tempDir());
  const telemetry = newPipelineTelemetry('shop', LOAD_SETTINGS.memoryBytesMax);
  let commits = 0;
  let mostRuns = 0;
  const source = new ScriptedSource(load.database, {
    random,
    lossChance: 0,
    more: async () => {
      // A second passes when the commit of the one before is there and what it made due has been compacted.
      await until(() => telemetry.checkpoints >= commits - 2, { intervalMs: 2, timeoutMs: 60_000, what: 'the commit' });
      const loaded = await until(
        async () => {
          const now = await loadedTable(store);
          mostRuns = Math.max(mostRuns, runsMost(now));
          return runsMost(now) <= tableOptions(now.table.schema).stopTrigger ? now : null;
        },
        { intervalMs: 5, timeoutMs: 60_000, what: 'the compaction' },
      );
      if (commits % LOOK_EVERY === 0) expectBounds(loaded, `after ${commits} commits`);
      if (commits++ >= COMMITS) return false;
      clock.advance(1000);
      for (let count = 0; count < LOAD_TRANSACTIONS; count++) load.transaction(clock.nowMs());
      return true;
    },
  });
  const runner = createTaskRunner(store, 1);
  const checkpoints = new CheckpointStore(store, 'shop');
  const control = new PipelineControl();
  const parts = { source, store, checkpoints, runner, clock, random, log: silentLogger, control };
  const process = { host: 'here', pid: 1, isAlive: () => false };
  await mirror({ ...parts, process, telemetry }, LOAD_SETTINGS, new AbortController().signal);
  await runner.close();

  expect(telemetry.checkpoints).toBeGreaterThan(COMMITS * 0.8);
  const { table } = await loadedTable(store);
  // Beyond it the mirror waits for its compactions.
  expect(mostRuns).toBeLessThanOrEqual(4 * tableOptions(table.schema).stopTrigger + 1);
  await expectRows(table, load);
  expect((await fsck(table)).problems).toEqual([]);
}, 3_600_000);
