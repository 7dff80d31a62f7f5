// Verbs of `tributary table` that show what a table consists of: systable and dump.
import type { Command } from 'commander';
import { TributaryError } from '../../base/errors.ts';
import { rowKindText } from '../../column/row-kind.ts';
import { openGlobalTable } from '../../paimon/catalog/global-tables.ts';
import { parseObjectName } from '../../paimon/catalog/object-name.ts';
import { createRowPrinter } from '../../paimon/format/row-json.ts';
import { dumpTable } from '../../paimon/maintenance/dump.ts';
import type { ReadBatch, ReadOptions } from '../../paimon/scan/scan.ts';
import type { OpenedSystemTable } from '../../paimon/scan/system/read-system-table.ts';
import { openWarehouse } from '../shared-options.ts';
import { standardOutput } from '../standard-output.ts';
import { FILTER_HELP, filterConditions } from './filter.ts';
import { POINT_OPTION_HELP, type PointOptions, readPoint } from './read-point.ts';
import { openNamed, openTable, type TableOptions, tableVerb, wholeNumber } from './table-options.ts';

/** What a table or a system table is read with. */
export type SystableOptions = TableOptions &
  PointOptions & {
    readonly branch?: string;
    readonly filter?: readonly string[];
    readonly columns?: string;
    readonly limit?: string;
    readonly kinds?: boolean;
  };

/** What `--help` says of the option. */
export const COLUMNS_HELP = 'columns to print, in this order: a,b,c; all of them unless given';
export const LIMIT_HELP = 'the most rows to print; reading stops there';

/** Columns and limit of a read. Throws `E6200`. */
export function wantedOf({ columns, limit }: SystableOptions): Pick<ReadOptions, 'columns' | 'limit'> {
  return {
    ...(columns === undefined ? {} : { columns: columns.split(',') }),
    ...(limit === undefined ? {} : { limit: Number(wholeNumber(limit, 'limit')) }),
  };
}

const LINES_PER_WRITE = 512;

/** `tributary table systable` */
export function systableVerb(): Command {
  return tableVerb('systable', "print a system table as NDJSON: --table 'db.t$snapshots', --table sys.tables")
    .option('--snapshot <id>', 'of this snapshot, where it is of one')
    .option('--tag <name>', 'of the snapshot that this tag keeps')
    .option('--option <settings...>', POINT_OPTION_HELP)
    .option('--branch <name>', 'of this branch')
    .option('--filter <words...>', FILTER_HELP)
    .option('--columns <names>', COLUMNS_HELP)
    .option('--limit <count>', LIMIT_HELP)
    .option('--kinds', 'print {"kind":…,"row":…}')
    .action(printSystemTable);
}

/** Prints the rows of the system table that `options.table` names. Throws `E3403`, `E6200`. */
export async function printSystemTable(options: SystableOptions): Promise<void> {
  const filter = options.filter ?? [];
  const { fields } = await openSystemTable(options, {});
  const opened = await openSystemTable(options, {
    where: filterConditions(filter, fields),
    ...wantedOf(options),
  });
  for await (const batch of opened.batches()) await standardOutput.write(rowLines(batch, options.kinds === true));
}

async function openSystemTable(options: SystableOptions, read: ReadOptions): Promise<OpenedSystemTable> {
  const name = parseObjectName(options.table);
  if (name.kind === 'global') return openGlobalTable(await openWarehouse(options), name.system, read);
  if (name.system === null) {
    throw new TributaryError('E6200', `table is no system table: table=${options.table} expected=db.t$name`);
  }
  const { table } = await openNamed(options, options.branch);
  return table.openSystemTable(name.system, { ...read, at: readPoint(options) });
}

/** Rows as NDJSON in the exact form, as they are or with their kinds. */
export function rowLines({ fields, columns, kinds, rowCount }: ReadBatch, withKinds: boolean): string {
  const print = createRowPrinter(fields);
  let text = '';
  for (let row = 0; row < rowCount; row++) {
    const json = print(columns, row);
    text += withKinds ? `{"kind":"${rowKindText(kinds[row])}","row":${json}}\n` : `${json}\n`;
  }
  return text;
}

/** `tributary table dump` */
export function dumpVerb(): Command {
  return tableVerb('dump', 'print every manifest entry of every snapshot as NDJSON, decoded and as hex')
    .option('--branch <name>', 'of this branch')
    .action(async (options: TableOptions & { readonly branch?: string }) => {
      let lines: string[] = [];
      const flush = (): Promise<void> => standardOutput.write(lines.map((line) => `${line}\n`).join(''));
      for await (const line of dumpTable(await openTable(options, options.branch))) {
        lines.push(line);
        if (lines.length < LINES_PER_WRITE) continue;
        await flush();
        lines = [];
      }
      await flush();
    });
}
