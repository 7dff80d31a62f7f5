// The whole mirror on a memory store, a scripted source and a clock of its own, with seeded faults and crashes: at the
// end the lake equals the source, every recorded cut is the source at its position, and the changelog has each change
// once. P1, P3, P5, P11, P12, P17.  SIMULATION_SEEDS=n runs more or fewer seeds, SEED=n one.
import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../src/base/random.ts';
import { simulate } from './simulation.ts';

const SEEDS = 500;
const GROUP = 25;

/** Simulations of the seeds that belong to this file; the files share them out, so that they run side by side. */
export function simulationTests(title: string, belongs: (seed: number) => boolean): void {
  const seeds = allSeeds().filter(belongs);
  describe(title, () => {
    // SEED may belong to the other file, and a file without a test would be an error.
    if (seeds.length === 0) it('has no part of these seeds', () => expect(seeds).toEqual([]));
    for (let start = 0; start < seeds.length; start += GROUP) {
      const group = seeds.slice(start, start + GROUP);
      it(`seeds ${group[0]} to ${group[group.length - 1]}`, async () => {
        for (const seed of group) {
          const problems = await simulate(seed, seededRandom(seed));
          expect(problems, `replay with SEED=${seed}`).toEqual([]);
        }
      });
    }
  });
}

function allSeeds(): readonly number[] {
  const single = process.env['SEED'];
  if (single !== undefined) return [Number(single)];
  return Array.from({ length: Number(process.env['SIMULATION_SEEDS'] ?? SEEDS) }, (_, index) => index + 1);
}
