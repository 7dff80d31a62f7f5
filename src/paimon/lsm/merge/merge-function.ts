// What becomes of the rows of one key: the merge engines, as functions from sorted groups of rows to a selection.
import type { Selection } from '../../../column/interleave.ts';

/**
 * Rows in ascending order of (key, sequence fields, sequence number). Groups of one key begin at `groupStarts[0 …
 * groupCount)`; the last one ends at `rowCount`. Entry i is row `rows[i]` of batch `sources[i]`, whose kinds are
 * `kinds[sources[i]]`. The arrays may be longer than what is used.
 */
export interface SortedGroups {
  readonly rowCount: number;
  readonly groupCount: number;
  readonly groupStarts: Uint32Array;
  readonly sources: Uint32Array;
  readonly rows: Uint32Array;
  readonly kinds: readonly Uint8Array[];
}

/** Chooses the rows that are left, at most one a group, in group order. */
export type MergeFunction = (groups: SortedGroups) => Selection;
