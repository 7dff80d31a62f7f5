// Lives of a daemon under load, each ended by SIGKILL at a random moment; at every death P1 is checked against the
// slot, and the next life has to go on from what the lake and the source say alone.
import type { Random } from '../../src/base/random.ts';
import { systemClock } from '../../src/base/clock.ts';
import { below } from './every-type.ts';
import { lsnOf, type MirrorSite } from './mirror-site.ts';
import { until } from './until.ts';

/** How long records may take on a machine with much else to do. */
const RECORDS_MS_MAX = 120_000;

/** How the lives are lived. */
export interface KillOptions {
  readonly kills: number;
  readonly random: Random;
  /** Longest life; the shortest ends before the program has started. */
  readonly lifeMsMax: number;
}

/** Kills the daemon so many times; gives what was wrong at a death, and in how many lives something was committed. */
export async function killLives(
  site: MirrorSite,
  { kills, random, lifeMsMax }: KillOptions,
): Promise<{ readonly problems: readonly string[]; readonly committedLives: number }> {
  const problems: string[] = [];
  let committedLives = 0;
  for (let life = 0; life < kills; life++) {
    const before = (await site.records.latest())?.number ?? 0n;
    const daemon = site.start();
    await Promise.race([systemClock.sleep(random.unit() * lifeMsMax), daemon.exit]);
    // Half of the deaths come close after a commit, where most can go wrong.
    if (life % 2 === 1)
      await records(site, { count: 1 + below(random, 8), exit: daemon.exit }).then(() =>
        systemClock.sleep(random.unit() * 100),
      );
    const { signal, code } = await daemon.kill('SIGKILL');
    if (signal !== 'SIGKILL') problems.push(`life ${life} ended with ${code}:\n${daemon.stderr().slice(-2000)}`);
    problems.push(...(await acknowledgedTooMuch(site)));
    if (((await site.records.latest())?.number ?? 0n) > before) committedLives++;
  }
  return { problems, committedLives };
}

/** Waits for so many new records, or for the end of the daemon. */
async function records(
  site: MirrorSite,
  wanted: { readonly count: number; readonly exit: Promise<unknown> },
): Promise<void> {
  const last = ((await site.records.latest())?.number ?? 0n) + BigInt(wanted.count);
  const there = until(async () => ((await site.records.latest())?.number ?? 0n) >= last, {
    timeoutMs: RECORDS_MS_MAX,
    what: 'the next records',
  });
  await Promise.race([there, wanted.exit]);
}

/** P1: the slot is confirmed up to what the newest durable record holds at most. */
async function acknowledgedTooMuch(site: MirrorSite): Promise<readonly string[]> {
  const slot = await site.slot();
  const record = await site.records.latest();
  // Before the first record the slot stands where the copy has put it.
  if (slot?.confirmed === null || slot?.confirmed === undefined || record === null) return [];
  if (lsnOf(slot.confirmed) <= lsnOf(record.position)) return [];
  return [`slot confirmed ${slot.confirmed}, newest record ${record.number} at ${record.position}`];
}
