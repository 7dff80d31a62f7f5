// The first copy: existing rows of new tables into the lake, table by table, each one snapshot at the copy's position.
import type { Logger } from '../base/log.ts';
import type { InitialCopy } from '../source/source.ts';
import type { BackPressure } from './back-pressure.ts';
import type { Checkpoints } from './checkpoints.ts';
import type { MirroredTable } from './mirrored-table.ts';

/** What a copy works with. */
export interface CopyParts {
  readonly copy: InitialCopy;
  readonly tables: readonly MirroredTable[];
  readonly checkpoints: Checkpoints;
  readonly pressure: BackPressure;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

/**
 * Copies the tables and commits each as it is complete: a copy that is killed keeps the complete ones and starts the
 * others again. Throws the signal's reason when it aborts.
 */
export async function copyTables(parts: CopyParts): Promise<void> {
  for (const table of parts.tables) {
    table.telemetry.copyRowsEstimate = table.source.rowCountEstimate;
    for await (const batch of parts.copy.rows(table.source.key, parts.signal)) {
      parts.signal.throwIfAborted();
      table.write(batch);
      await parts.pressure.relieve();
    }
    await parts.checkpoints.publishCopy(table, parts.copy.position);
    parts.log.info('table copied', { table: table.source.key, rows: table.telemetry.copiedRows });
  }
}
