// The seed of a randomised test against real processes: from the variable SEED, or drawn and printed.
import { type Random, seededRandom } from '../../src/base/random.ts';

/** Gives a seeded random and prints its seed, so that `SEED=… npx vitest run FILE` draws the same again. */
export function printedSeed(name: string): { readonly seed: number; readonly random: Random } {
  const given = process.env['SEED'];
  const seed = given === undefined ? Date.now() % 1_000_000_007 : Number(given);
  process.stderr.write(`${name}: SEED=${seed}\n`);
  return { seed, random: seededRandom(seed) };
}
