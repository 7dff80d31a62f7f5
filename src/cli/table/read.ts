// `tributary table read` and `tributary table changelog`: rows and changes in the exact JSON of the reference.
import type { Command } from 'commander';
import { TributaryError } from '../../base/errors.ts';
import { parseObjectName } from '../../paimon/catalog/object-name.ts';
import type { SnapshotId } from '../../paimon/meta/snapshot.ts';
import type { ReadOptions } from '../../paimon/scan/scan.ts';
import { readableSchema } from '../../paimon/schema/system-fields.ts';
import type { Table } from '../../paimon/table.ts';
import { changeLines } from '../change-output.ts';
import { standardOutput } from '../standard-output.ts';
import { FILTER_HELP, filterConditions } from './filter.ts';
import { POINT_OPTION_HELP, readPoint } from './read-point.ts';
import { COLUMNS_HELP, LIMIT_HELP, printSystemTable, rowLines, type SystableOptions, wantedOf } from './system.ts';
import { openNamed, openTable, type TableOptions, tableVerb, wholeNumber } from './table-options.ts';

/** `tributary table read` */
export function readVerb(): Command {
  return tableVerb('read', 'print the rows of one state of a table as NDJSON')
    .option('--snapshot <id>', 'state of this snapshot')
    .option('--tag <name>', 'state that this tag keeps')
    .option('--option <settings...>', POINT_OPTION_HELP)
    .option('--branch <name>', 'latest state of this branch')
    .option('--filter <words...>', FILTER_HELP)
    .option('--columns <names>', COLUMNS_HELP)
    .option('--limit <count>', LIMIT_HELP)
    .option('--kinds', 'print {"kind":…,"row":…}')
    .action((options: SystableOptions) => {
      const isSystem = parseObjectName(options.table).system !== null;
      return isSystem ? printSystemTable(options) : runRead(options);
    });
}

async function runRead(options: SystableOptions): Promise<void> {
  const table = await openTable(options, options.branch);
  const at = readPoint(options);
  const snapshot = await table.snapshotAt(at);
  const schema = snapshot === null || at.kind === 'latest' ? table.schema : await table.schemas.read(snapshot.schemaId);
  const where = filterConditions(options.filter ?? [], readableSchema(schema).fields);
  const read: ReadOptions = { at, where, ...wantedOf(options) };
  for await (const batch of table.read(read)) await standardOutput.write(rowLines(batch, options.kinds === true));
}

/** Where `tributary table changelog` begins: a state of the table first, or changes alone. */
const MODES = ['from-snapshot', 'from-snapshot-full', 'latest-full', 'latest'] as const;

type ChangelogOptions = TableOptions & { readonly fromSnapshot?: string; readonly mode: string };

/** `tributary table changelog` */
export function changelogVerb(): Command {
  return tableVerb('changelog', 'print the changes of a table as NDJSON, as its files hold them')
    .option('--from-snapshot <id>', 'first snapshot; the oldest that is left unless given')
    .option(
      '--mode <mode>',
      'from-snapshot: changes alone; from-snapshot-full and latest-full: the rows of that snapshot first, as a stream begins with them; latest: what comes after the latest',
      'from-snapshot',
    )
    .action(runChangelog);
}

async function runChangelog(options: ChangelogOptions): Promise<void> {
  const { table, system } = await openNamed(options);
  const mode = MODES.find((known) => known === options.mode);
  const isFull = mode === 'from-snapshot-full' || mode === 'latest-full';
  if (mode === undefined || (isFull && system !== null)) {
    throw new TributaryError('E6200', `mode is not known here: mode=${options.mode} modes=${MODES.join(',')}`);
  }
  const latest = await table.latestSnapshot();
  if (latest === null) return;
  const first = await firstSnapshot(table, mode, { latest: latest.id, from: options.fromSnapshot });
  if (isFull) {
    const at = { kind: 'snapshot', id: first as SnapshotId } as const;
    for await (const batch of table.read({ at, beforeChanges: true })) {
      await standardOutput.write(changeLines({ ...batch, snapshotId: at.id }, 'exact'));
    }
  }
  const range = { after: mode === 'from-snapshot' ? first - 1n : first, upTo: latest.id };
  const changes = system === null ? table.changes(range) : table.systemChanges(system, range);
  for await (const batch of changes) await standardOutput.write(changeLines(batch, 'exact'));
}

async function firstSnapshot(
  table: Table,
  mode: (typeof MODES)[number],
  of: { readonly latest: bigint; readonly from: string | undefined },
): Promise<bigint> {
  if (mode === 'latest' || mode === 'latest-full') return of.latest;
  if (of.from !== undefined) return wholeNumber(of.from, 'from-snapshot');
  return (await table.earliestChanges()) ?? 1n;
}
