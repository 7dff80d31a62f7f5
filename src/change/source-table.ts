// A table as its source describes it.
import type { TributaryError } from '../base/errors.ts';
import type { TableKey } from './table-key.ts';
import type { ValueType } from './value-type.ts';

/** A column of a source table. */
export interface SourceColumn {
  readonly name: string;
  /** The column's identity within the table across renames (PostgreSQL: attnum); null where only its name is (MySQL). */
  readonly id: number | null;
  /** The type as the server prints it, e.g. `numeric(10,2)`, for messages. */
  readonly nativeType: string;
  readonly type: ValueType;
  /** Whether the source allows NULL. */
  readonly nullable: boolean;
}

/** A table to be mirrored: its columns in the order of the change batches, and its key. */
export interface SourceTable {
  readonly key: TableKey;
  readonly schema: string;
  readonly name: string;
  readonly columns: readonly SourceColumn[];
  /** Indexes into `columns` of the key columns, in key order; never empty. */
  readonly keyColumns: readonly number[];
  /** The server's estimate of rows; for choosing the number of buckets. */
  readonly rowCountEstimate: number;
  /** Of a table that is merged of several: for each its key and the values of the columns that tell it apart. */
  readonly shards?: readonly (readonly string[])[];
  /** Why the table cannot be followed as it is now. */
  readonly refusal?: TributaryError;
}
