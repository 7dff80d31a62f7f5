// HyperLogLog sketches in memory: coupons while there are few, a register for each of 2^lgK places then. What a sketch
// becomes depends on the order in which coupons come, and follows the reference. Source: CouponList, CouponHashSet,
// Hll8Array, CouponMapping of Apache DataSketches 4.2.
import { addressOf, CouponTable, valueOfCoupon } from './coupon-table.ts';

/** Coupons in the order in which they came, before there are `LIST_COUNT`. */
export const LIST_COUNT = 8;
export const LG_LIST_SIZE = 3;
/** The size that hash tables begin with. */
export const LG_SET_SIZE = 5;
/** Smaller sketches go from the list to registers at once. */
const LG_K_OF_SETS = 8;
/** A table has at most an eighth as many places as there are registers. */
const LG_REGISTERS_A_PLACE = 3;
/** Values from here on are summed apart, so that both sums are exact. */
const HIGH_VALUE = 32;

/** Fewer than eight coupons. */
export interface CouponList {
  readonly kind: 'list';
  readonly lgK: number;
  readonly coupons: readonly number[];
}

/** Coupons in a hash table. */
export interface CouponSet {
  readonly kind: 'set';
  readonly lgK: number;
  readonly table: CouponTable;
}

export type HllSketch = CouponList | CouponSet | HllRegisters;

/** The dense form, with what estimates are made of. */
export class HllRegisters {
  readonly kind = 'registers';
  readonly lgK: number;
  /** A value (0 to 63) a register. */
  readonly values: Uint8Array;
  /** The estimate by what the sketch has seen, in order; 0 once it has been united with other registers. */
  estimate = 0;
  isOutOfOrder = false;
  /** The sum of 2^-value over the registers of small values, and over the others. */
  lowSum: number;
  highSum = 0;

  constructor(lgK: number) {
    this.lgK = lgK;
    this.values = new Uint8Array(2 ** lgK);
    this.lowSum = 2 ** lgK;
  }

  /** Raises the register of the coupon to its value, if it is lower. */
  add(coupon: number): void {
    this.raise(addressOf(coupon) & (this.values.length - 1), valueOfCoupon(coupon));
  }

  /** The same with a register and a value. */
  raise(register: number, value: number): void {
    const old = this.values[register];
    if (value <= old) return;
    this.values[register] = value;
    this.estimate += this.values.length / (this.lowSum + this.highSum);
    this.count(old, -1);
    this.count(value, 1);
  }

  private count(value: number, sign: number): void {
    if (value < HIGH_VALUE) this.lowSum += sign * 2 ** -value;
    else this.highSum += sign * 2 ** -value;
  }
}

/** A sketch that has seen nothing. */
export function emptyHll(lgK: number): HllSketch {
  return { kind: 'list', lgK, coupons: [] };
}

/** Whether the sketch has seen nothing. */
export function isEmptyHll(sketch: HllSketch): boolean {
  if (sketch.kind === 'registers') return false;
  return sketch.kind === 'list' ? sketch.coupons.length === 0 : sketch.table.count === 0;
}

/** The coupons of a sparse sketch, in the order in which the reference goes through them; none of registers. */
export function couponsOf(sketch: HllSketch): readonly number[] | Uint32Array {
  if (sketch.kind === 'registers') return [];
  return sketch.kind === 'list' ? sketch.coupons : sketch.table.coupons();
}

/** The sketch with a coupon; sets and registers change, and what is returned may be of the next form. */
export function withCoupon(sketch: HllSketch, coupon: number): HllSketch {
  switch (sketch.kind) {
    case 'registers':
      sketch.add(coupon);
      return sketch;
    case 'list':
      return withListed(sketch, coupon);
    case 'set':
      return insertGrowing(sketch, coupon) ? registersOf(sketch, sketch.table.count) : sketch;
  }
}

/** Takes a coupon in; whether the table is as large as it may be, and crowded now. */
export function insertGrowing({ table, lgK }: CouponSet, coupon: number): boolean {
  if (!table.insert(coupon) || !table.isCrowded) return false;
  if (table.lgSize === lgK - LG_REGISTERS_A_PLACE) return true;
  table.grow();
  return false;
}

function withListed(list: CouponList, coupon: number): HllSketch {
  if (list.coupons.includes(coupon)) return list;
  const { lgK } = list;
  const coupons = [...list.coupons, coupon];
  if (coupons.length < LIST_COUNT) return { kind: 'list', lgK, coupons };
  if (lgK < LG_K_OF_SETS) return registersOf({ kind: 'list', lgK, coupons }, coupons.length);
  const table = new CouponTable(LG_SET_SIZE);
  for (const listed of coupons) table.insert(listed);
  return { kind: 'set', lgK, table };
}

function registersOf(sparse: HllSketch, count: number): HllRegisters {
  const registers = new HllRegisters(sparse.lgK);
  for (const coupon of couponsOf(sparse)) registers.add(coupon);
  registers.estimate = estimateOfCoupons(count);
  return registers;
}

/** How many distinct values so many distinct coupons stand for: the reference's table up to what a hash table holds. */
const COUPON_COUNTS = [0, 1, 20, 400, 8000, 160_000, 300_000, 600_000];
const VALUE_COUNTS = [
  0, 1, 20.0000009437402611, 400.000396371338411, 8000.1589294602090376, 160063.6067763759638183,
  300223.7071597663452849, 600895.5933856170158833,
];

/** Cubic interpolation between four entries of the table, its operations in the reference's order. */
function estimateOfCoupons(count: number): number {
  const interval = COUPON_COUNTS.findLastIndex((entry) => entry <= count);
  const first = Math.max(0, interval - 1);
  const [x0, x1, x2, x3] = COUPON_COUNTS.slice(first, first + 4);
  const [y0, y1, y2, y3] = VALUE_COUNTS.slice(first, first + 4);
  const [d0, d1, d2, d3] = [count - x0, count - x1, count - x2, count - x3];
  const term0 = (y0 * (d1 * d2 * d3)) / ((x0 - x1) * (x0 - x2) * (x0 - x3));
  const term1 = (y1 * (d0 * d2 * d3)) / ((x1 - x0) * (x1 - x2) * (x1 - x3));
  const term2 = (y2 * (d0 * d1 * d3)) / ((x2 - x0) * (x2 - x1) * (x2 - x3));
  const term3 = (y3 * (d0 * d1 * d2)) / ((x3 - x0) * (x3 - x1) * (x3 - x2));
  return Math.max(term0 + term1 + term2 + term3, count);
}
