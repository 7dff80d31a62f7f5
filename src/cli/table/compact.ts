// `tributary table compact`: merges the files of a table.
import type { Command } from 'commander';
import { systemClock } from '../../base/clock.ts';
import { systemRandom } from '../../base/random.ts';
import type { CompactionReport } from '../../paimon/lsm/compactor.ts';
import { LiveFiles } from '../../paimon/lsm/live-files.ts';
import { createTaskRunner } from '../../paimon/lsm/task-runner.ts';
import { type Settlement, settlePostponed } from '../../paimon/maintenance/settle-postponed.ts';
import type { Table } from '../../paimon/table.ts';
import { jsonText, printLine } from '../output.ts';
import { nextIdentifier, openTable, type TableOptions, tableVerb } from './table-options.ts';
import { keepUp } from './upkeep.ts';

type CompactOptions = TableOptions & { readonly full?: boolean; readonly commitUser: string };

/** Who compacts, unless somebody else is named. */
const COMMIT_USER = 'tributary-cli-compaction';

/** `tributary table compact` */
export function compactVerb(): Command {
  return tableVerb('compact', 'merge files: what is due, or everything; waiting rows are put into buckets before')
    .option('--full', 'everything, to the highest level')
    .option('--commit-user <user>', 'who compacts', COMMIT_USER)
    .action(async (options: CompactOptions) => {
      const table = await openTable(options);
      const { settled, report } = await compactTable(table, options);
      if (settled !== null) printLine(jsonText(settled));
      printLine(jsonText(report));
      const { commitUser } = options;
      const commitIdentifier = (await table.snapshots.newestBy(commitUser))?.commitIdentifier ?? 1n;
      await keepUp(table, options.table, { commitUser, commitIdentifier });
    });
}

/** Compacts what is due, or everything; rows of postponed buckets are put into real ones before. */
export async function compactTable(
  table: Table,
  { full = false, commitUser = COMMIT_USER }: { readonly full?: boolean; readonly commitUser?: string },
): Promise<{ readonly settled: Settlement | null; readonly report: CompactionReport | null }> {
  const components = { clock: systemClock, random: systemRandom };
  const committer = await table.committer(components);
  const runner = createTaskRunner(table.store, 0);
  try {
    const commitIdentifier = nextIdentifier(await table.snapshots.newestBy(commitUser));
    const settled = await settlePostponed(table, { ...components, runner, committer, commitUser, commitIdentifier });
    const parts = { ...components, runner, liveFiles: new LiveFiles(committer.liveEntries()) };
    const compactor = await table.openCompactor(parts, { committer, commitUser });
    // A full compaction, or what is due, may leave something due in its turn.
    return { settled, report: await compactor.compact({ full, rounds: 2 }) };
  } finally {
    await runner.close();
  }
}
