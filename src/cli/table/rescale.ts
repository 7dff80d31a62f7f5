// `tributary table rescale`: the rows of partitions into another number of buckets.
import type { Command } from 'commander';
import { systemClock } from '../../base/clock.ts';
import { systemRandom } from '../../base/random.ts';
import { parsePartitionSpec } from '../../paimon/format/partition-spec.ts';
import { createTaskRunner } from '../../paimon/lsm/task-runner.ts';
import { rescale } from '../../paimon/maintenance/rescale.ts';
import { jsonText, printLine } from '../output.ts';
import { nextIdentifier, openTable, type TableOptions, tableVerb, wholeNumber } from './table-options.ts';

type RescaleOptions = TableOptions & {
  readonly bucketNum?: string;
  readonly partition?: readonly string[];
  readonly branch?: string;
  readonly commitUser: string;
};

/** `tributary table rescale` */
export function rescaleVerb(): Command {
  return tableVerb(
    'rescale',
    'write the rows of partitions anew into another number of buckets, as one snapshot; of a whole table, its option, too',
  )
    .option('--bucket-num <count>', "buckets of each partition; the table's bucket option unless given")
    .option('--partition <value...>', 'partitions, as column=value with some or all of the columns; all unless given')
    .option('--branch <name>', 'branch to rescale')
    .option('--commit-user <user>', 'who rescales', 'tributary-cli-rescale')
    .action(async (options: RescaleOptions) => {
      const table = await openTable(options, options.branch);
      const { commitUser, bucketNum } = options;
      const runner = createTaskRunner(table.store, 0);
      const commitIdentifier = nextIdentifier(await table.snapshots.newestBy(commitUser));
      const parts = { clock: systemClock, random: systemRandom, runner, commitUser, commitIdentifier };
      try {
        const buckets = bucketNum === undefined ? null : Number(wholeNumber(bucketNum, 'bucket-num'));
        const spec = parsePartitionSpec(table.schema, options.partition ?? []);
        printLine(jsonText(await rescale(table, parts, { buckets, spec })));
      } finally {
        await runner.close();
      }
    });
}
