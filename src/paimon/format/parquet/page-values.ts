// The values of one decoded page, nulls left out: PLAIN, dictionary and run-length encodings.
import { decodeHybrid } from './hybrid-encoding.ts';
import { BOOLEAN, BYTE_ARRAY, DOUBLE, FIXED_LEN_BYTE_ARRAY, INT64, INT96, type LeafNode } from './parquet-format.ts';
import { corrupt } from '../file-fault.ts';
import { giveBuffer, takeBuffer } from './spare-buffers.ts';

/** Numbers as 32-bit words, `width` words each; floats by their bits, booleans as 0 and 1. */
export interface WordValues {
  readonly kind: 'words';
  readonly width: number;
  readonly count: number;
  readonly words: Int32Array;
}

/** Byte strings: value i is `bytes[starts[i] … ends[i])`. */
export interface ByteValues {
  readonly kind: 'bytes';
  readonly count: number;
  readonly bytes: Uint8Array;
  readonly starts: Int32Array;
  readonly ends: Int32Array;
}

/** The arrays of numbers belong to the page; `bytes` may be a part of other memory. */
export type PageValues = WordValues | ByteValues;

/** Encoded values: `bytes[from …]` holds `count` of them. */
export interface EncodedValues {
  readonly bytes: Uint8Array;
  readonly from: number;
  readonly count: number;
}

/** So many numbers of any value, in memory that was used before where there is some: see `forgetValues`. */
function spareWords(count: number): Int32Array {
  return new Int32Array(takeBuffer(4 * count), 0, count);
}

/** Takes the arrays of numbers back: nobody looks at the values any more. */
export function forgetValues(values: PageValues): void {
  const arrays = values.kind === 'words' ? [values.words] : [values.starts, values.ends];
  for (const { buffer } of arrays) if (buffer instanceof ArrayBuffer) giveBuffer(buffer);
}

/** Words a value of a physical type of fixed width; 0 for byte strings. */
export function wordWidth(physical: number): number {
  switch (physical) {
    case BYTE_ARRAY:
    case FIXED_LEN_BYTE_ARRAY:
      return 0;
    case INT64:
    case DOUBLE:
      return 2;
    case INT96:
      return 3;
    default:
      return 1;
  }
}

/** Decodes PLAIN values; throws a fault of `E3200` where there are fewer than `count`. */
export function decodePlain(leaf: LeafNode, source: EncodedValues): PageValues {
  if (leaf.physical === BOOLEAN) return decodePlainBooleans(source);
  if (leaf.physical === BYTE_ARRAY) return decodePlainBytes(source);
  if (leaf.physical === FIXED_LEN_BYTE_ARRAY) return decodePlainFixed(source, leaf.typeLength);
  const width = wordWidth(leaf.physical);
  const { bytes, from, count } = source;
  const end = from + count * width * 4;
  if (end > bytes.length) throw endsEarly();
  const words = spareWords(count * width);
  new Uint8Array(words.buffer, 0, end - from).set(bytes.subarray(from, end));
  return { kind: 'words', width, count, words };
}

function endsEarly(): Error {
  return corrupt('a page ends within its values');
}

function decodePlainBooleans({ bytes, from, count }: EncodedValues): WordValues {
  if (from + ((count + 7) >> 3) > bytes.length) throw endsEarly();
  const words = new Int32Array(count);
  for (let index = 0; index < count; index++) words[index] = (bytes[from + (index >> 3)] >> (index & 7)) & 1;
  return { kind: 'words', width: 1, count, words };
}

function decodePlainBytes({ bytes, from, count }: EncodedValues): ByteValues {
  // Each has a length of four bytes: checked before anything is allocated for the count.
  if (from + 4 * count > bytes.length) throw endsEarly();
  const starts = spareWords(count);
  const ends = spareWords(count);
  const last = bytes.length;
  let at = from;
  for (let index = 0; index < count; index++) {
    if (at + 4 > last) throw endsEarly();
    const length = bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24);
    at += 4;
    if (length < 0 || at + length > last) throw endsEarly();
    starts[index] = at;
    at += length;
    ends[index] = at;
  }
  return { kind: 'bytes', count, bytes, starts, ends };
}

function decodePlainFixed({ bytes, from, count }: EncodedValues, length: number): ByteValues {
  if (from + count * length > bytes.length) throw endsEarly();
  const starts = new Int32Array(count);
  for (let index = 0; index < count; index++) starts[index] = from + index * length;
  return { kind: 'bytes', count, bytes, starts, ends: starts.map((start) => start + length) };
}

/** Decodes codes (their width in the first byte) and looks them up in the dictionary. */
export function decodeCodes(dictionary: PageValues, { bytes, from, count }: EncodedValues): PageValues {
  const codes = spareWords(count);
  if (count > 0) {
    if (from >= bytes.length) throw endsEarly();
    decodeHybrid({ bytes, from: from + 1, to: bytes.length, width: bytes[from], count }, codes);
    const entries = dictionary.count;
    for (let index = 0; index < count; index++) {
      // Unsigned, so that a code of 32 bits does not pass as a negative one.
      if (codes[index] >>> 0 >= entries) throw corrupt('a code is not in the dictionary');
    }
  }
  const values = dictionary.kind === 'words' ? lookUpWords(dictionary, codes) : lookUpBytes(dictionary, codes);
  forgetValues({ kind: 'words', width: 1, count, words: codes });
  return values;
}

function lookUpBytes({ bytes, starts, ends }: ByteValues, codes: Int32Array): ByteValues {
  const count = codes.length;
  const valueStarts = spareWords(count);
  const valueEnds = spareWords(count);
  for (let index = 0; index < count; index++) {
    valueStarts[index] = starts[codes[index]];
    valueEnds[index] = ends[codes[index]];
  }
  return { kind: 'bytes', count, bytes, starts: valueStarts, ends: valueEnds };
}

function lookUpWords({ width, words }: WordValues, codes: Int32Array): WordValues {
  const count = codes.length;
  const values = spareWords(count * width);
  if (width === 1) for (let index = 0; index < count; index++) values[index] = words[codes[index]];
  else {
    for (let index = 0, at = 0; index < count; index++) {
      const from = codes[index] * width;
      for (let word = 0; word < width; word++) values[at++] = words[from + word];
    }
  }
  return { kind: 'words', width, count, words: values };
}

/** Booleans by run length: a four-byte size, then the hybrid encoding of one-bit values. */
export function decodeRunLengthBooleans({ bytes, from, count }: EncodedValues): WordValues {
  const words = new Int32Array(count);
  if (count > 0) {
    if (from + 4 > bytes.length) throw endsEarly();
    decodeHybrid({ bytes, from: from + 4, to: bytes.length, width: 1, count }, words);
  }
  return { kind: 'words', width: 1, count, words };
}
