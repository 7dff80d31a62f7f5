#!/usr/bin/env node
// The command line: one list of commands, one place where failures become output and exit codes.
import { Command, CommanderError } from 'commander';
import { TributaryError } from '../base/errors.ts';
import { changelogCommand } from './changelog.ts';
import { checkCommand } from './check.ts';
import { configShowCommand } from './config-show.ts';
import { demoCommand } from './demo/demo.ts';
import { reportJson, reportOf, reportText } from './error-report.ts';
import { initCommand } from './init.ts';
import { queryCommand } from './query.ts';
import { runCommand } from './run.ts';
import { redactor } from './secrets.ts';
import { slotCommand } from './slot.ts';
import { statusCommand } from './status.ts';
import { tableCommand } from './table/table.ts';
import { tablesCommand } from './tables.ts';
import { VERSION, versionCommand } from './version.ts';

const DEBUG = '--debug';

/** Every command, in the order of the help. */
const COMMANDS: readonly (() => Command)[] = [
  demoCommand,
  initCommand,
  checkCommand,
  runCommand,
  statusCommand,
  tablesCommand,
  queryCommand,
  changelogCommand,
  tableCommand,
  slotCommand,
  configShowCommand,
  versionCommand,
];

function program(): Command {
  const root = new Command('tributary')
    .description('Mirrors PostgreSQL into Apache Paimon tables, exactly once, from one Node process')
    .version(VERSION)
    .option(DEBUG, 'print the stack of an unexpected error')
    .showSuggestionAfterError()
    .enablePositionalOptions();
  for (const make of COMMANDS) root.addCommand(withCodedErrors(make()));
  return withCodedErrors(root);
}

/** Faults of the command line are thrown, not printed: they get a code like all others. */
function withCodedErrors(command: Command): Command {
  command.exitOverride().configureOutput({ outputError: () => {} });
  command.commands.forEach(withCodedErrors);
  return command;
}

function asCoded(error: unknown): unknown {
  if (!(error instanceof CommanderError)) return error;
  return new TributaryError(
    'E6001',
    error.message
      .replace(/^error: /, '')
      .replace(/[.\n]+/g, ' ')
      .trim(),
  );
}

/** Help and version end by exception too, with exit code 0; without a command there is only the help to give. */
function isAnswer(error: unknown): error is CommanderError {
  return error instanceof CommanderError && (error.exitCode === 0 || error.code === 'commander.help');
}

async function main(): Promise<void> {
  // A reader that goes away (`| head`) is no fault.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0);
    throw error;
  });
  try {
    // Wherever it stands: commander knows an option of the program only in front of the command.
    await program().parseAsync(process.argv.filter((argument) => argument !== DEBUG));
  } catch (error) {
    if (isAnswer(error)) {
      process.exitCode = error.exitCode === 0 ? 0 : 2;
      return;
    }
    const report = reportOf(asCoded(error), { redactor, debug: process.argv.includes(DEBUG) });
    process.stderr.write(`${process.argv.includes('--json') ? reportJson(report) : reportText(report)}\n`);
    process.exitCode = report.exit;
  }
}

await main();
