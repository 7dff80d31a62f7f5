// One pipeline of the daemon: what it is told by one configuration, and its run from the start to the end.
import type { Clock } from '../base/clock.ts';
import type { TributaryError } from '../base/errors.ts';
import type { Logger } from '../base/log.ts';
import type { Random } from '../base/random.ts';
import { CheckpointStore } from '../checkpoint/checkpoint-store.ts';
import { thisProcess } from '../checkpoint/lease.ts';
import type { LoadedConfig } from '../config/load-config.ts';
import { mirrorSettings, retrySettings, type RunOptions } from '../config/to-settings.ts';
import { PipelineControl } from '../mirror/control.ts';
import type { MirrorSettings } from '../mirror/settings.ts';
import { type RetrySettings, superviseMirror } from '../mirror/supervise.ts';
import type { PipelineTelemetry } from '../mirror/telemetry.ts';
import type { TaskRunner } from '../paimon/lsm/task-runner.ts';
import type { FileStore } from '../storage/file-store.ts';
import { unexpected } from './error-report.ts';
import { type ConfiguredSource, configuredSource } from './open-source.ts';

/** What a pipeline is told. */
export interface PipelinePlan {
  readonly settings: MirrorSettings;
  readonly retry: RetrySettings;
  readonly source: ConfiguredSource;
  /** Two plans with the same text do the same. It holds secrets. */
  readonly fingerprint: string;
}

/** What the pipelines of a process share. */
export interface PipelineSurroundings {
  readonly store: FileStore;
  readonly runner: TaskRunner;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  /** Ends all of them: each commits what is complete. */
  readonly signal: AbortSignal;
}

/** A pipeline that ended with an error. */
export interface PipelineFailure {
  readonly pipeline: string;
  readonly error: TributaryError;
}

/** The plan of the source of that name. Throws E1006 to E1009. */
export function pipelinePlan(loaded: LoadedConfig, name: string, run: RunOptions): PipelinePlan {
  const settings = mirrorSettings(loaded, name, run);
  const retry = retrySettings(loaded);
  const { sources, lake } = loaded.config;
  // The mapping is a function, of these two.
  const fingerprint = JSON.stringify([settings, retry, sources[name], lake]);
  return { settings, retry, source: configuredSource(loaded, name), fingerprint };
}

/** A pipeline that runs as soon as it is made. */
export class RunningPipeline {
  readonly plan: PipelinePlan;
  readonly telemetry: PipelineTelemetry;
  readonly control = new PipelineControl();
  /** Resolves when it has ended, with the failure where there is one. */
  readonly ended: Promise<PipelineFailure | null>;
  private readonly ending = new AbortController();

  constructor(plan: PipelinePlan, telemetry: PipelineTelemetry, of: PipelineSurroundings) {
    this.plan = plan;
    this.telemetry = telemetry;
    const signal = AbortSignal.any([of.signal, this.ending.signal]);
    this.ended = this.run(of, signal).then(
      () => null,
      (error: unknown) => ({ pipeline: plan.settings.pipeline, error: unexpected(error) }),
    );
  }

  /** Has it commit what is complete and end. */
  async stop(): Promise<void> {
    this.ending.abort();
    await this.ended;
  }

  private async run({ store, runner, clock, random, log }: PipelineSurroundings, signal: AbortSignal): Promise<void> {
    const { plan, telemetry, control } = this;
    const { settings, retry, source } = plan;
    const { pipeline } = settings;
    log.info('pipeline starts', { pipeline, host: source.host, database: settings.database });
    const makeParts = () => ({
      source: source.make({ clock, random, logger: log }),
      store,
      checkpoints: new CheckpointStore(store, pipeline),
      runner,
      process: thisProcess(),
      clock,
      random,
      log,
      telemetry,
      control,
    });
    await superviseMirror({ settings, retry, clock, log, telemetry, makeParts }, signal).finally(() => control.close());
    log.info('pipeline ended', {
      pipeline,
      position: telemetry.durablePosition,
      checkpoint: telemetry.checkpointNumber,
    });
  }
}
