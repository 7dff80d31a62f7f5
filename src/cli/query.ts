// `tributary query`: SQL over the lake.
import { type Command, Option } from 'commander';
import { TributaryError } from '../base/errors.ts';
import { parseSize } from '../config/units.ts';
import { openLake } from '../query/lake.ts';
import { parseReadAt } from '../query/read-at.ts';
import { positionOrders } from '../source/position-orders.ts';
import { createRowOutput, ROW_FORMATS, type RowFormat } from './row-output.ts';
import {
  type SpillOptions,
  spillSettingsOf,
  warehouseCommand,
  warehouseOf,
  withSpillOptions,
} from './shared-options.ts';
import { listenToStopSignals } from './signals.ts';
import { standardOutput } from './standard-output.ts';

type Options = SpillOptions & {
  readonly at?: string;
  readonly format: RowFormat;
  readonly json?: boolean;
  readonly numbers: 'number' | 'string';
  readonly memory: string;
};

/** The option `--numbers` of commands that print JSON. */
export function numbersOption(): Option {
  return new Option(
    '--numbers <how>',
    '64-bit integers and decimals in JSON: as numbers unless digits would be lost, or always as strings',
  )
    .choices(['number', 'string'])
    .default('number');
}

/** The exit code of a command that was interrupted. */
export const INTERRUPTED = 130;

const HELP = `
Tables are named database.table; the SQL is DuckDB's. Several tables of one pipeline are read at one cut (the newest
complete checkpoint), a table alone at its latest snapshot. Examples:
  tributary query --warehouse ./lake 'SELECT status, count(*) FROM shop.orders GROUP BY 1'
  tributary query --warehouse ./lake 'FROM shop.orders LIMIT 10' --at timestamp:2026-01-31T12:00:00Z
  tributary query --warehouse ./lake 'FROM shop.orders' --format parquet > orders.parquet`;

/** `tributary query` */
export function queryCommand(): Command {
  return withSpillOptions(warehouseCommand('query', 'run a SELECT over tables of the lake'))
    .argument('<sql>', 'one SELECT, in the dialect of DuckDB')
    .option('--at <point>', 'state to read: snapshot:N, timestamp:T, tag:X, cut:[PIPELINE/]N or position:P')
    .addOption(new Option('--format <format>', 'form of the rows').choices(ROW_FORMATS).default('table'))
    .option('--json', 'short for --format json')
    .addOption(numbersOption())
    .option('--memory <size>', 'memory of the query before it uses the disk', '256MiB')
    .addHelpText('after', HELP)
    .action(runQuery);
}

async function runQuery(text: string, options: Options): Promise<void> {
  const memoryBytes = parseSize(options.memory);
  if (memoryBytes === null) throw new TributaryError('E6200', `size is not understood: memory=${options.memory}`);
  const at = options.at === undefined ? {} : { at: parseReadAt(options.at) };
  const sql = { memoryBytes, spill: await spillSettingsOf(options) };
  const lake = await openLake({ warehouse: await warehouseOf(options), sql }, { positionOrders });
  const stop = listenToStopSignals();
  try {
    const result = await lake.sql(text, { ...at, signal: stop.signal });
    const format = options.json === true ? 'json' : options.format;
    const numbers = options.numbers === 'string' ? 'display-strings' : 'display';
    const output = createRowOutput({ format, fields: result.fields, numbers }, standardOutput);
    for await (const batch of result.columns()) await output.write(batch);
    await output.end();
  } catch (error) {
    if (stop.reason() === null) throw error;
    process.exitCode = INTERRUPTED;
  } finally {
    await lake.close();
    stop.release();
  }
}
