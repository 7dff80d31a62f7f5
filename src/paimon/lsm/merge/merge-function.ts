// What becomes of the rows of one key: the merge engines, as functions from sorted groups of rows to one row a group.
import type { Selection } from '../../../column/interleave.ts';
import type { Vector } from '../../../column/vector.ts';
import type { KeyValueLayout } from '../key-values.ts';

/**
 * Rows in ascending order of (key, sequence fields, sequence number). Groups of one key begin at `groupStarts[0 …
 * groupCount)`; the last one ends at `rowCount`. Entry i is row `rows[i]` of batch `sources[i]`, whose kinds are
 * `kinds[sources[i]]`, whose columns are `columns[sources[i]]` and whose file is on level `levels[sources[i]]` (0 for rows
 * that are in no file yet). The index arrays may be longer than what is used.
 */
export interface SortedGroups {
  readonly rowCount: number;
  readonly groupCount: number;
  readonly groupStarts: Uint32Array;
  readonly sources: Uint32Array;
  readonly rows: Uint32Array;
  readonly kinds: readonly Uint8Array[];
  readonly columns: readonly (readonly Vector[])[];
  readonly levels: readonly number[];
  /**
   * The rows are those that count where compactions look keys up (see `newest-level.ts`), and one that is alone in its
   * group is merged, too.
   */
  readonly mergesAlone?: boolean;
}

/** The rows that are left, at most one a group, in group order. */
export interface MergedRows {
  /** The group of each row. */
  readonly groups: Uint32Array;
  /** For each row the one it stands for: its sequence number and, unless given below, its kind and values. */
  readonly selection: Selection;
  /** The kinds; null where all are those of the selected rows. */
  readonly kinds: Uint8Array | null;
  /** Columns whose values are not those of the selected rows, by their place in the layout; null where none is. */
  readonly columns: readonly (Vector | null)[] | null;
}

/**
 * Merges the rows of each group. A row alone in its group stays as it is (ReducerMergeFunctionWrapper) unless it is to be
 * merged, too.
 */
export interface MergeFunction {
  (groups: SortedGroups): MergedRows;
  /** The rows that are left are rows as they came, and no columns are looked at: they may be late. */
  readonly picksRows?: boolean;
}

/** What a merge function is made for. */
export interface MergePurpose {
  /** The columns of the rows to merge; beside those that are wanted, the ones of `mergeFields`. */
  readonly layout: KeyValueLayout;
  /** Keys whose row that is left is a retract are dropped: reads, and compactions that reach the oldest data. */
  readonly dropRetracts: boolean;
}

/** Whether the entries from `start` up to `end`, a group, are merged. */
export function isMerged(groups: SortedGroups, start: number, end: number): boolean {
  return end - start > 1 || groups.mergesAlone === true;
}

/** Where the group ends. */
export function groupEnd(groups: SortedGroups, group: number): number {
  return group + 1 < groups.groupCount ? groups.groupStarts[group + 1] : groups.rowCount;
}
