// `tributary table read` and `tributary table changelog`: rows and changes in the exact JSON of the reference.
import type { Command } from 'commander';
import { TributaryError } from '../../base/errors.ts';
import { rowKindText } from '../../column/row-kind.ts';
import { createRowPrinter } from '../../paimon/format/row-json.ts';
import type { SnapshotId } from '../../paimon/meta/snapshot.ts';
import type { ReadOptions, ReadPoint } from '../../paimon/scan/scan.ts';
import { changeLines } from '../change-output.ts';
import { standardOutput } from '../standard-output.ts';
import { FILTER_HELP, filterConditions } from './filter.ts';
import { openTable, type TableOptions, tableVerb, wholeNumber } from './table-options.ts';

type Options = TableOptions & {
  readonly snapshot?: string;
  readonly tag?: string;
  readonly branch?: string;
  readonly filter?: readonly string[];
  readonly kinds?: boolean;
};

/** `tributary table read` */
export function readVerb(): Command {
  return tableVerb('read', 'print the rows of one state of a table as NDJSON')
    .option('--snapshot <id>', 'state of this snapshot')
    .option('--tag <name>', 'state that this tag keeps')
    .option('--branch <name>', 'latest state of this branch')
    .option('--filter <words...>', FILTER_HELP)
    .option('--kinds', 'print {"kind":…,"row":…}')
    .action(runRead);
}

async function runRead(options: Options): Promise<void> {
  const table = await openTable(options, options.branch);
  const at = pointOf(options);
  const snapshot = await table.snapshotAt(at);
  const schema = snapshot === null || at.kind === 'latest' ? table.schema : await table.schemas.read(snapshot.schemaId);
  const read: ReadOptions = { at, where: filterConditions(options.filter ?? [], schema.fields) };
  for await (const batch of table.read(read)) {
    const print = createRowPrinter(batch.fields);
    let text = '';
    for (let row = 0; row < batch.rowCount; row++) {
      const json = print(batch.columns, row);
      text += options.kinds === true ? `{"kind":"${rowKindText(batch.kinds[row])}","row":${json}}\n` : `${json}\n`;
    }
    await standardOutput.write(text);
  }
}

function pointOf({ snapshot, tag }: Options): ReadPoint {
  if (snapshot !== undefined && tag !== undefined)
    throw new TributaryError('E6200', 'give --snapshot or --tag, not both');
  if (snapshot !== undefined) return { kind: 'snapshot', id: wholeNumber(snapshot, 'snapshot') as SnapshotId };
  return tag === undefined ? { kind: 'latest' } : { kind: 'tag', name: tag };
}

/** `tributary table changelog` */
export function changelogVerb(): Command {
  return tableVerb('changelog', 'print the changes of a table as NDJSON, as its files hold them')
    .option('--from-snapshot <id>', 'first snapshot; the oldest that is left unless given')
    .action(async (options: TableOptions & { readonly fromSnapshot?: string }) => {
      const table = await openTable(options);
      const latest = await table.latestSnapshot();
      const from = options.fromSnapshot;
      const first = from === undefined ? ((await table.earliestChanges()) ?? 1n) : wholeNumber(from, 'from-snapshot');
      if (latest === null) return;
      for await (const changes of table.changes({ after: first - 1n, upTo: latest.id })) {
        await standardOutput.write(changeLines(changes, 'exact'));
      }
    });
}

/** `tributary table systable` */
export function systableVerb(): Command {
  return tableVerb('systable', "print a system table as NDJSON: --table 'db.t$snapshots'").action(
    async (options: TableOptions) => {
      const dollar = options.table.lastIndexOf('$');
      if (dollar < 0)
        throw new TributaryError('E6200', `table is no system table: table=${options.table} expected=db.t$name`);
      const table = await openTable({ ...options, table: options.table.slice(0, dollar) });
      for await (const { fields, columns, rowCount } of table.systemTable(options.table.slice(dollar + 1))) {
        const print = createRowPrinter(fields);
        let text = '';
        for (let row = 0; row < rowCount; row++) text += `${print(columns, row)}\n`;
        await standardOutput.write(text);
      }
    },
  );
}
