// `tributary changelog`: the changes of a table, in order, resumable.
import { type Command, Option } from 'commander';
import { systemClock } from '../base/clock.ts';
import { type ChangelogOptions, parseChangelogEnd, parseChangelogStart, readChangelog } from '../query/changelog.ts';
import { openLake } from '../query/lake.ts';
import { CHANGE_FORMATS, type ChangeFormat, createChangeOutput } from './change-output.ts';
import { INTERRUPTED, numbersOption } from './query.ts';
import { type WarehouseOptions, warehouseCommand, warehouseOf } from './shared-options.ts';
import { listenToStopSignals } from './signals.ts';
import { standardOutput } from './standard-output.ts';

type Options = WarehouseOptions & {
  readonly from: string;
  readonly to?: string;
  readonly follow?: boolean;
  readonly consumer?: string;
  readonly format: ChangeFormat;
  readonly numbers: 'number' | 'string';
};

const HELP = `
Each line holds a change: {"snapshot":N,"kind":"+I|-U|+U|-D","row":{...}}. To go on where an output ended, drop its lines
of the last snapshot, which may not be complete, and ask again with --from snapshot:<that one>; or give a --consumer,
whose place is kept in the lake and moves on when all changes of a snapshot have been written.
Tables without a changelog producer give the net change of each key per snapshot: +I and +U are upserts.`;

/** `tributary changelog` */
export function changelogCommand(): Command {
  return warehouseCommand('changelog', 'print the changes of a table, in order')
    .argument('<table>', 'database.table')
    .option(
      '--from <place>',
      'first snapshot: earliest, latest (what comes from now on), snapshot:N or timestamp:T',
      'earliest',
    )
    .option('--to <place>', 'last snapshot: latest, snapshot:N or timestamp:T')
    .option('--follow', 'wait for new snapshots, until interrupted or --to is reached')
    .option('--consumer <id>', 'go on where this consumer stands, and remember how far it came')
    .addOption(new Option('--format <format>', 'form of the changes').choices(CHANGE_FORMATS).default('ndjson'))
    .addOption(numbersOption())
    .addHelpText('after', HELP)
    .action(runChangelog);
}

async function runChangelog(name: string, options: Options): Promise<void> {
  const lake = await openLake({ warehouse: await warehouseOf(options) });
  const { table } = await lake.table(name);
  const stop = listenToStopSignals();
  const { fields } = table.schema;
  const isArrow = options.format === 'arrow';
  const numbers = options.numbers === 'string' ? 'display-strings' : 'display';
  const output = createChangeOutput({ format: options.format, table: name, fields, numbers }, standardOutput);
  const changes: ChangelogOptions = {
    from: parseChangelogStart(options.from),
    ...(options.to === undefined ? {} : { to: parseChangelogEnd(options.to) }),
    ...(isArrow ? { columns: fields.map((field) => field.name) } : {}),
    ...(options.consumer === undefined ? {} : { consumer: options.consumer }),
    follow: options.follow === true,
    signal: stop.signal,
  };
  try {
    for await (const batch of readChangelog(table, changes, systemClock)) await output.write(batch);
    await output.end();
    if (stop.reason() !== null) process.exitCode = INTERRUPTED;
  } finally {
    stop.release();
  }
}
