// `tributary maintenance`: does what the advice on a lake's tables says and needs nobody's decision.
import type { Command } from 'commander';
import { systemClock } from '../base/clock.ts';
import { TributaryError } from '../base/errors.ts';
import { parseDuration } from '../config/units.ts';
import { parseTableName } from '../paimon/catalog/file-system-catalog.ts';
import { expireSnapshots, retentionOf } from '../paimon/maintenance/expire-snapshots.ts';
import { removeOrphans } from '../paimon/maintenance/remove-orphans.ts';
import { tableOptions } from '../paimon/schema/table-options.ts';
import { Table } from '../paimon/table.ts';
import { openLake } from '../query/lake.ts';
import { readTableFacts } from '../query/table-facts.ts';
import type { FileStore } from '../storage/file-store.ts';
import { type Advice, adviseOn } from './advise.ts';
import { printJson, printLine, tableText } from './output.ts';
import { openWarehouse, type WarehouseOptions, warehouseCommand, warehouseOf } from './shared-options.ts';
import { compactTable } from './table/compact.ts';
import { maintained, snapshotsOfCuts } from './table/maintain.ts';

type Options = WarehouseOptions & { readonly dryRun?: boolean; readonly json?: boolean; readonly olderThan: string };

/** What was done to a table, or would be. */
interface Deed {
  readonly table: string;
  readonly deed: 'compact' | 'compact-full' | 'expire' | 'remove-orphans';
  readonly reason: string;
  readonly result: string;
}

/** The most snapshots of a table that expire at once. */
const EXPIRE_COUNT_MAX = 10_000;

/** `tributary maintenance` */
export function maintenanceCommand(): Command {
  return warehouseCommand(
    'maintenance',
    'compact, expire and clean up what `tables --advise` names, where that is safe',
  )
    .argument('[table...]', 'database.table; all unless given')
    .option('--older-than <duration>', 'files that nothing names go when they are older than this', '1d')
    .option('--dry-run', 'change nothing, and tell what would be done')
    .option('--json', 'as JSON')
    .action(async (names: readonly string[], options: Options) => {
      const ageMs = parseDuration(options.olderThan);
      if (ageMs === null)
        throw new TributaryError('E6200', `duration is not understood: older-than=${options.olderThan}`);
      const store = await openWarehouse(options);
      const all = names.length > 0 ? names : await (await openLake({ warehouse: await warehouseOf(options) })).tables();
      const deeds: Deed[] = [];
      for (const name of all) {
        deeds.push(...(await maintain(store, name, { ageMs, dryRun: options.dryRun === true })));
      }
      if (options.json === true) printJson(deeds);
      else printDeeds(deeds);
    });
}

interface Wish {
  readonly ageMs: number;
  readonly dryRun: boolean;
}

async function maintain(store: FileStore, name: string, wish: Wish): Promise<readonly Deed[]> {
  const table = await Table.open(store, parseTableName(name));
  const advice = adviseOn(await readTableFacts(name, table, systemClock.nowMs()));
  const deeds: Deed[] = [];
  const full = advice.find(({ remedy }) => remedy === 'compact-full');
  const compaction = full ?? advice.find(({ remedy }) => remedy === 'compact');
  if (compaction !== undefined) deeds.push(await compact(table, compaction, wish));
  const expiry = advice.find(({ remedy }) => remedy === 'expire');
  if (expiry !== undefined) deeds.push(await expire(table, expiry, wish));
  deeds.push(...(await cleanUp(table, name, wish)));
  return deeds;
}

async function compact(table: Table, { table: name, reason, remedy }: Advice, wish: Wish): Promise<Deed> {
  const full = remedy === 'compact-full';
  const deed = full ? 'compact-full' : 'compact';
  if (wish.dryRun) return { table: name, deed, reason, result: 'would be done' };
  const { report } = await compactTable(table, { full });
  const result =
    report === null ? 'nothing was due' : `${report.outcome}: ${report.filesBefore} files became ${report.filesAfter}`;
  return { table: name, deed, reason, result };
}

/** By the retention of the table's options; what a cut of a mirror names stays, too. */
async function expire(table: Table, { table: name, reason }: Advice, { dryRun }: Wish): Promise<Deed> {
  const { snapshotIds, deletedFileCount } = await expireSnapshots(maintained(table), {
    retention: retentionOf(tableOptions(table.schema)),
    countMax: EXPIRE_COUNT_MAX,
    nowMs: systemClock.nowMs(),
    protectedIds: await snapshotsOfCuts(table.store, name),
    dryRun,
  });
  const result = `${snapshotIds.length} snapshots and ${deletedFileCount} files ${dryRun ? 'would go' : 'went'}`;
  return { table: name, deed: 'expire', reason, result };
}

async function cleanUp(table: Table, name: string, { ageMs, dryRun }: Wish): Promise<readonly Deed[]> {
  const orphans = await removeOrphans(maintained(table), { olderThanMs: systemClock.nowMs() - ageMs, dryRun });
  if (orphans.length === 0) return [];
  const result = `${orphans.length} files ${dryRun ? 'would go' : 'went'}`;
  return [{ table: name, deed: 'remove-orphans', reason: 'files that nothing names', result }];
}

function printDeeds(deeds: readonly Deed[]): void {
  if (deeds.length === 0) printLine('nothing to do');
  else
    printLine(
      tableText(
        ['table', 'deed', 'result', 'reason'],
        deeds.map((one) => [one.table, one.deed, one.result, one.reason]),
      ),
    );
}
