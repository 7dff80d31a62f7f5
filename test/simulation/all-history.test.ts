// The whole mirror on a memory store, a scripted source and a clock of its own, with seeded faults and crashes: at the
// end the lake equals the source, and every recorded cut is the source at its position. P1, P3, P5, P11, P12, P17.
// The odd seeds run with all of its history kept: the changelog is judged too, each change once.
import { describe, it } from 'vitest';
import { expectNoProblems, seedGroups } from '../support/simulation-seeds.ts';

describe('mirror under faults, all history kept', () => {
  it.each(seedGroups((seed) => seed % 2 === 1))('seeds $first to $last', (group) => expectNoProblems(group));
});
