// What a read asks for and what it gives: the vocabulary of `scan/`, the table facade and the query module.
import type { ColumnBatch } from '../../column/vector.ts';
import type { DeletionFile } from '../lsm/deletion-vector.ts';
import type { Condition } from '../format/condition.ts';
import type { BinaryRowBytes, DataFileMeta } from '../meta/data-file-meta.ts';
import type { Snapshot, SnapshotId } from '../meta/snapshot.ts';
import type { DataField } from '../schema/data-type.ts';
import type { TableSchema } from '../schema/table-schema.ts';

/** Which state of a table is meant. `timestampMs` is the last snapshot at or before that time. */
export type ReadPoint =
  | { readonly kind: 'latest' }
  | { readonly kind: 'snapshot'; readonly id: SnapshotId }
  | { readonly kind: 'timestamp'; readonly timestampMs: number }
  | { readonly kind: 'tag'; readonly name: string };

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
  /** True when the files may be read one by one as they are: no two rows of a key, no retracts, no deletion vectors. */
  readonly rawConvertible: boolean;
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
}
