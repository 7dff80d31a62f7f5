// Unions of sketches and bitmaps are those of the reference's libraries to the byte: random ones of every form, by the library, and
// damaged ones, which are never read as something else than there.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { isTributaryError } from '../../src/base/errors.ts';
import { seededRandom } from '../../src/base/random.ts';
import { Dice } from '../support/dice.ts';
import { type Reference, reference } from '../support/reference.ts';
import { printedSeed } from '../support/seeds.ts';
import { tempDir } from '../support/temp-dir.ts';
import { type UnionKind, type UnionPair, unionPairs, UNIONS } from '../support/union-pairs.ts';

const COUNT = 400;
const REFUSED = 'refused';
const java = await reference();

/** Our union as hex. */
function ours(kind: UnionKind, [one, other]: UnionPair): string {
  try {
    return Buffer.from(UNIONS[kind](one, other)).toString('hex');
  } catch (error) {
    if (error instanceof RangeError || isTributaryError(error, 'E3366', 'E3402')) return REFUSED;
    throw error;
  }
}

async function theirs(kind: UnionKind, pairs: readonly UnionPair[]): Promise<readonly string[]> {
  const path = join(tempDir(), 'pairs');
  writeFileSync(path, pairs.map(([one, other]) => `${one.toString('hex')}\t${other.toString('hex')}\n`).join(''));
  const answer = await (java as Reference).run(['unions', '--kind', kind, '--pairs', path]);
  return answer
    .trimEnd()
    .split('\n')
    .map((line) => (line.startsWith('!') ? REFUSED : line));
}

/** The pairs of which we make something else, with what that is and what it should be; the first bytes of each. */
function differences(kind: UnionKind, pairs: readonly UnionPair[], expected: readonly string[]): readonly string[] {
  return pairs.flatMap((pair, index) => {
    const union = ours(kind, pair);
    if (union === expected[index]) return [];
    const texts = [...pair.map((value) => value.toString('hex')), union, expected[index]];
    return [texts.map((text) => text.slice(0, 400)).join('\n')];
  });
}

async function drawnValues(kind: UnionKind, seed: number): Promise<readonly string[]> {
  const args = ['union-values', '--kind', kind, '--seed', String(seed), '--count', String(COUNT)];
  return (await (java as Reference).run(args)).trimEnd().split('\n');
}

/** One byte is another one, or the last ones are missing. */
function damaged(value: Buffer, dice: Dice): Buffer {
  if (value.length === 0 || dice.chance(0.2)) return value.subarray(0, dice.below(value.length + 1));
  const image = Buffer.from(value);
  const at = dice.chance(0.8) ? dice.below(Math.min(40, value.length)) : dice.below(value.length);
  image[at] = dice.chance(0.5) ? image[at] ^ (1 << dice.below(8)) : dice.below(256);
  return image;
}

async function drawnPairs(kind: UnionKind): Promise<{ readonly pairs: readonly UnionPair[]; readonly dice: Dice }> {
  const { seed } = printedSeed(`unions of ${kind}`, 1);
  const dice = new Dice(seededRandom(seed));
  return { pairs: unionPairs(kind, await drawnValues(kind, seed), dice), dice };
}

describe.skipIf(java === null)('unions', () => {
  test.each(Object.keys(UNIONS) as UnionKind[])('of %s', { timeout: 120_000 }, async (kind) => {
    const { pairs } = await drawnPairs(kind);
    const expected = await theirs(kind, pairs);
    expect(expected).not.toContain(REFUSED);
    expect(differences(kind, pairs, expected)).toEqual([]);
  });

  // Not rbm64: bytes between the branches of its tree mean nothing, and Java keeps them.
  test.each(['hll_sketch', 'theta_sketch', 'rbm32'] as const)('of damaged %s', { timeout: 120_000 }, async (kind) => {
    const { pairs, dice } = await drawnPairs(kind);
    // Only what we take: the library reads past the end of some that we refuse.
    const taken = pairs
      .map(([one, other]): UnionPair => (dice.chance(0.5) ? [damaged(one, dice), other] : [one, damaged(other, dice)]))
      .filter((pair) => ours(kind, pair) !== REFUSED);
    expect(taken.length).toBeGreaterThan(0);
    expect(differences(kind, taken, await theirs(kind, taken))).toEqual([]);
  });
});
