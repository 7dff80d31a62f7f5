// Puts together what an engine that computes rows has decided about each group and what the folds make of the columns.
import { isRetract } from '../../../column/row-kind.ts';
import type { Vector } from '../../../column/vector.ts';
import type { DataField } from '../../schema/data-type.ts';
import { type FoldFactory, foldColumn, foldInput } from './column-fold.ts';
import { groupEnd, type MergedRows, type SortedGroups } from './merge-function.ts';

/** A column that is folded; the others, which are those of the key, are the same in all rows of a group. */
export interface FoldedColumn {
  readonly field: DataField;
  /** Its place in the layout. */
  readonly index: number;
  readonly fold: FoldFactory;
  /** Which of the engine's steps it takes: an index of `RowDecisions.steps`. */
  readonly role: number;
}

/** What becomes of each group. */
export interface RowDecisions {
  /** The kind of the row that each group leaves. */
  readonly kinds: Uint8Array;
  /** The entry of each group whose sequence number the row bears. */
  readonly newest: Uint32Array;
  /** What each entry does to a value, by role of the column. Entries alone in their group do nothing. */
  readonly steps: readonly Uint8Array[];
}

/** Decisions to be made: rows alone in their group stay as they are, of the others the last entry is the newest. */
export function undecided(groups: SortedGroups, roleCount: number): RowDecisions {
  const kinds = new Uint8Array(groups.groupCount);
  const newest = new Uint32Array(groups.groupCount);
  for (let group = 0; group < groups.groupCount; group++) {
    const last = groupEnd(groups, group) - 1;
    newest[group] = last;
    if (last === groups.groupStarts[group]) kinds[group] = kindAt(groups, last);
  }
  return { kinds, newest, steps: Array.from({ length: roleCount }, () => new Uint8Array(groups.rowCount)) };
}

/** The kind of an entry. */
export function kindAt(groups: SortedGroups, entry: number): number {
  return groups.kinds[groups.sources[entry]][groups.rows[entry]];
}

/** The rows that are left, with their columns folded. */
export function computedRows(
  groups: SortedGroups,
  decisions: RowDecisions,
  how: { readonly columns: readonly FoldedColumn[]; readonly dropRetracts: boolean },
): MergedRows {
  const { kinds, newest, steps } = decisions;
  const left = Uint32Array.from(kinds.keys()).filter((group) => !how.dropRetracts || !isRetract(kinds[group]));
  const selection = {
    sources: left.map((group) => groups.sources[newest[group]]),
    rows: left.map((group) => groups.rows[newest[group]]),
  };
  const mergesAlone = groups.mergesAlone === true;
  if (groups.groupCount === groups.rowCount && !mergesAlone)
    return { groups: left, selection, kinds: null, columns: null };
  const spans = {
    starts: left.map((group) => groups.groupStarts[group]),
    ends: left.map((group) => groupEnd(groups, group)),
    mergesAlone,
  };
  const columns: (Vector | null)[] = groups.columns[0].map(() => null);
  for (const { field, index, fold, role } of how.columns) {
    const input = foldInput(groups, { field, index, steps: steps[role] });
    columns[index] = foldColumn(fold(input), input, spans);
  }
  return { groups: left, selection, kinds: Uint8Array.from(left, (group) => kinds[group]), columns };
}
