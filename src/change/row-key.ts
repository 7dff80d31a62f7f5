// The key of one row outside of columns: for sets of keys, for records, and for asking a source for the row.
import { assert } from '../base/errors.ts';
import { bigIntAt, bytesAt, PRESENT, validityAt, type Vector } from '../column/vector.ts';

/**
 * The values of the key columns, in key order: numbers in decimal as the vector has them, bytes in base64, a list as the
 * JSON of its elements. Equal bytes give equal texts, whatever a collation says.
 */
export type RowKey = readonly string[];

/** The key of row `row`; `keyColumns` are indexes of `columns`. */
export function rowKeyAt(columns: readonly Vector[], keyColumns: readonly number[], row: number): RowKey {
  return keyColumns.map((index) => valueText(columns[index], row));
}

/** One text for the key: equal where the keys are. */
export function rowKeyText(key: RowKey): string {
  return JSON.stringify(key);
}

function valueText(vector: Vector, row: number): string {
  assert(validityAt(vector, row) === PRESENT, 'a key column has no value');
  switch (vector.kind) {
    case 'i32':
    case 'f32':
    case 'f64':
      return String(vector.values[row]);
    case 'i64':
      return bigIntAt(vector, row).toString();
    case 'bytes':
      return Buffer.from(bytesAt(vector, row)).toString('base64');
    case 'list': {
      const elements: string[] = [];
      for (let at = vector.offsets[row]; at < vector.offsets[row + 1]; at++)
        elements.push(valueText(vector.element, at));
      return JSON.stringify(elements);
    }
    case 'map':
    case 'struct':
      assert(false, `no source has keys of this kind: kind=${vector.kind}`);
  }
}
