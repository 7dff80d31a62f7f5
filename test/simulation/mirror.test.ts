// The whole mirror on a memory store, a scripted source and a clock of its own, with seeded faults and crashes: at the
// end the lake equals the source, every recorded cut is the source at its position, and the changelog has each change
// once. P1, P3, P5, P11, P12, P17.  SIMULATION_SEEDS=n runs more seeds, SEED=n one.
import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../src/base/random.ts';
import { simulate } from '../support/simulation.ts';

const single = process.env['SEED'];
const count = Number(process.env['SIMULATION_SEEDS'] ?? '500');
const seeds = single === undefined ? Array.from({ length: count }, (_, index) => index + 1) : [Number(single)];
const GROUP = 25;

describe('mirror under faults', () => {
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
