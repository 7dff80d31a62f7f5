// The union of two theta sketches: of the hashes below a bound, the smallest ones. Source: UnionImpl, CompactOperations
// of Apache DataSketches 4.2, ThetaSketch of Paimon.
import { readTheta, writeTheta } from './theta-image.ts';

/** A union keeps at most so many hashes, the library's default: what Paimon unites with. */
const HASHES_MAX = 4096;

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
  return writeTheta({ hashes: end < 0 ? hashes : hashes.subarray(0, end), theta });
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
