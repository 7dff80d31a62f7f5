// `tributary tables`: what is in a lake.
import type { Command } from 'commander';
import { systemClock } from '../base/clock.ts';
import { dataTypeText } from '../paimon/schema/data-type-text.ts';
import { type Lake, openLake } from '../query/lake.ts';
import { readTableFacts } from '../query/table-facts.ts';
import { summarizeTable, type TableSummary } from '../query/table-summary.ts';
import { type Advice, adviseOn } from './advise.ts';
import { printJson, printLine, sizeText, type TableCells, tableText, timeText } from './output.ts';
import { type WarehouseOptions, warehouseCommand, warehouseOf } from './shared-options.ts';

type Options = WarehouseOptions & { readonly json?: boolean; readonly advise?: boolean };

const HEADER = ['table', 'rows', 'files', 'size', 'buckets', 'levels', 'snapshots', 'last commit'];

/** `tributary tables` */
export function tablesCommand(): Command {
  return warehouseCommand('tables', 'show the tables of a lake: rows, files, levels, snapshots, size')
    .option('--json', 'as JSON, with the columns')
    .option('--advise', 'what should be changed about each table, and why')
    .addHelpText('after', '\nRows with ~ are an upper bound: versions of a key that are not compacted yet count each.')
    .action(async (options: Options) => {
      const lake = await openLake({ warehouse: await warehouseOf(options) });
      if (options.advise === true) return printAdvice(await adviceOnLake(lake), options.json === true);
      const summaries: TableSummary[] = [];
      for (const name of await lake.tables())
        summaries.push(await summarizeTable(name, (await lake.table(name)).table));
      if (options.json === true) printJson(summaries.map(jsonOf));
      else printLine(summaries.length === 0 ? 'no tables' : tableText(HEADER, summaries.map(cellsOf)));
    });
}

async function adviceOnLake(lake: Lake): Promise<readonly Advice[]> {
  const advice: Advice[] = [];
  for (const name of await lake.tables()) {
    advice.push(...adviseOn(await readTableFacts(name, (await lake.table(name)).table, systemClock.nowMs())));
  }
  return advice;
}

function printAdvice(advice: readonly Advice[], json: boolean): void {
  if (json) return printJson(advice);
  if (advice.length === 0) return printLine('nothing to change');
  for (const { table, subject, reason, change, remedy } of advice) {
    printLine(`${table}: ${subject}\n  why     ${reason}\n  change  ${change}`);
    if (remedy !== null) printLine(`  or      tributary maintenance ${table}`);
  }
}

function jsonOf(summary: TableSummary): object {
  return { ...summary, columns: summary.columns.map(({ name, type }) => ({ name, type: dataTypeText(type) })) };
}

function cellsOf(summary: TableSummary): TableCells {
  const { table, rowCount, isRowCountExact, fileCount, sizeBytes, bucketCount, levels } = summary;
  return [
    table,
    isRowCountExact ? String(rowCount) : `~${rowCount}`,
    fileCount,
    sizeText(sizeBytes),
    bucketCount,
    levels.length === 0 ? null : levels.map(({ level, fileCount: files }) => `L${level}:${files}`).join(' '),
    summary.snapshotCount,
    timeText(summary.latestCommitMs),
  ];
}
