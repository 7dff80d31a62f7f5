// Bounds as files have them, as cells and as what conditions are tried on.
import type { DataType } from '../schema/data-type.ts';
import { bytesToBigInt, type Cell } from './cell.ts';
import type { ColumnBounds as KnownOfColumn } from './condition.ts';
import type { RowGroupColumnStatistics } from './data-file.ts';
import type { ColumnBound } from './parquet/column-bounds.ts';

/** A bound as the file writer and reader give it, as a cell. */
export function boundCell(type: DataType, bound: ColumnBound): Cell {
  if (type.kind === 'BOOLEAN') return bound !== 0;
  if (type.kind === 'DECIMAL' && bound instanceof Uint8Array) return bytesToBigInt(bound);
  return bound;
}

/** What statistics of some rows of a file tell of a column. */
export function knownOfColumn(
  type: DataType,
  { nullCount, bounds }: RowGroupColumnStatistics,
  rowCount: number,
): KnownOfColumn {
  const known = { nullCount: nullCount === null ? null : BigInt(nullCount), rowCount };
  if (bounds === null) return { ...known, min: null, max: null };
  const min = boundCell(type, bounds.min);
  const max = boundCell(type, bounds.max);
  if (type.kind !== 'FLOAT' && type.kind !== 'DOUBLE') return { ...known, min, max };
  // Writers leave NaN out of their bounds, and take one zero for the other.
  return { ...known, min: min === 0 ? -0 : min, max: max === 0 ? 0 : max, mayHoldNaN: true };
}
