// Null counts and exact bounds of columns while they are written, for formats whose files keep none.
import { type RowComparator, vectorComparator } from '../../column/compare.ts';
import { bigIntAt, bytesAt, PRESENT, type Vector } from '../../column/vector.ts';
import { columnOrder, type DataField, type DataType, hasOrder } from '../schema/data-type.ts';
import type { FileColumnStatistics } from './data-file.ts';
import { type BoundOrder, type ColumnBound, type ColumnBounds, joinBounds } from './parquet/column-bounds.ts';

/** Some rows of a batch: `order[from … to)`, or `from … to` when `order` is null. */
export interface RowRange {
  readonly order: Uint32Array | null;
  readonly from: number;
  readonly to: number;
}

/** Which rows have the least and the greatest value. */
export interface ExtremeRows {
  /** Both -1 where no row has a value, or values are not compared. */
  readonly least: number;
  readonly most: number;
  readonly nullCount: number;
}

/** The first rows of the least and the greatest value; `compare` is null where only NULLs are counted. */
export function extremeRows(
  { validity }: Vector,
  compare: RowComparator | null,
  { order, from, to }: RowRange,
): ExtremeRows {
  let least = -1;
  let most = -1;
  let nullCount = 0;
  for (let index = from; index < to; index++) {
    const row = order === null ? index : order[index];
    if (validity !== null && validity[row] !== PRESENT) nullCount++;
    else if (compare === null) continue;
    else if (least < 0) least = most = row;
    else if (compare(row, least) < 0) least = row;
    else if (compare(row, most) > 0) most = row;
  }
  return { least, most, nullCount };
}

/** What one column of a file holds, grown batch by batch. */
export class ColumnStatistics {
  private readonly field: DataField;
  private nullCount = 0;
  private bounds: ColumnBounds | null = null;

  constructor(field: DataField) {
    this.field = field;
  }

  add(vector: Vector, rows: RowRange): void {
    const { type } = this.field;
    const compare = hasBounds(type) ? vectorComparator(vector, vector, columnOrder(type)) : null;
    const { least, most, nullCount } = extremeRows(vector, compare, rows);
    this.nullCount += nullCount;
    if (least < 0) return;
    this.bounds = joinBounds(boundOrder(type), this.bounds, {
      min: boundAt(vector, least),
      max: boundAt(vector, most),
    });
  }

  finish(): FileColumnStatistics {
    return { name: this.field.name, nullCount: this.nullCount, bounds: this.bounds };
  }
}

/** Timestamps of precision above 6 are pairs of numbers, and have no bounds. */
function hasBounds(type: DataType): boolean {
  const isTimestamp = type.kind === 'TIMESTAMP' || type.kind === 'TIMESTAMP_LTZ';
  return hasOrder(type) && !(isTimestamp && type.precision > 6);
}

function boundOrder(type: DataType): BoundOrder {
  return type.kind === 'DECIMAL' ? 'fixed' : 'bytes';
}

/** The value at a row; bytes are a copy. */
export function boundAt(vector: Vector, row: number): ColumnBound {
  switch (vector.kind) {
    case 'i32':
    case 'f32':
    case 'f64':
      return vector.values[row];
    case 'i64':
      return bigIntAt(vector, row);
    case 'bytes':
      return bytesAt(vector, row).slice();
    default:
      return 0;
  }
}
