// A database's log and rows, as the mirror sees them. Both sources and the scripted one of the tests implement this
// interface and pass test/support/change-source-contract.ts.
import type { TributaryError } from '../base/errors.ts';
import type { ChangeBatch } from '../change/change-batch.ts';
import type { PositionOrder, SourceIdentity, SourcePosition } from '../change/position.ts';
import type { SourceTable } from '../change/source-table.ts';
import type { RowKey } from '../change/row-key.ts';
import type { TableKey } from '../change/table-key.ts';

/** A transaction boundary: all changes of all transactions up to `position` have been given. */
export interface Boundary {
  readonly position: SourcePosition;
  /** Commit time in the source of the newest transaction up to here, in milliseconds since the epoch. */
  readonly commitTimeMs: number;
  /** Transactions that ended since the boundary before. */
  readonly transactionCount: number;
}

/** What a log gives, in log order. */
export type SourceEvent =
  /**
   * Changes, at most one batch a table (a shard of one that is merged); several transactions may be in one event, and a transaction larger than one
   * event has `boundary` null until its last. Tables whose place includes a transaction get nothing of it.
   */
  | { readonly kind: 'changes'; readonly changes: readonly ChangeBatch[]; readonly boundary: Boundary | null }
  /** TRUNCATE of tables, within a transaction: after all changes given so far, before all that follow. */
  | { readonly kind: 'truncate'; readonly tables: readonly TableKey[] }
  /** The log went on to `position` without anything for us, and no transaction is open. */
  | { readonly kind: 'progress'; readonly position: SourcePosition }
  /**
   * The table cannot be followed any more; no further changes of it are given. What it got since the last boundary is to be
   * dropped. `altered` says that another run may follow it: `columns` are others from here on, which a source that is opened
   * anew may know, or `rows` may be others without the log having them, so that it has to be copied anew.
   */
  | {
      readonly kind: 'table-failed';
      readonly table: TableKey;
      readonly error: TributaryError;
      readonly altered?: 'columns' | 'rows';
    };

/** What is known after connecting. */
export interface SourceDescription {
  readonly identity: SourceIdentity;
  /** The tables that match the configuration and can be mirrored, by key. */
  readonly tables: readonly SourceTable[];
  /** The place up to which the source may already have thrown its log away for us; null if no log is kept yet. */
  readonly logStart: SourcePosition | null;
  /** The source's current end of log. */
  readonly logEnd: SourcePosition;
  readonly incarnations: Incarnations;
}

/**
 * A text for each table that changes whenever the log may lack changes of it: the table was made anew, or was not in
 * the log for a while. Recorded with the table's place, and compared at the next start.
 */
export type Incarnations = ReadonlyMap<TableKey, string>;

/** A consistent copy of existing rows at one position of the log. */
export interface InitialCopy {
  /** The copy holds exactly the transactions that this position includes. */
  readonly position: SourcePosition;
  /** As in the description, with what the copy has created in the source. */
  readonly identity: SourceIdentity;
  readonly incarnations: Incarnations;
  /** All rows of the table as +I, in batches. One table after the other; the next batch is read only when asked for. */
  rows(table: TableKey, signal: AbortSignal): AsyncIterable<ChangeBatch>;
  /** Ends the snapshot in the source. */
  close(): Promise<void>;
}

/** Which rows of a table a chunk has. */
export type ChunkRange =
  /** The next `rowsMax` or so in the server's order of the key, after a bound that a chunk before gave; null: from the first. */
  | { readonly kind: 'after'; readonly bound: string | null; readonly rowsMax: number }
  /** Those that are there of these keys; a few thousand at most. */
  | { readonly kind: 'keys'; readonly keys: readonly RowKey[] };

/** Some rows of one table as one short transaction sees them: it holds no lock that others wait for longer than that. */
export interface CopyChunk {
  /** The rows show nothing that the log does not have up to here. */
  readonly position: SourcePosition;
  /** Where the next chunk begins; null where this one goes to the end of the table. */
  readonly next: string | null;
  /** The rows as +I, in batches; the next batch is read only when asked for. */
  rows(): AsyncIterable<ChangeBatch>;
  /** Ends the transaction, wherever its reading stands. Never throws. */
  close(): Promise<void>;
}

/** The log from which tables that are copied in chunks are followed. */
export interface LogStart {
  /** Where the log of new tables begins; null where that is where the log was there from. */
  readonly position: SourcePosition | null;
  /** As in the description, with what was created in the source. */
  readonly identity: SourceIdentity;
  readonly incarnations: Incarnations;
}

/** Copies of tables in chunks, while their log is read (docs/design/0003-first-copies.md). */
export interface ChunkedCopies {
  /** Whether the table's rows can be read in the order of its key, a part at a time. */
  supports(table: TableKey): boolean;
  /** Creates what the log of the tables needs where it is absent. Called once, between `open` and `stream`. */
  prepareLog(tables: readonly TableKey[], signal: AbortSignal): Promise<LogStart>;
  /**
   * Opens a chunk that shows every transaction of which the stream had given anything when this was called; null where
   * that cannot be had yet: the log may have what is not visible so far. One chunk at a time.
   */
  openChunk(table: TableKey, range: ChunkRange, signal: AbortSignal): Promise<CopyChunk | null>;
  /** No chunk is read any more. Never throws. */
  close(): Promise<void>;
}

/** Names that columns may have in the log up to a place, and have not in the tables as they were described. */
export interface FormerColumns {
  readonly upTo: SourcePosition;
  /** For each such name the one that the column has now; null for a column that was dropped. */
  readonly names: ReadonlyMap<TableKey, ReadonlyMap<string, string | null>>;
}

/** Where and how to read the log. */
export interface StreamOptions {
  readonly from: SourcePosition;
  /** The place of each table to be followed: its changes up to there are dropped. */
  readonly places: ReadonlyMap<TableKey, SourcePosition>;
  /** Tables that want before-images where the log has them. */
  readonly beforeImages: ReadonlySet<TableKey>;
  /** Columns that were renamed or dropped, which the log may still have. None unless given. */
  readonly formerColumns?: FormerColumns;
  readonly signal: AbortSignal;
}

/** Health of the log kept for us in the source. */
export interface LogHealth {
  /** PostgreSQL `wal_status`: reserved and extended are `ok`. */
  readonly status: 'ok' | 'unreserved' | 'lost' | 'missing';
  readonly logEnd: SourcePosition;
  /** Bytes of log that the source keeps for us. */
  readonly retainedBytes: number;
  /** Bytes that may still be written before the log is given up; null if unlimited. */
  readonly safeBytes: number | null;
}

/**
 * A source. Call order: `open`, then `beginCopy`, `prepareLog` or `stream`, then `close`. Errors of kind `source` and
 * `config` say what to do; connection losses are of kind `retry`.
 */
export interface ChangeSource {
  readonly positions: PositionOrder;
  /** Connects, checks what must hold before anything is created, and describes the tables. Changes nothing. */
  open(): Promise<SourceDescription>;
  /**
   * Begins a consistent copy for the tables. Creates what the log needs first (PostgreSQL: publication, slot) where it
   * is absent. If the log was absent, the copy's position is where it begins. Waits for transactions that are running in
   * the source; throws the signal's reason when it aborts, and leaves nothing half made.
   */
  beginCopy(tables: readonly TableKey[], signal: AbortSignal): Promise<InitialCopy>;
  /** Absent where there are only whole copies. */
  readonly chunks?: ChunkedCopies;
  /** Reads the log; ends when the signal aborts. Reading pauses while the consumer does not ask for the next event. */
  stream(options: StreamOptions): AsyncIterable<SourceEvent>;
  /**
   * Everything up to the position is durable: the source may forget it. Keepalives carry this position and nothing
   * later, from a timer of the source's own.
   */
  acknowledge(position: SourcePosition): void;
  health(): Promise<LogHealth>;
  /** Closes all connections; the log stays. */
  close(): Promise<void>;
}
