// The LSM engine against the reference: random tables under random options, with random changes, commits, compactions and
// restarts. Either both have a table of their own, and all snapshots are the same, or they share one by turns, and read the
// same rows and changes of every snapshot.
import { describe, expect, test } from 'vitest';
import { seededRandom } from '../../src/base/random.ts';
import { LsmLife } from '../support/lsm-life.ts';
import { drawLsmScenario } from '../support/lsm-scenario.ts';
import { reference, type Reference } from '../support/reference.ts';
import { differentialSeconds, liveSeeds } from '../support/seeds.ts';

const java = await reference();
const SECONDS = differentialSeconds(0.8);

describe.skipIf(java === null)('the LSM engine', () => {
  const client = java as Reference;

  test(`does as the reference does, for ${SECONDS} s`, { timeout: (SECONDS + 120) * 1000 }, async () => {
    const live = async (seed: number, said: string[]): Promise<boolean> => {
      const life = new LsmLife(client, drawLsmScenario(seededRandom(seed)), said);
      try {
        return await life.live();
      } finally {
        await life.end();
      }
    };
    const file = 'test/interop/differential.test.ts';
    const { lives, whole } = await liveSeeds({ name: 'LSM engine', file, seconds: SECONDS, live });
    // One life that is repeated may end early.
    expect(lives === 1 || whole > 0).toBe(true);
  });
});
