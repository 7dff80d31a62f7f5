// Unions of sketches and 32-bit bitmaps are those of the reference's libraries to the byte. More, and fresh ones, in test/interop/unions.test.ts.
import { describe, expect, test } from 'vitest';
import { isTributaryError } from '../../../../src/base/errors.ts';
import { hllUnion } from '../../../../src/paimon/format/sketch/hll-union.ts';
import { thetaUnion } from '../../../../src/paimon/format/sketch/theta-union.ts';
import { recordedUnions } from '../../../support/recorded-unions.ts';
import { UNIONS } from '../../../support/union-pairs.ts';

const unions = recordedUnions();
const bytes = (hex: string): Buffer => Buffer.from(hex, 'hex');
const hex = (image: Uint8Array): string => Buffer.from(image).toString('hex');

/** An empty list of lgK 12, and the theta sketch that has seen nothing. */
const EMPTY_HLL = '0201070c030c0000';
const EMPTY_THETA = '01030300001e0000';
/** Of one value. */
const [ONE_HLL, ONE_THETA] = ['0201070c03080100157cfa08', '01030300003acc93152df0c73d60e87c'];

describe('unions', () => {
  test('are those of the reference', () => {
    expect(unions.length).toBeGreaterThan(200);
    for (const [kind, one, other, union] of unions) {
      expect(hex(UNIONS[kind](bytes(one), bytes(other))), `${kind} ${one} ${other}`).toBe(union);
    }
  });

  test('with nothing change nothing', () => {
    expect(hex(hllUnion(bytes(EMPTY_HLL), bytes(EMPTY_HLL)))).toBe(EMPTY_HLL);
    expect(hex(hllUnion(bytes(ONE_HLL), bytes(EMPTY_HLL)))).toBe(ONE_HLL);
    expect(hex(thetaUnion(bytes(EMPTY_THETA), bytes('')))).toBe(EMPTY_THETA);
    expect(hex(thetaUnion(bytes(EMPTY_THETA), bytes(ONE_THETA)))).toBe(ONE_THETA);
  });

  test('of more than 4096 hashes keep the smallest, the next one being the bound', () => {
    const even = thetaOf(Array.from({ length: 3000 }, (_, index) => 2 * index + 2));
    const odd = thetaOf(Array.from({ length: 3000 }, (_, index) => 2 * index + 1));
    const expected = thetaOf(
      Array.from({ length: 4096 }, (_, index) => index + 1),
      4097n,
    );
    expect(hex(thetaUnion(even, odd))).toBe(hex(expected));
  });

  test.each([
    ['too short', '020107'],
    ['of another family', '0201060c03080100157cfa08'],
    ['of a later version', '0202070c03080100157cfa08'],
    ['of another form than its preamble', '0201070c03080101157cfa08'],
    ['of a form that is none', '0201070c03080103157cfa08'],
    ['of registers of a size that is none', '0201070c0308010c157cfa08'],
    ['of too few registers', '0201070303080100157cfa08'],
    ['of too many registers', '0201071603080100157cfa08'],
    ['without its coupon', '0201070c03080100'],
    ['with nine coupons in a list', `0201070c03080900${'157cfa08'.repeat(9)}`],
    ['with fewer coupons than its set says', `0301070c0500000102000000157cfa08${'00000000'.repeat(31)}`],
    [
      'with a full table',
      `0301070800080001ffffff00${[...Array(40).keys()].map((n) => `${(n + 16).toString(16)}000004`).join('')}`,
    ],
  ])('an HLL sketch %s is refused', (_what, image) => {
    expect(refused(() => hllUnion(bytes(image), bytes(EMPTY_HLL)))).toBe(true);
    expect(refused(() => hllUnion(bytes(EMPTY_HLL), bytes(image)))).toBe(true);
  });

  test.each([
    ['of another family', '01030400003acc93152df0c73d60e87c'],
    ['of a later version', '01050300003acc93152df0c73d60e87c'],
    ['with a negative hash', '01030300003acc93152df0c73d60e8fc'],
    ['of another seed', `02030300001acc9402000000${'0000803f'}01000000000000000200000000000000`],
    ['whose hashes do not ascend', `02030300001acc9302000000${'0000803f'}02000000000000000100000000000000`],
    ['with fewer hashes than it says', `02030300001acc9302000000${'0000803f'}0100000000000000`],
    ['with a bound of zero', `03030300001acc9300000000${'0000803f'}0000000000000000`],
    ['of four words', `04030300001acc9300000000${'0000803f'}${'01'.repeat(16)}`],
    ['of version 1 and two words', `0201030000000000000000000000803f${'01'.repeat(16)}`],
    ['that is packed into too many bits', `01040340011acc9301${'01'.repeat(16)}`],
    ['that is packed and empty with a hash', `01040308011ecc9301${'01'.repeat(16)}`],
  ])('a theta sketch %s is refused', (_what, image) => {
    expect(refused(() => thetaUnion(bytes(image), bytes(EMPTY_THETA)))).toBe(true);
    expect(refused(() => thetaUnion(bytes(EMPTY_THETA), bytes(image)))).toBe(true);
  });

  test('cut short, they are refused or read as another one', () => {
    for (const [kind, one, other] of unions.filter((_, index) => index % 20 === 0)) {
      const image = bytes(one);
      const sizes = Array.from({ length: Math.min(image.length, 64) }, (_, size) => size);
      const refusals = sizes.filter((size) => refused(() => UNIONS[kind](image.subarray(0, size), bytes(other))));
      // Fewer than 16 bytes are a theta sketch that has seen nothing; of the others, 8 bytes are the least.
      const short = refusals.filter((size) => size < 16);
      expect(short.slice(0, 8)).toEqual(kind === 'theta_sketch' ? [] : [0, 1, 2, 3, 4, 5, 6, 7]);
    }
  });
});

/** A compact sketch of these hashes, ascending. */
function thetaOf(hashes: readonly number[], theta?: bigint): Buffer {
  const head = bytes(`0${theta === undefined ? 2 : 3}0303${'0000'}1acc93`);
  const counts = Buffer.alloc(8);
  counts.writeUInt32LE(hashes.length);
  counts.writeFloatLE(1, 4);
  const words = [...(theta === undefined ? [] : [theta]), ...hashes.map(BigInt)];
  return Buffer.concat([head, counts, Buffer.from(BigUint64Array.from(words).buffer)]);
}

/** Whether it is refused; throws what is no refusal. */
function refused(unite: () => Uint8Array): boolean {
  try {
    unite();
    return false;
  } catch (error) {
    if (error instanceof RangeError || isTributaryError(error, 'E3366', 'E3402')) return true;
    throw error;
  }
}
