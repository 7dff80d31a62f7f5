// Snappy compression: no library among our dependencies writes it. Source: google/snappy, format_description.txt.
import { MatchTable, matchLength } from './match-table.ts';

/** Blocks are compressed one by one, so that every copy reaches back less than 64 KiB. */
const BLOCK_BYTES = 65536;

/** The bytes in Snappy's raw format. */
export function compressSnappy(input: Uint8Array): Uint8Array {
  const output = new Uint8Array(32 + input.length + Math.ceil(input.length / 6));
  let out = 0;
  let rest = input.length;
  while (rest > 127) {
    output[out++] = (rest & 127) | 128;
    rest >>>= 7;
  }
  output[out++] = rest;
  const table = new MatchTable();
  for (let start = 0; start < input.length; start += BLOCK_BYTES) {
    const end = Math.min(input.length, start + BLOCK_BYTES);
    out = compressBlock({ input, start, end, table }, output, out);
  }
  return output.subarray(0, out);
}

interface Block {
  readonly input: Uint8Array;
  readonly start: number;
  readonly end: number;
  readonly table: MatchTable;
}

function compressBlock({ input, start, end, table }: Block, output: Uint8Array, at: number): number {
  let out = at;
  let literal = start;
  let position = start;
  while (position + 8 <= end) {
    const candidate = table.swap(input, position);
    if (candidate < start) {
      // Steps grow while nothing matches, so that incompressible bytes cost little.
      position += 1 + ((position - literal) >> 5);
      continue;
    }
    const length = matchLength(input, { candidate, position, end });
    out = writeLiteral(input.subarray(literal, position), output, out);
    out = writeCopies({ distance: position - candidate, length }, output, out);
    position += length;
    literal = position;
  }
  return writeLiteral(input.subarray(literal, end), output, out);
}

function writeLiteral(literal: Uint8Array, output: Uint8Array, at: number): number {
  let out = at;
  const last = literal.length - 1;
  if (last < 0) return out;
  if (last < 60) output[out++] = last << 2;
  else if (last < 256) {
    output[out++] = 60 << 2;
    output[out++] = last;
  } else {
    output[out++] = 61 << 2;
    output[out++] = last & 255;
    output[out++] = last >> 8;
  }
  output.set(literal, out);
  return out + literal.length;
}

/** Copies with a two-byte distance, at most 64 bytes each. */
function writeCopies(
  copy: { readonly distance: number; readonly length: number },
  output: Uint8Array,
  at: number,
): number {
  let out = at;
  for (let rest = copy.length; rest > 0; ) {
    const length = Math.min(64, rest);
    output[out++] = ((length - 1) << 2) | 2;
    output[out++] = copy.distance & 255;
    output[out++] = copy.distance >> 8;
    rest -= length;
  }
  return out;
}
