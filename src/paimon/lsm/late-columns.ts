// Columns that a merge does not look at: read once it is known which rows are left, and of these alone. What loses in a
// merge is then never copied, and pages that only hold such rows are not decoded.
import { freeBytes } from '../../base/free-bytes.ts';
import { interleaveVectors, type Selection } from '../../column/interleave.ts';
import { takeVector } from '../../column/take.ts';
import type { Vector } from '../../column/vector.ts';
import type { DataField } from '../schema/data-type.ts';
import type { KeyValueLayout, LateColumns, PickedColumns } from './key-values.ts';

/** Which columns of a layout are late. */
export interface LateLayout {
  /** The columns that decide the order, which are merged. */
  readonly heads: KeyValueLayout;
  /** All others. */
  readonly fields: readonly DataField[];
  /** Where each column of the whole layout stands, the heads first and the late ones behind them. */
  readonly places: readonly number[];
}

/** Parts a layout; null where no column would be late. */
export function lateLayout(layout: KeyValueLayout): LateLayout | null {
  const { fields, keyIndexes, sequenceIndexes } = layout;
  const heads = [...new Set([...keyIndexes, ...sequenceIndexes])].map((index) => fields[index]);
  const late = fields.filter((field) => !heads.includes(field));
  if (late.length === 0) return null;
  const all = [...heads, ...late];
  const place = (index: number): number => all.indexOf(fields[index]);
  return {
    heads: {
      ...layout,
      fields: heads,
      keyIndexes: keyIndexes.map(place),
      sequenceIndexes: sequenceIndexes.map(place),
    },
    fields: late,
    places: fields.map((_, index) => place(index)),
  };
}

/** Columns that are in memory, with all rows of their batch. */
export function readColumns(columns: readonly Vector[]): LateColumns {
  return { pick: async (rows) => ({ columns, rows }) };
}

/** The late columns of some rows of a batch, by their numbers, ascending. */
export function lateRows(late: LateColumns, kept: Uint32Array): LateColumns {
  return { pick: (rows) => late.pick(rows.map((row) => kept[row])) };
}

/** The late columns of selected rows; those of one source are selected in ascending order. */
export async function pickSelected(
  sources: readonly (LateColumns | undefined)[],
  selection: Selection,
): Promise<readonly Vector[]> {
  const counts = new Uint32Array(sources.length);
  const { rows, sources: of } = selection;
  for (let index = 0; index < of.length; index++) counts[of[index]]++;
  const rowsOf = Array.from(counts, (count) => new Uint32Array(count));
  counts.fill(0);
  for (let index = 0; index < of.length; index++) rowsOf[of[index]][counts[of[index]]++] = rows[index];
  const picked: PickedColumns[] = [];
  const numbers = new Uint32Array(sources.length);
  for (const [source, late] of sources.entries()) {
    // Of nothing, columns without rows are taken from the first.
    const isWanted = rowsOf[source].length > 0 || (rows.length === 0 && source === 0);
    if (!isWanted || late === undefined) continue;
    numbers[source] = picked.length;
    picked.push(await late.pick(rowsOf[source]));
  }
  if (picked.length === 1) return picked[0].columns.map((column) => selected(column, picked[0].rows));
  return gather(picked, { numbers, of });
}

/** The rows of a column; the column itself where they are all of them. */
function selected(column: Vector, rows: Uint32Array): Vector {
  const isWhole = rows.length === column.length && rows.every((row, index) => row === index);
  return isWhole ? column : takeVector(column, rows);
}

function gather(
  picked: readonly PickedColumns[],
  sources: { readonly numbers: Uint32Array; readonly of: Uint32Array },
): readonly Vector[] {
  const next = new Uint32Array(picked.length);
  const moved = { sources: new Uint32Array(sources.of.length), rows: new Uint32Array(sources.of.length) };
  for (let index = 0; index < sources.of.length; index++) {
    const source = sources.numbers[sources.of[index]];
    moved.sources[index] = source;
    moved.rows[index] = picked[source].rows[next[source]++];
  }
  return picked[0].columns.map((_, index) => {
    const parts = picked.map(({ columns }) => columns[index]);
    const gathered = interleaveVectors(parts, moved);
    for (const [source, part] of parts.entries()) {
      if (picked[source].areOwn === true && part.kind === 'bytes') freeBytes(part.bytes);
    }
    return gathered;
  });
}
