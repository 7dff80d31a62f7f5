// Gathers values of one leaf from a vector, through a permutation, into a page of PLAIN bytes; and finds the bounds of
// such a page. One class a width, so that each inner loop sees one kind of array.
import { ByteAppender, viewOf } from '../../../column/byte-appender.ts';
import type { BytesVector, StructVector, Vector } from '../../../column/vector.ts';
import { assert, TributaryError } from '../../../base/errors.ts';
import { JULIAN_EPOCH_DAY } from './parquet-format.ts';
import { giveBuffer, takeBuffer } from './spare-buffers.ts';

/** Rows of a vector: `order[from … to)`, or the rows `from … to` themselves without an order. */
export interface RowRange {
  readonly order: Uint32Array | null;
  readonly from: number;
  readonly to: number;
}

/** Room before the values of a page: the levels of a page without nesting fit, so that values are not moved for them. */
const HEADROOM = 4096;
const MICROS_PER_DAY = 86_400_000_000;

/** The values of one page, as 32-bit words: one, two or three a value. */
export class WordPage {
  /** Words a value. */
  readonly width: number;
  words: Int32Array<ArrayBuffer> = new Int32Array(0);
  valueCount = 0;

  constructor(width: number) {
    this.width = width;
  }

  get sizeBytes(): number {
    return this.valueCount * this.width * 4;
  }

  /** Makes room for more values. */
  reserve(values: number): void {
    const used = this.valueCount * this.width;
    const needed = used + values * this.width;
    if (needed <= this.words.length) return;
    const grown = new Int32Array(takeBuffer(HEADROOM + 4 * needed), HEADROOM);
    grown.set(this.words.subarray(0, used));
    giveBuffer(this.words.buffer);
    this.words = grown;
  }

  append(vector: Vector, rows: RowRange): void {
    const count = rows.to - rows.from;
    this.reserve(count);
    const at = this.valueCount * this.width;
    this.valueCount += count;
    if (this.width === 3) appendInt96(this.words, at, { vector, rows });
    else if (this.width === 2) appendPairs(this.words, at, { source: wordsOf(vector), rows });
    else if (vector.kind === 'i64') appendLowHalves(this.words, at, { source: vector.values, rows });
    else appendWords(this.words, at, { source: wordsOf(vector), rows });
  }

  view(): Uint8Array {
    return new Uint8Array(this.words.buffer, this.words.byteOffset, this.sizeBytes);
  }

  /** The bytes behind others; null where those do not fit into the room before them. */
  viewBehind(prefix: Uint8Array): Uint8Array | null {
    return putBefore(this.view(), prefix);
  }

  clear(): void {
    this.valueCount = 0;
  }

  /** Gives its memory back, and with it all views. */
  release(): void {
    this.clear();
    giveBuffer(this.words.buffer);
    this.words = new Int32Array(0);
  }
}

function putBefore(values: Uint8Array, prefix: Uint8Array): Uint8Array | null {
  const start = values.byteOffset - prefix.length;
  if (start < 0) return null;
  const whole = new Uint8Array(values.buffer, start, prefix.length + values.length);
  whole.set(prefix);
  return whole;
}

/** The bits of a vector of numbers: floats are copied as they are, whatever kind of NaN they hold. */
function wordsOf(vector: Vector): Int32Array {
  switch (vector.kind) {
    case 'i32':
    case 'i64':
      return vector.values;
    case 'f32':
      return new Int32Array(vector.values.buffer, vector.values.byteOffset, vector.length);
    case 'f64':
      return new Int32Array(vector.values.buffer, vector.values.byteOffset, vector.length * 2);
    default:
      throw new TributaryError('E9001', `a vector of numbers is wanted: kind=${vector.kind}`);
  }
}

interface WordGather {
  readonly source: Int32Array;
  readonly rows: RowRange;
}

function appendWords(words: Int32Array, at: number, { source, rows }: WordGather): void {
  const { order, from, to } = rows;
  if (order === null) {
    words.set(source.subarray(from, to), at);
    return;
  }
  for (let index = from, out = at; index < to; index++, out++) words[out] = source[order[index]];
}

function appendPairs(words: Int32Array, at: number, { source, rows }: WordGather): void {
  const { order, from, to } = rows;
  if (order === null) {
    words.set(source.subarray(2 * from, 2 * to), at);
    return;
  }
  for (let index = from, out = at; index < to; index++, out += 2) {
    const row = order[index] * 2;
    words[out] = source[row];
    words[out + 1] = source[row + 1];
  }
}

/** Decimals of precision 9 or less: pairs in the vector, one word in the file. */
function appendLowHalves(words: Int32Array, at: number, { source, rows }: WordGather): void {
  const { order, from, to } = rows;
  for (let index = from, out = at; index < to; index++, out++) {
    const row = (order === null ? index : order[index]) * 2;
    const low = source[row];
    if (source[row + 1] !== low >> 31) throw tooWide('a decimal of precision 9 or less needs more than 32 bits');
    words[out] = low;
  }
}

function tooWide(message: string): TributaryError {
  return new TributaryError('E3204', message);
}

/** Timestamps of precision 7 to 9: nanoseconds of the day (64 bits) and the Julian day. */
function appendInt96(
  words: Int32Array,
  at: number,
  source: { readonly vector: Vector; readonly rows: RowRange },
): void {
  const { micros, nanos } = timestampParts(source.vector);
  const { order, from, to } = source.rows;
  for (let index = from, out = at; index < to; index++, out += 3) {
    const row = order === null ? index : order[index];
    const low = micros[2 * row];
    // Long division in base 2^16, which keeps every step exact in a double.
    const upper = micros[2 * row + 1] * 65536 + (low >>> 16);
    const upperDays = Math.floor(upper / MICROS_PER_DAY);
    const lower = (upper - upperDays * MICROS_PER_DAY) * 65536 + (low & 65535);
    const lowerDays = Math.floor(lower / MICROS_PER_DAY);
    const nanosOfDay = (lower - lowerDays * MICROS_PER_DAY) * 1000 + nanos[row];
    words[out] = nanosOfDay | 0;
    words[out + 1] = Math.floor(nanosOfDay / 4294967296);
    words[out + 2] = upperDays * 65536 + lowerDays + JULIAN_EPOCH_DAY;
  }
}

function timestampParts(vector: Vector): { readonly micros: Int32Array; readonly nanos: Int32Array } {
  const { fields } = asStruct(vector);
  const [micros, nanos] = fields;
  assert(micros?.kind === 'i64' && nanos?.kind === 'i32', 'a timestamp of precision above 6 has micros and nanos');
  return { micros: micros.values, nanos: nanos.values };
}

function asStruct(vector: Vector): StructVector {
  assert(vector.kind === 'struct', 'a vector of structs is wanted');
  return vector;
}

/** The values of one page as bytes: each with its length before it, or all of one length, or one byte a boolean. */
export class BytePage {
  bytes: Uint8Array<ArrayBuffer> = new Uint8Array(0);
  sizeBytes = 0;
  valueCount = 0;
  private readonly layout: 'prefixed' | 'fixed' | 'boolean';
  private readonly fixedBytes: number;

  constructor(layout: 'prefixed' | 'fixed' | 'boolean', fixedBytes = 0) {
    this.layout = layout;
    this.fixedBytes = fixedBytes;
  }

  append(vector: Vector, rows: RowRange): void {
    if (this.layout === 'boolean') {
      this.room(rows.to - rows.from);
      this.appendBooleans(wordsOf(vector), rows);
    } else {
      assert(vector.kind === 'bytes', 'a vector of bytes is wanted');
      if (this.layout === 'prefixed') this.appendPrefixed(vector, rows);
      else this.appendFixed(vector, rows);
    }
    this.valueCount += rows.to - rows.from;
  }

  clear(): void {
    this.sizeBytes = 0;
    this.valueCount = 0;
  }

  view(): Uint8Array {
    return this.bytes.subarray(0, this.sizeBytes);
  }

  /** As in `WordPage`. */
  viewBehind(prefix: Uint8Array): Uint8Array | null {
    return putBefore(this.view(), prefix);
  }

  /** As in `WordPage`. */
  release(): void {
    this.clear();
    giveBuffer(this.bytes.buffer);
    this.bytes = new Uint8Array(0);
  }

  /** Appends one value with its length, for values that a dictionary had. */
  appendValue(source: Uint8Array): void {
    this.room(4 + source.length);
    this.prefix(source.length);
    this.bytes.set(source, this.sizeBytes);
    this.sizeBytes += source.length;
    this.valueCount++;
  }

  private room(count: number): void {
    const needed = this.sizeBytes + count;
    if (needed <= this.bytes.length) return;
    const grown = new Uint8Array(takeBuffer(HEADROOM + needed), HEADROOM);
    grown.set(this.view());
    giveBuffer(this.bytes.buffer);
    this.bytes = grown;
  }

  private prefix(length: number): void {
    const { bytes, sizeBytes } = this;
    bytes[sizeBytes] = length;
    bytes[sizeBytes + 1] = length >>> 8;
    bytes[sizeBytes + 2] = length >>> 16;
    bytes[sizeBytes + 3] = length >>> 24;
    this.sizeBytes += 4;
  }

  private appendBooleans(values: Int32Array, { order, from, to }: RowRange): void {
    const bytes = this.bytes;
    let at = this.sizeBytes;
    for (let index = from; index < to; index++) bytes[at++] = values[order === null ? index : order[index]];
    this.sizeBytes = at;
  }

  private appendPrefixed(vector: BytesVector, { order, from, to }: RowRange): void {
    const { offsets, bytes: source } = vector;
    let total = 4 * (to - from);
    for (let index = from; index < to; index++) {
      const row = order === null ? index : order[index];
      total += offsets[row + 1] - offsets[row];
    }
    this.room(total);
    const appender = new ByteAppender(this.bytes, this.sizeBytes);
    const lengths = viewOf(this.bytes);
    const view = viewOf(source);
    for (let index = from; index < to; index++) {
      const row = order === null ? index : order[index];
      const start = offsets[row];
      const end = offsets[row + 1];
      lengths.setInt32(appender.size, end - start, true);
      appender.size += 4;
      appender.append(view, start, end);
    }
    this.sizeBytes = appender.size;
  }

  /** Decimals of precision above 18: sign-extended to the fixed length. */
  private appendFixed(vector: BytesVector, { order, from, to }: RowRange): void {
    const { offsets, bytes: source } = vector;
    const fixed = this.fixedBytes;
    this.room(fixed * (to - from));
    const bytes = this.bytes;
    let at = this.sizeBytes;
    for (let index = from; index < to; index++) {
      const row = order === null ? index : order[index];
      const start = offsets[row];
      const length = offsets[row + 1] - start;
      if (length > fixed || length === 0) throw tooWide(`a decimal has ${length} bytes where the file has ${fixed}`);
      const sign = source[start] >> 7 === 1 ? 255 : 0;
      for (let pad = length; pad < fixed; pad++) bytes[at++] = sign;
      for (let next = start; next < start + length; next++) bytes[at++] = source[next];
    }
    this.sizeBytes = at;
  }
}

/** Packs bytes of 0 and 1 into bits, lowest bit first. */
export function packBooleans(values: Uint8Array): Uint8Array {
  const packed = new Uint8Array((values.length + 7) >> 3);
  for (let index = 0; index < values.length; index++) packed[index >> 3] |= values[index] << (index & 7);
  return packed;
}
