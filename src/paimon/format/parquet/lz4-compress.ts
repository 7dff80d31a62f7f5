// LZ4 block compression: no library among our dependencies writes it. Source: lz4, doc/lz4_Block_format.md.
import { MatchTable, matchLength } from './match-table.ts';

const DISTANCE_MAX = 65535;
/** The last match must begin this far before the end, and the last five bytes are literals. */
const MATCH_MARGIN = 12;
const LAST_LITERALS = 5;

/** The bytes as one LZ4 block without a frame (Parquet's LZ4_RAW). */
export function compressLz4(input: Uint8Array): Uint8Array {
  const output = new Uint8Array(input.length + Math.ceil(input.length / 255) + 16);
  const table = new MatchTable();
  const end = input.length - LAST_LITERALS;
  let out = 0;
  let literal = 0;
  let position = 0;
  while (position < input.length - MATCH_MARGIN) {
    const candidate = table.swap(input, position);
    if (candidate < 0 || position - candidate > DISTANCE_MAX) {
      // Steps grow while nothing matches, so that incompressible bytes cost little.
      position += 1 + ((position - literal) >> 6);
      continue;
    }
    const length = matchLength(input, { candidate, position, end });
    out = writeSequence({ literal: input.subarray(literal, position), matchLength: length }, output, out);
    const distance = position - candidate;
    // The distance stands between the literals and the rest of the match length.
    output[out++] = distance & 255;
    output[out++] = distance >> 8;
    if (length - 4 >= 15) out = writeRest(length - 4 - 15, output, out);
    position += length;
    literal = position;
  }
  out = writeSequence({ literal: input.subarray(literal), matchLength: 4 }, output, out);
  return output.subarray(0, out);
}

interface Sequence {
  readonly literal: Uint8Array;
  readonly matchLength: number;
}

function writeSequence(sequence: Sequence, output: Uint8Array, at: number): number {
  const size = sequence.literal.length;
  let out = at;
  output[out++] = (Math.min(size, 15) << 4) | Math.min(sequence.matchLength - 4, 15);
  if (size >= 15) out = writeRest(size - 15, output, out);
  output.set(sequence.literal, out);
  return out + size;
}

function writeRest(value: number, output: Uint8Array, at: number): number {
  let out = at;
  let rest = value;
  while (rest >= 255) {
    output[out++] = 255;
    rest -= 255;
  }
  output[out++] = rest;
  return out;
}
