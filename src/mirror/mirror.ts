// The main loop: changes come from the source, go into the tables' writers, and at transaction boundaries become
// snapshots, a checkpoint record and an acknowledgement. Data goes one way; only the acknowledged position comes back.
import type { EventInbox } from './event-inbox.ts';
import type { MirrorParts } from './parts.ts';
import { Pipeline } from './pipeline.ts';
import type { MirrorSettings } from './settings.ts';

/** How a run ended: `again` where it is to be run again at once, for what operators asked of it. */
export type MirrorEnd = 'ended' | 'again';

/**
 * Mirrors one source until the signal aborts (or, with `untilCaughtUp`, until everything up to the source's position at
 * the start is committed), then commits what is complete. Whatever it throws, the lake and the source are such that
 * running it again goes on exactly once. Errors of kind `retry` may be tried again; see `supervise.ts`.
 */
export async function mirror(parts: MirrorParts, settings: MirrorSettings, signal: AbortSignal): Promise<MirrorEnd> {
  const pipeline = await Pipeline.start(parts, settings);
  try {
    await pipeline.copyWholeTables(signal);
    await pipeline.prepareCopies(signal);
    const inbox = pipeline.openLog();
    try {
      const end = await follow(pipeline, inbox, signal);
      if (end === 'ended') await pipeline.finish();
      return end;
    } finally {
      await pipeline.closeLog(inbox);
    }
  } finally {
    await pipeline.close();
  }
}

/** Takes what the log gives, until the log or the pipeline ends, or the pipeline has to start anew. */
async function follow(pipeline: Pipeline, inbox: EventInbox, signal: AbortSignal): Promise<MirrorEnd> {
  while (!pipeline.finished(signal)) {
    const event = await inbox.next(pipeline.dueInMs());
    if (event.kind === 'end') return 'ended';
    if (event.kind === 'changes') pipeline.write(event.changes, event.boundary);
    else if (event.kind === 'truncate') await pipeline.truncate(event.tables);
    else if (event.kind === 'progress') pipeline.advance(event.position);
    else if (event.kind === 'table-failed') await pipeline.tableFailed(event);
    pipeline.look();
    await pipeline.relieve();
    if (pipeline.checkpointDue()) pipeline.beginCheckpoint();
    if (await pipeline.serve()) return 'again';
  }
  return 'ended';
}
