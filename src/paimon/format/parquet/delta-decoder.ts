// The delta encodings, which foreign writers use: DELTA_BINARY_PACKED, DELTA_LENGTH_BYTE_ARRAY, DELTA_BYTE_ARRAY.
import type { ByteValues, EncodedValues, WordValues } from './page-values.ts';
import { corrupt } from '../file-fault.ts';

interface Deltas {
  readonly values: WordValues;
  /** The offset behind the last miniblock. */
  readonly end: number;
}

/** Decodes integers of one (INT32) or two (INT64) words. */
export function decodeDeltaIntegers(source: EncodedValues, width: number): WordValues {
  return decodeDeltas(source, width).values;
}

function decodeDeltas({ bytes, from, count }: EncodedValues, width: number): Deltas {
  const reader = new DeltaReader(bytes, from);
  const blockSize = reader.count();
  const miniblocks = reader.count();
  const total = reader.count();
  if (total !== count) throw corrupt(`a delta page has ${total} values instead of ${count}`);
  const perMiniblock = miniblocks === 0 ? 0 : blockSize / miniblocks;
  if (perMiniblock === 0 || perMiniblock % 32 !== 0) throw corrupt('a delta page has odd miniblocks');
  const words = new Int32Array(count * width);
  const last = reader.zigzag();
  if (count > 0) put(words, 0, { width, value: last });
  let index = Math.min(1, count);
  while (index < count) {
    const step = reader.zigzag();
    const widths = reader.take(miniblocks);
    for (let block = 0; block < miniblocks && index < count; block++) {
      const packed = reader.take((perMiniblock / 8) * widths[block]);
      const taken = Math.min(perMiniblock, count - index);
      addDeltas(words, index, { width, step, packed, bits: widths[block], count: taken });
      index += taken;
    }
  }
  return { values: { kind: 'words', width, count, words }, end: reader.offset };
}

function put(
  words: Int32Array,
  index: number,
  { width, value }: { readonly width: number; readonly value: bigint },
): void {
  words[index * width] = Number(BigInt.asIntN(32, value));
  if (width === 2) words[index * 2 + 1] = Number(BigInt.asIntN(32, value >> 32n));
}

interface Miniblock {
  readonly width: number;
  readonly step: bigint;
  readonly packed: Uint8Array;
  readonly bits: number;
  readonly count: number;
}

/** Adds the miniblock's deltas up; sums wrap around at the width of the type, as the format wants it. */
function addDeltas(words: Int32Array, at: number, { width, step, packed, bits, count }: Miniblock): void {
  if (bits > 32 * width) throw corrupt(`a miniblock of ${bits} bits`);
  const stepLow = Number(BigInt.asIntN(32, step));
  const stepHigh = Number(BigInt.asIntN(32, step >> 32n));
  let bit = 0;
  for (let index = at; index < at + count; index++) {
    let low = 0;
    let high = 0;
    for (let got = 0; got < bits; ) {
      const offset = bit & 7;
      const taken = Math.min(8 - offset, bits - got);
      const value = (packed[bit >> 3] >> offset) & ((1 << taken) - 1);
      if (got < 32) low |= value << got;
      if (got >= 32) high |= value << (got - 32);
      else if (got + taken > 32) high |= value >>> (32 - got);
      got += taken;
      bit += taken;
    }
    if (width === 1) words[index] = words[index - 1] + stepLow + low;
    else {
      const sum = (words[2 * index - 2] >>> 0) + (stepLow >>> 0) + (low >>> 0);
      words[2 * index] = sum;
      words[2 * index + 1] = words[2 * index - 1] + stepHigh + high + Math.floor(sum / 4294967296);
    }
  }
}

class DeltaReader {
  offset: number;
  private readonly bytes: Uint8Array;

  constructor(bytes: Uint8Array, from: number) {
    this.bytes = bytes;
    this.offset = from;
  }

  private varint(): bigint {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.take(1)[0];
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) return value;
    }
    throw corrupt('a number of a delta page is too long');
  }

  count(): number {
    const value = this.varint();
    if (value > 0x7fffffffn) throw corrupt('a count of a delta page is out of range');
    return Number(value);
  }

  zigzag(): bigint {
    const value = this.varint();
    return BigInt.asIntN(64, (value >> 1n) ^ -(value & 1n));
  }

  take(size: number): Uint8Array {
    if (this.offset + size > this.bytes.length) throw corrupt('a delta page ends early');
    this.offset += size;
    return this.bytes.subarray(this.offset - size, this.offset);
  }
}

/** Lengths first, then all bytes. */
export function decodeDeltaLengths(source: EncodedValues): ByteValues {
  const { values, end } = decodeDeltas(source, 1);
  const { bytes, count } = source;
  const starts = new Int32Array(count);
  const ends = new Int32Array(count);
  let at = end;
  for (let index = 0; index < count; index++) {
    const length = values.words[index];
    if (length < 0 || at + length > bytes.length) throw corrupt('a delta page ends within its values');
    starts[index] = at;
    at += length;
    ends[index] = at;
  }
  return { kind: 'bytes', count, bytes, starts, ends };
}

/** Lengths of the prefix shared with the value before, then the suffixes. */
export function decodeDeltaBytes(source: EncodedValues): ByteValues {
  const { count } = source;
  const prefixes = decodeDeltas(source, 1);
  const suffixes = decodeDeltaLengths({ bytes: source.bytes, from: prefixes.end, count });
  const starts = new Int32Array(count);
  const ends = new Int32Array(count);
  let size = 0;
  for (let index = 0; index < count; index++) {
    const prefix = prefixes.values.words[index];
    const before = index === 0 ? 0 : ends[index - 1] - starts[index - 1];
    if (prefix < 0 || prefix > before) throw corrupt('a value shares more bytes than the one before it has');
    starts[index] = size;
    size += prefix + suffixes.ends[index] - suffixes.starts[index];
    if (size > 0x7fffffff) throw corrupt('a page of more than 2 GiB');
    ends[index] = size;
  }
  const bytes = new Uint8Array(size);
  for (let index = 0; index < count; index++) {
    const prefix = prefixes.values.words[index];
    const previous = index === 0 ? 0 : starts[index - 1];
    bytes.copyWithin(starts[index], previous, previous + prefix);
    bytes.set(suffixes.bytes.subarray(suffixes.starts[index], suffixes.ends[index]), starts[index] + prefix);
  }
  return { kind: 'bytes', count, bytes, starts, ends };
}
