// The first copy: existing rows of new tables into the lake, table by table, each one snapshot at the copy's position.
import { isTributaryError, type TributaryError } from '../base/errors.ts';
import type { Logger } from '../base/log.ts';
import type { Lease } from '../checkpoint/lease.ts';
import type { InitialCopy } from '../source/source.ts';
import type { BackPressure } from './back-pressure.ts';
import type { Checkpoints } from './checkpoints.ts';
import type { Failure } from './failure.ts';
import type { MirroredTable } from './mirrored-table.ts';

/** What a copy works with. */
export interface CopyParts {
  readonly copy: InitialCopy;
  readonly tables: readonly MirroredTable[];
  readonly checkpoints: Checkpoints;
  readonly pressure: BackPressure;
  readonly lease: Lease;
  readonly failure: Failure;
  /** Stops following a table whose rows cannot be represented; throws where the configuration says that this stops all. */
  unwritable(table: MirroredTable, error: TributaryError): Promise<void>;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

/**
 * Copies the tables and commits each as it is complete: a copy that is killed keeps the complete ones and starts the
 * others again. Gives the tables that another copy has to take: the server ends this one with a table that fails.
 * Throws the signal's reason when it aborts.
 */
export async function copyTables(parts: CopyParts): Promise<readonly MirroredTable[]> {
  for (const [index, table] of parts.tables.entries()) {
    try {
      await copyTable(parts, table);
    } catch (error) {
      if (!isTributaryError(error) || error.kind !== 'data') throw error;
      await parts.unwritable(table, error);
      return parts.tables.slice(index + 1);
    }
    parts.log.info('table copied', { table: table.source.key, rows: table.telemetry.copiedRows });
  }
  return [];
}

async function copyTable(parts: CopyParts, table: MirroredTable): Promise<void> {
  table.telemetry.copyRowsEstimate = table.source.rowCountEstimate;
  // What the lake has of it is of another time; the copy takes its place in one snapshot.
  if (table.snapshotId !== null) await table.truncate();
  for await (const batch of parts.copy.rows(table.source.key, parts.signal)) {
    parts.signal.throwIfAborted();
    parts.failure.throwIfFailed();
    table.writeCopied(batch);
    await parts.pressure.relieve();
  }
  await table.flush();
  // Whoever takes the lease over removes files of a copy that no snapshot names.
  await parts.lease.renew();
  parts.failure.throwIfFailed();
  await parts.checkpoints.publishCopy(table, parts.copy.position);
}
