// Verbs of `tributary table` for whole partitions: drop-partition, expire-partitions, mark-done.
import type { Command } from 'commander';
import { systemClock, localTimeMs } from '../../base/clock.ts';
import { TributaryError } from '../../base/errors.ts';
import { systemRandom } from '../../base/random.ts';
import { parseDuration } from '../../config/units.ts';
import { partitionPathOf } from '../../paimon/format/partition-path.ts';
import { parsePartitionSpec, type PartitionSpec } from '../../paimon/format/partition-spec.ts';
import type { BinaryRowBytes } from '../../paimon/meta/data-file-meta.ts';
import {
  dropPartitions,
  expirePartitions,
  livePartitions,
  markPartitionsDone,
  type PartitionedTable,
  wholePartition,
} from '../../paimon/maintenance/partitions.ts';
import type { TableSchema } from '../../paimon/schema/table-schema.ts';
import type { Table } from '../../paimon/table.ts';
import { jsonText, printLine } from '../output.ts';
import { nextIdentifier, openTable, type TableOptions, tableVerb } from './table-options.ts';

type PartitionOptions = TableOptions & { readonly partition: readonly string[] };
type CommitOptions = { readonly branch?: string; readonly commitUser: string; readonly dryRun?: boolean };

const COMMIT_USER = 'tributary-cli-partitions';

/** `tributary table drop-partition` */
export function dropPartitionVerb(): Command {
  return partitionVerb('drop-partition', 'drop partitions with all their files, as one snapshot')
    .option('--branch <name>', 'branch to drop from')
    .option('--commit-user <user>', 'who drops', COMMIT_USER)
    .option('--dry-run', 'drop nothing, and print what would go')
    .action(async (options: PartitionOptions & CommitOptions) => {
      const table = await openTable(options, options.branch);
      const parts = await partitioned(table, options.commitUser);
      const partitions = livePartitions(parts, specsOf(table.schema, options.partition));
      if (options.dryRun !== true) await dropPartitions(parts, partitions);
      printDirectories(table.schema, partitions);
    });
}

/** `tributary table expire-partitions` */
export function expirePartitionsVerb(): Command {
  return tableVerb('expire-partitions', 'drop partitions that are older than partition.expiration-time')
    .option('--branch <name>', 'branch to drop from')
    .option('--commit-user <user>', 'who drops', COMMIT_USER)
    .option('--expiration-time <duration>', "instead of the table's partition.expiration-time")
    .option('--dry-run', 'drop nothing, and print what would go')
    .action(async (options: TableOptions & CommitOptions & { readonly expirationTime?: string }) => {
      const table = await openTable(options, options.branch);
      const parts = await partitioned(table, options.commitUser);
      const schema = withExpirationTime(table.schema, options.expirationTime);
      const nowMs = systemClock.nowMs();
      const localNowMs = localTimeMs(nowMs);
      const expired = await expirePartitions({ ...parts, schema }, { localNowMs, dryRun: options.dryRun === true });
      printDirectories(schema, expired.partitions);
      if (expired.undatedCount === 0) return;
      process.stderr.write(`${expired.undatedCount} partitions have no time by the table's options and stay\n`);
    });
}

/** `tributary table mark-done` */
export function markDoneVerb(): Command {
  return partitionVerb('mark-done', 'write a _SUCCESS file into partitions, and print the paths').action(
    async (options: PartitionOptions) => {
      const table = await openTable(options);
      const { store, path: tablePath, schema } = table;
      const specs = specsOf(schema, options.partition);
      const live = livePartitions(await partitioned(table, COMMIT_USER), specs);
      // A partition that got no rows may be done as well.
      const named = specs.flatMap((spec) => wholePartition(schema, spec) ?? []);
      const partitions = new Map(
        [...live, ...named].map((partition) => [partitionPathOf(schema)(partition), partition]),
      );
      const paths = await markPartitionsDone(
        { store, tablePath, schema },
        [...partitions.values()],
        systemClock.nowMs(),
      );
      for (const path of paths) printLine(path);
    },
  );
}

function partitionVerb(name: string, summary: string): Command {
  return tableVerb(name, summary).requiredOption(
    '--partition <partition...>',
    'column=value[,column=value…], each with some or all of the partition columns',
  );
}

/** Each word is one spec. A comma belongs to a value unless a partition column follows it. Throws `E3312`. */
function specsOf(schema: TableSchema, words: readonly string[]): readonly PartitionSpec[] {
  return words.map((word) => {
    const parts: string[] = [];
    for (const part of word.split(',')) {
      const beginsColumn = schema.partitionKeys.some((key) => part.startsWith(`${key}=`));
      if (beginsColumn || parts.length === 0) parts.push(part);
      else parts[parts.length - 1] += `,${part}`;
    }
    return parsePartitionSpec(schema, parts);
  });
}

async function partitioned(table: Table, commitUser: string): Promise<PartitionedTable> {
  const committer = await table.committer({ clock: systemClock, random: systemRandom });
  const commitIdentifier = nextIdentifier(await table.snapshots.newestBy(commitUser));
  return { schema: table.schema, committer, commitUser, commitIdentifier };
}

function withExpirationTime(schema: TableSchema, text: string | undefined): TableSchema {
  if (text === undefined) return schema;
  const ms = parseDuration(text);
  if (ms === null) throw new TributaryError('E6200', `duration is not understood: expiration-time=${text}`);
  return { ...schema, options: { ...schema.options, 'partition.expiration-time': `${ms} ms` } };
}

/** One line a partition: its directory, as JSON text. */
function printDirectories(schema: TableSchema, partitions: readonly BinaryRowBytes[]): void {
  const directoryOf = partitionPathOf(schema);
  for (const partition of partitions) printLine(jsonText({ partition: directoryOf(partition).slice(0, -1) }));
}
