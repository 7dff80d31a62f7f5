// Verbs of `tributary table` that keep a table in order: expire-snapshots, remove-orphan, fsck.
import type { Command } from 'commander';
import { systemClock } from '../../base/clock.ts';
import { systemRandom } from '../../base/random.ts';
import { CheckpointStore, listPipelines } from '../../checkpoint/checkpoint-store.ts';
import { parseDuration } from '../../config/units.ts';
import { TributaryError } from '../../base/errors.ts';
import { expireSnapshots, type MaintainedTable } from '../../paimon/maintenance/expire-snapshots.ts';
import { fsck } from '../../paimon/maintenance/fsck.ts';
import { removeOrphans } from '../../paimon/maintenance/remove-orphans.ts';
import type { Table } from '../../paimon/table.ts';
import type { FileStore } from '../../storage/file-store.ts';
import { jsonText, printLine } from '../output.ts';
import { openTable, type TableOptions, tableVerb, wholeNumber } from './table-options.ts';

type ExpireOptions = TableOptions & {
  readonly retainMax: string;
  readonly retainMin: string;
  readonly retainMs: string;
  readonly changelogRetainMax?: string;
  readonly changelogRetainMin?: string;
  readonly dryRun?: boolean;
};

const COUNT_MAX = Number.MAX_SAFE_INTEGER;

/** `tributary table expire-snapshots` */
export function expireVerb(): Command {
  return tableVerb('expire-snapshots', 'remove old snapshots; those that a retained cut or a consumer needs stay')
    .option('--retain-max <count>', 'snapshots that stay at most', '1')
    .option('--retain-min <count>', 'snapshots that stay at least', '1')
    .option('--retain-ms <ms>', 'snapshots younger than this stay, up to --retain-max', '0')
    .option(
      '--changelog-retain-max <count>',
      'changelogs and snapshots that stay at most; as --retain-max unless given',
    )
    .option(
      '--changelog-retain-min <count>',
      'changelogs and snapshots that stay at least; as --retain-min unless given',
    )
    .option('--dry-run', 'remove nothing, and tell what would go')
    .action(async (options: ExpireOptions) => {
      const table = await openTable(options);
      const changelogMax = options.changelogRetainMax ?? options.retainMax;
      const changelogMin = options.changelogRetainMin ?? options.retainMin;
      const result = await expireSnapshots(maintained(table), {
        retention: {
          countMax: Number(wholeNumber(options.retainMax, 'retain-max')),
          countMin: Number(wholeNumber(options.retainMin, 'retain-min')),
          timeMs: Number(wholeNumber(options.retainMs, 'retain-ms')),
        },
        countMax: COUNT_MAX,
        nowMs: systemClock.nowMs(),
        protectedIds: await snapshotsOfCuts(table.store, options.table),
        keepChangelogs:
          wholeNumber(changelogMax, 'changelog-retain-max') > wholeNumber(options.retainMax, 'retain-max') ||
          wholeNumber(changelogMin, 'changelog-retain-min') > wholeNumber(options.retainMin, 'retain-min'),
        dryRun: options.dryRun === true,
      });
      printLine(jsonText(result));
    });
}

/** The snapshots of the table that retained cuts name. */
export async function snapshotsOfCuts(store: FileStore, table: string): Promise<readonly bigint[]> {
  const ids: bigint[] = [];
  for (const pipeline of await listPipelines(store)) {
    for (const record of await new CheckpointStore(store, pipeline).records()) {
      const named = record.tables.find((candidate) => candidate.table === table)?.snapshotId;
      if (named !== undefined && named !== null) ids.push(named);
    }
  }
  return ids;
}

/** `tributary table remove-orphan` */
export function removeOrphanVerb(): Command {
  return tableVerb('remove-orphan', 'remove files that nothing names, and print their paths')
    .option('--older-than <duration>', 'only files not changed for so long', '1d')
    .option('--dry-run', 'remove nothing, and print what would go')
    .action(async (options: TableOptions & { readonly olderThan: string; readonly dryRun?: boolean }) => {
      const age = parseDuration(options.olderThan);
      if (age === null)
        throw new TributaryError('E6200', `duration is not understood: older-than=${options.olderThan}`);
      const settings = { olderThanMs: systemClock.nowMs() - age, dryRun: options.dryRun === true };
      for (const { path } of await removeOrphans(maintained(await openTable(options)), settings)) printLine(path);
    });
}

/** `tributary table fsck` */
export function fsckVerb(): Command {
  return tableVerb('fsck', 'check every snapshot and tag of a table against its files; exit code 1 on a problem')
    .option('--branch <name>', 'check this branch')
    .action(async (options: TableOptions & { readonly branch?: string }) => {
      const result = await fsck(await openTable(options, options.branch));
      printLine(jsonText(result));
      if (!result.ok) process.exitCode = 1;
    });
}

/** What expiry and the removal of orphans want of a table. */
export function maintained({ store, path: tablePath, schema }: Table): MaintainedTable {
  return { store, tablePath, schema, random: systemRandom };
}
