// What a running pipeline tells of itself, made from its telemetry: `/api/v1/status`, `status` and the demo show it.
import type { TributaryError } from '../base/errors.ts';
import type { PipelineState, PipelineTelemetry, TableState, TableTelemetry } from '../mirror/telemetry.ts';

/** One table of a pipeline. */
export interface TableStatus {
  /** `schema.table` in the source. */
  readonly source: string;
  /** `database.table` in the lake. */
  readonly table: string;
  readonly state: TableState;
  /** The code of the error that stopped it. */
  readonly error: string | null;
  /** Row changes taken from the log since the start of this process. */
  readonly rows: { readonly insert: number; readonly update: number; readonly delete: number };
  readonly copied_rows: number;
  readonly copied_bytes: number;
  readonly copy_rows_estimate: number;
  /**
   * Until all rows are read, by what this process has copied so far and the estimate; null where that says nothing. A copy
   * in place looks for rows that are no more after that.
   */
  readonly copy_seconds_left: number | null;
  readonly snapshot: string | null;
  readonly position: string | null;
  /** See `tableFreshnessMs`. */
  readonly freshness_seconds: number;
}

/** The log that the source keeps for a pipeline. */
export interface LogStatus {
  readonly status: 'ok' | 'unreserved' | 'lost' | 'missing';
  readonly retained_bytes: number;
  readonly safe_bytes: number | null;
}

/** One pipeline. */
export interface PipelineStatus {
  readonly pipeline: string;
  readonly state: PipelineState;
  readonly connected: boolean;
  /** 0 when caught up: see `lagMs`. */
  readonly lag_seconds: number;
  readonly received_position: string | null;
  /** The newest position that a checkpoint record holds. */
  readonly durable_position: string | null;
  readonly checkpoint: string;
  readonly checkpoints: number;
  readonly transactions: number;
  readonly last_commit: string | null;
  readonly buffered_bytes: number;
  readonly buffer_limit_bytes: number;
  readonly reconnects: number;
  /** How often each error came, by its code. */
  readonly errors: Readonly<Record<string, number>>;
  readonly last_error: string | null;
  readonly log: LogStatus | null;
  readonly tables: readonly TableStatus[];
}

/** The configuration that a process follows, as it goes on. */
export interface ConfigReading {
  /** When it was read, in milliseconds since the epoch. */
  followedMs: number;
  /** Why the file as it was read last is not followed; null where it is. */
  error: TributaryError | null;
}

/** A process with its pipelines. */
export interface DaemonStatus {
  readonly version: string;
  readonly uptime_seconds: number;
  readonly memory_bytes: number;
  readonly config: {
    /** When the configuration that is followed was read. */
    readonly followed_since: string;
    /** Why the file as it was read last is not followed; null where it is. */
    readonly error: { readonly code: string; readonly message: string } | null;
  };
  readonly pipelines: readonly PipelineStatus[];
}

/** Commit time of the oldest change that was received and is not durable; null when caught up. */
function oldestPendingMs({ committingCommitTimeMs, waitingCommitTimeMs }: PipelineTelemetry): number | null {
  return committingCommitTimeMs ?? waitingCommitTimeMs;
}

/**
 * How far the lake is behind the source: now less the commit time of the oldest change that was received and is not
 * durable, only while there is one; 0 when caught up, however long ago that was; never negative (requirement P45).
 */
export function lagMs(pipeline: PipelineTelemetry, nowMs: number): number {
  const oldestMs = oldestPendingMs(pipeline);
  return oldestMs === null ? 0 : Math.max(0, nowMs - oldestMs);
}

/** The same for the readers of one table: the age of the newest change that they see, but no more than the lag. */
export function tableFreshnessMs(pipeline: PipelineTelemetry, table: TableTelemetry, nowMs: number): number {
  const lag = lagMs(pipeline, nowMs);
  return table.visibleCommitTimeMs === null ? lag : Math.min(lag, Math.max(0, nowMs - table.visibleCommitTimeMs));
}

/** The status of one pipeline at a time in milliseconds since the epoch. */
export function pipelineStatus(pipeline: PipelineTelemetry, nowMs: number): PipelineStatus {
  const { health } = pipeline;
  return {
    pipeline: pipeline.pipeline,
    state: pipeline.state,
    connected: pipeline.connected,
    lag_seconds: lagMs(pipeline, nowMs) / 1000,
    received_position: pipeline.receivedPosition,
    durable_position: pipeline.durablePosition,
    checkpoint: pipeline.checkpointNumber.toString(),
    checkpoints: pipeline.checkpoints,
    transactions: pipeline.transactions,
    last_commit: isoTime(pipeline.lastCommitMs),
    buffered_bytes: pipeline.bufferedBytes,
    buffer_limit_bytes: pipeline.bufferLimitBytes,
    reconnects: pipeline.reconnects,
    errors: Object.fromEntries(pipeline.errors),
    last_error: isoTime(pipeline.lastErrorMs),
    log:
      health === null
        ? null
        : { status: health.status, retained_bytes: health.retainedBytes, safe_bytes: health.safeBytes },
    tables: [...pipeline.tables.values()].map((table) => tableStatus(pipeline, table, nowMs)),
  };
}

function tableStatus(pipeline: PipelineTelemetry, table: TableTelemetry, nowMs: number): TableStatus {
  const [insert, , update, deleted] = table.rows;
  return {
    source: table.key,
    table: table.lakeName,
    state: table.state,
    error: table.errorCode,
    rows: { insert, update, delete: deleted },
    copied_rows: table.copiedRows,
    copied_bytes: table.copiedBytes,
    copy_rows_estimate: table.copyRowsEstimate,
    copy_seconds_left: copySecondsLeft(table, nowMs),
    snapshot: table.snapshotId?.toString() ?? null,
    position: table.place,
    freshness_seconds: tableFreshnessMs(pipeline, table, nowMs) / 1000,
  };
}

/** See `TableStatus.copy_seconds_left`. */
export function copySecondsLeft(table: TableTelemetry, nowMs: number): number | null {
  const { state, copyStart, copiedRows, copyRowsEstimate } = table;
  if (state !== 'copying' || copyStart === null) return null;
  const done = copiedRows - copyStart.rows;
  const left = copyRowsEstimate - copiedRows;
  if (done <= 0 || left <= 0 || nowMs <= copyStart.atMs) return null;
  return Math.round(((nowMs - copyStart.atMs) / 1000) * (left / done));
}

function isoTime(timeMs: number | null): string | null {
  return timeMs === null ? null : new Date(timeMs).toISOString();
}
