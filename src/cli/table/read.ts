// `tributary table read` and `tributary table changelog`: rows and changes in the exact JSON of the reference.
import type { Command } from 'commander';
import { parseObjectName } from '../../paimon/catalog/object-name.ts';
import type { ReadOptions } from '../../paimon/scan/scan.ts';
import { changeLines } from '../change-output.ts';
import { standardOutput } from '../standard-output.ts';
import { FILTER_HELP, filterConditions } from './filter.ts';
import { readPoint } from './read-point.ts';
import { printSystemTable, rowLines, type SystableOptions } from './system.ts';
import { openNamed, openTable, type TableOptions, tableVerb, wholeNumber } from './table-options.ts';

/** `tributary table read` */
export function readVerb(): Command {
  return tableVerb('read', 'print the rows of one state of a table as NDJSON')
    .option('--snapshot <id>', 'state of this snapshot')
    .option('--tag <name>', 'state that this tag keeps')
    .option('--branch <name>', 'latest state of this branch')
    .option('--filter <words...>', FILTER_HELP)
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
  const read: ReadOptions = { at, where: filterConditions(options.filter ?? [], schema.fields) };
  for await (const batch of table.read(read)) await standardOutput.write(rowLines(batch, options.kinds === true));
}

/** `tributary table changelog` */
export function changelogVerb(): Command {
  return tableVerb('changelog', 'print the changes of a table as NDJSON, as its files hold them')
    .option('--from-snapshot <id>', 'first snapshot; the oldest that is left unless given')
    .action(async (options: TableOptions & { readonly fromSnapshot?: string }) => {
      const { table, system } = await openNamed(options);
      const latest = await table.latestSnapshot();
      const from = options.fromSnapshot;
      const first = from === undefined ? ((await table.earliestChanges()) ?? 1n) : wholeNumber(from, 'from-snapshot');
      if (latest === null) return;
      const range = { after: first - 1n, upTo: latest.id };
      const changes = system === null ? table.changes(range) : table.systemChanges(system, range);
      for await (const batch of changes) await standardOutput.write(changeLines(batch, 'exact'));
    });
}
