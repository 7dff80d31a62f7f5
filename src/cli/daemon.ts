// Wires the implementations together and runs every source of a configuration as a pipeline, until told to stop or,
// with --until-caught-up, until all have caught up. `run` and the demo use it.
import { availableParallelism } from 'node:os';
import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/log.ts';
import type { Random } from '../base/random.ts';
import type { LoadedConfig } from '../config/load-config.ts';
import { type RunOptions, sourceNames } from '../config/to-settings.ts';
import type { PipelineControl } from '../mirror/control.ts';
import { newPipelineTelemetry, type PipelineTelemetry } from '../mirror/telemetry.ts';
import { createTaskRunner } from '../paimon/lsm/task-runner.ts';
import { type HttpServer, startHttpServer } from '../server/http-server.ts';
import type { ConfigReading } from '../server/status.ts';
import { openStore, storeSettingsOf } from '../storage/open-store.ts';
import { unexpected } from './error-report.ts';
import { keptOptions } from './kept-options.ts';
import {
  type PipelineFailure,
  type PipelinePlan,
  pipelinePlan,
  type PipelineSurroundings,
  RunningPipeline,
} from './running-pipeline.ts';
import { VERSION } from './version.ts';

/** What a daemon is made of. */
export interface DaemonParts {
  readonly loaded: LoadedConfig;
  readonly run: RunOptions;
  readonly log: Logger;
  readonly clock: Clock;
  readonly random: Random;
}

/** A running daemon. */
export interface Daemon {
  /** One a source, in the order in which they came. */
  readonly pipelines: readonly PipelineTelemetry[];
  /** Null where `http.listen` is null. */
  readonly http: HttpServer | null;
  /**
   * Reads the configuration again and follows it: pipelines that it adds are started, those that it takes away end, those
   * of which it changes anything end and start with it, and the others do not notice. A configuration that cannot be
   * read or followed is told and changes nothing. Never rejects.
   */
  reload(read: () => Promise<LoadedConfig>): Promise<void>;
  /** Resolves when all pipelines have ended and everything is closed; with the failures, first one first. Never rejects. */
  readonly done: Promise<readonly PipelineFailure[]>;
}

const THREADS_MAX = 4;

/**
 * Starts everything. Throws what the configuration (E1006 to E1009), the warehouse's address (E3005) and the HTTP server
 * (E6003, E6004) throw; what happens to a pipeline afterwards is in `done`. When the signal aborts, every pipeline
 * commits what is complete and ends.
 */
export async function startDaemon(parts: DaemonParts, signal: AbortSignal): Promise<Daemon> {
  const { loaded, run, log, clock, random } = parts;
  const { config } = loaded;
  const plans = plansOf(loaded, run);
  const store = openStore(storeSettingsOf(config.lake.warehouse));
  const pipelines: PipelineTelemetry[] = [];
  const controls = new Map<string, PipelineControl>();
  const reading: ConfigReading = { followedMs: clock.nowMs(), error: null };
  const { listen } = config.http;
  const http =
    listen === null
      ? null
      : await startHttpServer(listen, { pipelines, controls, config: reading, version: VERSION, clock, log });
  if (http !== null) log.info('listening', { url: http.url });
  const runner = createTaskRunner(store, threadCount(config.limits.workers));
  const surroundings = { store, runner, clock, random, log, signal };
  const running = new RunningPipelines({ surroundings, pipelines, controls }, plans);
  const runAndClose = async (): Promise<readonly PipelineFailure[]> => {
    const failures = await running.ended;
    await runner.close();
    await http?.close();
    return failures;
  };
  const reload = async (read: () => Promise<LoadedConfig>): Promise<void> => {
    try {
      const { loaded: followed, changed } = keptOptions(loaded, await read());
      if (changed.length > 0) log.warn('options need a new start of the daemon', { options: changed.join(' ') });
      await running.follow(plansOf(followed, run));
      reading.followedMs = clock.nowMs();
      reading.error = null;
    } catch (error) {
      reading.error = unexpected(error);
      log.error('configuration is not followed, the daemon goes on as before', reading.error);
    }
  };
  return { pipelines, http, reload, done: runAndClose() };
}

function plansOf(loaded: LoadedConfig, run: RunOptions): readonly PipelinePlan[] {
  return sourceNames(loaded).map((name) => pipelinePlan(loaded, name, run));
}

function threadCount(workers: 'auto' | number): number {
  return workers === 'auto' ? Math.max(1, Math.min(THREADS_MAX, availableParallelism() - 1)) : workers;
}

/** The pipelines of a process: independent, so that the others go on when one fails. */
class RunningPipelines {
  /** Resolves when the last one has ended, with the failures of those that were not started again. */
  readonly ended: Promise<readonly PipelineFailure[]>;
  private readonly surroundings: PipelineSurroundings;
  /** What the HTTP server shows; kept up to date here. */
  private readonly pipelines: PipelineTelemetry[];
  private readonly controls: Map<string, PipelineControl>;
  private readonly running = new Map<string, RunningPipeline>();
  private readonly failures = new Map<string, PipelineFailure>();
  private readonly end = Promise.withResolvers<readonly PipelineFailure[]>();
  private following: Promise<void> = Promise.resolve();
  private followers = 0;

  constructor(
    of: {
      readonly surroundings: PipelineSurroundings;
      readonly pipelines: PipelineTelemetry[];
      readonly controls: Map<string, PipelineControl>;
    },
    plans: readonly PipelinePlan[],
  ) {
    this.surroundings = of.surroundings;
    this.pipelines = of.pipelines;
    this.controls = of.controls;
    this.ended = this.end.promise;
    for (const plan of plans) this.start(plan);
  }

  /** Brings what runs in line with the plans, one call after the other. */
  async follow(plans: readonly PipelinePlan[]): Promise<void> {
    this.followers++;
    this.following = this.following.then(() => this.change(plans));
    await this.following.finally(() => this.followers--);
    this.endIfNoneRuns();
  }

  private async change(plans: readonly PipelinePlan[]): Promise<void> {
    const { log, signal } = this.surroundings;
    if (signal.aborted) return;
    const names = new Set(plans.map(({ settings }) => settings.pipeline));
    const removed = [...this.pipelines].filter(({ pipeline }) => !names.has(pipeline));
    const changed = plans.filter(
      (plan) => this.running.get(plan.settings.pipeline)?.plan.fingerprint !== plan.fingerprint,
    );
    await Promise.all(removed.map(({ pipeline }) => this.remove(pipeline)));
    await Promise.all(changed.map(async ({ settings }) => this.running.get(settings.pipeline)?.stop()));
    for (const plan of changed) this.start(plan);
    log.info('configuration is followed', {
      removed: removed.map(({ pipeline }) => pipeline).join(' '),
      started: changed.map(({ settings }) => settings.pipeline).join(' '),
    });
  }

  private async remove(name: string): Promise<void> {
    await this.running.get(name)?.stop();
    this.failures.delete(name);
    this.controls.delete(name);
    this.pipelines.splice(0, this.pipelines.length, ...this.pipelines.filter(({ pipeline }) => pipeline !== name));
  }

  /** Counters of a pipeline that ran before go on. */
  private start(plan: PipelinePlan): void {
    const { pipeline: name, memoryBytesMax } = plan.settings;
    const known = this.pipelines.find(({ pipeline }) => pipeline === name);
    const telemetry = known ?? newPipelineTelemetry(name, memoryBytesMax);
    telemetry.bufferLimitBytes = memoryBytesMax;
    if (known === undefined) this.pipelines.push(telemetry);
    const pipeline = new RunningPipeline(plan, telemetry, this.surroundings);
    this.failures.delete(name);
    this.running.set(name, pipeline);
    this.controls.set(name, pipeline.control);
    pipeline.ended.then(
      (failure) => this.hasEnded(pipeline, failure),
      (error: unknown) => this.end.reject(error),
    );
  }

  private hasEnded(pipeline: RunningPipeline, failure: PipelineFailure | null): void {
    const { pipeline: name } = pipeline.plan.settings;
    this.running.delete(name);
    if (failure !== null) {
      this.failures.set(name, failure);
      if (this.running.size > 0)
        this.surroundings.log.error('pipeline ended, the others go on', failure.error, { pipeline: name });
    }
    this.endIfNoneRuns();
  }

  private endIfNoneRuns(): void {
    if (this.running.size === 0 && this.followers === 0) this.end.resolve([...this.failures.values()]);
  }
}
