// The first copy of a table into a lake, beside COPY to nowhere of the same rows in the same run.
import { loadNow, rounded, spread } from './support/machine.ts';
import { lakeSize, secondsToCommit } from './support/lake-size.ts';
import { runMeasured, timed, type Usage } from './support/measured-run.ts';
import { clientProgram, configure, dropMirror, loadOrders, settle, type Shop } from './support/shop.ts';

/** Sizes of a run. */
export interface SnapshotOptions {
  readonly rows: number;
  readonly repeats: number;
}

interface Repeat {
  readonly lake: Usage;
  /** Until the snapshot with all rows was readable; the process then compacts and ends. */
  readonly commitSeconds: number;
  readonly copyTextSeconds: number;
  readonly copyBinarySeconds: number;
}

/** Copies `rows` rows into an empty lake, `repeats` times. */
export async function benchSnapshot(shop: Shop, { rows, repeats }: SnapshotOptions): Promise<Record<string, unknown>> {
  const psql = clientProgram('psql');
  if (psql === null) throw new Error('psql is not installed: the limit is measured with it');
  await loadOrders(shop, 1, rows);
  await settle(shop);
  const loadBefore = loadNow();
  const done: Repeat[] = [];
  let size = { files: 0, bytes: 0 };
  for (let repeat = 0; repeat < repeats; repeat++) {
    const copyTextSeconds = await copySeconds(psql, shop, 'text');
    await dropMirror(shop);
    const lake = await runMeasured(['run', ...configure(shop), '--until-caught-up']);
    size = lakeSize(shop.lakeDirectory);
    const commitSeconds = secondsToCommit(shop.lakeDirectory, lake.startMs);
    done.push({ lake, commitSeconds, copyTextSeconds, copyBinarySeconds: await copySeconds(psql, shop, 'binary') });
  }
  return {
    rows,
    ...report(rows, done),
    bytesInLake: size.bytes,
    filesInLake: size.files,
    loadBefore,
    loadAfter: loadNow(),
  };
}

async function copySeconds(psql: string, shop: Shop, format: 'text' | 'binary'): Promise<number> {
  const statement = `copy orders to stdout (format ${format})`;
  return (await timed(psql, ['-XAtq', '-d', shop.url, '-c', statement])).wallSeconds;
}

function report(rows: number, done: readonly Repeat[]): Record<string, unknown> {
  const rate = (seconds: (repeat: Repeat) => number) =>
    spread(done.map((repeat) => Math.round(rows / seconds(repeat))));
  return {
    lake: {
      wallSeconds: spread(done.map(({ lake }) => rounded(lake.wallSeconds, 2))),
      commitSeconds: spread(done.map((repeat) => rounded(repeat.commitSeconds, 2))),
      cpuSeconds: spread(done.map(({ lake }) => rounded(lake.cpuSeconds, 2))),
      rowsPerSecond: rate((repeat) => repeat.commitSeconds),
      rowsPerCpuSecond: rate(({ lake }) => lake.cpuSeconds),
      peakMiB: spread(done.map(({ lake }) => lake.peakMiB)),
      busyCores: spread(done.map(({ lake }) => rounded(lake.busyCores, 2))),
    },
    limits: {
      copyTextRowsPerSecond: rate((repeat) => repeat.copyTextSeconds),
      copyBinaryRowsPerSecond: rate((repeat) => repeat.copyBinarySeconds),
    },
    ratioToCopyText: spread(done.map((repeat) => rounded(repeat.copyTextSeconds / repeat.commitSeconds, 3))),
    ratioToCopyBinary: spread(done.map((repeat) => rounded(repeat.copyBinarySeconds / repeat.commitSeconds, 3))),
  };
}
