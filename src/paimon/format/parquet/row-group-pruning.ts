// Whether a row group can hold rows that a filter wants, by the statistics of its footer.
import { type BoundOrder, type ColumnBound, compareBounds } from './column-bounds.ts';
import type { RowGroupColumnStatistics } from '../data-file.ts';
import type { DataType } from '../../schema/data-type.ts';

/** The values wanted of a column: NULLs, or values within inclusive bounds, where null is no bound. */
export type WantedValues =
  | { readonly kind: 'null' }
  | { readonly kind: 'range'; readonly min: ColumnBound | null; readonly max: ColumnBound | null };

/**
 * False only where no row of the row group can have a wanted value; true where the statistics do not tell. Bounds
 * have the form of the type's vector.
 */
export function mayHoldRows(
  statistics: RowGroupColumnStatistics | null,
  type: DataType,
  wanted: WantedValues,
): boolean {
  if (statistics === null) return true;
  if (wanted.kind === 'null') return statistics.nullCount !== 0;
  const { bounds } = statistics;
  // Floats: NaN is above all values by our order and outside of every footer's bounds.
  if (bounds === null || type.kind === 'FLOAT' || type.kind === 'DOUBLE') return true;
  const order = vectorOrder(type);
  const isAbove = wanted.min !== null && compareBounds(order, bounds.max, wanted.min) < 0;
  const isBelow = wanted.max !== null && compareBounds(order, bounds.min, wanted.max) > 0;
  return !isAbove && !isBelow;
}

/** Bytes of decimals compare as numbers, all other bytes as they are. */
function vectorOrder(type: DataType): BoundOrder {
  return type.kind === 'DECIMAL' ? 'fixed' : 'bytes';
}
