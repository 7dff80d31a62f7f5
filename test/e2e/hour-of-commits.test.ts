// Commits one a second for long, on the local disk and a clock of its own (P38, P40): the table stays readable, its
// files and manifests stay few, and what is past its retention goes away. HOUR_COMMITS=3600 is the whole hour.
import { EVOLVES } from '../support/evolves.ts';
import { expect, it } from 'vitest';
import { silentLogger } from '../../src/base/log.ts';
import { seededRandom } from '../../src/base/random.ts';
import { CheckpointStore } from '../../src/checkpoint/checkpoint-store.ts';
import { PipelineControl } from '../../src/mirror/control.ts';
import { mirror } from '../../src/mirror/mirror.ts';
import type { MirrorSettings } from '../../src/mirror/settings.ts';
import { newPipelineTelemetry } from '../../src/mirror/telemetry.ts';
import { createTaskRunner } from '../../src/paimon/lsm/task-runner.ts';
import { fsck } from '../../src/paimon/maintenance/fsck.ts';
import { Table } from '../../src/paimon/table.ts';
import { LocalFileStore } from '../../src/storage/local/local-file-store.ts';
import { EagerClock } from '../support/eager-clock.ts';
import { ScriptedDatabase, ScriptedLoad } from '../support/scripted-database.ts';
import { ScriptedSource } from '../support/scripted-source.ts';
import { tempDir } from '../support/temp-dir.ts';
import { until } from '../support/until.ts';

const COMMITS = Number(process.env['HOUR_COMMITS'] ?? '600');
const RETAIN_MS = 120_000;

const settings: MirrorSettings = {
  pipeline: 'shop',
  database: 'shop',
  mapping: () => ({
    database: '{schema}',
    table: '{table}',
    case: 'preserve',
    buckets: 1,
    options: { 'changelog-producer': 'input' },
  }),
  commit: { intervalMs: 1000, bytesMax: 1 << 24, rowsMax: 100_000 },
  memoryBytesMax: 1 << 26,
  heartbeatMs: 30_000,
  copy: { rowsMax: 50_000, bytesMax: 1 << 26, ageMaxMs: 60_000, heldBytesMax: 1 << 25, bytesPerSecondMax: null },
  snapshots: { retainMs: RETAIN_MS, countMin: 10 },
  compaction: 'inline',
  evolution: EVOLVES,
  onTableError: 'stop',
  onLogLost: 'stop',
  isolateLagBytesMax: 1e12,
  untilCaughtUp: false,
  acceptGap: null,
};

it('P38 P40: a commit each second for long stays readable', async () => {
  const random = seededRandom(7);
  const clock = new EagerClock();
  const database = new ScriptedDatabase(['orders']);
  const load = new ScriptedLoad(database, random, 500);
  const store = new LocalFileStore(tempDir());
  const telemetry = newPipelineTelemetry('shop', settings.memoryBytesMax);
  let commits = 0;
  const source = new ScriptedSource(database, {
    random,
    lossChance: 0,
    more: async () => {
      if (commits++ >= COMMITS) return false;
      // The clock must not outrun the disk: a second passes when the commit of the one before is there.
      await until(() => telemetry.checkpoints >= commits - 2, { intervalMs: 1, timeoutMs: 30_000 });
      clock.advance(1000);
      for (let step = 0; step < 5; step++) load.step(clock.nowMs());
      return true;
    },
  });
  const runner = createTaskRunner(store, 1);
  const checkpoints = new CheckpointStore(store, 'shop');
  const control = new PipelineControl();
  const parts = { source, store, checkpoints, runner, clock, random, log: silentLogger, control };
  const process = { host: 'here', pid: 1, isAlive: () => false };
  await mirror({ ...parts, process, telemetry }, settings, new AbortController().signal);
  await runner.close();

  expect(telemetry.checkpoints).toBeGreaterThan(COMMITS * 0.8);
  const table = await Table.open(store, { database: 'shop', table: 'orders' });
  const plan = await table.plan();
  // num-sorted-run.stop-trigger is 8 unless set; a round of compaction may be under way at the end.
  expect(plan.splits.reduce((files, split) => files + split.files.length, 0)).toBeLessThanOrEqual(12);
  const ids = await table.snapshots.ids();
  const manifests = await table.manifests.manifestsOf(await table.snapshot(ids[ids.length - 1]));
  expect(manifests.length).toBeLessThanOrEqual(40);
  const rows: number[] = [];
  for await (const batch of table.read()) rows.push(batch.rowCount);
  expect(rows.reduce((sum, count) => sum + count, 0)).toBe(database.state(database.tables[0]).size);
  const oldest = await table.snapshot(ids[0]);
  // The clock runs as fast as the machine commits, and expiry beside it: on a busy one it is some commits behind.
  expect(clock.nowMs() - oldest.timeMillis).toBeLessThan(RETAIN_MS * 2);
  expect((await fsck(table)).problems).toEqual([]);
}, 600_000);
