// Options that several commands have: the configuration file, or a warehouse alone.
import { Command, Option } from 'commander';
import { TributaryError } from '../base/errors.ts';
import type { LoadedConfig } from '../config/load-config.ts';
import { parseSize } from '../config/units.ts';
import type { FileStore } from '../storage/file-store.ts';
import { openStore, storeSettingsOf } from '../storage/open-store.ts';
import type { SpillSettings } from '../storage/spill-space.ts';
import { hideSecrets } from './secrets.ts';

/** Options of a command that needs a configuration. */
export interface ConfigOptions {
  readonly config: string;
}

/** Options of a command that needs a lake alone. */
export interface WarehouseOptions {
  readonly warehouse?: string;
  readonly config?: string;
}

/** A command with `-c FILE`. */
export function configCommand(name: string, summary: string): Command {
  return new Command(name).description(summary).requiredOption('-c, --config <file>', 'configuration file (YAML)');
}

/** A command with `--warehouse W`, or `-c FILE` in its place. */
export function warehouseCommand(name: string, summary: string): Command {
  return new Command(name)
    .description(summary)
    .option('--warehouse <uri>', 'directory or file:/// URI of the lake')
    .addOption(
      new Option('-c, --config <file>', 'configuration file, of which the section `lake` is taken').conflicts(
        'warehouse',
      ),
    );
}

/** Options of a command that makes temporary files. */
export type SpillOptions = WarehouseOptions & { readonly spillDir?: string; readonly spillMax?: string };

/** Gives a command with `--warehouse` the options of its temporary files. */
export function withSpillOptions(command: Command): Command {
  return command
    .option('--spill-dir <directory>', "where temporary files go; the system's directory for them unless given")
    .option('--spill-max <size>', 'what temporary files may take together; 20GiB unless given');
}

/** What temporary files may take: by the options, or else by `limits.spill` of the configuration. Throws `E6200`. */
export async function spillSettingsOf(options: SpillOptions): Promise<SpillSettings> {
  const { dir, max } =
    options.config === undefined
      ? { dir: null, max: undefined }
      : (await loadConfig({ config: options.config })).config.limits.spill;
  const directory = options.spillDir ?? dir;
  const bytesMax = options.spillMax === undefined ? max : parseSize(options.spillMax);
  if (bytesMax === null) throw new TributaryError('E6200', `size is not understood: spill-max=${options.spillMax}`);
  return { ...(directory === null ? {} : { directory }), ...(bytesMax === undefined ? {} : { bytesMax }) };
}

/** Loads the configuration of a command. Its secrets are hidden from now on. Throws E1001 to E1005. */
export async function loadConfig(options: ConfigOptions): Promise<LoadedConfig> {
  // Commands on a warehouse alone do without the validation's 170 modules.
  const { loadConfigFile } = await import('../config/load-config.ts');
  const loaded = loadConfigFile(options.config);
  hideSecrets(loaded);
  return loaded;
}

/** The warehouse that a command names. Throws E6002 where it names none. */
export async function warehouseOf(options: WarehouseOptions): Promise<string> {
  if (options.config !== undefined) return (await loadConfig({ config: options.config })).config.lake.warehouse;
  if (options.warehouse !== undefined) return options.warehouse;
  throw new TributaryError('E6002', 'command does not say which lake: expected=--warehouse or -c');
}

/** Opens the lake that a command names. Throws E6002, E3005. */
export async function openWarehouse(options: WarehouseOptions): Promise<FileStore> {
  return openStore(storeSettingsOf(await warehouseOf(options)));
}
