// Wires the implementations together and runs every source of a configuration as a pipeline, until told to stop or,
// with --until-caught-up, until all have caught up. `run` and the demo use it.
import { availableParallelism } from 'node:os';
import type { Clock } from '../base/clock.ts';
import type { TributaryError } from '../base/errors.ts';
import type { Logger } from '../base/log.ts';
import type { Random } from '../base/random.ts';
import { CheckpointStore } from '../checkpoint/checkpoint-store.ts';
import { thisProcess } from '../checkpoint/lease.ts';
import type { LoadedConfig } from '../config/load-config.ts';
import { mirrorSettings, retrySettings, type RunOptions, sourceNames } from '../config/to-settings.ts';
import { PipelineControl } from '../mirror/control.ts';
import type { MirrorSettings } from '../mirror/settings.ts';
import { superviseMirror } from '../mirror/supervise.ts';
import { newPipelineTelemetry, type PipelineTelemetry } from '../mirror/telemetry.ts';
import { createTaskRunner, type TaskRunner } from '../paimon/lsm/task-runner.ts';
import { type HttpServer, startHttpServer } from '../server/http-server.ts';
import type { FileStore } from '../storage/file-store.ts';
import { openStore, storeSettingsOf } from '../storage/open-store.ts';
import { unexpected } from './error-report.ts';
import { type ConfiguredSource, configuredSource } from './open-source.ts';
import { VERSION } from './version.ts';

/** What a daemon is made of. */
export interface DaemonParts {
  readonly loaded: LoadedConfig;
  readonly run: RunOptions;
  readonly log: Logger;
  readonly clock: Clock;
  readonly random: Random;
}

/** A pipeline that ended with an error. */
export interface PipelineFailure {
  readonly pipeline: string;
  readonly error: TributaryError;
}

/** A running daemon. */
export interface Daemon {
  /** One a source, in the order of the file. */
  readonly pipelines: readonly PipelineTelemetry[];
  /** Null where `http.listen` is null. */
  readonly http: HttpServer | null;
  /** Resolves when all pipelines have ended and everything is closed; with the failures, first one first. Never rejects. */
  readonly done: Promise<readonly PipelineFailure[]>;
}

/** One pipeline and what it works with. */
interface Pipeline {
  readonly settings: MirrorSettings;
  readonly source: ConfiguredSource;
  readonly telemetry: PipelineTelemetry;
  readonly control: PipelineControl;
}

const THREADS_MAX = 4;

/**
 * Starts everything. Throws what the configuration (E1006 to E1009), the warehouse's address (E3005) and the HTTP server
 * (E6003, E6004) throw; what happens to a pipeline afterwards is in `done`. When the signal aborts, every pipeline
 * commits what is complete and ends.
 */
export async function startDaemon(parts: DaemonParts, signal: AbortSignal): Promise<Daemon> {
  const { loaded, log, clock } = parts;
  const { config } = loaded;
  const pipelines = sourceNames(loaded).map((name) => openPipeline(parts, name));
  const store = openStore(storeSettingsOf(config.lake.warehouse));
  const telemetry = pipelines.map((pipeline) => pipeline.telemetry);
  const controls = new Map(pipelines.map(({ settings, control }) => [settings.pipeline, control]));
  const { listen } = config.http;
  const shown = { pipelines: telemetry, controls, version: VERSION, clock, log };
  const http = listen === null ? null : await startHttpServer(listen, shown);
  if (http !== null) log.info('listening', { url: http.url });
  const runner = createTaskRunner(store, threadCount(config.limits.workers));
  const close = async (): Promise<void> => {
    await runner.close();
    await http?.close();
  };
  const runAndClose = async (): Promise<readonly PipelineFailure[]> => {
    const failures = await runAll(pipelines, { parts, store, runner, signal });
    await close();
    return failures;
  };
  return { pipelines: telemetry, http, done: runAndClose() };
}

function openPipeline({ loaded, run }: DaemonParts, name: string): Pipeline {
  const settings = mirrorSettings(loaded, name, run);
  const telemetry = newPipelineTelemetry(name, settings.memoryBytesMax);
  return { settings, source: configuredSource(loaded, name), telemetry, control: new PipelineControl() };
}

function threadCount(workers: 'auto' | number): number {
  return workers === 'auto' ? Math.max(1, Math.min(THREADS_MAX, availableParallelism() - 1)) : workers;
}

interface Surroundings {
  readonly parts: DaemonParts;
  readonly store: FileStore;
  readonly runner: TaskRunner;
  readonly signal: AbortSignal;
}

/** Pipelines are independent: the others go on when one fails, and the process ends when the last one has. */
async function runAll(pipelines: readonly Pipeline[], around: Surroundings): Promise<readonly PipelineFailure[]> {
  const failures: PipelineFailure[] = [];
  await Promise.all(
    pipelines.map((pipeline) =>
      runPipeline(pipeline, around).catch((error: unknown) => {
        const failure = { pipeline: pipeline.settings.pipeline, error: unexpected(error) };
        failures.push(failure);
        if (pipelines.length > 1)
          around.parts.log.error('pipeline ended, the others go on', failure.error, { pipeline: failure.pipeline });
      }),
    ),
  );
  return failures;
}

async function runPipeline(pipeline: Pipeline, { parts, store, runner, signal }: Surroundings): Promise<void> {
  const { loaded, log, clock, random } = parts;
  const { settings, telemetry, control } = pipeline;
  log.info('pipeline starts', { pipeline: settings.pipeline, host: pipeline.source.host, database: settings.database });
  const makeParts = () => {
    const source = pipeline.source.make({ clock, random, logger: log });
    const checkpoints = new CheckpointStore(store, settings.pipeline);
    return { source, store, checkpoints, runner, process: thisProcess(), clock, random, log, telemetry, control };
  };
  const supervision = { settings, retry: retrySettings(loaded), clock, log, telemetry, makeParts };
  await superviseMirror(supervision, signal).finally(() => control.close());
  log.info('pipeline ended', {
    pipeline: settings.pipeline,
    position: telemetry.durablePosition,
    checkpoint: telemetry.checkpointNumber,
  });
}
