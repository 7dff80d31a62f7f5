// Folds: how the values that one column has in the rows of a key become one value. What each row does to the value is
// decided once for all columns of a kind (a step a row), and each column is then folded on its own.
import { interleaveVectors } from '../../../column/interleave.ts';
import { NULL, PRESENT, type Vector } from '../../../column/vector.ts';
import { builderFor } from '../../../column/builder.ts';
import { type DataField, type DataType, shapeOf } from '../../schema/data-type.ts';
import type { SortedGroups } from './merge-function.ts';

/** The value stays. */
export const KEEP = 0;
/** The row's value takes its place, NULL too. */
export const SET = 1;
/** The row's value is added to it. */
export const ADD = 2;
/** The row is older than what the value is made of: the value is added to the row's. */
export const ADD_BEFORE = 3;
/** The row's value is taken back. */
export const RETRACT = 4;
/** The value becomes NULL. */
export const CLEAR = 5;
/** SET, then RETRACT. */
export const SET_RETRACT = 6;

/** One column of the rows to merge: entry i is row `rows[i]` of `vectors[sources[i]]` and does `steps[i]`. */
export interface FoldInput {
  readonly field: DataField;
  readonly vectors: readonly Vector[];
  readonly sources: Uint32Array;
  readonly rows: Uint32Array;
  readonly steps: Uint8Array;
}

/** A result that is NULL. Others are entries (0 and above) or computed values (`computedAt`). */
export const NO_VALUE = -1;

/** The result that is row `row` of the computed values. */
export function computedAt(row: number): number {
  return -2 - row;
}

/** Folds one column. */
export interface ColumnFold {
  /** Where the value of the entries from `start` up to `end` is, which are of one key and more than one. */
  fold(start: number, end: number): number;
  /** The computed values; null if there are none. */
  computed(): Vector | null;
}

/** Makes the fold of a column. Throws for columns that it cannot fold. */
export type FoldFactory = (input: FoldInput) => ColumnFold;

/** The groups of a merge that leave a row. */
export interface LeftGroups {
  readonly starts: Uint32Array;
  readonly ends: Uint32Array;
  /** An entry alone in its group is folded, too. */
  readonly mergesAlone: boolean;
}

/** A fold input of column `index` of the layout. */
export function foldInput(
  groups: SortedGroups,
  column: { readonly field: DataField; readonly index: number; readonly steps: Uint8Array },
): FoldInput {
  const vectors = groups.columns.map((columns) => columns[column.index]);
  return { field: column.field, vectors, sources: groups.sources, rows: groups.rows, steps: column.steps };
}

/** The values of a column in the rows that are left. An entry alone in its group gives its own unless it is folded. */
export function foldColumn(fold: ColumnFold, input: FoldInput, { starts, ends, mergesAlone }: LeftGroups): Vector {
  const nullSource = input.vectors.length;
  const sources = new Uint32Array(starts.length);
  const rows = new Uint32Array(starts.length);
  for (let index = 0; index < starts.length; index++) {
    const start = starts[index];
    const isAlone = ends[index] - start === 1 && !mergesAlone;
    const result = isAlone ? start : fold.fold(start, ends[index]);
    if (result >= 0) {
      sources[index] = input.sources[result];
      rows[index] = input.rows[result];
    } else {
      sources[index] = result === NO_VALUE ? nullSource : nullSource + 1;
      rows[index] = result === NO_VALUE ? 0 : computedAt(result);
    }
  }
  const computed = fold.computed();
  const vectors = [...input.vectors, nullVector(input.field.type)];
  return interleaveVectors(computed === null ? vectors : [...vectors, computed], { sources, rows });
}

/** Whether entry `entry` has a value that is not NULL. */
export function isPresent(input: FoldInput, entry: number): boolean {
  const { validity } = input.vectors[input.sources[entry]];
  return validity === null || validity[input.rows[entry]] === PRESENT;
}

/** The entry, or NO_VALUE where its value is NULL. */
export function valueOf(input: FoldInput, entry: number): number {
  return isPresent(input, entry) ? entry : NO_VALUE;
}

/** A vector of one NULL. */
function nullVector(type: DataType): Vector {
  const builder = builderFor(shapeOf(type));
  builder.reserve(0);
  builder.setAbsent(0, NULL);
  return builder.finish(1);
}
