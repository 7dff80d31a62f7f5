// Sort keys of rows as bytes whose unsigned order is that of the rows: column by column, or along a curve through all of
// them, so that rows which are near in every column stand near one another. Source: ZIndexer, HilbertIndexer.
import { TributaryError } from '../../base/errors.ts';
import { type BytesVector, PRESENT, validityAt, type Vector } from '../../column/vector.ts';
import { type DataField, columnOrder } from '../schema/data-type.ts';
import { hilbertIndex, interleaveBits } from './hilbert-index.ts';

/** How rows are ordered. */
export type OrderStrategy = 'order' | 'zorder' | 'hilbert';

/** The sort keys of the rows of some columns. */
export type SortKeyMaker = (columns: readonly Vector[], rowCount: number) => BytesVector;

/** Bytes that a column has in a place on a curve. */
const WORD_BYTES = 8;
/** Ends a text in an ordered key; a zero byte within it is followed by another byte. */
const ESCAPED_ZERO = 255;

/**
 * Makes keys of the columns at `indexes` of the table's fields: `order` compares them one after the other, NULL first.
 * Throws `E3392` for a column whose values have no order, or a curve through too few columns.
 */
export function sortKeyMaker(
  fields: readonly DataField[],
  indexes: readonly number[],
  how: OrderStrategy,
): SortKeyMaker {
  const chosen = indexes.map((index) => fields[index]);
  for (const { name, type } of chosen) {
    if (['ARRAY', 'MAP', 'MULTISET', 'ROW', 'VARIANT', 'BLOB'].includes(type.kind)) {
      throw new TributaryError(
        'E3392',
        `rows cannot be sorted by a column of this type: column=${name} type=${type.kind}`,
      );
    }
  }
  if (how === 'hilbert' && indexes.length < 2) {
    throw new TributaryError('E3392', 'a Hilbert curve goes through two columns at least: order-strategy=hilbert');
  }
  const signed = chosen.map(({ type }) => columnOrder(type) === 'signed');
  const pick = (columns: readonly Vector[]): readonly Vector[] => indexes.map((index) => columns[index]);
  if (how === 'order') return (columns, rowCount) => orderKeys(pick(columns), signed, rowCount);
  const curve = how === 'zorder' ? interleaveBits : hilbertIndex;
  return (columns, rowCount) => curveKeys(pick(columns), { signed, rowCount, curve });
}

function orderKeys(columns: readonly Vector[], signed: readonly boolean[], rowCount: number): BytesVector {
  const writer = new KeyWriter(rowCount);
  for (let row = 0; row < rowCount; row++) {
    for (const [index, column] of columns.entries()) writer.value(column, row, signed[index]);
    writer.endRow(row);
  }
  return writer.finish();
}

/** Gives a place on a curve from the words of a row, and overwrites them. */
type Curve = (words: Uint32Array, target: Uint8Array, offset: number) => void;

function curveKeys(
  columns: readonly Vector[],
  of: { readonly signed: readonly boolean[]; readonly rowCount: number; readonly curve: Curve },
): BytesVector {
  const { signed, rowCount, curve } = of;
  const rowBytes = WORD_BYTES * columns.length;
  const bytes = new Uint8Array(rowBytes * rowCount);
  const offsets = new Int32Array(rowCount + 1);
  const words = new Uint32Array(2 * columns.length);
  for (let row = 0; row < rowCount; row++) {
    for (const [index, column] of columns.entries())
      putWord(column, row, { signed: signed[index], words, at: 2 * index });
    curve(words, bytes, row * rowBytes);
    offsets[row + 1] = (row + 1) * rowBytes;
  }
  return { kind: 'bytes', length: rowCount, offsets, bytes, validity: null };
}

const FLOAT_VIEW = new DataView(new ArrayBuffer(8));
const WORDS = new Uint32Array(2);
/** The bytes of a decimal of 38 digits. */
const DECIMAL_BYTES = 16;

/** The first 64 bits of a value's ordered form as two words; zero for NULL. */
function putWord(
  column: Vector,
  row: number,
  to: { readonly signed: boolean; readonly words: Uint32Array; readonly at: number },
): void {
  const { words, at } = to;
  words[at] = words[at + 1] = 0;
  if (validityAt(column, row) !== PRESENT) return;
  switch (column.kind) {
    case 'i32':
      words[at] = (column.values[row] ^ 0x80000000) >>> 0;
      return;
    case 'i64':
      words[at] = (column.values[2 * row + 1] ^ 0x80000000) >>> 0;
      words[at + 1] = column.values[2 * row] >>> 0;
      return;
    case 'f32':
    case 'f64':
      putFloat(column.values[row], words, at);
      return;
    case 'bytes': {
      const start = column.offsets[row];
      const length = column.offsets[row + 1] - start;
      if (to.signed) putSigned(column.bytes, { start, length }, words, at);
      else
        for (let byte = 0; byte < Math.min(length, WORD_BYTES); byte++)
          putByte(words, at, byte, column.bytes[start + byte]);
      return;
    }
    case 'struct':
      // A fine timestamp: its microseconds.
      putWord(column.fields[0], row, { ...to, signed: false });
      return;
    default:
      throw unordered(column);
  }
}

function putByte(words: Uint32Array, at: number, byte: number, value: number): void {
  words[at + (byte >> 2)] |= value << (24 - 8 * (byte & 3));
}

/** Positive floats with their sign set, negative ones inverted. */
function putFloat(value: number, words: Uint32Array, at: number): void {
  FLOAT_VIEW.setFloat64(0, value);
  const high = FLOAT_VIEW.getUint32(0);
  const low = FLOAT_VIEW.getUint32(4);
  const isNegative = high >>> 31 === 1;
  words[at] = isNegative ? ~high : high | 0x80000000;
  words[at + 1] = isNegative ? ~low : low;
}

/** A big-endian number in two's complement, of which the lowest 64 bits count unless it is longer: then it stands at an end. */
function putSigned(
  bytes: Uint8Array,
  { start, length }: { readonly start: number; readonly length: number },
  words: Uint32Array,
  at: number,
): void {
  const isNegative = length > 0 && bytes[start] >= 128;
  const isLong = length > WORD_BYTES;
  for (let byte = 0; byte < WORD_BYTES; byte++) {
    const from = byte - (WORD_BYTES - length);
    const fill = isNegative !== isLong ? 255 : 0;
    putByte(words, at, byte, isLong || from < 0 ? fill : bytes[start + from]);
  }
  // What is too long is cut off below or above, on the side of its sign.
  words[at] = isLong ? (isNegative ? 0 : 0xffffffff) : words[at] ^ 0x80000000;
}

/** Writes keys that are compared byte by byte. */
class KeyWriter {
  private bytes: Uint8Array;
  private readonly offsets: Int32Array;
  private size = 0;

  constructor(rowCount: number) {
    this.bytes = new Uint8Array(Math.max(1024, 16 * rowCount));
    this.offsets = new Int32Array(rowCount + 1);
  }

  value(column: Vector, row: number, signed: boolean): void {
    const isPresent = validityAt(column, row) === PRESENT;
    this.byte(isPresent ? 1 : 0);
    if (!isPresent) return;
    switch (column.kind) {
      case 'i32':
        return this.word(column.values[row] ^ 0x80000000);
      case 'i64':
        this.word(column.values[2 * row + 1] ^ 0x80000000);
        return this.word(column.values[2 * row]);
      case 'f32':
      case 'f64':
        putFloat(column.values[row], WORDS, 0);
        this.word(WORDS[0]);
        return this.word(WORDS[1]);
      case 'bytes':
        return signed ? this.number(column, row) : this.text(column, row);
      case 'struct':
        for (const field of column.fields) this.value(field, row, false);
        return;
      default:
        throw unordered(column);
    }
  }

  endRow(row: number): void {
    this.offsets[row + 1] = this.size;
  }

  finish(): BytesVector {
    const { offsets } = this;
    return {
      kind: 'bytes',
      length: offsets.length - 1,
      offsets,
      bytes: this.bytes.subarray(0, this.size),
      validity: null,
    };
  }

  private byte(value: number): void {
    this.reserve(1);
    this.bytes[this.size++] = value;
  }

  private word(value: number): void {
    this.reserve(4);
    for (let shift = 24; shift >= 0; shift -= 8) this.bytes[this.size++] = value >>> shift;
  }

  private text({ offsets, bytes }: BytesVector, row: number): void {
    this.reserve(2 * (offsets[row + 1] - offsets[row]) + 2);
    for (let at = offsets[row]; at < offsets[row + 1]; at++) {
      this.bytes[this.size++] = bytes[at];
      if (bytes[at] === 0) this.bytes[this.size++] = ESCAPED_ZERO;
    }
    this.bytes[this.size++] = 0;
    this.bytes[this.size++] = 0;
  }

  /** A big-endian number in two's complement as 16 bytes, the most that 38 digits take. */
  private number({ offsets, bytes }: BytesVector, row: number): void {
    const start = offsets[row];
    const length = offsets[row + 1] - start;
    const fill = length > 0 && bytes[start] >= 128 ? 255 : 0;
    this.reserve(DECIMAL_BYTES);
    for (let byte = 0; byte < DECIMAL_BYTES; byte++) {
      const from = byte - (DECIMAL_BYTES - length);
      const value = from < 0 ? fill : bytes[start + from];
      this.bytes[this.size++] = byte === 0 ? value ^ 128 : value;
    }
  }

  private reserve(more: number): void {
    if (this.size + more <= this.bytes.length) return;
    const larger = new Uint8Array(2 * (this.size + more));
    larger.set(this.bytes.subarray(0, this.size));
    this.bytes = larger;
  }
}

function unordered(column: Vector): TributaryError {
  return new TributaryError('E9001', `column without an order is a sort column: kind=${column.kind}`);
}
