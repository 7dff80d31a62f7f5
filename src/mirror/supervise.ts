// Runs a pipeline again after failures that may pass: a lost connection, a store that does not answer. Each run starts
// from the lake, so nothing is carried over.
import type { Clock } from '../base/clock.ts';
import type { ErrorCode } from '../base/error-codes.ts';
import { isTributaryError, TributaryError } from '../base/errors.ts';
import type { Logger } from '../base/log.ts';
import { mirror } from './mirror.ts';
import type { MirrorParts } from './parts.ts';
import type { MirrorSettings } from './settings.ts';
import { countError, type PipelineTelemetry } from './telemetry.ts';

/** Codes of log that is gone: thrown away by the server, not from our place on, with its slot. */
const LOG_LOST: ReadonlySet<ErrorCode> = new Set(['E2100', 'E2104', 'E2106']);

/** How failures are tried again. */
export interface RetrySettings {
  readonly initialMs: number;
  readonly maxMs: number;
  /** The error is final when nothing was committed for this long. */
  readonly giveUpMs: number;
}

/** What supervision works with. */
export interface Supervision {
  readonly settings: MirrorSettings;
  readonly retry: RetrySettings;
  readonly clock: Clock;
  readonly log: Logger;
  readonly telemetry: PipelineTelemetry;
  /** Fresh components for each run; a source cannot be opened twice. */
  makeParts(): MirrorParts;
}

/** Mirrors until the signal aborts. Throws errors that are not of kind `retry`, and those that do not pass. */
export async function superviseMirror(supervision: Supervision, signal: AbortSignal): Promise<void> {
  const { clock, log, retry, telemetry, settings } = supervision;
  let waitMs = retry.initialMs;
  let checkpoints = telemetry.checkpoints;
  let lastProgressMs = clock.monotonicMs();
  for (;;) {
    try {
      const end = await mirror(supervision.makeParts(), settings, signal);
      if (end === 'again') continue;
      telemetry.state = 'stopped';
      return;
    } catch (error) {
      // Asked to stop while it was copying: the complete tables stay, the others are copied at the next start.
      if (signal.aborted && error === signal.reason) {
        telemetry.state = 'stopped';
        return;
      }
      noteFailure(telemetry, error, clock);
      if (telemetry.checkpoints > checkpoints) {
        checkpoints = telemetry.checkpoints;
        lastProgressMs = clock.monotonicMs();
        waitMs = retry.initialMs;
      }
      const isGivenUp = signal.aborted || clock.monotonicMs() - lastProgressMs >= retry.giveUpMs;
      if (!mayPass(error, settings) || isGivenUp) {
        telemetry.state = 'failed';
        throw error;
      }
      telemetry.state = 'retrying';
      telemetry.reconnects++;
      log.error('pipeline interrupted, trying again', error, { pipeline: settings.pipeline, wait_ms: waitMs });
    }
    await clock.sleep(waitMs, signal).catch(() => {});
    waitMs = Math.min(waitMs * 2, retry.maxMs);
  }
}

/** Lost log passes where the next start copies what needs it. */
function mayPass(error: unknown, { onLogLost }: MirrorSettings): error is TributaryError {
  if (!isTributaryError(error)) return false;
  return error.kind === 'retry' || (onLogLost === 'resync' && LOG_LOST.has(error.code));
}

function noteFailure(telemetry: PipelineTelemetry, error: unknown, clock: Clock): void {
  const code = error instanceof TributaryError ? error.code : 'E9001';
  telemetry.connected = false;
  countError(telemetry, code);
  telemetry.lastErrorMs = clock.nowMs();
}
