// `tributary slot ls|drop`: the replication slots on the servers of a configuration.
import { Command } from 'commander';
import { TributaryError } from '../base/errors.ts';
import { postgresSettings, sourceKind, sourceNames } from '../config/to-settings.ts';
import { formatLsn } from '../source/postgres/lsn.ts';
import { dropSlot, listSlots, type SlotState } from '../source/postgres/slot.ts';
import { printJson, printLine, sizeText, tableText } from './output.ts';
import type { LoadedConfig } from '../config/load-config.ts';
import { type ConfigOptions, configCommand, loadConfig } from './shared-options.ts';

type Options = ConfigOptions & { readonly json?: boolean };

/** A slot as it is listed. */
interface SlotRow {
  /** The source on whose server it is. */
  readonly source: string;
  readonly slot: string;
  /** Whether the source's pipeline is its reader by configuration. */
  readonly ours: boolean;
  readonly database: string | null;
  readonly active_pid: number | null;
  readonly confirmed: string | null;
  readonly wal_status: string | null;
  readonly retained_bytes: number;
  readonly safe_bytes: number | null;
}

/** `tributary slot` */
export function slotCommand(): Command {
  return new Command('slot')
    .description("list or drop replication slots on the sources' servers")
    .addCommand(listCommand())
    .addCommand(dropCommand());
}

function listCommand(): Command {
  return configCommand('ls', 'list the slots of every server')
    .option('--json', 'as JSON')
    .action(async (options: Options) => {
      const loaded = await loadConfig(options);
      const rows: SlotRow[] = [];
      for (const source of slotSources(loaded)) {
        const settings = postgresSettings(loaded, source);
        rows.push(...(await listSlots(settings)).map((slot) => rowOf(slot, source, settings.slot.name)));
      }
      if (options.json === true) printJson(rows);
      else printSlots(rows);
    });
}

function dropCommand(): Command {
  return configCommand('drop', 'drop the slot of a source; the log it kept is gone')
    .argument('[slot]', "the slot; the source's own unless given")
    .option('--source <name>', 'the source, where the configuration has several')
    .option('--json', 'as JSON')
    .action(async (slot: string | undefined, options: Options & { readonly source?: string }) => {
      const loaded = await loadConfig(options);
      const names = slotSources(loaded);
      if (options.source === undefined && names.length > 1) {
        throw new TributaryError('E6001', `several sources, say which one: option=--source known=${names.join(',')}`);
      }
      const settings = postgresSettings(loaded, options.source ?? names[0]);
      const name = slot ?? settings.slot.name;
      await dropSlot(settings, name);
      if (options.json === true) printJson({ dropped: name });
      else printLine(`dropped slot ${name}`);
    });
}

/** The sources that have slots: those of PostgreSQL. Throws E1007 if there is none. */
function slotSources(loaded: LoadedConfig): readonly string[] {
  const names = sourceNames(loaded).filter((name) => sourceKind(loaded, name) === 'postgres');
  if (names.length === 0) throw new TributaryError('E1007', 'only sources of PostgreSQL have replication slots');
  return names;
}

function rowOf(slot: SlotState, source: string, ownName: string): SlotRow {
  return {
    source,
    slot: slot.name,
    ours: slot.name === ownName,
    database: slot.database,
    active_pid: slot.activePid,
    confirmed: slot.confirmed === null ? null : formatLsn(slot.confirmed),
    wal_status: slot.walStatus,
    retained_bytes: slot.retainedBytes,
    safe_bytes: slot.safeBytes,
  };
}

function printSlots(rows: readonly SlotRow[]): void {
  const header = ['source', 'slot', 'ours', 'database', 'pid', 'confirmed', 'status', 'keeps', 'safe'];
  const cells = rows.map((row) => [
    row.source,
    row.slot,
    row.ours ? 'yes' : 'no',
    row.database,
    row.active_pid,
    row.confirmed,
    row.wal_status,
    sizeText(row.retained_bytes),
    row.safe_bytes === null ? null : sizeText(row.safe_bytes),
  ]);
  printLine(tableText(header, cells));
}
