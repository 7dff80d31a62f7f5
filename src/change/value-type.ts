// The types of values between a source and the lake: what a source's decoder produces and what mapping turns into
// lake columns, one to one.
import type { Shape } from '../column/vector.ts';

/** A type of values. Units and encodings are those of the vectors in `column/vector.ts`. */
export type ValueType =
  | { readonly kind: 'boolean' | 'int8' | 'int16' | 'int32' | 'int64' | 'float32' | 'float64' }
  | { readonly kind: 'string' | 'bytes' | 'date' }
  | { readonly kind: 'decimal'; readonly precision: number; readonly scale: number }
  /** Milliseconds of the day. */
  | { readonly kind: 'time' }
  /** Microseconds since the epoch; without zone, or an instant. */
  | { readonly kind: 'timestamp' | 'timestamptz' }
  | { readonly kind: 'array'; readonly element: ValueType };

/** The shape of the vector that holds values of the type. */
export function valueShape(type: ValueType): Shape {
  switch (type.kind) {
    case 'boolean':
    case 'int8':
    case 'int16':
    case 'int32':
    case 'date':
    case 'time':
      return { kind: 'i32' };
    case 'int64':
    case 'timestamp':
    case 'timestamptz':
      return { kind: 'i64' };
    case 'float32':
      return { kind: 'f32' };
    case 'float64':
      return { kind: 'f64' };
    case 'string':
    case 'bytes':
      return { kind: 'bytes' };
    case 'decimal':
      return { kind: type.precision <= 18 ? 'i64' : 'bytes' };
    case 'array':
      return { kind: 'list', element: valueShape(type.element) };
  }
}
