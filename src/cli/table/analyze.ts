// `tributary table analyze`: statistics of the latest state, published as a snapshot of kind ANALYZE.
import type { Command } from 'commander';
import { systemClock } from '../../base/clock.ts';
import { systemRandom } from '../../base/random.ts';
import { analyzeTable, publishStatistics } from '../../paimon/maintenance/analyze.ts';
import { statisticsToJson } from '../../paimon/meta/statistics-json.ts';
import { printLine } from '../output.ts';
import { openTable, type TableOptions, tableVerb } from './table-options.ts';

type AnalyzeOptions = TableOptions & {
  readonly columns?: readonly string[] | true;
  readonly branch?: string;
  readonly commitUser: string;
};

/** `tributary table analyze` */
export function analyzeVerb(): Command {
  return tableVerb('analyze', 'count rows and values of the latest state, publish that as statistics and print it')
    .option('--columns [names...]', 'these columns, none if no name follows; all that are not nested unless given')
    .option('--branch <name>', 'analyze this branch')
    .option('--commit-user <user>', 'who analyzes', 'tributary-cli-analyze')
    .action(runAnalyze);
}

async function runAnalyze({ columns, ...options }: AnalyzeOptions): Promise<void> {
  const table = await openTable(options, options.branch);
  const names = columns === true ? [] : columns;
  const statistics = await analyzeTable(table, names === undefined ? {} : { columns: names });
  if (statistics === null) return;
  const components = { clock: systemClock, random: systemRandom };
  const committer = await table.committer(components);
  await publishStatistics(table, statistics, { committer, commitUser: options.commitUser, random: systemRandom });
  printLine(statisticsToJson(statistics));
}
