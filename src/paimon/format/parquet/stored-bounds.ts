// Bounds in a Parquet file, of chunks and of pages, in the form of the wanted type's vector: only those that can be
// relied on.
import type { DataType } from '../../schema/data-type.ts';
import type { RowGroupColumnStatistics } from '../data-file.ts';
import { boundOfPlain, boundOrder, vectorBounds } from './column-bounds.ts';
import type { ChunkStatistics, LeafNode } from './parquet-format.ts';

/** What statistics say of a leaf that is read as a type. */
export function storedStatistics(
  leaf: LeafNode,
  type: DataType,
  statistics: ChunkStatistics,
): RowGroupColumnStatistics {
  const order = boundOrder(leaf);
  const min = statistics.min === null ? null : boundOfPlain(order, statistics.min);
  const max = statistics.max === null ? null : boundOfPlain(order, statistics.max);
  const isUsable = min !== null && max !== null && sameForm(leaf, type);
  return { nullCount: statistics.nullCount, bounds: isUsable ? vectorBounds({ min, max }, type) : null };
}

/** Whether stored numbers are those of the type's vector: not so in foreign files of another unit or width. */
function sameForm(leaf: LeafNode, type: DataType): boolean {
  const order = boundOrder(leaf);
  switch (type.kind) {
    case 'BIGINT':
      return order === 'i64';
    case 'DECIMAL':
      return type.precision <= 18 ? order === 'i32' || order === 'i64' : order === 'fixed';
    case 'TIMESTAMP':
    case 'TIMESTAMP_LTZ':
      if (type.precision > 6) return false;
      return leaf.logical?.kind === 'timestamp' && leaf.logical.unit === (type.precision <= 3 ? 'millis' : 'micros');
    default:
      return true;
  }
}
