// Picks rows out of vectors: by a list of row numbers (a copy), or a range (a view).
import { TributaryError } from '../base/errors.ts';
import { ByteAppender, viewOf } from './byte-appender.ts';
import type { BytesVector, Validity, Vector } from './vector.ts';
import { PRESENT } from './vector.ts';

const ARENA_BYTES_MAX = 2 ** 31 - 1;

/** The vector as the kind it must have. Throws `E9001` for another kind. */
export function ofKind<K extends Vector['kind']>(vector: Vector, kind: K): Extract<Vector, { readonly kind: K }> {
  if (vector.kind !== kind) {
    throw new TributaryError('E9001', `vector of another kind: expected=${kind} found=${vector.kind}`);
  }
  return vector as Extract<Vector, { readonly kind: K }>;
}

/** A new vector of the rows in the order given; a row may occur any number of times. */
export function takeVector(vector: Vector, rows: Uint32Array): Vector {
  const length = rows.length;
  const validity = takeValidity(vector.validity, rows);
  switch (vector.kind) {
    case 'i32':
      return { kind: 'i32', length, values: takeValues(vector.values, rows, new Int32Array(length)), validity };
    case 'f32':
      return { kind: 'f32', length, values: takeValues(vector.values, rows, new Float32Array(length)), validity };
    case 'f64':
      return { kind: 'f64', length, values: takeValues(vector.values, rows, new Float64Array(length)), validity };
    case 'i64':
      return { kind: 'i64', length, values: takePairs(vector.values, rows), validity };
    case 'bytes':
      return takeBytes(vector, rows, validity);
    case 'list': {
      const { offsets, elements } = takeSpans(vector.offsets, rows);
      return { kind: 'list', length, offsets, element: takeVector(vector.element, elements), validity };
    }
    case 'map': {
      const { offsets, elements } = takeSpans(vector.offsets, rows);
      const key = takeVector(vector.key, elements);
      return { kind: 'map', length, offsets, key, value: takeVector(vector.value, elements), validity };
    }
    case 'struct':
      return { kind: 'struct', length, fields: vector.fields.map((field) => takeVector(field, rows)), validity };
  }
}

/** The rows from `from` up to `to`: a view over the same arrays. */
export function sliceVector(vector: Vector, from: number, to: number): Vector {
  if (from === 0 && to === vector.length) return vector;
  const length = to - from;
  const validity = vector.validity === null ? null : vector.validity.subarray(from, to);
  switch (vector.kind) {
    case 'i32':
      return { kind: 'i32', length, values: vector.values.subarray(from, to), validity };
    case 'i64':
      return { kind: 'i64', length, values: vector.values.subarray(2 * from, 2 * to), validity };
    case 'f32':
      return { kind: 'f32', length, values: vector.values.subarray(from, to), validity };
    case 'f64':
      return { kind: 'f64', length, values: vector.values.subarray(from, to), validity };
    case 'bytes':
    case 'list':
    case 'map':
      return { ...vector, length, offsets: vector.offsets.subarray(from, to + 1), validity };
    case 'struct':
      return { kind: 'struct', length, fields: vector.fields.map((field) => sliceVector(field, from, to)), validity };
  }
}

function takeValidity(validity: Validity, rows: Uint32Array): Validity {
  if (validity === null) return null;
  const taken = new Uint8Array(rows.length);
  let absent = 0;
  for (let index = 0; index < rows.length; index++) {
    const flag = validity[rows[index]];
    taken[index] = flag;
    if (flag !== PRESENT) absent++;
  }
  return absent === 0 ? null : taken;
}

function takeValues<A extends Int32Array | Float32Array | Float64Array>(values: A, rows: Uint32Array, taken: A): A {
  for (let index = 0; index < rows.length; index++) taken[index] = values[rows[index]];
  return taken;
}

function takePairs(values: Int32Array, rows: Uint32Array): Int32Array {
  const taken = new Int32Array(2 * rows.length);
  for (let index = 0; index < rows.length; index++) {
    const row = rows[index];
    taken[2 * index] = values[2 * row];
    taken[2 * index + 1] = values[2 * row + 1];
  }
  return taken;
}

function takeBytes(vector: BytesVector, rows: Uint32Array, validity: Validity): BytesVector {
  const source = vector.offsets;
  const offsets = new Int32Array(rows.length + 1);
  let sizeBytes = 0;
  for (let index = 0; index < rows.length; index++) {
    const row = rows[index];
    sizeBytes += source[row + 1] - source[row];
    offsets[index + 1] = sizeBytes;
  }
  if (sizeBytes > ARENA_BYTES_MAX) {
    throw new TributaryError('E9001', `column of more than 2 GiB in one batch: bytes=${sizeBytes}`);
  }
  const bytes = new Uint8Array(sizeBytes);
  const appender = new ByteAppender(bytes);
  const view = viewOf(vector.bytes);
  for (let index = 0; index < rows.length; index++) {
    appender.append(view, source[rows[index]], source[rows[index] + 1]);
  }
  return { kind: 'bytes', length: rows.length, offsets, bytes, validity };
}

function takeSpans(source: Int32Array, rows: Uint32Array): { offsets: Int32Array; elements: Uint32Array } {
  const offsets = new Int32Array(rows.length + 1);
  let count = 0;
  for (let index = 0; index < rows.length; index++) {
    count += source[rows[index] + 1] - source[rows[index]];
    offsets[index + 1] = count;
  }
  const elements = new Uint32Array(count);
  let at = 0;
  for (const row of rows) {
    for (let element = source[row]; element < source[row + 1]; element++) elements[at++] = element;
  }
  return { offsets, elements };
}
