// How many different values a column has: exact while they are few, then a HyperLogLog estimate (standard error 0.8 %) in
// memory that does not grow.
import { TributaryError } from '../../base/errors.ts';
import { PRESENT, validityAt, type Vector } from '../../column/vector.ts';

const INDEX_BITS = 14;
const REGISTER_COUNT = 2 ** INDEX_BITS;
/** Values that are counted one by one, by 53 bits of their hash. */
const EXACT_MAX = 16384;
const ALPHA = 0.7213 / (1 + 1.079 / REGISTER_COUNT);
const FRACTION_BITS = 21;

/** Counts the different values that it is given. NULL is none; NaN is one value, and so are 0 and -0. */
export class DistinctCount {
  private readonly registers = new Uint8Array(REGISTER_COUNT);
  private exact: Set<number> | null = new Set();
  private readonly hash = new Hash();

  /** Takes the values of a column of a type without nested values. */
  add(vector: Vector): void {
    for (let row = 0; row < vector.length; row++) {
      if (validityAt(vector, row) !== PRESENT) continue;
      this.hash.start();
      hashValue(this.hash, vector, row);
      this.addHash(this.hash.high(), this.hash.low());
    }
  }

  /** The number of different values, rounded. */
  count(): bigint {
    if (this.exact !== null) return BigInt(this.exact.size);
    let sum = 0;
    let emptyCount = 0;
    for (const rank of this.registers) {
      sum += 2 ** -rank;
      if (rank === 0) emptyCount++;
    }
    const estimate = (ALPHA * REGISTER_COUNT * REGISTER_COUNT) / sum;
    const isSmall = estimate <= 2.5 * REGISTER_COUNT && emptyCount > 0;
    return BigInt(Math.round(isSmall ? REGISTER_COUNT * Math.log(REGISTER_COUNT / emptyCount) : estimate));
  }

  private addHash(high: number, low: number): void {
    const index = high >>> (32 - INDEX_BITS);
    const rest = high << INDEX_BITS;
    const rank = rest === 0 ? 32 - INDEX_BITS + Math.clz32(low) + 1 : Math.clz32(rest) + 1;
    if (rank > this.registers[index]) this.registers[index] = rank;
    if (this.exact === null) return;
    this.exact.add((high >>> 0) * 2 ** FRACTION_BITS + (low >>> (32 - FRACTION_BITS)));
    if (this.exact.size > EXACT_MAX) this.exact = null;
  }
}

const DOUBLE = new Float64Array(1);
const DOUBLE_WORDS = new Int32Array(DOUBLE.buffer);

function hashValue(hash: Hash, vector: Vector, row: number): void {
  switch (vector.kind) {
    case 'i32':
      hash.word(vector.values[row]);
      return;
    case 'i64':
      hash.word(vector.values[2 * row]);
      hash.word(vector.values[2 * row + 1]);
      return;
    case 'f32':
    case 'f64':
      // Adding 0 makes -0 the same as 0.
      DOUBLE[0] = Number.isNaN(vector.values[row]) ? Number.NaN : vector.values[row] + 0;
      hash.word(DOUBLE_WORDS[0]);
      hash.word(DOUBLE_WORDS[1]);
      return;
    case 'bytes':
      hash.bytes(vector.bytes, vector.offsets[row], vector.offsets[row + 1]);
      return;
    case 'struct':
      for (const field of vector.fields) hashValue(hash, field, row);
      return;
    case 'list':
    case 'map':
      throw new TributaryError('E9001', 'nested values are not counted');
  }
}

/** 64 bits of hash: two MurmurHash3 of different seeds. */
class Hash {
  private a = 0;
  private b = 0;
  private length = 0;

  start(): void {
    this.a = 0x2545f491;
    this.b = 0x9e3779b9 | 0;
    this.length = 0;
  }

  word(word: number): void {
    this.a = mixed(this.a, word);
    this.b = mixed(this.b, word ^ 0x5bd1e995);
    this.length++;
  }

  bytes(bytes: Uint8Array, from: number, to: number): void {
    let at = from;
    for (; at + 4 <= to; at += 4) {
      this.word(bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24));
    }
    for (; at < to; at++) this.word(bytes[at]);
    this.length += to - from;
  }

  high(): number {
    return finished(this.a ^ this.length);
  }

  low(): number {
    return finished(this.b ^ this.length);
  }
}

function mixed(hash: number, word: number): number {
  const turned = Math.imul(word, 0xcc9e2d51);
  const joined = hash ^ Math.imul((turned << 15) | (turned >>> 17), 0x1b873593);
  return (Math.imul((joined << 13) | (joined >>> 19), 5) + 0xe6546b64) | 0;
}

function finished(value: number): number {
  let hash = value;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}
