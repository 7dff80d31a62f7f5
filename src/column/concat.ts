// Joins vectors and batches end to end, by copying whole arrays.
import { TributaryError } from '../base/errors.ts';
import { ofKind, sliceVector } from './take.ts';
import type { ColumnBatch, Validity, Vector } from './vector.ts';
import { PRESENT, transferList } from './vector.ts';

const ARENA_BYTES_MAX = 2 ** 31 - 1;

/** The vectors one after the other; a single vector is given back as it is. All are of the same shape; at least one. */
export function concatVectors(vectors: readonly Vector[]): Vector {
  const first = vectors[0];
  if (vectors.length === 1) return first;
  const length = vectors.reduce((sum, vector) => sum + vector.length, 0);
  const validity = concatValidity(vectors, length);
  switch (first.kind) {
    case 'i32':
      return { kind: 'i32', length, values: joinValues(vectors, 'i32', new Int32Array(length)), validity };
    case 'i64':
      return { kind: 'i64', length, values: joinValues(vectors, 'i64', new Int32Array(2 * length)), validity };
    case 'f32':
      return { kind: 'f32', length, values: joinValues(vectors, 'f32', new Float32Array(length)), validity };
    case 'f64':
      return { kind: 'f64', length, values: joinValues(vectors, 'f64', new Float64Array(length)), validity };
    case 'bytes': {
      const parts = vectors.map((vector) => ofKind(vector, 'bytes'));
      return { kind: 'bytes', length, ...joinArenas(parts, length), validity };
    }
    case 'list': {
      const parts = vectors.map((vector) => ofKind(vector, 'list'));
      const element = concatVectors(parts.map((part) => named(part, part.element)));
      return { kind: 'list', length, offsets: joinOffsets(parts, length), element, validity };
    }
    case 'map': {
      const parts = vectors.map((vector) => ofKind(vector, 'map'));
      const key = concatVectors(parts.map((part) => named(part, part.key)));
      const value = concatVectors(parts.map((part) => named(part, part.value)));
      return { kind: 'map', length, offsets: joinOffsets(parts, length), key, value, validity };
    }
    case 'struct': {
      const parts = vectors.map((vector) => ofKind(vector, 'struct'));
      const fields = first.fields.map((_, field) => concatVectors(parts.map((part) => part.fields[field])));
      return { kind: 'struct', length, fields, validity };
    }
  }
}

/**
 * The batches one after the other. All have the same columns; at least one batch. With `release` the batches are the
 * caller's alone and of no use afterwards: each column's memory is given back once it is joined, not when the garbage
 * collector comes by, so that the two copies never stand side by side.
 */
export function concatBatches(batches: readonly ColumnBatch[], release = false): ColumnBatch {
  if (batches.length === 1) return batches[0];
  const rowCount = batches.reduce((sum, batch) => sum + batch.rowCount, 0);
  const lastUses = release ? lastUsesOf(batches) : null;
  const columns = batches[0].columns.map((_, column) => {
    const joined = concatVectors(batches.map((batch) => batch.columns[column]));
    releaseBuffers(lastUses?.[column] ?? []);
    return joined;
  });
  return { rowCount, columns };
}

/** Gives the memory of buffers back at once; what views them is empty afterwards. */
export function releaseBuffers(buffers: Iterable<ArrayBuffer>): void {
  for (const buffer of buffers) if (!buffer.detached) buffer.transfer(0);
}

/** For each column the buffers that no later column uses. */
function lastUsesOf(batches: readonly ColumnBatch[]): readonly ReadonlySet<ArrayBuffer>[] {
  const seen = new Set<ArrayBuffer>();
  return batches[0].columns
    .map((_, column) => transferList(batches.map((batch) => batch.columns[column])))
    .reverse()
    .map((buffers) => {
      const last = new Set([...buffers].filter((buffer) => !seen.has(buffer)));
      for (const buffer of buffers) seen.add(buffer);
      return last;
    })
    .reverse();
}

function concatValidity(vectors: readonly Vector[], length: number): Validity {
  if (vectors.every((vector) => vector.validity === null)) return null;
  const joined = new Uint8Array(length).fill(PRESENT);
  let row = 0;
  for (const vector of vectors) {
    if (vector.validity !== null) joined.set(vector.validity.subarray(0, vector.length), row);
    row += vector.length;
  }
  return joined;
}

type NumberKind = 'i32' | 'i64' | 'f32' | 'f64';
type NumberArray = Int32Array | Float32Array | Float64Array;

function joinValues<A extends NumberArray>(vectors: readonly Vector[], kind: NumberKind, joined: A): A {
  const width = kind === 'i64' ? 2 : 1;
  let at = 0;
  for (const vector of vectors) {
    joined.set(ofKind(vector, kind).values.subarray(0, width * vector.length), at);
    at += width * vector.length;
  }
  return joined;
}

interface Arena extends Spans {
  readonly bytes: Uint8Array;
}

function joinArenas(parts: readonly Arena[], length: number): { offsets: Int32Array; bytes: Uint8Array } {
  const sizeBytes = parts.reduce((sum, part) => sum + usedBytes(part), 0);
  if (sizeBytes > ARENA_BYTES_MAX) {
    throw new TributaryError('E9001', `column of more than 2 GiB in one batch: bytes=${sizeBytes}`);
  }
  const offsets = new Int32Array(length + 1);
  const bytes = new Uint8Array(sizeBytes);
  let row = 0;
  let at = 0;
  for (const part of parts) {
    const start = part.offsets[0];
    bytes.set(part.bytes.subarray(start, part.offsets[part.length]), at);
    const shift = at - start;
    for (let index = 1; index <= part.length; index++) offsets[row + index] = part.offsets[index] + shift;
    row += part.length;
    at += usedBytes(part);
  }
  return { offsets, bytes };
}

function usedBytes(part: Arena): number {
  return part.offsets[part.length] - part.offsets[0];
}

function joinOffsets(parts: readonly Spans[], length: number): Int32Array {
  const offsets = new Int32Array(length + 1);
  let row = 0;
  let base = 0;
  for (const part of parts) {
    const shift = base - part.offsets[0];
    for (let index = 1; index <= part.length; index++) offsets[row + index] = part.offsets[index] + shift;
    row += part.length;
    base += part.offsets[part.length] - part.offsets[0];
  }
  return offsets;
}

interface Spans {
  readonly length: number;
  readonly offsets: Int32Array;
}

/** The elements that the part's rows name: what lies before or after them is left out. */
function named(part: Spans, element: Vector): Vector {
  return sliceVector(element, part.offsets[0], part.offsets[part.length]);
}
