// What a pipeline knows about itself: counters and states that the loop keeps and the HTTP server, `status` and the
// demo read. Plain values, no logic.
import type { SourcePosition } from '../change/position.ts';
import type { TableKey } from '../change/table-key.ts';
import type { LogHealth } from '../source/source.ts';

export type PipelineState = 'starting' | 'copying' | 'streaming' | 'retrying' | 'stopped' | 'failed';
export type TableState = 'copying' | 'streaming' | 'paused' | 'failed';

/** What is told of a table. */
export interface TableTelemetry {
  readonly key: TableKey;
  /** `database.table` in the lake. */
  readonly lakeName: string;
  state: TableState;
  /** The code of the error that stopped it. */
  errorCode: string | null;
  /** Rows taken from the log, by row kind (+I, -U, +U, -D). */
  readonly rows: [number, number, number, number];
  copiedRows: number;
  copiedBytes: number;
  /** When this process began to copy the table in chunks, and what was copied then; null where it did not. */
  copyStart: { readonly atMs: number; readonly rows: number } | null;
  /** The server's estimate of the rows to be copied. */
  copyRowsEstimate: number;
  truncates: number;
  missingValueBatches: number;
  snapshotId: bigint | null;
  place: SourcePosition | null;
  /** Commit time in the source of the newest change visible in the lake. */
  visibleCommitTimeMs: number | null;
  compactions: number;
  /** Bytes that compactions have written. */
  compactedBytes: number;
}

/** What is told of a pipeline. */
export interface PipelineTelemetry {
  readonly pipeline: string;
  state: PipelineState;
  connected: boolean;
  readonly tables: Map<TableKey, TableTelemetry>;
  /** Newest position received at a transaction boundary. */
  receivedPosition: SourcePosition | null;
  receivedCommitTimeMs: number | null;
  /** Newest position that a checkpoint record holds. */
  durablePosition: SourcePosition | null;
  durableCommitTimeMs: number | null;
  /** Commit time of the oldest change that was received and is in no checkpoint yet; null when there is none. */
  waitingCommitTimeMs: number | null;
  /** The same for the checkpoint under way; null while there is none. */
  committingCommitTimeMs: number | null;
  checkpointNumber: bigint;
  checkpoints: number;
  transactions: number;
  lastCommitMs: number | null;
  /** Durations of the last checkpoints, newest last; at most 1024. */
  readonly checkpointDurationsMs: number[];
  checkpointSecondsTotal: number;
  bufferedBytes: number;
  bufferLimitBytes: number;
  backPressureMs: number;
  reconnects: number;
  commitRetries: number;
  errors: Map<string, number>;
  lastErrorMs: number | null;
  /** The state of the source's log when it was last asked for; null while unknown. */
  health: LogHealth | null;
  /** Bytes of the log that no checkpoint record held then; null while unknown. */
  lagBytes: number | null;
}

/** A pipeline that has not begun. */
export function newPipelineTelemetry(pipeline: string, bufferLimitBytes: number): PipelineTelemetry {
  return {
    pipeline,
    state: 'starting',
    connected: false,
    tables: new Map(),
    receivedPosition: null,
    receivedCommitTimeMs: null,
    durablePosition: null,
    durableCommitTimeMs: null,
    waitingCommitTimeMs: null,
    committingCommitTimeMs: null,
    checkpointNumber: 0n,
    checkpoints: 0,
    transactions: 0,
    lastCommitMs: null,
    checkpointDurationsMs: [],
    checkpointSecondsTotal: 0,
    bufferedBytes: 0,
    bufferLimitBytes,
    backPressureMs: 0,
    reconnects: 0,
    commitRetries: 0,
    errors: new Map(),
    lastErrorMs: null,
    health: null,
    lagBytes: null,
  };
}

/** Counts an error by its code. */
export function countError({ errors }: PipelineTelemetry, code: string): void {
  errors.set(code, (errors.get(code) ?? 0) + 1);
}

/** The telemetry of a table, made at its first mention. */
export function tableTelemetry(pipeline: PipelineTelemetry, key: TableKey, lakeName: string): TableTelemetry {
  const known = pipeline.tables.get(key);
  if (known !== undefined) return known;
  const table: TableTelemetry = {
    key,
    lakeName,
    state: 'copying',
    errorCode: null,
    rows: [0, 0, 0, 0],
    copiedRows: 0,
    copiedBytes: 0,
    copyStart: null,
    copyRowsEstimate: 0,
    truncates: 0,
    missingValueBatches: 0,
    snapshotId: null,
    place: null,
    visibleCommitTimeMs: null,
    compactions: 0,
    compactedBytes: 0,
  };
  pipeline.tables.set(key, table);
  return table;
}
