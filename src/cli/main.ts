#!/usr/bin/env node
// The command line: one list of commands, one place where failures become output and exit codes.
import { enableCompileCache } from 'node:module';
import { Command, CommanderError } from 'commander';
import { TributaryError } from '../base/errors.ts';
import { type CommandLoader, wantedCommands } from './lazy-commands.ts';
import { reportJson, reportOf, reportText } from './error-report.ts';
import { redactor } from './secrets.ts';
import { VERSION } from './version.ts';

const DEBUG = '--debug';

/** Every command, in the order of the help. */
const COMMANDS: Readonly<Record<string, CommandLoader>> = {
  demo: async () => (await import('./demo/demo.ts')).demoCommand(),
  init: async () => (await import('./init.ts')).initCommand(),
  check: async () => (await import('./check.ts')).checkCommand(),
  run: async (args) => {
    if (args.length > 0) (await import('./steady-memory.ts')).keepMemorySteady();
    return (await import('./run.ts')).runCommand();
  },
  pause: async () => (await import('./table-orders.ts')).orderCommand('pause'),
  resume: async () => (await import('./table-orders.ts')).orderCommand('resume'),
  resync: async () => (await import('./table-orders.ts')).orderCommand('resync'),
  status: async () => (await import('./status.ts')).statusCommand(),
  tables: async () => (await import('./tables.ts')).tablesCommand(),
  maintenance: async () => (await import('./maintenance.ts')).maintenanceCommand(),
  query: async () => (await import('./query.ts')).queryCommand(),
  changelog: async () => (await import('./changelog.ts')).changelogCommand(),
  table: async (args) => (await import('./table/table.ts')).tableCommand(args),
  slot: async () => (await import('./slot.ts')).slotCommand(),
  config: async () => (await import('./config-show.ts')).configShowCommand(),
  version: async () => (await import('./version.ts')).versionCommand(),
};

function program(commands: readonly Command[]): Command {
  const root = new Command('tributary')
    .description('Mirrors PostgreSQL, MySQL and MariaDB into Apache Paimon tables, exactly once, from one Node process')
    .version(VERSION)
    .option(DEBUG, 'print the stack of an unexpected error')
    .showSuggestionAfterError()
    .enablePositionalOptions();
  for (const command of commands) root.addCommand(withCodedErrors(command));
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
  // Compiling what a command loads takes a third of the time that it needs to start.
  enableCompileCache();
  // A reader that goes away (`| head`) is no fault.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0);
    throw error;
  });
  try {
    // Wherever it stands: commander knows an option of the program only in front of the command.
    const args = process.argv.slice(2).filter((argument) => argument !== DEBUG);
    await program(await wantedCommands(COMMANDS, args)).parseAsync(args, { from: 'user' });
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
