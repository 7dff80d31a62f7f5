// The union of two theta sketches: of the hashes below a bound, the smallest ones. Source: UnionImpl, CompactOperations
// of Apache DataSketches 4.2, ThetaSketch of Paimon.
import { LittleEndianWriter } from '../little-endian.ts';
import { readTheta, SEED_HASH, THETA_MAX } from './theta-image.ts';

/** A union keeps at most so many hashes, the library's default: what Paimon unites with. */
const HASHES_MAX = 4096;
const VERSION = 3;
const FAMILY_COMPACT = 3;
const IS_READ_ONLY = 2;
const IS_EMPTY = 4;
const IS_COMPACT = 8;
const IS_ORDERED = 16;
const IS_SINGLE = 32;
const FLAGS = IS_READ_ONLY | IS_COMPACT | IS_ORDERED;
/** The probability that a value is looked at: 1 as a 32-bit float. */
const ALWAYS = 0x3f800000;

/**
 * What has been seen by either sketch, as a compact, ordered sketch. Throws `E3366` for bytes that are no sketch,
 * RangeError where they end early.
 *
 * The reference inserts hash after hash into a table of bounded size. Whatever the order, what is left at the end is the
 * same: all hashes below the bounds of both, and of these the smallest, the first that is left out being the new bound.
 */
export function thetaUnion(one: Uint8Array, other: Uint8Array): Uint8Array {
  const a = readTheta(one);
  const b = readTheta(other);
  const hashes = distinct(a.hashes, b.hashes);
  let theta = a.theta < b.theta ? a.theta : b.theta;
  if (hashes.length > HASHES_MAX && hashes[HASHES_MAX] < theta) theta = hashes[HASHES_MAX];
  const end = hashes.findIndex((hash) => hash >= theta);
  return writeTheta(end < 0 ? hashes : hashes.subarray(0, end), theta);
}

/** The hashes of both, ascending. */
function distinct(one: BigUint64Array, other: BigUint64Array): BigUint64Array {
  const all = new BigUint64Array(one.length + other.length);
  all.set(one);
  all.set(other, one.length);
  all.sort();
  let count = 0;
  for (let index = 0; index < all.length; index++) {
    if (count === 0 || all[index] !== all[count - 1]) all[count++] = all[index];
  }
  return all.subarray(0, count);
}

function writeTheta(hashes: BigUint64Array, theta: bigint): Uint8Array {
  const writer = new LittleEndianWriter();
  const isExact = theta === THETA_MAX;
  const isEmpty = isExact && hashes.length === 0;
  const isSingle = isExact && hashes.length === 1;
  const words = isExact ? (hashes.length > 1 ? 2 : 1) : 3;
  const flags = FLAGS | (isEmpty ? IS_EMPTY : 0) | (isSingle ? IS_SINGLE : 0);
  writer.bytes(Uint8Array.of(words, VERSION, FAMILY_COMPACT, 0, 0, flags));
  writer.uint16(isEmpty ? 0 : SEED_HASH);
  if (words > 1) {
    writer.uint32(hashes.length);
    writer.uint32(ALWAYS);
  }
  if (words > 2) writer.uint64(theta);
  for (const hash of hashes) writer.uint64(hash);
  return writer.finish();
}
