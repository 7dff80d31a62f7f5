// The main loop: changes come from the source, go into the tables' writers, and at transaction boundaries become
// snapshots, a checkpoint record and an acknowledgement. Data goes one way; only the acknowledged position comes back.
import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/log.ts';
import type { Random } from '../base/random.ts';
import type { CheckpointStore } from '../checkpoint/checkpoint-store.ts';
import type { HostProcess } from '../checkpoint/lease.ts';
import type { TaskRunner } from '../paimon/lsm/task-runner.ts';
import type { ChangeSource } from '../source/source.ts';
import type { FileStore } from '../storage/file-store.ts';
import { EventInbox } from './event-inbox.ts';
import { Pipeline } from './pipeline.ts';
import type { MirrorSettings } from './settings.ts';
import type { PipelineTelemetry } from './telemetry.ts';

/** The components a pipeline is made of; all of them can be swapped in tests. */
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
}

/**
 * Mirrors one source until the signal aborts (or, with `untilCaughtUp`, until everything up to the source's position at
 * the start is committed), then commits what is complete. Whatever it throws, the lake and the source are such that
 * running it again goes on exactly once. Errors of kind `retry` may be tried again; see `supervise.ts`.
 */
export async function mirror(parts: MirrorParts, settings: MirrorSettings, signal: AbortSignal): Promise<void> {
  const pipeline = await Pipeline.start(parts, settings);
  try {
    await pipeline.copyNewTables(signal);
    const inbox = new EventInbox(pipeline.openLog(), parts.clock);
    while (!pipeline.finished(signal)) {
      const event = await inbox.next(pipeline.dueInMs(), pipeline.failure);
      if (event.kind === 'end') break;
      if (event.kind === 'changes') pipeline.write(event.changes, event.boundary);
      else if (event.kind === 'truncate') await pipeline.truncate(event.tables);
      else if (event.kind === 'progress') pipeline.advance(event.position);
      else if (event.kind === 'table-failed') await pipeline.isolate(event.table, event.error);
      await pipeline.relieve();
      if (pipeline.checkpointDue()) pipeline.beginCheckpoint();
    }
    await inbox.close();
    await pipeline.finish();
  } finally {
    await pipeline.close();
  }
}
