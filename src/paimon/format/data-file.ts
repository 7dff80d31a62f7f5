// What data files of every format have in common for those who read and write them: parts that are read on their own,
// rows in batches, statistics where a format keeps some. `data-file-formats.ts` chooses the format.
import type { ColumnBatch, Vector } from '../../column/vector.ts';
import type { DataField } from '../schema/data-type.ts';
import type { PlainCondition } from './condition.ts';
import type { ColumnBounds } from './parquet/column-bounds.ts';
import type { RowRanges } from './row-ranges.ts';

/** Bytes of a file by range. */
export interface RangeSource {
  /** Named in errors. */
  readonly name: string;
  readonly sizeBytes: number;
  /** Exactly `sizeBytes` bytes from `offset`, or fewer where the file ends. They are not changed. */
  readRange(offset: number, sizeBytes: number): Promise<Uint8Array>;
  /** Nobody else has the bytes: they may be freed after use. */
  readonly givesOwnBytes?: boolean;
  /** How many files are read at the same time, this one with them; 1 unless given. They share the memory for fetched bytes. */
  readonly filesOpen?: number;
}

/** A column to read: its name in the file and the type that the file's schema gives it. */
export type WantedColumn = Pick<DataField, 'name' | 'type'>;

/** What a file says of a column in one row group. */
export interface RowGroupColumnStatistics {
  readonly nullCount: number | null;
  /** In the form of the type's vector; null where the file has none to rely on. */
  readonly bounds: ColumnBounds | null;
}

/** Conditions on columns of a file, all of which must hold. */
export interface FileConditions {
  /** By the names that the columns have in the file. */
  readonly where: readonly PlainCondition[];
  /** The columns that the conditions name, at least. */
  readonly columns: readonly WantedColumn[];
}

/** Rows of a row group that follow each other. */
export interface RowGroupBatch extends ColumnBatch {
  /** The number of the first of them in the row group. */
  readonly firstRow: number;
}

/** Reads the rows of one row group in order. */
export interface RowGroupReader {
  /** The next rows, at most `rowsMax`, the columns in the order asked for; null at the end. One call at a time. */
  next(rowsMax: number): Promise<RowGroupBatch | null>;
}

/** Reads single rows of one row group, forwards. */
export interface RowPicker {
  /**
   * The rows of these numbers in the row group, the columns in the order asked for: ascending, and behind those that were
   * picked before. One call at a time.
   */
  pick(rows: Uint32Array): Promise<readonly Vector[]>;
}

/**
 * An open file: plain metadata, no resource to release. Row groups are parts that can be read on their own; a format
 * without them has one. Errors name the file and what is at fault: `E3200` damaged, `E3201` a feature that is not read,
 * `E3202` a column that is absent or of another type, `E3203` a value that the wanted type cannot hold.
 */
export interface DataFile {
  readonly rowCount: number;
  readonly rowGroups: readonly { readonly rowCount: number }[];
  /** Opens a row group. Rows that are not in `rows` are left out as far as the format can leave them unread. */
  openRowGroup(index: number, columns: readonly WantedColumn[], rows?: RowRanges): RowGroupReader;
  /**
   * Opens a row group for picking rows, all of them in `rows`, as `openRowGroup`. Absent in formats where leaving rows out
   * saves nothing.
   */
  openRowPicker?(index: number, columns: readonly WantedColumn[], rows?: RowRanges): RowPicker;
  /** The rows of a row group that may meet conditions, by what the file says of them. */
  rowsThatMayMeet(index: number, conditions: FileConditions): Promise<RowRanges>;
  /** What the file says of a column in a row group; null for nested columns and where it says nothing. */
  columnStatistics(index: number, column: WantedColumn): RowGroupColumnStatistics | null;
}

/** Where the bytes go, in order. Bytes may be reused once the promise resolves. */
export interface ByteSink {
  write(bytes: Uint8Array): Promise<void>;
}

/** What a whole file holds of one top-level column. */
export interface FileColumnStatistics {
  readonly name: string;
  /** NULL rows; null for a column of a nested type whose format does not count them. */
  readonly nullCount: number | null;
  /**
   * Exact, never truncated; null for nested types and where every row is NULL. Timestamps of precision above 6 have some
   * in ORC files only, as nanoseconds.
   */
  readonly bounds: ColumnBounds | null;
}

/** A finished file. */
export interface FileSummary {
  readonly sizeBytes: number;
  readonly rowCount: number;
  /** One entry a field, in order. */
  readonly columns: readonly FileColumnStatistics[];
}

/** A file being written. One call at a time. */
export interface FormatWriter {
  /** Rows appended so far. */
  readonly rowCount: number;
  /** Bytes of the file if it ended now: what is written, and what is buffered, some of it not yet compressed. */
  readonly estimatedSizeBytes: number;
  /**
   * Appends the rows `order[from … to)` of the batch, or its rows `from … to` when `order` is null. The batch is not
   * kept. Throws `E3204` for a NULL in a required column or a decimal that does not fit its type.
   */
  append(batch: ColumnBatch, order: Uint32Array | null, from: number, to: number): Promise<void>;
  /**
   * Appends all rows of another file of the same format without decoding them. Takes nothing and gives false where they
   * have to be read and appended: the format has no parts that could be taken over, the file was written in another way or
   * by somebody else, or its parts are too small to be kept. Throws `E3200` and `E3201` for a file that cannot be read.
   */
  appendFile(source: RangeSource): Promise<boolean>;
  /** Ends the file. The sink stays open: it belongs to the caller. */
  finish(): Promise<FileSummary>;
}
