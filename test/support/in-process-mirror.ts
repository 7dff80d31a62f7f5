// The mirror of a site inside the test's process, on a store whose calls can be made to fail: for faults that no real
// disk can be told to have.
import { EVOLVES } from './evolves.ts';
import { systemClock } from '../../src/base/clock.ts';
import { silentLogger } from '../../src/base/log.ts';
import { systemRandom } from '../../src/base/random.ts';
import { CheckpointStore } from '../../src/checkpoint/checkpoint-store.ts';
import { thisProcess } from '../../src/checkpoint/lease.ts';
import type { MirrorParts } from '../../src/mirror/parts.ts';
import type { MirrorSettings } from '../../src/mirror/settings.ts';
import { superviseMirror } from '../../src/mirror/supervise.ts';
import { PipelineControl } from '../../src/mirror/control.ts';
import { newPipelineTelemetry, type PipelineTelemetry } from '../../src/mirror/telemetry.ts';
import { InlineRunner } from '../../src/paimon/lsm/task-runner.ts';
import { FaultyFileStore } from './faulty-file-store.ts';
import { type MirrorSite, PIPELINE } from './mirror-site.ts';
import { postgresSettings, postgresSource } from './postgres-source.ts';

/** A running mirror. */
export interface InProcessMirror {
  readonly store: FaultyFileStore;
  readonly telemetry: PipelineTelemetry;
  /** Resolves at its end, with the error that ended it or null. */
  readonly ended: Promise<unknown>;
  /** Asks it to end, and waits. */
  stop(): Promise<unknown>;
}

/** Starts mirroring the site; failures that may pass are tried again for `giveUpMs` without a commit. */
export function startInProcess(site: MirrorSite, giveUpMs: number): InProcessMirror {
  const abort = new AbortController();
  const store = new FaultyFileStore(site.store, () => null, systemClock);
  const telemetry = newPipelineTelemetry(PIPELINE, 0);
  const makeParts = (): MirrorParts => ({
    source: postgresSource(
      postgresSettings(site.database.url, {
        slot: { name: site.database.name, create: 'auto', failover: 'auto' },
        publication: { name: site.database.name, create: 'auto', viaPartitionRoot: true },
        heartbeat: { intervalMs: 500, emit: 'auto' },
      }),
    ),
    store,
    checkpoints: new CheckpointStore(store, PIPELINE),
    runner: new InlineRunner(store),
    process: thisProcess(),
    clock: systemClock,
    random: systemRandom,
    log: silentLogger,
    telemetry,
    control: new PipelineControl(),
  });
  const retry = { initialMs: 50, maxMs: 200, giveUpMs };
  const supervision = { settings: SETTINGS, retry, clock: systemClock, log: silentLogger, telemetry, makeParts };
  const ended = superviseMirror(supervision, abort.signal).then(
    () => null,
    (error: unknown) => error,
  );
  return {
    store,
    telemetry,
    ended,
    stop: () => {
      abort.abort();
      return ended;
    },
  };
}

const SETTINGS: MirrorSettings = {
  pipeline: PIPELINE,
  database: 'test',
  mapping: () => ({ database: '{schema}', table: '{table}', case: 'preserve', buckets: 'auto', options: {} }),
  commit: { intervalMs: 100, bytesMax: 1 << 27, rowsMax: 1_000_000 },
  memoryBytesMax: 1 << 28,
  heartbeatMs: 500,
  copy: { rowsMax: 50_000, bytesMax: 1 << 26, ageMaxMs: 60_000, heldBytesMax: 1 << 25, bytesPerSecondMax: null },
  snapshots: { retainMs: 3_600_000, countMin: 10 },
  compaction: 'inline',
  evolution: EVOLVES,
  onTableError: 'isolate',
  onLogLost: 'stop',
  isolateLagBytesMax: 2 ** 40,
  untilCaughtUp: false,
  acceptGap: null,
};
