// Column vectors: the currency of the hot path. A vector holds one column of a batch in typed arrays that can be
// moved to a worker by transfer. What the values mean (a decimal's scale, a timestamp's unit) is said by a data type
// beside the vector, never by the vector itself.

/** The vector holds a value at this row. */
export const PRESENT = 0;
/** SQL NULL. */
export const NULL = 1;
/** The source left the value out (an unchanged TOAST value); it must be filled before the row is written. */
export const MISSING = 2;

/**
 * One byte a row: PRESENT, NULL or MISSING; `null` when every row is present.
 * May be longer than the vector. What `values` holds at a row that is not PRESENT is undefined; in vectors with
 * offsets such a row is empty.
 */
export type Validity = Uint8Array | null;

/** BOOLEAN (0 or 1), TINYINT, SMALLINT, INT, DATE (days since the epoch), TIME (milliseconds of the day). */
export interface Int32Vector {
  readonly kind: 'i32';
  readonly length: number;
  readonly values: Int32Array;
  readonly validity: Validity;
}

/**
 * BIGINT; DECIMAL of precision 18 or less (unscaled); TIMESTAMP and TIMESTAMP WITH LOCAL TIME ZONE (milliseconds since
 * the epoch to precision 3, microseconds to precision 6). `values` holds pairs (low, high) of two's-complement halves,
 * 2 × length entries at an 8-byte aligned offset, so that a BigInt64Array over the same bytes is the values.
 */
export interface Int64Vector {
  readonly kind: 'i64';
  readonly length: number;
  readonly values: Int32Array;
  readonly validity: Validity;
}

/** FLOAT. */
export interface Float32Vector {
  readonly kind: 'f32';
  readonly length: number;
  readonly values: Float32Array;
  readonly validity: Validity;
}

/** DOUBLE. */
export interface Float64Vector {
  readonly kind: 'f64';
  readonly length: number;
  readonly values: Float64Array;
  readonly validity: Validity;
}

/**
 * CHAR, VARCHAR, STRING (UTF-8), BINARY, VARBINARY, BYTES, and DECIMAL of precision above 18 (unscaled, minimal
 * big-endian two's complement). Row i is `bytes[offsets[i] … offsets[i + 1])`; offsets never decrease and need not
 * start at 0.
 */
export interface BytesVector {
  readonly kind: 'bytes';
  readonly length: number;
  readonly offsets: Int32Array;
  readonly bytes: Uint8Array;
  readonly validity: Validity;
}

/** ARRAY: row i is the elements `offsets[i] … offsets[i + 1])` of `element`. */
export interface ListVector {
  readonly kind: 'list';
  readonly length: number;
  readonly offsets: Int32Array;
  readonly element: Vector;
  readonly validity: Validity;
}

/** MAP and MULTISET: row i is the entries `offsets[i] … offsets[i + 1])` of `key` and `value`, in stored order. */
export interface MapVector {
  readonly kind: 'map';
  readonly length: number;
  readonly offsets: Int32Array;
  readonly key: Vector;
  readonly value: Vector;
  readonly validity: Validity;
}

/** ROW: field f of row i is row i of `fields[f]`. */
export interface StructVector {
  readonly kind: 'struct';
  readonly length: number;
  readonly fields: readonly Vector[];
  readonly validity: Validity;
}

export type Vector =
  | Int32Vector
  | Int64Vector
  | Float32Vector
  | Float64Vector
  | BytesVector
  | ListVector
  | MapVector
  | StructVector;

/** The physical form of a column: what kind of vector holds it. */
export type Shape =
  | { readonly kind: 'i32' | 'i64' | 'f32' | 'f64' | 'bytes' }
  | { readonly kind: 'list'; readonly element: Shape }
  | { readonly kind: 'map'; readonly key: Shape; readonly value: Shape }
  | { readonly kind: 'struct'; readonly fields: readonly Shape[] };

/** Columns of equal length. */
export interface ColumnBatch {
  readonly rowCount: number;
  readonly columns: readonly Vector[];
}

/** PRESENT, NULL or MISSING. */
export function validityAt(vector: Vector, row: number): number {
  return vector.validity === null ? PRESENT : vector.validity[row];
}

/** The 64-bit value at a row, as a BigInt: for places that are not hot. */
export function bigIntAt(vector: Int64Vector, row: number): bigint {
  return (BigInt(vector.values[2 * row + 1]) << 32n) | BigInt(vector.values[2 * row] >>> 0);
}

/** The bytes at a row: a view, valid as long as the vector. */
export function bytesAt(vector: BytesVector, row: number): Uint8Array {
  return vector.bytes.subarray(vector.offsets[row], vector.offsets[row + 1]);
}

/** Bytes of memory that the vector's arrays keep alive. */
export function vectorSizeBytes(vector: Vector): number {
  const own = vector.validity === null ? 0 : vector.validity.byteLength;
  switch (vector.kind) {
    case 'i32':
    case 'i64':
    case 'f32':
    case 'f64':
      return own + vector.values.byteLength;
    case 'bytes':
      return own + vector.offsets.byteLength + vector.bytes.byteLength;
    case 'list':
      return own + vector.offsets.byteLength + vectorSizeBytes(vector.element);
    case 'map':
      return own + vector.offsets.byteLength + vectorSizeBytes(vector.key) + vectorSizeBytes(vector.value);
    case 'struct':
      return vector.fields.reduce((sum, field) => sum + vectorSizeBytes(field), own);
  }
}

/** The distinct buffers under the vectors, for the transfer list of a message. The sender loses them. */
export function transferList(vectors: readonly Vector[], into: Set<ArrayBuffer> = new Set()): Set<ArrayBuffer> {
  for (const vector of vectors) {
    if (vector.validity !== null) into.add(vector.validity.buffer as ArrayBuffer);
    switch (vector.kind) {
      case 'i32':
      case 'i64':
      case 'f32':
      case 'f64':
        into.add(vector.values.buffer as ArrayBuffer);
        break;
      case 'bytes':
        into.add(vector.offsets.buffer as ArrayBuffer).add(vector.bytes.buffer as ArrayBuffer);
        break;
      case 'list':
        into.add(vector.offsets.buffer as ArrayBuffer);
        transferList([vector.element], into);
        break;
      case 'map':
        into.add(vector.offsets.buffer as ArrayBuffer);
        transferList([vector.key, vector.value], into);
        break;
      case 'struct':
        transferList(vector.fields, into);
        break;
    }
  }
  return into;
}
