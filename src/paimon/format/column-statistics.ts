// Null counts and exact bounds of columns while they are written, for formats whose files keep none.
import { vectorComparator } from '../../column/compare.ts';
import { bigIntAt, bytesAt, PRESENT, type Vector } from '../../column/vector.ts';
import { type DataField, type DataType, columnOrder } from '../schema/data-type.ts';
import type { FileColumnStatistics } from './data-file.ts';
import { type BoundOrder, type ColumnBound, type ColumnBounds, joinBounds } from './parquet/column-bounds.ts';

/** Some rows of a batch: `order[from … to)`, or `from … to` when `order` is null. */
export interface RowRange {
  readonly order: Uint32Array | null;
  readonly from: number;
  readonly to: number;
}

/** What one column of a file holds, grown batch by batch. */
export class ColumnStatistics {
  private readonly field: DataField;
  private nullCount = 0;
  private bounds: ColumnBounds | null = null;

  constructor(field: DataField) {
    this.field = field;
  }

  add(vector: Vector, { order, from, to }: RowRange): void {
    const { type } = this.field;
    const compare = hasOrder(type) ? vectorComparator(vector, vector, columnOrder(type)) : null;
    const { validity } = vector;
    let least = -1;
    let most = -1;
    for (let index = from; index < to; index++) {
      const row = order === null ? index : order[index];
      if (validity !== null && validity[row] !== PRESENT) this.nullCount++;
      else if (compare === null) continue;
      else if (least < 0) least = most = row;
      else if (compare(row, least) < 0) least = row;
      else if (compare(row, most) > 0) most = row;
    }
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

/** Nested types have none; timestamps of precision above 6 are pairs of numbers and have none either. */
function hasOrder(type: DataType): boolean {
  switch (type.kind) {
    case 'ARRAY':
    case 'MAP':
    case 'MULTISET':
    case 'ROW':
    case 'VARIANT':
      return false;
    case 'TIMESTAMP':
    case 'TIMESTAMP_LTZ':
      return type.precision <= 6;
    default:
      return true;
  }
}

function boundOrder(type: DataType): BoundOrder {
  return type.kind === 'DECIMAL' ? 'fixed' : 'bytes';
}

/** The value at a row; bytes are a copy. */
function boundAt(vector: Vector, row: number): ColumnBound {
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
