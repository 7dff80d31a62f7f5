// Who gives rows their buckets where these do not follow from the rows.
import type { IndexManifestEntry } from '../meta/manifest-entry.ts';
import type { WriteBatch } from './write-batch.ts';

/** Gives the rows of one table their buckets, for its one writer; one call at a time. */
export interface BucketAssigner {
  /** The batch with the bucket of each row: the one given, or another with rows that follow from it. */
  assign(batch: WriteBatch): Promise<WriteBatch>;
  /** Writes what other writers need to know of the buckets; durable files that no snapshot names. */
  writeIndex(): Promise<readonly IndexManifestEntry[]>;
  /** The table is emptied: nothing of what it held counts. */
  forget(): Promise<void>;
  /** Gives back what is held beside memory. */
  close(): Promise<void>;
}
