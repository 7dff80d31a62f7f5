// Hash tables of coupons: the sparse form of HLL sketches, and the registers of HLL_4 that a nibble does not hold. Sketches
// are written in the order of their tables, so the places are those of the reference. Source: CouponHashSet,
// HeapAuxHashMap of Apache DataSketches.
import { noSketch } from './sketch-fault.ts';

/** A coupon is an address of so many bits below a value of six, as an unsigned number; 0 is an empty place. */
const ADDRESS_BITS = 26;
const ADDRESS_MASK = 2 ** ADDRESS_BITS - 1;

/** The coupon of a value at an address. */
export function couponOf(address: number, value: number): number {
  return ((value << ADDRESS_BITS) | address) >>> 0;
}

/** The address of a coupon: the lower bits choose a register. */
export function addressOf(coupon: number): number {
  return coupon & ADDRESS_MASK;
}

/** The value of a coupon. */
export function valueOfCoupon(coupon: number): number {
  return coupon >>> ADDRESS_BITS;
}

/** Coupons without repetition, by their addresses. */
export class CouponTable {
  /** The size is two to this. */
  lgSize: number;
  /** Empty places among them. */
  places: Uint32Array;
  count = 0;

  constructor(lgSize: number) {
    this.lgSize = lgSize;
    this.places = new Uint32Array(2 ** lgSize);
  }

  /** More than three quarters are taken. */
  get isCrowded(): boolean {
    return 4 * this.count > 3 * this.places.length;
  }

  /** Takes a coupon in; false if it is there already. Throws `E3366` where there is no place, which takes a damaged image. */
  insert(coupon: number): boolean {
    const { places, lgSize } = this;
    const mask = places.length - 1;
    const stride = (addressOf(coupon) >>> lgSize) | 1;
    let place = coupon & mask;
    for (let probes = 0; probes < places.length; probes++, place = (place + stride) & mask) {
      if (places[place] === coupon && coupon !== 0) return false;
      if (places[place] !== 0) continue;
      places[place] = coupon;
      this.count++;
      return true;
    }
    throw noSketch('table is full');
  }

  /** Doubles the size. */
  grow(): void {
    const grown = new CouponTable(this.lgSize + 1);
    for (const coupon of this.coupons()) grown.insert(coupon);
    this.lgSize = grown.lgSize;
    this.places = grown.places;
  }

  /** The coupons, in the order of the table. */
  coupons(): Uint32Array {
    return this.places.filter((coupon) => coupon !== 0);
  }
}
