// Gathers rows of several vectors into one: the output side of a merge.
import { TributaryError } from '../base/errors.ts';
import { ByteAppender, viewOf } from './byte-appender.ts';
import { ofKind } from './take.ts';
import type { BytesVector, Validity, Vector } from './vector.ts';
import { PRESENT } from './vector.ts';

const ARENA_BYTES_MAX = 2 ** 31 - 1;

/** Which rows to gather, in order: entry i is row `rows[i]` of source `sources[i]`. Both arrays are of one length. */
export interface Selection {
  readonly sources: Uint32Array;
  readonly rows: Uint32Array;
}

/** A new vector of the selected rows. The vectors are of one shape; at least one. */
export function interleaveVectors(vectors: readonly Vector[], selection: Selection): Vector {
  const length = selection.rows.length;
  const validity = interleaveValidity(vectors, selection);
  switch (vectors[0].kind) {
    case 'i32': {
      const values = vectors.map((vector) => ofKind(vector, 'i32').values);
      return { kind: 'i32', length, values: gather(values, selection, new Int32Array(length)), validity };
    }
    case 'f32': {
      const values = vectors.map((vector) => ofKind(vector, 'f32').values);
      return { kind: 'f32', length, values: gather(values, selection, new Float32Array(length)), validity };
    }
    case 'f64': {
      const values = vectors.map((vector) => ofKind(vector, 'f64').values);
      return { kind: 'f64', length, values: gather(values, selection, new Float64Array(length)), validity };
    }
    case 'i64': {
      const values = vectors.map((vector) => ofKind(vector, 'i64').values);
      return { kind: 'i64', length, values: gatherPairs(values, selection), validity };
    }
    case 'bytes': {
      const arenas = vectors.map((vector) => ofKind(vector, 'bytes'));
      return { kind: 'bytes', length, ...gatherBytes(arenas, selection), validity };
    }
    case 'list':
    case 'map':
    case 'struct':
      return interleaveNested(vectors, selection, validity);
  }
}

function interleaveNested(vectors: readonly Vector[], selection: Selection, validity: Validity): Vector {
  const first = vectors[0];
  const length = selection.rows.length;
  if (first.kind === 'list') {
    const lists = vectors.map((vector) => ofKind(vector, 'list'));
    const { offsets, elements } = gatherSpans(lists, selection);
    const parts = lists.map((list) => list.element);
    return { kind: 'list', length, offsets, element: interleaveVectors(parts, elements), validity };
  }
  if (first.kind === 'map') {
    const maps = vectors.map((vector) => ofKind(vector, 'map'));
    const { offsets, elements } = gatherSpans(maps, selection);
    const keys = maps.map((map) => map.key);
    const values = maps.map((map) => map.value);
    const key = interleaveVectors(keys, elements);
    return { kind: 'map', length, offsets, key, value: interleaveVectors(values, elements), validity };
  }
  const structs = vectors.map((vector) => ofKind(vector, 'struct'));
  const fields = ofKind(first, 'struct').fields.map((_, field) => {
    const parts = structs.map((struct) => struct.fields[field]);
    return interleaveVectors(parts, selection);
  });
  return { kind: 'struct', length, fields, validity };
}

function gather<A extends Int32Array | Float32Array | Float64Array>(
  values: readonly A[],
  selection: Selection,
  out: A,
): A {
  const { sources, rows } = selection;
  for (let index = 0; index < rows.length; index++) out[index] = values[sources[index]][rows[index]];
  return out;
}

function gatherPairs(values: readonly Int32Array[], selection: Selection): Int32Array {
  const { sources, rows } = selection;
  const out = new Int32Array(2 * rows.length);
  for (let index = 0; index < rows.length; index++) {
    const source = values[sources[index]];
    const row = rows[index];
    out[2 * index] = source[2 * row];
    out[2 * index + 1] = source[2 * row + 1];
  }
  return out;
}

function interleaveValidity(vectors: readonly Vector[], selection: Selection): Validity {
  if (vectors.every((vector) => vector.validity === null)) return null;
  const { sources, rows } = selection;
  const out = new Uint8Array(rows.length);
  let absent = 0;
  for (let index = 0; index < rows.length; index++) {
    const validity = vectors[sources[index]].validity;
    const flag = validity === null ? PRESENT : validity[rows[index]];
    out[index] = flag;
    if (flag !== PRESENT) absent++;
  }
  return absent === 0 ? null : out;
}

function gatherBytes(
  vectors: readonly BytesVector[],
  selection: Selection,
): { offsets: Int32Array; bytes: Uint8Array } {
  const { sources, rows } = selection;
  const offsets = new Int32Array(rows.length + 1);
  let sizeBytes = 0;
  for (let index = 0; index < rows.length; index++) {
    const source = vectors[sources[index]].offsets;
    sizeBytes += source[rows[index] + 1] - source[rows[index]];
    offsets[index + 1] = sizeBytes;
  }
  if (sizeBytes > ARENA_BYTES_MAX) {
    throw new TributaryError('E9001', `column of more than 2 GiB in one batch: bytes=${sizeBytes}`);
  }
  const bytes = new Uint8Array(sizeBytes);
  const appender = new ByteAppender(bytes);
  const views = vectors.map((vector) => viewOf(vector.bytes));
  for (let index = 0; index < rows.length; index++) {
    const source = sources[index];
    const starts = vectors[source].offsets;
    appender.append(views[source], starts[rows[index]], starts[rows[index] + 1]);
  }
  return { offsets, bytes };
}

interface Spans {
  readonly offsets: Int32Array;
}

function gatherSpans(vectors: readonly Spans[], selection: Selection): { offsets: Int32Array; elements: Selection } {
  const { sources, rows } = selection;
  const offsets = new Int32Array(rows.length + 1);
  let count = 0;
  for (let index = 0; index < rows.length; index++) {
    const source = vectors[sources[index]].offsets;
    count += source[rows[index] + 1] - source[rows[index]];
    offsets[index + 1] = count;
  }
  const elements = { sources: new Uint32Array(count), rows: new Uint32Array(count) };
  let at = 0;
  for (let index = 0; index < rows.length; index++) {
    const source = vectors[sources[index]].offsets;
    for (let element = source[rows[index]]; element < source[rows[index] + 1]; element++, at++) {
      elements.sources[at] = sources[index];
      elements.rows[at] = element;
    }
  }
  return { offsets, elements };
}
