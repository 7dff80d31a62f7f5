// `tributary table compact`: merges the files of a table.
import { type Command, Option } from 'commander';
import { systemClock } from '../../base/clock.ts';
import { TributaryError } from '../../base/errors.ts';
import { systemRandom } from '../../base/random.ts';
import type { CompactionReport } from '../../paimon/lsm/compactor.ts';
import { clusteringOf, type SortOrder } from '../../paimon/lsm/clustering.ts';
import { LiveFiles } from '../../paimon/lsm/live-files.ts';
import { createTaskRunner } from '../../paimon/lsm/task-runner.ts';
import { type Settlement, settlePostponed } from '../../paimon/maintenance/settle-postponed.ts';
import { sortCompact, type SortReport } from '../../paimon/maintenance/sort-compact.ts';
import type { Table } from '../../paimon/table.ts';
import { ScratchStore } from '../../storage/scratch-store.ts';
import { SpillSpace } from '../../storage/spill-space.ts';
import { jsonText, printLine } from '../output.ts';
import { type SpillOptions, spillSettingsOf, withSpillOptions } from '../shared-options.ts';
import { nextIdentifier, openTable, type TableOptions, tableVerb } from './table-options.ts';
import { keepUp } from './upkeep.ts';

type CompactOptions = TableOptions &
  SpillOptions & {
    readonly full?: boolean;
    readonly commitUser: string;
    readonly orderStrategy?: SortOrder['strategy'];
    readonly orderBy?: string;
  };

/** Who compacts, unless somebody else is named. */
const COMMIT_USER = 'tributary-cli-compaction';
/** Rows that are sorted at a time; what is more goes to temporary files. */
const SORT_BYTES_MAX = 256 * 1024 * 1024;

/** `tributary table compact` */
export function compactVerb(): Command {
  return withSpillOptions(
    tableVerb('compact', 'merge files: what is due, or everything; waiting rows are put into buckets before'),
  )
    .option('--full', 'everything, to the highest level')
    .option('--commit-user <user>', 'who compacts', COMMIT_USER)
    .addOption(
      new Option('--order-strategy <strategy>', 'sort the rows of an append table, all of them').choices([
        'order',
        'zorder',
        'hilbert',
      ]),
    )
    .option('--order-by <columns>', "column[,column…] to sort by; the table's clustering.columns unless given")
    .action(async (options: CompactOptions) => {
      const table = await openTable(options);
      const order = sortOrder(table, options);
      if (order === null) {
        const spill = new SpillSpace(await spillSettingsOf(options));
        const { settled, report } = await compactTable(table, { ...options, spill });
        if (settled !== null) printLine(jsonText(settled));
        printLine(jsonText(report));
      } else printLine(jsonText(await sortTable(table, order, options)));
      const { commitUser } = options;
      const commitIdentifier = (await table.snapshots.newestBy(commitUser))?.commitIdentifier ?? 1n;
      await keepUp(table, options.table, { commitUser, commitIdentifier });
    });
}

/** What the command asks to sort by; null where it does not. Throws `E6200`. */
function sortOrder({ schema }: Table, { orderStrategy, orderBy }: CompactOptions): SortOrder | null {
  if (orderStrategy === undefined && orderBy === undefined) return null;
  const clustering = clusteringOf(schema);
  const columns = orderBy?.split(',').map((name) => name.trim()) ?? clustering?.columns ?? [];
  const strategy = orderStrategy ?? (orderBy === undefined ? clustering?.strategy : undefined) ?? 'order';
  if (columns.length > 0) return { strategy, columns };
  throw new TributaryError(
    'E6200',
    `nothing to sort by: --order-by is missing, and the table has no clustering.columns`,
  );
}

/** Sorts all rows of an append table; null for an empty one. */
async function sortTable(table: Table, order: SortOrder, options: CompactOptions): Promise<SortReport | null> {
  const { commitUser } = options;
  const components = { clock: systemClock, random: systemRandom };
  const committer = await table.committer(components);
  const commitIdentifier = nextIdentifier(await table.snapshots.newestBy(commitUser));
  const spill = new ScratchStore(new SpillSpace(await spillSettingsOf(options)));
  try {
    const by = { committer, commitUser, commitIdentifier };
    return await sortCompact(table, order, { ...components, ...by, spill, memoryBytesMax: SORT_BYTES_MAX });
  } finally {
    await spill.close();
  }
}

/** Compacts what is due, or everything; rows of postponed buckets are put into real ones before. */
export async function compactTable(
  table: Table,
  how: { readonly full?: boolean; readonly commitUser?: string; readonly spill?: SpillSpace },
): Promise<{ readonly settled: Settlement | null; readonly report: CompactionReport | null }> {
  const { full = false, commitUser = COMMIT_USER, spill = new SpillSpace() } = how;
  const components = { clock: systemClock, random: systemRandom };
  const committer = await table.committer(components);
  const runner = createTaskRunner(table.store, 0);
  try {
    const commitIdentifier = nextIdentifier(await table.snapshots.newestBy(commitUser));
    const settled = await settlePostponed(table, { ...components, runner, committer, commitUser, commitIdentifier });
    const parts = { ...components, runner, spill, liveFiles: new LiveFiles(committer.liveEntries()) };
    const compactor = await table.openCompactor(parts, { committer, commitUser });
    // A full compaction, or what is due, may leave something due in its turn.
    return { settled, report: await compactor.compact({ full, rounds: 2 }) };
  } finally {
    await runner.close();
  }
}
