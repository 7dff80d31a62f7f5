// The 64-bit hashes of bloom filters: xxHash64 of bytes, Thomas Wang's mix of numbers. Source: format notes 04 section 8
// (FastHash); xxHash specification, "XXH64 Algorithm Description".
import { bytesAt, type BytesVector, type Vector } from '../../../column/vector.ts';
import type { DataType } from '../../schema/data-type.ts';
import { Word64 } from './word64.ts';

/** Puts the hash of the value at a row, which is present, into the word. */
export type RowHash = (row: number, into: Word64) => void;

/** How a vector's values are hashed; null for types that have no hash. */
export function rowHash(type: DataType, vector: Vector): RowHash | null {
  if (type.kind === 'BOOLEAN' || type.kind === 'DECIMAL') return null;
  switch (vector.kind) {
    case 'i32':
      return (row, into) => {
        into.setInt(vector.values[row]);
        mix(into);
      };
    case 'i64':
      return (row, into) => {
        into.set(vector.values[2 * row + 1], vector.values[2 * row]);
        mix(into);
      };
    case 'f32':
    case 'f64':
      return floatHash(vector.kind, vector.values);
    case 'bytes':
      return bytesHash(vector);
    case 'struct':
      // Timestamps of nanoseconds are hashed by their microseconds.
      return type.kind === 'TIMESTAMP' || type.kind === 'TIMESTAMP_LTZ'
        ? rowHash({ kind: 'BIGINT', nullable: false }, vector.fields[0])
        : null;
    case 'list':
    case 'map':
      return null;
  }
}

function floatHash(kind: 'f32' | 'f64', values: Float32Array | Float64Array): RowHash {
  const view = new DataView(new ArrayBuffer(8));
  return (row, into) => {
    // Every NaN counts as one.
    const value = Number.isNaN(values[row]) ? Number.NaN : values[row];
    if (kind === 'f32') {
      view.setFloat32(0, value);
      into.setInt(view.getInt32(0));
    } else {
      view.setFloat64(0, value);
      into.set(view.getInt32(0), view.getInt32(4));
    }
    mix(into);
  };
}

function bytesHash(vector: BytesVector): RowHash {
  return (row, into) => xxHash64(bytesAt(vector, row), into);
}

/** Thomas Wang's mix, with the signed shifts of the reference. */
function mix(word: Word64): void {
  const { high, low } = word;
  word.set(~high, ~low);
  word.add((high << 21) | (low >>> 11), low << 21);
  word.xorSignedShift(24);
  word.multiply(0, 265);
  word.xorSignedShift(14);
  word.multiply(0, 21);
  word.xorSignedShift(28);
  word.add((word.high << 31) | (word.low >>> 1), word.low << 31);
}

interface Prime {
  readonly high: number;
  readonly low: number;
}

const PRIME_1: Prime = { high: 0x9e3779b1, low: 0x85ebca87 };
const PRIME_2: Prime = { high: 0xc2b2ae3d, low: 0x27d4eb4f };
const PRIME_3: Prime = { high: 0x165667b1, low: 0x9e3779f9 };
const PRIME_4: Prime = { high: 0x85ebca77, low: 0xc2b2ae63 };
const PRIME_5: Prime = { high: 0x27d4eb2f, low: 0x165667c5 };
const STRIPE = 32;

const lanes = [new Word64(), new Word64(), new Word64(), new Word64()];
const scratch = new Word64();

/** xxHash64 with seed 0. */
export function xxHash64(bytes: Uint8Array, into: Word64): void {
  let at = 0;
  if (bytes.length >= STRIPE) {
    at = hashStripes(bytes);
    joinLanes(into);
  } else into.set(PRIME_5.high, PRIME_5.low);
  into.add(0, bytes.length);
  for (; at + 8 <= bytes.length; at += 8) {
    scratch.set(intAt(bytes, at + 4), intAt(bytes, at));
    round(scratch);
    into.xor(scratch.high, scratch.low);
    into.rotateLeft(27);
    into.multiply(PRIME_1.high, PRIME_1.low);
    into.add(PRIME_4.high, PRIME_4.low);
  }
  if (at + 4 <= bytes.length) {
    scratch.set(0, intAt(bytes, at));
    scratch.multiply(PRIME_1.high, PRIME_1.low);
    into.xor(scratch.high, scratch.low);
    into.rotateLeft(23);
    into.multiply(PRIME_2.high, PRIME_2.low);
    into.add(PRIME_3.high, PRIME_3.low);
    at += 4;
  }
  for (; at < bytes.length; at++) {
    scratch.set(0, bytes[at]);
    scratch.multiply(PRIME_5.high, PRIME_5.low);
    into.xor(scratch.high, scratch.low);
    into.rotateLeft(11);
    into.multiply(PRIME_1.high, PRIME_1.low);
  }
  into.xorShift(33);
  into.multiply(PRIME_2.high, PRIME_2.low);
  into.xorShift(29);
  into.multiply(PRIME_3.high, PRIME_3.low);
  into.xorShift(32);
}

/** Hashes whole stripes, 8 bytes a lane; gives where they end. */
function hashStripes(bytes: Uint8Array): number {
  const [first, second, third, fourth] = lanes;
  first.set(PRIME_1.high, PRIME_1.low);
  first.add(PRIME_2.high, PRIME_2.low);
  second.set(PRIME_2.high, PRIME_2.low);
  third.set(0, 0);
  fourth.set(~PRIME_1.high, ~PRIME_1.low);
  fourth.add(0, 1);
  let at = 0;
  for (; at + STRIPE <= bytes.length; at += STRIPE) {
    for (let lane = 0; lane < lanes.length; lane++) {
      const word = lanes[lane];
      scratch.set(intAt(bytes, at + 8 * lane + 4), intAt(bytes, at + 8 * lane));
      scratch.multiply(PRIME_2.high, PRIME_2.low);
      word.add(scratch.high, scratch.low);
      word.rotateLeft(31);
      word.multiply(PRIME_1.high, PRIME_1.low);
    }
  }
  return at;
}

const LANE_ROTATIONS = [1, 7, 12, 18] as const;

function joinLanes(into: Word64): void {
  into.set(0, 0);
  for (const [index, lane] of lanes.entries()) {
    scratch.set(lane.high, lane.low);
    scratch.rotateLeft(LANE_ROTATIONS[index]);
    into.add(scratch.high, scratch.low);
  }
  for (const lane of lanes) {
    round(lane);
    into.xor(lane.high, lane.low);
    into.multiply(PRIME_1.high, PRIME_1.low);
    into.add(PRIME_4.high, PRIME_4.low);
  }
}

/** One round of an accumulator that begins at 0. */
function round(word: Word64): void {
  word.multiply(PRIME_2.high, PRIME_2.low);
  word.rotateLeft(31);
  word.multiply(PRIME_1.high, PRIME_1.low);
}

function intAt(bytes: Uint8Array, at: number): number {
  return bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24);
}
