// What a manifest says of a data file. Source: format notes 02 sections 3 and 4 (DataFileMeta, SimpleStats).

/** Serialized BinaryRow: 4-byte big-endian arity, then the row (format notes 03). */
export type BinaryRowBytes = Uint8Array;

/** Bounds and null counts of some columns, one slot a column. */
export interface SimpleStats {
  readonly minValues: BinaryRowBytes;
  readonly maxValues: BinaryRowBytes;
  readonly nullCounts: readonly (bigint | null)[] | null;
}

export const FILE_SOURCE_APPEND = 0;
export const FILE_SOURCE_COMPACT = 1;

/** Paimon's DataFileMeta, all 20 fields in stored order. */
export interface DataFileMeta {
  readonly fileName: string;
  readonly fileSize: number;
  /** Rows in the file, retracts included. */
  readonly rowCount: number;
  /** Exact keys of the first and last row: trimmed primary key; the empty row in append tables. */
  readonly minKey: BinaryRowBytes;
  readonly maxKey: BinaryRowBytes;
  readonly keyStats: SimpleStats;
  readonly valueStats: SimpleStats;
  readonly minSequenceNumber: bigint;
  readonly maxSequenceNumber: bigint;
  readonly schemaId: number;
  readonly level: number;
  readonly extraFiles: readonly string[];
  /** Local wall-clock time stored as if it were UTC (format notes 02). */
  readonly creationTimeMs: number | null;
  /** Rows of kind -U and -D; null is unknown. */
  readonly deleteRowCount: number | null;
  readonly embeddedFileIndex: Uint8Array | null;
  readonly fileSource: number | null;
  /** Names of the columns in `valueStats`; null when all columns of the file's schema. */
  readonly valueStatsCols: readonly string[] | null;
  readonly externalPath: string | null;
  readonly firstRowId: bigint | null;
  readonly writeCols: readonly string[] | null;
}
