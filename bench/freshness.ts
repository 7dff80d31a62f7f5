// Time from a commit in the source to the snapshot of the lake that holds it, under a steady load; and the time from a
// daemon's start until it reads the log again.
import { systemClock } from '../src/base/clock.ts';
import { lsnOrder } from '../src/source/postgres/lsn.ts';
import type { SourcePosition } from '../src/change/position.ts';
import { withClient } from '../test/support/servers.ts';
import { until } from '../test/support/until.ts';
import { loadNow, rounded, spread } from './support/machine.ts';
import { type LakeSnapshot, snapshotsOf } from './support/lake-size.ts';
import { runMeasured, startMeasured } from './support/measured-run.ts';
import { configure, copySlot, endOfLog, loadOrders, PUBLICATION, settle, type Shop, SLOT } from './support/shop.ts';

/** Sizes of a run. */
export interface FreshnessOptions {
  /** Rows of the table before the load. */
  readonly rows: number;
  readonly seconds: number;
  /** Starts of the daemon. */
  readonly repeats: number;
}

const TRANSACTIONS_PER_SECOND = 100;
const CHANGES_PER_TRANSACTION = 10;
/** A copy of the slot that keeps the log of the load, to read the commit times from. */
const KEPT_SLOT = 'bench_times';

/** A transaction of the load, as the source's log has it. */
interface Commit {
  readonly end: SourcePosition;
  readonly timeMs: number;
}

/** Runs the load against a daemon with `commit.interval: 1s`. */
export async function benchFreshness(shop: Shop, options: FreshnessOptions): Promise<Record<string, unknown>> {
  await loadOrders(shop, 1, options.rows);
  await settle(shop);
  const config = configure(shop, { interval: '1s' });
  await runMeasured(['run', ...config, '--until-caught-up']);
  const startup: number[] = [];
  for (let repeat = 0; repeat < options.repeats; repeat++) startup.push(await secondsToStreaming(shop, config));
  await copySlot(shop, SLOT, KEPT_SLOT);
  const daemon = startMeasured(['run', ...config]);
  await streaming(shop);
  const loadBefore = loadNow();
  await steadyLoad(shop, options);
  const loadAfter = loadNow();
  const end = (await withClient(shop.url, endOfLog)) as SourcePosition;
  const commits = await commitsOf(shop);
  await until(
    () => snapshotsOf(shop.lakeDirectory).some(({ position }) => reaches(position, commits.at(-1)?.end ?? end)),
    {
      what: 'the last change in the lake',
    },
  );
  const { cpuSeconds, wallSeconds, peakMiB, busyCores } = await daemon.stop();
  const written = snapshotsOf(shop.lakeDirectory).filter(({ position }) => position !== null);
  return {
    rows: options.rows,
    transactions: commits.length,
    changes: commits.length * CHANGES_PER_TRANSACTION,
    transactionsPerSecond: rounded(commits.length / options.seconds, 1),
    startupSeconds: spread(startup.map((seconds) => rounded(seconds, 2))),
    delaySeconds: distribution(delays(commits, written)),
    snapshots: written.length,
    cpuSeconds: rounded(cpuSeconds, 2),
    wallSeconds: rounded(wallSeconds, 1),
    busyCores: rounded(busyCores, 2),
    peakMiB,
    loadBefore,
    loadAfter,
  };
}

function reaches(position: string | null, end: SourcePosition): boolean {
  return position !== null && lsnOrder.includes(position as SourcePosition, end);
}

/** From the start of the process until the server sends it the log. */
async function secondsToStreaming(shop: Shop, config: readonly string[]): Promise<number> {
  const startMs = systemClock.monotonicMs();
  const daemon = startMeasured(['run', ...config]);
  await streaming(shop);
  const seconds = (systemClock.monotonicMs() - startMs) / 1000;
  await daemon.stop();
  return seconds;
}

async function streaming(shop: Shop): Promise<void> {
  await withClient(shop.url, (client) =>
    until(
      async () => {
        const statement = `select 1 from pg_stat_replication r join pg_replication_slots s on s.active_pid = r.pid
          where s.slot_name = $1 and r.state in ('catchup', 'streaming')`;
        return (await client.query(statement, [SLOT])).rows.length === 1;
      },
      { intervalMs: 5, what: 'the daemon reading the log' },
    ),
  );
}

/** Transactions at even distances, each of 8 updates, an insert and a delete; late ones are made up for. */
async function steadyLoad(shop: Shop, { rows, seconds }: FreshnessOptions): Promise<void> {
  const total = seconds * TRANSACTIONS_PER_SECOND;
  await withClient(shop.url, async (client) => {
    const startMs = systemClock.monotonicMs();
    for (let number = 0; number < total; number++) {
      const waitMs = startMs + (number * 1000) / TRANSACTIONS_PER_SECOND - systemClock.monotonicMs();
      if (waitMs > 1) await systemClock.sleep(waitMs);
      const fresh = rows + 1 + number;
      // One statement, hence one transaction and one round trip.
      await client.query(
        `with added as (insert into orders select (order_row($1)).* returning id),
              gone as (delete from orders where id = $1::bigint - 50 and id > $2 returning id)
         update orders set amount = $3, status = 'paid'
          where id in (select 1 + (hashint8($1::bigint * 8 + n)::bigint & 2147483647) % $2 from generate_series(1, 8) n)`,
        [fresh, rows, number % 1000],
      );
    }
  });
}

/** Ends and times of all transactions since the kept slot, from the messages of the log itself. */
function commitsOf(shop: Shop): Promise<readonly Commit[]> {
  return withClient(shop.url, async (client) => {
    const { rows } = await client.query<{ data: Buffer }>(
      `select data from pg_logical_slot_get_binary_changes($1, null, null, 'proto_version', '1', 'publication_names', $2)
        where get_byte(data, 0) = ascii('C')`,
      [KEPT_SLOT, PUBLICATION],
    );
    return rows.map(({ data }) => ({ end: positionAt(data, 10), timeMs: postgresTimeMs(data.readBigInt64BE(18)) }));
  });
}

function positionAt(data: Buffer, at: number): SourcePosition {
  const text = `${data.readUInt32BE(at).toString(16)}/${data.readUInt32BE(at + 4).toString(16)}`;
  return text.toUpperCase() as SourcePosition;
}

/** Microseconds since 2000 as milliseconds since 1970. */
function postgresTimeMs(micros: bigint): number {
  return Number(micros) / 1000 + 946_684_800_000;
}

/** For each commit the milliseconds until the first snapshot that holds it was there. */
function delays(commits: readonly Commit[], snapshots: readonly LakeSnapshot[]): readonly number[] {
  let at = 0;
  return commits.map((commit) => {
    while (!reaches(snapshots[at]?.position ?? null, commit.end)) {
      at++;
      if (at >= snapshots.length) throw new Error(`no snapshot holds the commit at ${commit.end}`);
    }
    return snapshots[at].readableMs - commit.timeMs;
  });
}

function distribution(delaysMs: readonly number[]): Record<string, number> {
  const sorted = delaysMs.toSorted((a, b) => a - b);
  const at = (share: number): number =>
    rounded(sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] / 1000, 3);
  return { p50: at(0.5), p90: at(0.9), p99: at(0.99), max: at(1) };
}
