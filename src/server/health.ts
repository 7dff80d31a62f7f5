// Whether the daemon is alive and ready, with the reasons why not.
import type { PipelineTelemetry } from '../mirror/telemetry.ts';
import { lagMs } from './status.ts';

/** The answer of a health check. */
export interface Health {
  readonly ok: boolean;
  /** Why not, one line a pipeline. */
  readonly reasons: readonly string[];
}

/** A pipeline that is behind and has committed nothing for so long has stalled. */
const STALLED_MS = 300_000;

/** Alive: no pipeline has failed, lost its source, or stalled (requirement P27). */
export function liveness(pipelines: Iterable<PipelineTelemetry>, nowMs: number): Health {
  return healthOf(pipelines, (pipeline) => {
    if (pipeline.state === 'failed' || pipeline.state === 'retrying') return pipeline.state;
    const silentMs = nowMs - (pipeline.lastCommitMs ?? nowMs);
    if (silentMs > STALLED_MS && lagMs(pipeline, nowMs) > STALLED_MS) return 'stalled';
    return null;
  });
}

/** Ready: every pipeline streams, so that what is read is complete. */
export function readiness(pipelines: Iterable<PipelineTelemetry>): Health {
  return healthOf(pipelines, ({ state }) => (state === 'streaming' ? null : state));
}

function healthOf(
  pipelines: Iterable<PipelineTelemetry>,
  fault: (pipeline: PipelineTelemetry) => string | null,
): Health {
  const reasons: string[] = [];
  for (const pipeline of pipelines) {
    const reason = fault(pipeline);
    if (reason !== null) reasons.push(`${pipeline.pipeline}: ${reason}`);
  }
  return { ok: reasons.length === 0, reasons };
}
