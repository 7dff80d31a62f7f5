// Paimon's data types and the vectors that hold their values.
// Source: Paimon specification, "Schema" and org.apache.paimon.types (names and default precisions).
import type { JsonObject } from '../../base/json-text.ts';
import type { ColumnOrder } from '../../column/compare.ts';
import type { Shape } from '../../column/vector.ts';

/** A field of a table or of a ROW type. */
export interface DataField {
  readonly id: number;
  readonly name: string;
  readonly type: DataType;
  readonly description?: string;
  /** What writers put where a row has NULL, as text: see `format/default-value.ts`. */
  readonly defaultValue?: string;
  /** What a newer version keeps beside; written again as it was read. */
  readonly unknownKeys?: JsonObject;
}

/** A data type; `nullable` false prints as ` NOT NULL`. */
export type DataType = { readonly nullable: boolean } & (
  | { readonly kind: 'BOOLEAN' | 'TINYINT' | 'SMALLINT' | 'INT' | 'BIGINT' | 'FLOAT' | 'DOUBLE' | 'DATE' }
  | { readonly kind: 'CHAR' | 'VARCHAR' | 'BINARY' | 'VARBINARY'; readonly length: number }
  | { readonly kind: 'DECIMAL'; readonly precision: number; readonly scale: number }
  | { readonly kind: 'TIME' | 'TIMESTAMP' | 'TIMESTAMP_LTZ'; readonly precision: number }
  | { readonly kind: 'ARRAY' | 'MULTISET'; readonly element: DataType }
  | { readonly kind: 'MAP'; readonly key: DataType; readonly value: DataType }
  | { readonly kind: 'ROW'; readonly fields: readonly DataField[] }
  | { readonly kind: 'VARIANT' | 'BLOB' }
);

/** The length of STRING (VARCHAR) and BYTES (VARBINARY). */
export const MAX_LENGTH = 2147483647;

/** The shape of the vector that holds values of the type: see `column/vector.ts` for units. */
export function shapeOf(type: DataType): Shape {
  switch (type.kind) {
    case 'BOOLEAN':
    case 'TINYINT':
    case 'SMALLINT':
    case 'INT':
    case 'DATE':
    case 'TIME':
      return { kind: 'i32' };
    case 'BIGINT':
      return { kind: 'i64' };
    case 'TIMESTAMP':
    case 'TIMESTAMP_LTZ':
      // Precision 7 to 9 is a struct of microseconds and nanoseconds within the microsecond, so that no digit is lost.
      return type.precision <= 6 ? { kind: 'i64' } : { kind: 'struct', fields: [{ kind: 'i64' }, { kind: 'i32' }] };
    case 'FLOAT':
      return { kind: 'f32' };
    case 'DOUBLE':
      return { kind: 'f64' };
    case 'DECIMAL':
      return { kind: type.precision <= 18 ? 'i64' : 'bytes' };
    case 'CHAR':
    case 'VARCHAR':
    case 'BINARY':
    case 'VARBINARY':
    case 'BLOB':
      return { kind: 'bytes' };
    case 'VARIANT':
      return { kind: 'struct', fields: [{ kind: 'bytes' }, { kind: 'bytes' }] };
    case 'ARRAY':
      return { kind: 'list', element: shapeOf(type.element) };
    case 'MULTISET':
      return { kind: 'map', key: shapeOf(type.element), value: { kind: 'i32' } };
    case 'MAP':
      return { kind: 'map', key: shapeOf(type.key), value: shapeOf(type.value) };
    case 'ROW':
      return { kind: 'struct', fields: type.fields.map((field) => shapeOf(field.type)) };
  }
}

/** Whether values of the type are ordered: nested ones and VARIANT are not. */
export function hasOrder(type: DataType): boolean {
  switch (type.kind) {
    case 'ARRAY':
    case 'MAP':
    case 'MULTISET':
    case 'ROW':
    case 'VARIANT':
      return false;
    default:
      return true;
  }
}

/** How values of the type are ordered: see `column/compare.ts`. */
export function columnOrder(type: DataType): ColumnOrder {
  return type.kind === 'DECIMAL' && type.precision > 18 ? 'signed' : 'plain';
}
