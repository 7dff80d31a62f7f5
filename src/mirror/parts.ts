// The components a pipeline is made of; all of them can be swapped in tests.
import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/log.ts';
import type { Random } from '../base/random.ts';
import type { CheckpointStore } from '../checkpoint/checkpoint-store.ts';
import type { HostProcess } from '../checkpoint/lease.ts';
import type { TaskRunner } from '../paimon/lsm/task-runner.ts';
import type { ChangeSource } from '../source/source.ts';
import type { FileStore } from '../storage/file-store.ts';
import type { PipelineControl } from './control.ts';
import type { PipelineTelemetry } from './telemetry.ts';

/** What `mirror` works with. The source is opened and closed by it; the others belong to the caller. */
export interface MirrorParts {
  readonly source: ChangeSource;
  readonly store: FileStore;
  readonly checkpoints: CheckpointStore;
  readonly runner: TaskRunner;
  /** Who we are, for the lease. */
  readonly process: HostProcess;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly telemetry: PipelineTelemetry;
  /** What operators ask of the pipeline. */
  readonly control: PipelineControl;
}
