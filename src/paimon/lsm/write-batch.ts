// What is written to a table, and what a writer hands to the commit.
import type { ColumnBatch } from '../../column/vector.ts';
import type { IndexManifestEntry, ManifestEntry } from '../meta/manifest-entry.ts';

/**
 * Row changes in write order; the columns are the schema's fields, in order. The rules for row kinds, MISSING values
 * and before-images are those of `change/change-batch.ts`: a +I with MISSING values directly follows the -D of the row
 * that has them. The writer owns the arrays.
 */
export interface WriteBatch extends ColumnBatch {
  /** A row kind of `column/row-kind.ts` for each row. */
  readonly kinds: Uint8Array;
  /** Every +U directly follows its -U, and -D carries the whole old row. */
  readonly beforeImages: boolean;
  /** Whether any value is MISSING. */
  readonly hasMissing: boolean;
  /** The bucket of each row: set by the writer of a table with dynamic buckets. */
  readonly buckets?: Int32Array;
  readonly sizeBytes: number;
}

/** Files that are durable and not yet named by a snapshot. */
export interface CommitMessage {
  /** ADD entries of level-0 data files. */
  readonly added: readonly ManifestEntry[];
  /** DELETE entries: what a TRUNCATE takes away; empty otherwise. */
  readonly deleted: readonly ManifestEntry[];
  /** ADD entries of changelog files. */
  readonly changelog: readonly ManifestEntry[];
  /** ADD entries of index files: where the keys of dynamic buckets are. */
  readonly index: readonly IndexManifestEntry[];
  /** The commit replaces the table's content (TRUNCATE without a changelog producer): an OVERWRITE snapshot. */
  readonly overwrite: boolean;
}
