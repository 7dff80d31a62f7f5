// The whole mirror on a memory store, a scripted source and a clock of its own, with seeded faults and crashes: at the
// end the lake equals the source, and every recorded cut is the source at its position. P1, P3, P5, P11, P12, P17.
// The even seeds run while what nobody needs expires: what a retained cut names stays.
import { describe, it } from 'vitest';
import { expectNoProblems, seedGroups } from '../support/simulation-seeds.ts';

describe('mirror under faults, expiring', () => {
  it.each(seedGroups((seed) => seed % 2 === 0))('seeds $first to $last', (group) => expectNoProblems(group));
});
