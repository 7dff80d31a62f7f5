// Parquet's hybrid of run-length encoding and bit packing: levels and dictionary codes.
import type { ByteBuffer } from './byte-buffer.ts';
import { corrupt } from '../file-fault.ts';

/** A shorter run costs less inside a bit-packed group. */
const RUN_MIN = 8;

/** Bits that hold the values 0 … max. */
export function bitWidth(max: number): number {
  return 32 - Math.clz32(max);
}

/** Appends `values[0 … count)`, each below 2^width; width is at most 16. */
export function encodeHybrid(
  values: Uint8Array | Uint16Array,
  run: { readonly count: number; readonly width: number },
  out: ByteBuffer,
): void {
  const { count, width } = run;
  let packedFrom = 0;
  let index = 0;
  while (index < count) {
    const value = values[index];
    let runEnd = index + 1;
    while (runEnd < count && values[runEnd] === value) runEnd++;
    // A bit-packed run holds whole groups of eight, so it borrows from the run that follows it.
    const borrowed = -(index - packedFrom) & 7;
    if (runEnd - index - borrowed >= RUN_MIN) {
      packBits(values, { from: packedFrom, to: index + borrowed, width }, out);
      encodeRun(value, { count: runEnd - index - borrowed, width }, out);
      packedFrom = runEnd;
    }
    index = runEnd;
  }
  packBits(values, { from: packedFrom, to: count, width }, out);
}

/** Appends one value repeated. */
export function encodeRun(
  value: number,
  run: { readonly count: number; readonly width: number },
  out: ByteBuffer,
): void {
  out.unsigned(run.count * 2);
  for (let bits = 0; bits < run.width; bits += 8) out.byte((value >>> bits) & 255);
}

function packBits(
  values: Uint8Array | Uint16Array,
  range: { readonly from: number; readonly to: number; readonly width: number },
  out: ByteBuffer,
): void {
  const { from, to, width } = range;
  if (from === to) return;
  const groups = (to - from + 7) >> 3;
  out.unsigned(groups * 2 + 1);
  out.room(groups * width);
  const bytes = out.bytes;
  let at = out.size;
  const end = at + groups * width;
  let word = 0;
  let bits = 0;
  for (let index = from; index < to; index++) {
    word |= values[index] << bits;
    bits += width;
    while (bits >= 8) {
      bytes[at++] = word;
      word >>>= 8;
      bits -= 8;
    }
  }
  if (bits > 0) bytes[at++] = word;
  bytes.fill(0, at, end);
  out.size = end;
}

/** Where encoded values stand, and how many of which width there must be. */
export interface HybridSource {
  readonly bytes: Uint8Array;
  readonly from: number;
  readonly to: number;
  readonly width: number;
  readonly count: number;
}

/** Decodes exactly `count` values into `out`; throws a fault of `E3200` when there are fewer or the width is above 32. */
export function decodeHybrid(source: HybridSource, out: Uint8Array | Int32Array): void {
  const { bytes, to, width, count } = source;
  if (width > 32) throw corrupt(`a bit width above 32: ${width}`);
  let position = source.from;
  let index = 0;
  while (index < count) {
    let header = 0;
    for (let shift = 0; ; shift += 7) {
      if (position >= to || shift > 28) throw corrupt('run-length encoded values end early');
      const byte = bytes[position++];
      header |= (byte & 127) << shift;
      if (byte < 128) break;
    }
    const isPacked = (header & 1) === 1;
    const length = header >>> 1;
    if (length === 0) throw corrupt('an empty run of run-length encoded values');
    const size = isPacked ? length * width : (width + 7) >> 3;
    // The last group may be cut short where only its padding is missing.
    const taken = Math.min(count - index, isPacked ? length * 8 : length);
    const needed = isPacked ? Math.ceil((taken * width) / 8) : size;
    if (position + needed > to) throw corrupt('run-length encoded values end early');
    if (isPacked) unpackBits({ bytes, from: position, to, width, count: taken }, out, index);
    else out.fill(littleEndian(bytes, position, size), index, index + taken);
    position = Math.min(to, position + size);
    index += taken;
  }
}

/** Whether the encoded values are, to their count at least, one run of this value. */
export function isRunOf(value: number, { bytes, from, to, width, count }: HybridSource): boolean {
  let position = from;
  let header = 0;
  for (let shift = 0; shift <= 28 && position < to; shift += 7) {
    const byte = bytes[position++];
    header |= (byte & 127) << shift;
    if (byte >= 128) continue;
    const size = (width + 7) >> 3;
    const isLongRun = (header & 1) === 0 && header >>> 1 >= count;
    return isLongRun && position + size <= to && littleEndian(bytes, position, size) === value;
  }
  return false;
}

function littleEndian(bytes: Uint8Array, from: number, size: number): number {
  let value = 0;
  for (let index = 0; index < size; index++) value |= bytes[from + index] << (8 * index);
  return value;
}

function unpackBits(source: HybridSource, out: Uint8Array | Int32Array, at: number): void {
  const { bytes, width, count } = source;
  if (width === 0) {
    out.fill(0, at, at + count);
    return;
  }
  if (width > 24) {
    unpackWide(source, out, at);
    return;
  }
  const mask = (1 << width) - 1;
  let position = source.from;
  let word = 0;
  let bits = 0;
  for (let index = at; index < at + count; index++) {
    while (bits < width) {
      word |= bytes[position++] << bits;
      bits += 8;
    }
    out[index] = word & mask;
    word >>>= width;
    bits -= width;
  }
}

/** Widths at which the bits of one value and the rest of a byte no longer fit 32 bits. */
function unpackWide(source: HybridSource, out: Uint8Array | Int32Array, at: number): void {
  const { bytes, width, count } = source;
  let bit = source.from * 8;
  for (let index = at; index < at + count; index++) {
    let value = 0;
    for (let taken = 0; taken < width; taken++, bit++) value |= ((bytes[bit >> 3] >> (bit & 7)) & 1) << taken;
    out[index] = value;
  }
}
