// The bytes of HyperLogLog sketches, as all libraries of Apache DataSketches write them. Source: PreambleUtil,
// ToByteArrayImpl, Hll4Array, Hll6Array, Hll8Array, HeapAuxHashMap.
import { LittleEndianReader, LittleEndianWriter } from '../little-endian.ts';
import { addressOf, couponOf, CouponTable, valueOfCoupon } from './coupon-table.ts';
import {
  couponsOf,
  type CouponList,
  type CouponSet,
  HllRegisters,
  type HllSketch,
  insertGrowing,
  LG_LIST_SIZE,
  LG_SET_SIZE,
  LIST_COUNT,
} from './hll-sketch.ts';
import { noSketch } from './sketch-fault.ts';

const VERSION = 1;
const FAMILY = 7;
const LG_K_MIN = 4;
const LG_K_MAX = 21;
/** The low two bits of the mode, with the words that come before the coupons or registers. */
const [LIST, SET, REGISTERS] = [0, 1, 2];
const PREAMBLE_WORDS: readonly number[] = [2, 3, 10];
/** The next two bits: how many bits a register has. */
const [NIBBLES, SIX_BITS, BYTES] = [0, 1, 2];
const IS_EMPTY = 4;
const IS_COMPACT = 8;
const IS_OUT_OF_ORDER = 16;
/** The sums were left to be made later. */
const LACKS_SUMS = 32;
/** A nibble that stands for a value in the table behind the nibbles. */
const EXCEPTION = 15;
const VALUE_MAX = 63;
/** The size of a new table of exceptions, as a power of two, by lgK. */
const LG_EXCEPTIONS: readonly number[] = [0, 2, 2, 2, 2, 2, 2, 3, 3, 3, 4, 4, 5, 5, 6, 7, 8, 9, 10, 11, 12, 13];

interface Preamble {
  readonly lgK: number;
  readonly lgArray: number;
  readonly flags: number;
  /** The coupons of a list; the least value of HLL_4. */
  readonly count: number;
  readonly registerBits: number;
}

/**
 * Reads a sketch in any form, compact or not. Throws `E3366` for what is none, RangeError where the bytes end early.
 * Stricter than the reference, which reads on where counts and tables disagree.
 */
export function readHll(bytes: Uint8Array): HllSketch {
  const reader = new LittleEndianReader(bytes);
  const [words, version, family, lgK, lgArray, flags, count, modes] = Array.from({ length: 8 }, () => reader.uint8());
  const mode = modes & 3;
  const registerBits = (modes >> 2) & 3;
  if (family !== FAMILY || version !== VERSION || (words & 63) !== PREAMBLE_WORDS[mode] || registerBits > BYTES) {
    throw noSketch(`family=${family} version=${version} words=${words} modes=${modes}`);
  }
  if (lgK < LG_K_MIN || lgK > LG_K_MAX) throw noSketch(`lgK=${lgK}`);
  const preamble = { lgK, lgArray, flags, count, registerBits };
  if (mode === REGISTERS) return readRegisters(reader, preamble);
  return mode === LIST ? readList(reader, preamble) : readSet(reader, preamble);
}

function readList(reader: LittleEndianReader, { lgK, count }: Preamble): CouponList {
  if (count > LIST_COUNT) throw noSketch(`coupons=${count}`);
  return { kind: 'list', lgK, coupons: Array.from({ length: count }, () => reader.uint32()).filter(Boolean) };
}

function readSet(reader: LittleEndianReader, { lgK, lgArray, flags }: Preamble): CouponSet {
  const count = reader.uint32();
  if ((flags & IS_COMPACT) !== 0) {
    const set: CouponSet = { kind: 'set', lgK, table: new CouponTable(LG_SET_SIZE) };
    // In the order of the bytes: where the count is too large, it ends in a RangeError.
    for (let index = 0; index < count; index++) insertGrowing(set, reader.uint32());
    return set;
  }
  const table = readTable(reader, lgArray < LG_SET_SIZE ? lgSizeFor(count) : lgArray);
  if (table.count !== count) throw noSketch(`coupons=${count}`);
  return { kind: 'set', lgK, table };
}

/** The size that a table of so many coupons has grown to, in images that do not say it. */
function lgSizeFor(count: number): number {
  let lgSize = LG_SET_SIZE;
  while (4 * count > 3 * 2 ** lgSize) lgSize++;
  return lgSize;
}

/** A table with its empty places. */
function readTable(reader: LittleEndianReader, lgSize: number): CouponTable {
  const places = reader.uint32s(2 ** lgSize);
  const table = new CouponTable(lgSize);
  table.places = places;
  table.count = table.coupons().length;
  return table;
}

function readRegisters(reader: LittleEndianReader, preamble: Preamble): HllRegisters {
  const { lgK, flags, registerBits } = preamble;
  const registers = new HllRegisters(lgK);
  const estimate = reader.float64();
  const lowSum = reader.float64();
  const highSum = reader.float64();
  reader.uint32();
  const exceptionCount = reader.uint32();
  const values = readValues(reader, preamble, exceptionCount);
  for (let register = 0; register < values.length; register++) {
    if (values[register] > VALUE_MAX) throw noSketch(`value=${values[register]}`);
    registers.raise(register, values[register]);
  }
  registers.isOutOfOrder = (flags & IS_OUT_OF_ORDER) !== 0;
  registers.estimate = estimate;
  if (registerBits === BYTES && (flags & LACKS_SUMS) === 0) {
    registers.lowSum = lowSum;
    registers.highSum = highSum;
  }
  return registers;
}

function readValues(reader: LittleEndianReader, preamble: Preamble, exceptionCount: number): Uint8Array {
  switch (preamble.registerBits) {
    case NIBBLES:
      return readNibbles(reader, preamble, exceptionCount);
    case SIX_BITS:
      return readSixBits(reader, preamble);
    default:
      return reader.bytes(2 ** preamble.lgK);
  }
}

function readNibbles(reader: LittleEndianReader, preamble: Preamble, exceptionCount: number): Uint8Array {
  const values = new Uint8Array(2 ** preamble.lgK);
  const nibbles = reader.bytes(values.length / 2);
  const exceptions = readExceptions(reader, preamble, exceptionCount);
  for (let register = 0; register < values.length; register++) {
    const nibble = (nibbles[register >> 1] >> (4 * (register & 1))) & 15;
    const value = nibble === EXCEPTION ? exceptions.get(register) : nibble + preamble.count;
    if (value === undefined) throw noSketch(`register without a value: ${register}`);
    values[register] = Math.min(value, VALUE_MAX + 1);
  }
  return values;
}

function readSixBits(reader: LittleEndianReader, { lgK }: Preamble): Uint8Array {
  const values = new Uint8Array(2 ** lgK);
  // One byte more than needed, so that any register can be read with the byte behind it.
  const bits = reader.bytes((values.length * 3) / 4 + 1);
  for (let register = 0; register < values.length; register++) {
    const at = (6 * register) >> 3;
    values[register] = ((bits[at] | (bits[at + 1] << 8)) >> ((6 * register) & 7)) & VALUE_MAX;
  }
  return values;
}

function readExceptions(
  reader: LittleEndianReader,
  { lgK, lgArray, flags }: Preamble,
  count: number,
): ReadonlyMap<number, number> {
  const exceptions = new Map<number, number>();
  if (count === 0) return exceptions;
  const isCompact = (flags & IS_COMPACT) !== 0;
  const coupons = isCompact ? reader.uint32s(count) : readTable(reader, lgArray).coupons();
  for (const coupon of coupons) exceptions.set(addressOf(coupon) & (2 ** lgK - 1), valueOfCoupon(coupon));
  if (exceptions.size !== coupons.length) throw noSketch('register has two values');
  return exceptions;
}

/** The sketch in the compact form of HLL_4, coupons as they are. */
export function writeHll(sketch: HllSketch): Uint8Array {
  return sketch.kind === 'registers' ? writeRegisters(sketch) : writeCoupons(sketch);
}

function writePreamble(
  writer: LittleEndianWriter,
  mode: number,
  { lgK, lgArray, flags, count }: Omit<Preamble, 'registerBits'>,
): void {
  const modes = mode | (NIBBLES << 2);
  const bytes = [PREAMBLE_WORDS[mode], VERSION, FAMILY, lgK, lgArray, flags | IS_COMPACT, count, modes];
  writer.bytes(Uint8Array.from(bytes));
}

function writeCoupons(sketch: CouponList | CouponSet): Uint8Array {
  const writer = new LittleEndianWriter();
  const coupons = couponsOf(sketch);
  const { lgK } = sketch;
  if (sketch.kind === 'list') {
    const flags = coupons.length === 0 ? IS_EMPTY : 0;
    writePreamble(writer, LIST, { lgK, lgArray: LG_LIST_SIZE, flags, count: coupons.length });
  } else {
    writePreamble(writer, SET, { lgK, lgArray: sketch.table.lgSize, flags: 0, count: 0 });
    writer.uint32(sketch.table.count);
  }
  for (const coupon of coupons) writer.uint32(coupon);
  return writer.finish();
}

function writeRegisters({ lgK, values, estimate, isOutOfOrder }: HllRegisters): Uint8Array {
  const least = values.reduce((min, value) => Math.min(min, value), VALUE_MAX);
  const leastCount = values.reduce((count, value) => (value === least ? count + 1 : count), 0);
  const summed = new HllRegisters(lgK);
  const nibbles = new Uint8Array(values.length / 2);
  const exceptions = new CouponTable(LG_EXCEPTIONS[lgK]);
  for (let register = 0; register < values.length; register++) {
    const value = values[register];
    summed.raise(register, value);
    nibbles[register >> 1] |= Math.min(EXCEPTION, value - least) << (4 * (register & 1));
    if (value - least < EXCEPTION) continue;
    exceptions.insert(couponOf(register, value));
    if (exceptions.isCrowded) exceptions.grow();
  }
  const writer = new LittleEndianWriter();
  const lgArray = exceptions.count === 0 ? 0 : exceptions.lgSize;
  writePreamble(writer, REGISTERS, { lgK, lgArray, flags: isOutOfOrder ? IS_OUT_OF_ORDER : 0, count: least });
  for (const sum of [estimate, summed.lowSum, summed.highSum]) writer.float64(sum);
  writer.uint32(leastCount);
  writer.uint32(exceptions.count);
  writer.bytes(nibbles);
  for (const coupon of exceptions.coupons()) writer.uint32(coupon);
  return writer.finish();
}
