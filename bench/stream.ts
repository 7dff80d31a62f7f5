// Drains a prepared backlog: to nowhere by pg_recvlogical (the limit), to nowhere by our source, and into the lake.
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { withClient } from '../test/support/servers.ts';
import { removeDir } from '../test/support/temp-dir.ts';
import { loadNow, rounded, spread } from './support/machine.ts';
import { lakeSize, secondsToCommit } from './support/lake-size.ts';
import { runMeasured, scriptMeasured, timed, type Usage } from './support/measured-run.ts';
import {
  clientProgram,
  configure,
  copySlot,
  dropSlot,
  loadOrders,
  PUBLICATION,
  settle,
  type Shop,
  SLOT,
  updateOrders,
} from './support/shop.ts';

/** Sizes of a run. */
export interface StreamOptions {
  /** Rows of the table before the changes. */
  readonly rows: number;
  readonly changes: number;
  readonly repeats: number;
}

interface NullDrain {
  readonly rows: number;
  readonly batches: number;
  readonly bytes: number;
  readonly seconds: number;
}

interface Repeat {
  readonly limitSeconds: number;
  readonly source: Usage & { readonly result: NullDrain };
  readonly lake: Usage;
  /** Until the snapshot with the last change was readable; the process then compacts and ends. */
  readonly commitSeconds: number;
  readonly bytesWritten: number;
}

/** The slot before any change, of which every run reads a copy. */
const KEPT_SLOT = 'bench_kept';
const LIMIT_SLOT = 'bench_limit';
const NULL_SLOT = 'bench_null';

/** Prepares the backlog and drains it `repeats` times, each drain in turn. */
export async function benchStream(shop: Shop, options: StreamOptions): Promise<Record<string, unknown>> {
  const { rows, changes, repeats } = options;
  await loadOrders(shop, 1, rows);
  await settle(shop);
  const config = configure(shop);
  await runMeasured(['run', ...config, '--until-caught-up']);
  const kept = join(shop.directory, 'lake-before');
  cpSync(shop.lakeDirectory, kept, { recursive: true });
  await copySlot(shop, SLOT, KEPT_SLOT);
  const end = await updateOrders(shop, rows, changes);
  const loadBefore = loadNow();
  const done: Repeat[] = [];
  for (let repeat = 0; repeat < repeats; repeat++) done.push(await drainInTurn(shop, { end, kept, config }));
  return { rows, ...report(done), loadBefore, loadAfter: loadNow() };
}

interface Backlog {
  readonly end: string;
  /** The lake before the backlog. */
  readonly kept: string;
  readonly config: readonly string[];
}

async function drainInTurn(shop: Shop, { end, kept, config }: Backlog): Promise<Repeat> {
  await copySlot(shop, KEPT_SLOT, LIMIT_SLOT);
  const limitSeconds = await limit(shop, end);
  await dropSlot(shop, LIMIT_SLOT);
  await copySlot(shop, KEPT_SLOT, NULL_SLOT);
  const from = await confirmedOf(shop, NULL_SLOT);
  const script = new URL('./drain-null.ts', import.meta.url);
  const source = await scriptMeasured<NullDrain>(script, [shop.configFile, NULL_SLOT, from, end]);
  await dropSlot(shop, NULL_SLOT);
  await copySlot(shop, KEPT_SLOT, SLOT);
  removeDir(shop.lakeDirectory);
  cpSync(kept, shop.lakeDirectory, { recursive: true });
  const before = lakeSize(shop.lakeDirectory).bytes;
  const lake = await runMeasured(['run', ...config, '--until-caught-up']);
  const commitSeconds = secondsToCommit(shop.lakeDirectory, lake.startMs);
  return { limitSeconds, source, lake, commitSeconds, bytesWritten: lakeSize(shop.lakeDirectory).bytes - before };
}

async function limit(shop: Shop, end: string): Promise<number> {
  const program = clientProgram('pg_recvlogical');
  if (program === null) throw new Error('pg_recvlogical is not installed: the limit is measured with it');
  const { hostname, port, username, password, pathname } = new URL(shop.url);
  const server = ['-h', hostname, '-p', port, '-U', username, '-d', pathname.slice(1), '-S', LIMIT_SLOT];
  const output = ['-o', 'proto_version=1', '-o', `publication_names=${PUBLICATION}`, '-f', '/dev/null'];
  const run = await timed(program, [...server, ...output, '--start', '--no-loop', `--endpos=${end}`], {
    PGPASSWORD: decodeURIComponent(password),
  });
  return run.wallSeconds;
}

function confirmedOf(shop: Shop, slot: string): Promise<string> {
  const statement = 'select confirmed_flush_lsn::text as lsn from pg_replication_slots where slot_name = $1';
  return withClient(shop.url, async (client) => (await client.query<{ lsn: string }>(statement, [slot])).rows[0].lsn);
}

function report(done: readonly Repeat[]): Record<string, unknown> {
  const changes = done[0].source.result.rows;
  const rate = (seconds: (repeat: Repeat) => number) =>
    spread(done.map((repeat) => Math.round(changes / seconds(repeat))));
  const usage = (of: (repeat: Repeat) => Usage, seconds: (repeat: Repeat) => number) => ({
    seconds: spread(done.map((repeat) => rounded(seconds(repeat), 2))),
    wallSeconds: spread(done.map((repeat) => rounded(of(repeat).wallSeconds, 2))),
    cpuSeconds: spread(done.map((repeat) => rounded(of(repeat).cpuSeconds, 2))),
    changesPerSecond: rate(seconds),
    changesPerCpuSecond: rate((repeat) => of(repeat).cpuSeconds),
    peakMiB: spread(done.map((repeat) => of(repeat).peakMiB)),
    busyCores: spread(done.map((repeat) => rounded(of(repeat).busyCores, 2))),
  });
  const ratio = (seconds: (repeat: Repeat) => number) =>
    spread(done.map((repeat) => rounded(repeat.limitSeconds / seconds(repeat), 3)));
  return {
    changes,
    batches: done[0].source.result.batches,
    lake: usage(
      ({ lake }) => lake,
      ({ commitSeconds }) => commitSeconds,
    ),
    source: usage(
      ({ source }) => source,
      ({ source }) => source.result.seconds,
    ),
    limits: { pgRecvlogicalChangesPerSecond: rate(({ limitSeconds }) => limitSeconds) },
    ratioOfLake: ratio(({ commitSeconds }) => commitSeconds),
    ratioOfSource: ratio(({ source }) => source.result.seconds),
    bytesWritten: spread(done.map((repeat) => repeat.bytesWritten)),
  };
}
