// Pairs of values of the aggregate functions that unite, for the comparison with the reference.
import { LittleEndianReader } from '../../src/paimon/format/little-endian.ts';
import { bitmapBytes, readBitmap, unionOfBitmaps } from '../../src/paimon/format/roaring.ts';
import { Roaring64 } from '../../src/paimon/format/roaring64.ts';
import { hllUnion } from '../../src/paimon/format/sketch/hll-union.ts';
import { thetaUnion } from '../../src/paimon/format/sketch/theta-union.ts';
import type { Dice } from './dice.ts';

function bitmap32Union(one: Uint8Array, other: Uint8Array): Uint8Array {
  const [a, b] = [one, other].map((bytes) => readBitmap(new LittleEndianReader(bytes)));
  return bitmapBytes(unionOfBitmaps(a, b));
}

function bitmap64Union(one: Uint8Array, other: Uint8Array): Uint8Array {
  const bitmap = new Roaring64(one);
  bitmap.add(new Roaring64(other));
  return bitmap.bytes();
}

/** The functions, with what they make of two values. */
export const UNIONS = {
  hll_sketch: hllUnion,
  theta_sketch: thetaUnion,
  rbm32: bitmap32Union,
  rbm64: bitmap64Union,
} as const satisfies Readonly<Record<string, (one: Uint8Array, other: Uint8Array) => Uint8Array>>;

export type UnionKind = keyof typeof UNIONS;

/** Two serialized values. */
export type UnionPair = readonly [one: Buffer, other: Buffer];

/** Pairs of values of the reference (hex), some of them in a form that its library reads but does not write. */
export function unionPairs(kind: UnionKind, values: readonly string[], dice: Dice): readonly UnionPair[] {
  const draw = (): Buffer => {
    const value = Buffer.from(dice.one(values), 'hex');
    return dice.chance(0.4) ? RARE_FORMS[kind](value, dice) : value;
  };
  return values.map(() => [draw(), draw()]);
}

const RARE_FORMS: Readonly<Record<UnionKind, (value: Buffer, dice: Dice) => Buffer>> = {
  hll_sketch: withRareRegisters,
  theta_sketch: asOldVersion,
  rbm32: asIs,
  rbm64: asIs,
};

function asIs(value: Buffer): Buffer {
  return value;
}

/** HLL_8 with registers that take billions of values, which HLL_4 holds as exceptions; with sums that lag behind. */
function withRareRegisters(value: Buffer, dice: Dice): Buffer {
  if (value[7] !== 10) return value;
  const image = Buffer.from(value);
  const share = dice.one([0.01, 0.3, 1]);
  const least = dice.below(30);
  for (let at = 40; at < image.length; at++) if (dice.chance(share)) image[at] = least + dice.below(64 - least);
  return image;
}

/** A compact, ordered theta sketch as versions 1 and 2 wrote it. */
function asOldVersion(value: Buffer, dice: Dice): Buffer {
  const words = value[0] & 63;
  if (value[1] !== 3 || value[5] !== 26 || words === 1) return value;
  const image = Buffer.from(value);
  if (dice.chance(0.5)) {
    image[1] = 2;
    return image;
  }
  const theta = words === 3 ? image.subarray(16, 24) : Buffer.from('ffffffffffffff7f', 'hex');
  const counts = image.subarray(8, 16);
  return Buffer.concat([Buffer.from([3, 1, 3, 0, 0, 0, 0, 0]), counts, theta, image.subarray(8 * words)]);
}
