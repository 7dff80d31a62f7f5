// The bytes of theta sketches, in all versions and forms that Apache DataSketches 4.2 unites: hash tables of sketches
// under construction, compact ones, compressed ones. Source: PreambleUtil, UnionImpl, ForwardCompatibility,
// CompactSketch, CompactOperations.
import { LittleEndianReader, LittleEndianWriter } from '../little-endian.ts';
import { noSketch } from './sketch-fault.ts';

/** Of the hash function's seed, the library's default. */
const SEED_HASH = 0x93cc;
/** The bound of a sketch that has left out nothing. */
const THETA_MAX = 2n ** 63n - 1n;

/** Shorter bytes are taken for a sketch that has seen nothing. */
const SIZE_MIN = 16;
/** The version that is written. */
const VERSION = 3;
const FAMILY_COMPACT = 3;
const IS_READ_ONLY = 2;
const IS_EMPTY = 4;
const IS_COMPACT = 8;
const IS_ORDERED = 16;
const IS_SINGLE = 32;
const FLAGS = IS_READ_ONLY | IS_COMPACT | IS_ORDERED;
/** The flags that old images of a single hash are known by, among these. */
const SINGLE_MASK = 31;
/** The probability that a value is looked at: 1 as a 32-bit float. */
const ALWAYS = 0x3f800000;
const HASH_BITS_MAX = 63;

/** What a sketch has seen. */
export interface ThetaSketch {
  /** Hashes below the bound, in any order. */
  readonly hashes: BigUint64Array;
  /** The bound: hashes from it on were left out. */
  readonly theta: bigint;
}

const NOTHING: ThetaSketch = { hashes: new BigUint64Array(0), theta: THETA_MAX };

/** The first bytes of an image. */
interface Preamble {
  readonly words: number;
  readonly family: number;
  readonly third: number;
  readonly fourth: number;
  readonly flags: number;
  readonly seedHash: number;
}

/**
 * Reads a sketch. Throws `E3366` for what is none, RangeError where the bytes end early. Stricter than the reference,
 * which takes ordered hashes on trust.
 */
export function readTheta(bytes: Uint8Array): ThetaSketch {
  if (bytes.length < SIZE_MIN) return NOTHING;
  const reader = new LittleEndianReader(bytes);
  const [first, version, family, third, fourth, flags] = Array.from({ length: 6 }, () => reader.uint8());
  const preamble = { words: first & 63, family, third, fourth, flags, seedHash: reader.uint16() };
  switch (version) {
    case 1:
      return readVersion1(reader, preamble, bytes.length);
    case 2:
      return readVersion2(reader, preamble);
    case 3:
      return readVersion3(reader, preamble);
    case 4:
      return readCompressed(reader, preamble);
    default:
      throw noSketch(`version=${version}`);
  }
}

/** Compact and ordered, without a hash of the seed. */
function readVersion1(reader: LittleEndianReader, { words, family }: Preamble, size: number): ThetaSketch {
  checkFamily(family, 3);
  if (words !== 3) throw noSketch(`words=${words}`);
  if (size <= 24) return NOTHING;
  return readOrdered(reader, readBounds(reader, words));
}

/** Compact and ordered. */
function readVersion2(reader: LittleEndianReader, preamble: Preamble): ThetaSketch {
  checkFamily(preamble.family, 4);
  checkSeed(preamble);
  return preamble.words === 1 ? NOTHING : readOrdered(reader, readBounds(reader, preamble.words));
}

function readVersion3(reader: LittleEndianReader, preamble: Preamble): ThetaSketch {
  const { words, family, fourth, flags } = preamble;
  checkFamily(family, FAMILY_COMPACT);
  if (words === 1) {
    const isSingle = (family === FAMILY_COMPACT && (flags & SINGLE_MASK) === FLAGS) || (flags & IS_SINGLE) !== 0;
    return isSingle ? readOrdered(reader, { count: 1, theta: THETA_MAX }) : NOTHING;
  }
  checkSeed(preamble);
  const bounds = readBounds(reader, words);
  if ((flags & IS_ORDERED) !== 0) return readOrdered(reader, bounds);
  const { theta, count } = bounds;
  const hashes = readHashes(reader, (flags & IS_COMPACT) === 0 ? 2 ** fourth : count);
  // Of hash tables, what has a place; those of sketches under construction may hold hashes above the bound.
  return { theta, hashes: hashes.filter((hash) => hash > 0n && hash < theta) };
}

/** Compact and ordered: differences to the hash before, of as many bits as the largest needs, the highest bit first. */
function readCompressed(reader: LittleEndianReader, preamble: Preamble): ThetaSketch {
  const { words, family, third: bits, fourth: countSize, flags } = preamble;
  if (family !== FAMILY_COMPACT) throw noSketch(`family=${family}`);
  checkSeed(preamble);
  if (bits > HASH_BITS_MAX || countSize > 4) throw noSketch(`bits=${bits} size of count=${countSize}`);
  const theta = words > 1 ? reader.uint64() : THETA_MAX;
  let count = 0;
  for (let byte = 0; byte < countSize; byte++) count += reader.uint8() * 256 ** byte;
  const packed = reader.bytes(Math.ceil((bits * count) / 8));
  if ((flags & IS_EMPTY) !== 0) {
    if (count > 0) throw noSketch(`empty with hashes=${count}`);
    return NOTHING;
  }
  return { theta: checkedTheta(theta), hashes: checkedOrder(unpacked(packed, bits, count)) };
}

function unpacked(packed: Uint8Array, bits: number, count: number): BigUint64Array {
  const hashes = new BigUint64Array(count);
  let hash = 0n;
  let rest = 0n;
  let restBits = 0;
  let at = 0;
  for (let index = 0; index < count; index++) {
    for (; restBits < bits; restBits += 8) rest = (rest << 8n) | BigInt(packed[at++]);
    restBits -= bits;
    hash += rest >> BigInt(restBits);
    rest = BigInt.asUintN(restBits, rest);
    hashes[index] = hash;
  }
  return hashes;
}

interface Bounds {
  readonly count: number;
  readonly theta: bigint;
}

/** The count of hashes and the bound, which a preamble of two words does not have. */
function readBounds(reader: LittleEndianReader, words: number): Bounds {
  if (words !== 2 && words !== 3) throw noSketch(`words=${words}`);
  const count = reader.uint32();
  reader.uint32();
  return { count, theta: checkedTheta(words === 3 ? reader.uint64() : THETA_MAX) };
}

function readOrdered(reader: LittleEndianReader, { count, theta }: Bounds): ThetaSketch {
  return { theta, hashes: checkedOrder(readHashes(reader, count)) };
}

function readHashes(reader: LittleEndianReader, count: number): BigUint64Array {
  // Of bytes that are there; a copy, as they may stand anywhere.
  return new BigUint64Array(reader.bytes(8 * count).slice().buffer);
}

function checkedTheta(theta: bigint): bigint {
  if (theta === 0n || theta > THETA_MAX) throw noSketch('bound is not positive');
  return theta;
}

/** The hashes, if they ascend and none is negative. */
function checkedOrder(hashes: BigUint64Array): BigUint64Array {
  const fault = hashes.findIndex((hash, index) => hash > THETA_MAX || (index > 0 && hash <= hashes[index - 1]));
  if (fault >= 0) throw noSketch(`hash out of order: ${fault}`);
  return hashes[0] === 0n ? hashes.subarray(1) : hashes;
}

function checkFamily(family: number, max: number): void {
  if (family < 1 || family > max) throw noSketch(`family=${family}`);
}

function checkSeed({ seedHash }: Preamble): void {
  if (seedHash !== SEED_HASH) throw noSketch(`seed hash=${seedHash}`);
}

/** The compact form of a sketch whose hashes ascend and are below its bound. */
export function writeTheta({ hashes, theta }: ThetaSketch): Uint8Array {
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
