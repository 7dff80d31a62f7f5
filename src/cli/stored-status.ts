// The status of a pipeline as lake and source tell it, without its daemon.
import { isTributaryError } from '../base/errors.ts';
import { systemClock } from '../base/clock.ts';
import { silentLogger } from '../base/log.ts';
import { systemRandom } from '../base/random.ts';
import type { CheckpointRecord } from '../checkpoint/checkpoint-record.ts';
import { CheckpointStore } from '../checkpoint/checkpoint-store.ts';
import { type LeaseHolder, readLease } from '../checkpoint/lease.ts';
import type { LoadedConfig } from '../config/load-config.ts';
import type { LogStatus } from '../server/status.ts';
import { openStore, storeSettingsOf } from '../storage/open-store.ts';
import { configuredSource } from './open-source.ts';
import { timeText } from './output.ts';

/** A table of the newest cut, or one that was stopped or paused or is being copied. */
export interface StoredTable {
  readonly source: string;
  /** `database.table` in the lake; null for a stopped table. */
  readonly table: string | null;
  readonly state: 'in_cut' | 'stopped' | 'copying' | 'paused';
  readonly snapshot: string | null;
  readonly position: string;
}

/** The log in the source, and how much of it the lake does not hold yet. */
export interface StoredLog extends LogStatus {
  readonly log_end: string;
  readonly behind_bytes: number | null;
}

/** One pipeline. */
export interface StoredStatus {
  readonly pipeline: string;
  /** Who holds its lease; null if nobody does. */
  readonly holder: { readonly host: string; readonly pid: number; readonly renewed: string | null } | null;
  /** The newest complete checkpoint; null before the first. */
  readonly checkpoint: string | null;
  readonly durable_position: string | null;
  /** When that checkpoint was recorded. */
  readonly last_commit: string | null;
  /** Commit time in the source of the newest transaction in it. */
  readonly newest_change: string | null;
  readonly log: StoredLog | null;
  /** Why the source could not be asked. */
  readonly source_error: { readonly code: string; readonly message: string } | null;
  readonly tables: readonly StoredTable[];
}

/** Reads the status of one pipeline. Throws what the lake throws; a source that cannot be reached is in the answer. */
export async function readStoredStatus(loaded: LoadedConfig, pipeline: string): Promise<StoredStatus> {
  const store = openStore(storeSettingsOf(loaded.config.lake.warehouse));
  const record = await new CheckpointStore(store, pipeline).latest();
  const holder = await readLease(store, pipeline);
  return {
    pipeline,
    holder: holder === null ? null : holderOf(holder),
    checkpoint: record?.number.toString() ?? null,
    durable_position: record?.position ?? null,
    last_commit: timeText(record?.timeMs ?? null),
    newest_change: timeText(record?.commitTimeMs ?? null),
    ...(await askSource(loaded, pipeline, record)),
    tables: record === null ? [] : tablesOf(record),
  };
}

function holderOf({ host, pid, renewedMs }: LeaseHolder): StoredStatus['holder'] {
  return { host, pid, renewed: timeText(renewedMs) };
}

function tablesOf(record: CheckpointRecord): readonly StoredTable[] {
  const inCut = record.tables.map(({ source, table, snapshotId }) => ({
    source,
    table,
    state: 'in_cut' as const,
    snapshot: snapshotId?.toString() ?? null,
    position: record.position,
  }));
  const stopped = record.stopped.map(({ source, place }) => ({
    source,
    table: null,
    state: 'stopped' as const,
    snapshot: null,
    position: place,
  }));
  const copying = record.copying.map(({ source, table, place }) => ({
    source,
    table,
    state: 'copying' as const,
    snapshot: null,
    position: place,
  }));
  const paused = record.paused.map(({ source, table, place }) => ({
    source,
    table,
    state: 'paused' as const,
    snapshot: null,
    position: place,
  }));
  return [...inCut, ...stopped, ...copying, ...paused];
}

async function askSource(
  loaded: LoadedConfig,
  pipeline: string,
  record: CheckpointRecord | null,
): Promise<Pick<StoredStatus, 'log' | 'source_error'>> {
  const components = { clock: systemClock, random: systemRandom, logger: silentLogger };
  const source = configuredSource(loaded, pipeline).make(components);
  try {
    const health = await source.health();
    const behind = record === null ? null : source.positions.distanceBytes(record.position, health.logEnd);
    const { status, retainedBytes, safeBytes, logEnd } = health;
    return {
      log: { status, retained_bytes: retainedBytes, safe_bytes: safeBytes, log_end: logEnd, behind_bytes: behind },
      source_error: null,
    };
  } catch (error) {
    if (!isTributaryError(error)) throw error;
    return { log: null, source_error: { code: error.code, message: error.message } };
  } finally {
    await source.close();
  }
}
