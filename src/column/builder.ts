// Builders of column vectors. Decoders write into the public arrays directly at row `length` of the batch, after one
// `reserve` a row; nothing here allocates per value.
import type { Shape, Validity, Vector } from './vector.ts';
import { NULL, PRESENT } from './vector.ts';

const INITIAL_ROWS = 1024;
const INITIAL_BYTES = 16 * 1024;

/** Validity under construction: allocated at the first row that is not present. */
class ValidityBuilder {
  private flags: Uint8Array | null = null;

  set(row: number, flag: number): void {
    if (this.flags === null) {
      if (flag === PRESENT) return;
      this.flags = new Uint8Array(Math.max(INITIAL_ROWS, row + 1));
    }
    if (row >= this.flags.length) this.flags = grownBytes(this.flags, row + 1);
    this.flags[row] = flag;
  }

  finish(length: number): Validity {
    const flags = this.flags;
    this.flags = null;
    if (flags === null) return null;
    return flags.length >= length ? flags.slice(0, length) : grownBytes(flags, length).slice(0, length);
  }
}

function grownBytes(array: Uint8Array, atLeast: number): Uint8Array {
  const grown = new Uint8Array(Math.max(atLeast, array.length * 2));
  grown.set(array);
  return grown;
}

function grownInts(array: Int32Array, atLeast: number): Int32Array {
  const grown = new Int32Array(Math.max(atLeast, array.length * 2));
  grown.set(array);
  return grown;
}

/** What all builders share. `row` is always the next row: rows are written in order, each exactly once. */
interface RowBuilder {
  /** Makes room for `row`; called before anything of that row is written. */
  reserve(row: number): void;
  /** Marks `row` NULL or MISSING and leaves it empty. */
  setAbsent(row: number, flag: number): void;
  /** The vector of the first `length` rows; the builder starts again empty. The arrays belong to the caller. */
  finish(length: number): Vector;
}

/** Builds an Int32Vector: write `values[row]`. */
export class Int32Builder implements RowBuilder {
  readonly kind = 'i32';
  values: Int32Array = new Int32Array(INITIAL_ROWS);
  private readonly validity = new ValidityBuilder();

  reserve(row: number): void {
    if (row >= this.values.length) this.values = grownInts(this.values, row + 1);
  }

  setAbsent(row: number, flag: number): void {
    this.validity.set(row, flag);
  }

  finish(length: number): Vector {
    const values = this.values.slice(0, length);
    return { kind: 'i32', length, values, validity: this.validity.finish(length) };
  }
}

/** Builds an Int64Vector: write `values[2 * row]` (low half) and `values[2 * row + 1]` (high half). */
export class Int64Builder implements RowBuilder {
  readonly kind = 'i64';
  values: Int32Array = new Int32Array(2 * INITIAL_ROWS);
  private readonly validity = new ValidityBuilder();

  reserve(row: number): void {
    if (2 * row + 1 >= this.values.length) this.values = grownInts(this.values, 2 * row + 2);
  }

  setAbsent(row: number, flag: number): void {
    this.validity.set(row, flag);
  }

  /** Writes a whole number of magnitude up to 2^53. */
  setNumber(row: number, value: number): void {
    this.values[2 * row] = value | 0;
    this.values[2 * row + 1] = Math.floor(value / 4294967296);
  }

  /** Writes any 64-bit value: for places that are not hot. */
  setBigInt(row: number, value: bigint): void {
    this.values[2 * row] = Number(BigInt.asIntN(32, value));
    this.values[2 * row + 1] = Number(BigInt.asIntN(32, value >> 32n));
  }

  finish(length: number): Vector {
    const values = this.values.slice(0, 2 * length);
    return { kind: 'i64', length, values, validity: this.validity.finish(length) };
  }
}

/** Builds a Float32Vector: write `values[row]`. */
export class Float32Builder implements RowBuilder {
  readonly kind = 'f32';
  values: Float32Array = new Float32Array(INITIAL_ROWS);
  private readonly validity = new ValidityBuilder();

  reserve(row: number): void {
    if (row < this.values.length) return;
    const grown = new Float32Array(Math.max(row + 1, this.values.length * 2));
    grown.set(this.values);
    this.values = grown;
  }

  setAbsent(row: number, flag: number): void {
    this.validity.set(row, flag);
  }

  finish(length: number): Vector {
    const values = this.values.slice(0, length);
    return { kind: 'f32', length, values, validity: this.validity.finish(length) };
  }
}

/** Builds a Float64Vector: write `values[row]`. */
export class Float64Builder implements RowBuilder {
  readonly kind = 'f64';
  values: Float64Array = new Float64Array(INITIAL_ROWS);
  private readonly validity = new ValidityBuilder();

  reserve(row: number): void {
    if (row < this.values.length) return;
    const grown = new Float64Array(Math.max(row + 1, this.values.length * 2));
    grown.set(this.values);
    this.values = grown;
  }

  setAbsent(row: number, flag: number): void {
    this.validity.set(row, flag);
  }

  finish(length: number): Vector {
    const values = this.values.slice(0, length);
    return { kind: 'f64', length, values, validity: this.validity.finish(length) };
  }
}

/**
 * Builds a BytesVector in one arena. For each row in order: `append` bytes any number of times (or write into `bytes`
 * at `size` after `room`), then `endRow`.
 */
export class BytesBuilder implements RowBuilder {
  readonly kind = 'bytes';
  offsets: Int32Array = new Int32Array(INITIAL_ROWS);
  bytes: Uint8Array = new Uint8Array(INITIAL_BYTES);
  /** Bytes written so far. */
  size = 0;
  private readonly validity = new ValidityBuilder();

  reserve(row: number): void {
    if (row + 1 >= this.offsets.length) this.offsets = grownInts(this.offsets, row + 2);
  }

  /** Makes room for `count` more bytes. */
  room(count: number): void {
    if (this.size + count > this.bytes.length) this.bytes = grownBytes(this.bytes, this.size + count);
  }

  /** Appends `source[start … end)` to the row being built. */
  append(source: Uint8Array, start: number, end: number): void {
    const count = end - start;
    if (this.size + count > this.bytes.length) this.bytes = grownBytes(this.bytes, this.size + count);
    // Short copies by loop, long ones by memcpy: measured in shared/measurements.md, "String copy micro-test".
    if (count < 24) {
      const bytes = this.bytes;
      for (let from = start, to = this.size; from < end; from++, to++) bytes[to] = source[from];
    } else this.bytes.set(source.subarray(start, end), this.size);
    this.size += count;
  }

  /** Ends the row being built. */
  endRow(row: number): void {
    this.offsets[row + 1] = this.size;
  }

  setAbsent(row: number, flag: number): void {
    this.validity.set(row, flag);
    this.offsets[row + 1] = this.size;
  }

  finish(length: number): Vector {
    const offsets = this.offsets.slice(0, length + 1);
    const bytes = this.bytes.slice(0, this.size);
    this.size = 0;
    return { kind: 'bytes', length, offsets, bytes, validity: this.validity.finish(length) };
  }
}

/** Builds a ListVector: append elements at `elementCount`, then `endRow`. */
export class ListBuilder implements RowBuilder {
  readonly kind = 'list';
  readonly element: VectorBuilder;
  offsets: Int32Array = new Int32Array(INITIAL_ROWS);
  /** Elements written so far; the next element's row in `element`. */
  elementCount = 0;
  private readonly validity = new ValidityBuilder();

  constructor(element: VectorBuilder) {
    this.element = element;
  }

  reserve(row: number): void {
    if (row + 1 >= this.offsets.length) this.offsets = grownInts(this.offsets, row + 2);
  }

  /** Makes room for one more element and gives its row in `element`. */
  nextElement(): number {
    this.element.reserve(this.elementCount);
    return this.elementCount++;
  }

  /** Ends the row being built. */
  endRow(row: number): void {
    this.offsets[row + 1] = this.elementCount;
  }

  setAbsent(row: number, flag: number): void {
    this.validity.set(row, flag);
    this.offsets[row + 1] = this.elementCount;
  }

  finish(length: number): Vector {
    const offsets = this.offsets.slice(0, length + 1);
    const element = this.element.finish(this.elementCount);
    this.elementCount = 0;
    return { kind: 'list', length, offsets, element, validity: this.validity.finish(length) };
  }
}

/** Builds a MapVector: append entries with `nextEntry`, then `endRow`. */
export class MapBuilder implements RowBuilder {
  readonly kind = 'map';
  readonly key: VectorBuilder;
  readonly value: VectorBuilder;
  offsets: Int32Array = new Int32Array(INITIAL_ROWS);
  /** Entries written so far; the next entry's row in `key` and `value`. */
  entryCount = 0;
  private readonly validity = new ValidityBuilder();

  constructor(key: VectorBuilder, value: VectorBuilder) {
    this.key = key;
    this.value = value;
  }

  reserve(row: number): void {
    if (row + 1 >= this.offsets.length) this.offsets = grownInts(this.offsets, row + 2);
  }

  /** Makes room for one more entry and gives its row in `key` and `value`. */
  nextEntry(): number {
    this.key.reserve(this.entryCount);
    this.value.reserve(this.entryCount);
    return this.entryCount++;
  }

  /** Ends the row being built. */
  endRow(row: number): void {
    this.offsets[row + 1] = this.entryCount;
  }

  setAbsent(row: number, flag: number): void {
    this.validity.set(row, flag);
    this.offsets[row + 1] = this.entryCount;
  }

  finish(length: number): Vector {
    const offsets = this.offsets.slice(0, length + 1);
    const key = this.key.finish(this.entryCount);
    const value = this.value.finish(this.entryCount);
    this.entryCount = 0;
    return { kind: 'map', length, offsets, key, value, validity: this.validity.finish(length) };
  }
}

/** Builds a StructVector: write each field at the same row. */
export class StructBuilder implements RowBuilder {
  readonly kind = 'struct';
  readonly fields: readonly VectorBuilder[];
  private readonly validity = new ValidityBuilder();

  constructor(fields: readonly VectorBuilder[]) {
    this.fields = fields;
  }

  reserve(row: number): void {
    for (const field of this.fields) field.reserve(row);
  }

  setAbsent(row: number, flag: number): void {
    this.validity.set(row, flag);
    for (const field of this.fields) field.setAbsent(row, NULL);
  }

  finish(length: number): Vector {
    const fields = this.fields.map((field) => field.finish(length));
    return { kind: 'struct', length, fields, validity: this.validity.finish(length) };
  }
}

export type VectorBuilder =
  | Int32Builder
  | Int64Builder
  | Float32Builder
  | Float64Builder
  | BytesBuilder
  | ListBuilder
  | MapBuilder
  | StructBuilder;

/** A builder of vectors of the shape. */
export function builderFor(shape: Shape): VectorBuilder {
  switch (shape.kind) {
    case 'i32':
      return new Int32Builder();
    case 'i64':
      return new Int64Builder();
    case 'f32':
      return new Float32Builder();
    case 'f64':
      return new Float64Builder();
    case 'bytes':
      return new BytesBuilder();
    case 'list':
      return new ListBuilder(builderFor(shape.element));
    case 'map':
      return new MapBuilder(builderFor(shape.key), builderFor(shape.value));
    case 'struct':
      return new StructBuilder(shape.fields.map(builderFor));
  }
}
