// Which seeds the simulation runs, in groups: one test each. CI runs more of them; SIMULATION_SEEDS=n says how many, SEED=n
// runs one.
import { expect } from 'vitest';
import { seededRandom } from '../../src/base/random.ts';
import { simulate } from './simulation.ts';

const SEEDS = process.env['CI'] === 'true' ? 500 : 100;
const GROUP = 25;

/** Seeds of one test. */
export interface SeedGroup {
  readonly seeds: readonly number[];
  readonly first: number | undefined;
  readonly last: number | undefined;
}

/** The seeds that belong to a file, which share them out so that they run side by side; at least one group. */
export function seedGroups(belongs: (seed: number) => boolean): readonly SeedGroup[] {
  const seeds = allSeeds().filter(belongs);
  const groups: SeedGroup[] = [];
  // SEED may belong to the other file; a file without a test would be an error.
  for (let start = 0; start === 0 || start < seeds.length; start += GROUP) {
    const group = seeds.slice(start, start + GROUP);
    groups.push({ seeds: group, first: group[0], last: group[group.length - 1] });
  }
  return groups;
}

/** Simulates each seed of the group. */
export async function expectNoProblems({ seeds }: SeedGroup): Promise<void> {
  for (const seed of seeds) {
    const problems = await simulate(seed, seededRandom(seed));
    expect(problems, `replay with SEED=${seed}`).toEqual([]);
  }
}

function allSeeds(): readonly number[] {
  const single = process.env['SEED'];
  if (single !== undefined) return [Number(single)];
  return Array.from({ length: Number(process.env['SIMULATION_SEEDS'] ?? SEEDS) }, (_, index) => index + 1);
}
