// What a read asks for and what it gives: the vocabulary of `scan/`, the table facade and the query module.
import type { ColumnBatch } from '../../column/vector.ts';
import type { DeletionFile } from '../lsm/deletion-vector.ts';
import type { Condition } from '../format/condition.ts';
import type { BinaryRowBytes, DataFileMeta } from '../meta/data-file-meta.ts';
import type { Snapshot, SnapshotId } from '../meta/snapshot.ts';
import type { DataField } from '../schema/data-type.ts';
import type { SchemaStore } from '../schema/schema-store.ts';
import type { TableSchema } from '../schema/table-schema.ts';

/**
 * Which state of a table is meant. `timestamp` is the last snapshot at or before that time, `watermark` the first whose
 * watermark is that one or later, `version` a tag's name or else `watermark-` and a watermark or a snapshot's id.
 */
export type ReadPoint =
  | { readonly kind: 'latest' }
  | { readonly kind: 'snapshot'; readonly id: SnapshotId }
  | { readonly kind: 'timestamp'; readonly timestampMs: number }
  | { readonly kind: 'tag'; readonly name: string }
  | { readonly kind: 'watermark'; readonly watermark: bigint }
  | { readonly kind: 'version'; readonly version: string };

/**
 * How an incremental read finds what is between two states. `delta`: the rows of the APPEND snapshots as they were
 * written; `changelog`: the changelog files; `diff`: the rows of the later state that are not in the earlier one, told
 * by the files in which the two differ. `auto` is `diff` between tags, else what the table's changelog producer gives.
 */
export type IncrementalMode = 'auto' | 'delta' | 'changelog' | 'diff';

/** The states of an incremental read; the first one is left out. */
export type IncrementalRange =
  | { readonly kind: 'snapshots'; readonly after: bigint; readonly upTo: bigint }
  | { readonly kind: 'tags'; readonly after: string; readonly upTo: string }
  /** Milliseconds since the epoch. */
  | { readonly kind: 'timestamps'; readonly afterMs: number; readonly upToMs: number };

/** What an incremental read gives; all conditions must hold. */
export interface IncrementalOptions {
  readonly between: IncrementalRange;
  /** `auto` unless given. */
  readonly mode?: IncrementalMode;
  /** Names of the columns, in the wanted order; all of them unless given. */
  readonly columns?: readonly string[];
  readonly where?: readonly Condition[];
  /** The most rows to give. */
  readonly limit?: number;
  /** Of a `diff`: gives rows that went away, too, as -D. Default false. */
  readonly keepRetracts?: boolean;
  readonly signal?: AbortSignal;
}

/** What to read; all conditions must hold. */
export interface ReadOptions {
  /** Latest unless given. */
  readonly at?: ReadPoint;
  /** Names of the columns, in the wanted order; all of them unless given. */
  readonly columns?: readonly string[];
  readonly where?: readonly Condition[];
  /** The most rows to give. */
  readonly limit?: number;
  /** Gives every row's kind as stored, retracts included (what `$audit_log` shows); default false. */
  readonly keepRetracts?: boolean;
  /** Reads the files of the highest level only, without merging: `$ro`. Default false. */
  readonly readOptimized?: boolean;
  /**
   * Reads the state that a stream of changes goes on from: without the rows whose changes are still to come in the
   * changelog, which are those of files that a changelog producer has not compacted yet. Default false.
   */
  readonly beforeChanges?: boolean;
  readonly signal?: AbortSignal;
}

/** Rows of a table; the columns are those asked for. The receiver owns the arrays. */
export interface ReadBatch extends ColumnBatch {
  readonly fields: readonly DataField[];
  /** A row kind of `column/row-kind.ts` for each row. */
  readonly kinds: Uint8Array;
}

/** Changes of one snapshot, in order. The columns are those asked for. */
export interface SnapshotChanges extends ReadBatch {
  readonly snapshotId: SnapshotId;
}

/** Files of one bucket that are read together. */
export interface Split {
  readonly partition: BinaryRowBytes;
  readonly bucket: number;
  /** In key order of the sections they make up; for append tables in write order. */
  readonly files: readonly DataFileMeta[];
  /**
   * True when the files may be read one by one as they are: no two rows of a key, no retracts, no deletion vectors. False
   * where rows of a key have to be merged, or of a table with data evolution the columns of rows put together.
   */
  readonly rawConvertible: boolean;
  /**
   * Which kinds its rows have. `inserts`: all +I, as where rows are not merged their kinds are not looked at; `merged`:
   * those of the rows that are left of a merge; `stored`: those in the files, retracts included.
   */
  readonly kinds: 'inserts' | 'merged' | 'stored';
  /** Deletion vectors of the files, by data file name: see `lsm/deletion-vector.ts`. */
  readonly deletionFiles: ReadonlyMap<string, DeletionFile>;
}

/** What a scan found: the snapshot, the schema to read with, and the splits. `snapshot` is null for an empty table. */
export interface ScanPlan {
  readonly snapshot: Snapshot | null;
  readonly schema: TableSchema;
  /** The fields asked for, in order. */
  readonly fields: readonly DataField[];
  readonly splits: readonly Split[];
  /** What is read after the splits: the partitions that another branch has. */
  readonly next?: BranchPlan;
}

/** A plan of another branch, whose files have its schemas. */
export interface BranchPlan {
  readonly plan: ScanPlan;
  readonly schemas: SchemaStore;
}
