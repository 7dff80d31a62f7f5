// One transaction of many rows through the log into the lake: memory must not grow with it (requirement P37).
import { loadNow, rounded } from './support/machine.ts';
import { lakeSize } from './support/lake-size.ts';
import { runMeasured } from './support/measured-run.ts';
import { configure, loadOrders, type Shop } from './support/shop.ts';

/** Inserts `rows` rows in one transaction after the first copy of a table of one row, and drains it. */
export async function benchGiant(shop: Shop, { rows }: { readonly rows: number }): Promise<Record<string, unknown>> {
  await loadOrders(shop, 1, 1);
  const config = configure(shop);
  await runMeasured(['run', ...config, '--until-caught-up']);
  await loadOrders(shop, 2, rows);
  const loadBefore = loadNow();
  const { wallSeconds, cpuSeconds, peakMiB, busyCores } = await runMeasured(['run', ...config, '--until-caught-up']);
  return {
    rows,
    wallSeconds: rounded(wallSeconds, 1),
    cpuSeconds: rounded(cpuSeconds, 1),
    rowsPerSecond: Math.round(rows / wallSeconds),
    rowsPerCpuSecond: Math.round(rows / cpuSeconds),
    peakMiB,
    busyCores: rounded(busyCores, 2),
    bytesInLake: lakeSize(shop.lakeDirectory).bytes,
    loadBefore,
    loadAfter: loadNow(),
  };
}
