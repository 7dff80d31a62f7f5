// What the mirror is told by the configuration.
import type { TableKey } from '../change/table-key.ts';
import type { EvolutionPolicy } from '../mapping/evolve.ts';
import type { TableMapping } from '../mapping/lake-table.ts';

/** How tables are copied in chunks. */
export interface CopySettings {
  /** The most rows of a chunk, and about the most bytes. */
  readonly rowsMax: number;
  readonly bytesMax: number;
  /** A chunk whose transaction gets older is given up, and a smaller one read. */
  readonly ageMaxMs: number;
  /** The same from so many bytes of changes on that wait for it. */
  readonly heldBytesMax: number;
  /** How much is read at most; null for no limit. */
  readonly bytesPerSecondMax: number | null;
}

/** Settings of one pipeline. Durations in milliseconds, sizes in bytes. */
export interface MirrorSettings {
  /** The pipeline's name: the source's name in the configuration, and the `commitUser` of its commits. */
  readonly pipeline: string;
  /** The source database's name, for templates. */
  readonly database: string;
  /** How the table is mapped. */
  mapping(table: TableKey): TableMapping;
  readonly commit: { readonly intervalMs: number; readonly bytesMax: number; readonly rowsMax: number };
  /** The budget of all buffers of this pipeline. */
  readonly memoryBytesMax: number;
  /** How often an idle log is recorded and acknowledged. */
  readonly heartbeatMs: number;
  readonly copy: CopySettings;
  readonly snapshots: { readonly retainMs: number; readonly countMin: number };
  readonly compaction: 'inline' | 'off';
  /** What is done when the columns of a source table change. */
  readonly evolution: EvolutionPolicy;
  /** Isolate a failed table and go on, or stop the pipeline. */
  readonly onTableError: 'isolate' | 'stop';
  /** Where the source has thrown away log that is needed: end with the error, or copy every table of it anew, in place. */
  readonly onLogLost: 'stop' | 'resync';
  /** Bytes of log that an isolated table may hold back before the pipeline stops. */
  readonly isolateLagBytesMax: number;
  /** End when everything up to the source's position at the start is committed. */
  readonly untilCaughtUp: boolean;
  /** The operator accepts that the log between these positions is gone (`--accept-gap`). */
  readonly acceptGap: { readonly from: string; readonly to: string } | null;
}
