// The union of two HyperLogLog sketches. Source: Union of Apache DataSketches 4.2, HllSketchUtil of Paimon.
import { readHll, writeHll } from './hll-image.ts';
import { couponsOf, emptyHll, HllRegisters, type HllSketch, isEmptyHll, withCoupon } from './hll-sketch.ts';
import { valueOfCoupon } from './coupon-table.ts';

/**
 * What has been seen by either sketch, serialized as the reference does: compact, HLL_4, with as many registers as the
 * smaller of the two but never more than `other`. Throws `E3366` for bytes that are no sketch, RangeError where they end
 * early.
 */
export function hllUnion(one: Uint8Array, other: Uint8Array): Uint8Array {
  const added = readHll(one);
  const first = readHll(other);
  return writeHll(united(united(emptyHll(first.lgK), first), added));
}

/** The sketch with another one, which it may take parts of. Registers of another size are brought to the smaller one. */
function united(sketch: HllSketch, other: HllSketch): HllSketch {
  if (isEmptyHll(other)) return sketch;
  if (other.kind !== 'registers') {
    const takesSet = other.kind === 'set' && isEmptyHll(sketch) && sketch.lgK === other.lgK;
    return takesSet ? other : withCoupons(sketch, other);
  }
  if (sketch.kind !== 'registers') {
    return withCoupons(other.lgK > sketch.lgK ? reduced(other, sketch.lgK) : other, sketch);
  }
  const target = other.lgK < sketch.lgK ? reduced(sketch, other.lgK) : sketch;
  const mask = target.values.length - 1;
  for (let register = 0; register < other.values.length; register++) {
    target.values[register & mask] = Math.max(target.values[register & mask], other.values[register]);
  }
  target.isOutOfOrder = true;
  target.estimate = 0;
  return target;
}

function withCoupons(sketch: HllSketch, sparse: HllSketch): HllSketch {
  let all = sketch;
  for (const coupon of couponsOf(sparse)) if (valueOfCoupon(coupon) > 0) all = withCoupon(all, coupon);
  return all;
}

/** The registers as if there had been fewer from the start. */
function reduced({ values, estimate, isOutOfOrder }: HllRegisters, lgK: number): HllRegisters {
  const fewer = new HllRegisters(lgK);
  const mask = fewer.values.length - 1;
  for (let register = 0; register < values.length; register++) fewer.raise(register & mask, values[register]);
  fewer.isOutOfOrder = isOutOfOrder;
  fewer.estimate = isOutOfOrder ? 0 : estimate;
  return fewer;
}
