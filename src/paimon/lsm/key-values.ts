// Rows of a primary-key table between files, merge and compaction: key columns, sequence numbers, kinds, value columns.
import type { Int64Vector, Vector } from '../../column/vector.ts';

/** Rows of one sorted run, or the result of a merge, in key order. Vectors may be shared between `keys` and `values`. */
export interface KeyValueBatch {
  readonly rowCount: number;
  /** The trimmed primary key, in key order; empty for append tables. */
  readonly keys: readonly Vector[];
  /** `_SEQUENCE_NUMBER` of each row. */
  readonly sequence: Int64Vector;
  /** `_VALUE_KIND` of each row: a row kind of `column/row-kind.ts`. */
  readonly kinds: Uint8Array;
  /** The columns asked for, in the order asked. */
  readonly values: readonly Vector[];
}
