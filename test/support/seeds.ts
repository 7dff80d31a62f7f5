// The seed of a randomised test against real processes: from the variable SEED, or drawn and printed.
import { type Random, seededRandom } from '../../src/base/random.ts';

/**
 * Gives a seeded random and prints its seed, so that `SEED=… npx vitest run FILE` draws the same again. `usual` is taken
 * instead of a fresh one: for tests with foreign programs, whose limits a fresh seed may find at any time.
 */
export function printedSeed(name: string, usual?: number): { readonly seed: number; readonly random: Random } {
  const given = process.env['SEED'];
  const seed = given === undefined ? (usual ?? Date.now() % 1_000_000_007) : Number(given);
  process.stderr.write(`${name}: SEED=${seed}\n`);
  return { seed, random: seededRandom(seed) };
}
