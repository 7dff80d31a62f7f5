// Any table, written by anyone, read by anyone: random schemas, rows, commits, compactions, alterations and tags by us, the
// reference and pypaimon in turns. Every reader gives the same rows of every state, under random filters and projections,
// and they are those that a model in memory has, where one knows the merge engine.
import { describe, expect, test } from 'vitest';
import { type Pypaimon, pypaimon } from '../support/pypaimon.ts';
import { ReaderLife } from '../support/reader-life.ts';
import { type Reference, reference } from '../support/reference.ts';
import { printedSeed } from '../support/seeds.ts';

const SECONDS = Number(process.env['PROPERTY_SECONDS'] ?? 45);
const java = await reference();
const python = await pypaimon();

describe.skipIf(java === null || python === null)('random tables', () => {
  const clients = { java: java as Reference, python: python as Pypaimon };

  test.each([
    ['are read alike by all readers', SECONDS, false],
    ['of ORC files are, too', SECONDS / 2, true],
  ])('%s, for %d s', { timeout: (SECONDS + 120) * 1000 }, async (_, seconds, isOrc) => {
    const { seed } = printedSeed('random readers', 1);
    const end = performance.now() + seconds * 1000;
    let lives = 0;
    for (; performance.now() < end; lives++) {
      const life = new ReaderLife(clients, seed + lives, { isOrc });
      try {
        await life.live();
      } catch (error) {
        throw new Error(`differs: SEED=${seed + lives}\n${life.said.join('\n\n')}`, { cause: error });
      }
      life.end();
    }
    process.stderr.write(`random readers: ${lives} tables\n`);
    expect(lives).toBeGreaterThan(0);
  });
});
