// `tributary config show|schema`: the configuration in effect, every default, and the schema for editors.
import { Command } from 'commander';
import { stringify } from 'yaml';
import { TributaryError } from '../base/errors.ts';
import { configJsonSchema, configReference, effectiveConfig } from '../config/reference.ts';
import { printJson, printLine } from './output.ts';
import { loadConfig } from './shared-options.ts';

interface ShowOptions {
  readonly config?: string;
  readonly defaults?: boolean;
  readonly json?: boolean;
}

/** `tributary config` */
export function configShowCommand(): Command {
  return new Command('config')
    .description('show the configuration')
    .addCommand(showCommand())
    .addCommand(schemaCommand());
}

function showCommand(): Command {
  return new Command('show')
    .description('print the configuration in effect, with every default and without secrets')
    .option('-c, --config <file>', 'configuration file (YAML)')
    .option('--defaults', 'print every option with its default and a sentence')
    .option('--json', 'as JSON')
    .action(async (options: ShowOptions) => {
      if (options.defaults === true) {
        if (options.json === true) printJson(effectiveConfig({}));
        else printLine(configReference().trimEnd());
        return;
      }
      if (options.config === undefined) {
        throw new TributaryError('E6001', 'command does not say what to show: expected=-c FILE or --defaults');
      }
      const config = effectiveConfig((await loadConfig({ config: options.config })).raw);
      if (options.json === true) printJson(config);
      else printLine(stringify(config, { lineWidth: 0 }).trimEnd());
    });
}

function schemaCommand(): Command {
  return new Command('schema')
    .description('print the JSON Schema of the configuration file')
    .action(() => printJson(configJsonSchema()));
}
