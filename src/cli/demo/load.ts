// The live load of the demo: customers who order, pay, cancel, and a shop that ships and changes its prices.
import type pg from 'pg';
import type { Clock } from '../../base/clock.ts';
import type { Random } from '../../base/random.ts';
import { withShopClient } from './shop.ts';

/** What the load has done so far. */
export interface LoadProgress {
  changes: number;
  transactions: number;
}

/** How the load is made. */
export interface LoadOptions {
  readonly url: string;
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
  await withShopClient(options.url, async (client) => {
    const ids = await highestIds(client);
    let dueSinceMs = clock.monotonicMs();
    let budget = 0;
    while (!signal.aborted) {
      const nowMs = clock.monotonicMs();
      budget += (Math.min(nowMs - dueSinceMs, DEBT_MS_MAX) * changesPerSecond) / 1000;
      dueSinceMs = nowMs;
      while (budget > 0 && !signal.aborted) {
        const changed = await oneTransaction(client, ids, options.random);
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

interface HighestIds {
  customers: number;
  products: number;
  orders: number;
}

async function highestIds(client: pg.Client): Promise<HighestIds> {
  const text = `select (select coalesce(max(id), 1) from customers) as customers, (select coalesce(max(id), 1) from products) as products,
    (select coalesce(max(id), 1) from orders) as orders`;
  const [row] = (await client.query<Record<keyof HighestIds, string>>(text)).rows;
  return { customers: Number(row.customers), products: Number(row.products), orders: Number(row.orders) };
}

/** One transaction of a kind drawn by lot; how many rows it changed. */
async function oneTransaction(client: pg.Client, ids: HighestIds, random: Random): Promise<number> {
  const pick = (below: number): number => 1 + Math.floor(random.unit() * below);
  // Young orders change most.
  const order = (): number => Math.max(1, ids.orders - Math.floor(random.unit() ** 3 * ids.orders));
  const kind = random.unit();
  if (kind < 0.35) {
    ids.orders++;
    return call(client, `place_order(${pick(ids.customers)}, ${pick(ids.products)}, ${pick(5)})`);
  }
  if (kind < 0.7) return call(client, `ship_order(${order()})`);
  if (kind < 0.85) return call(client, `reprice(${pick(ids.products)}, ${pick(20) - 10})`);
  if (kind < 0.9) return call(client, `cancel_order(${order()})`);
  if (kind < 0.94) return call(client, `renumber_item(${order()})`);
  if (kind < 0.98) return call(client, `sign_up(${++ids.customers})`);
  ids.orders++;
  await client.query(`begin; select place_order(${pick(ids.customers)}, ${pick(ids.products)}, 3); rollback`);
  return 0;
}

async function call(client: pg.Client, expression: string): Promise<number> {
  const [row] = (await client.query<{ changed: number }>(`select ${expression} as changed`)).rows;
  return row.changed;
}
