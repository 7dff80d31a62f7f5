// The live load of the demo: customers who order, pay, cancel, and a shop that ships and changes its prices.
import type { Clock } from '../../base/clock.ts';
import type { Random } from '../../base/random.ts';
import type { HighestIds, Shop, ShopSession } from './shop.ts';

/** What the load has done so far. */
export interface LoadProgress {
  changes: number;
  transactions: number;
}

/** How the load is made. */
export interface LoadOptions {
  readonly shop: Pick<Shop, 'withSession'>;
  /** Row changes a second that are aimed at; 0 for none. */
  readonly changesPerSecond: number;
  readonly clock: Clock;
  readonly random: Random;
  readonly progress: LoadProgress;
}

const TICK_MS = 50;
/** A load that fell behind does not try to catch up for longer than this. */
const DEBT_MS_MAX = 1000;

/** Changes the shop until the signal aborts; every transaction that was begun is ended. */
export async function runLoad(options: LoadOptions, signal: AbortSignal): Promise<void> {
  const { clock, changesPerSecond, progress } = options;
  await options.shop.withSession(async (session) => {
    const ids = await session.highestIds();
    let dueSinceMs = clock.monotonicMs();
    let budget = 0;
    while (!signal.aborted) {
      const nowMs = clock.monotonicMs();
      budget += (Math.min(nowMs - dueSinceMs, DEBT_MS_MAX) * changesPerSecond) / 1000;
      dueSinceMs = nowMs;
      while (budget > 0 && !signal.aborted) {
        const changed = await oneTransaction(session, ids, options.random);
        // A transaction that found nothing to change was work too.
        budget -= Math.max(1, changed);
        progress.changes += changed;
        progress.transactions++;
      }
      await clock.sleep(TICK_MS, signal).catch(() => {
        // The end of the wait is the end of the loop.
      });
    }
  });
}

/** One transaction of a kind drawn by lot; how many rows it changed. */
async function oneTransaction(session: ShopSession, ids: HighestIds, random: Random): Promise<number> {
  const pick = (below: number): number => 1 + Math.floor(random.unit() * below);
  // Young orders change most.
  const order = (): number => Math.max(1, ids.orders - Math.floor(random.unit() ** 3 * ids.orders));
  const kind = random.unit();
  if (kind < 0.35) {
    ids.orders++;
    return session.placeOrder({ customer: pick(ids.customers), product: pick(ids.products), lines: pick(5) });
  }
  if (kind < 0.7) return session.shipOrder(order());
  if (kind < 0.85) return session.reprice(pick(ids.products), pick(20) - 10);
  if (kind < 0.9) return session.cancelOrder(order());
  if (kind < 0.94) return session.renumberItem(order());
  if (kind < 0.98) return session.signUp(++ids.customers);
  ids.orders++;
  await session.changeOfMind({ customer: pick(ids.customers), product: pick(ids.products) });
  return 0;
}
