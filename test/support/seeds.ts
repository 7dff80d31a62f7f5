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

/** Seconds of all differential tests with the reference together, and what a test file gets of them. */
const DIFFERENTIAL_SECONDS = Number(process.env['DIFFERENTIAL_SECONDS'] ?? 150);

/** A random test that lives a life for each seed, as many as there is time for. */
export interface SeededLives {
  readonly name: string;
  /** The test file, to say how a life is repeated. */
  readonly file: string;
  readonly seconds: number;
  /** False for a life that ended early; says what was done, for the message of a failure. */
  readonly live: (seed: number, said: string[]) => Promise<boolean>;
}

/** The seconds of a test that gets this share of `DIFFERENTIAL_SECONDS`. */
export function differentialSeconds(share: number): number {
  return Math.ceil(DIFFERENTIAL_SECONDS * share);
}

/**
 * Lives one life after the other, from a fresh seed on, which is printed; with the variable SEED only that one. Gives how many there were and how many did not end early. Throws with the seed and how to repeat it.
 */
export async function liveSeeds({ name, file, seconds, live }: SeededLives): Promise<{ lives: number; whole: number }> {
  const { seed: first } = printedSeed(name);
  const end = performance.now() + (process.env['SEED'] === undefined ? seconds * 1000 : 0);
  let [lives, whole] = [0, 0];
  do {
    const seed = first + lives;
    const said: string[] = [];
    try {
      if (await live(seed, said)) whole++;
    } catch (error) {
      const again = `TRIBUTARY_INTEROP=1 SEED=${seed} npx vitest run --project interop ${file}`;
      throw new Error(`differs: ${again}\n${said.join('\n\n')}`, { cause: error });
    }
    lives++;
  } while (performance.now() < end);
  process.stderr.write(`${name}: ${lives} lives, ${whole} of them to their end\n`);
  return { lives, whole };
}
