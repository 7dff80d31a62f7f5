// What the verbs of `tributary table` share: which table, and numbers as arguments.
import type { Command } from 'commander';
import { TributaryError } from '../../base/errors.ts';
import { parseObjectName } from '../../paimon/catalog/object-name.ts';
import type { Snapshot } from '../../paimon/meta/snapshot.ts';
import { Table } from '../../paimon/table.ts';
import { openWarehouse, type WarehouseOptions, warehouseCommand } from '../shared-options.ts';

/** Options of every verb. */
export type TableOptions = WarehouseOptions & { readonly table: string };

/** A verb with `--warehouse` and `--table`. */
export function tableVerb(name: string, summary: string): Command {
  return warehouseCommand(name, summary).requiredOption('--table <name>', 'database.table');
}

/**
 * Opens the table that a verb names, or the branch of it that the option or the name (`t$branch_b`) says. Throws `E3120`,
 * `E3122`.
 */
export async function openTable(options: TableOptions, branch?: string): Promise<Table> {
  const { table, system } = await openNamed(options, branch);
  if (system === null) return table;
  throw new TributaryError('E3122', `table is a system table, which can only be read: table=${options.table}`);
}

/** Opens the table or branch, of which the name may say a system table: null where it does not. Throws as `openTable`. */
export async function openNamed(
  options: TableOptions,
  branch?: string,
): Promise<{ readonly table: Table; readonly system: string | null }> {
  const name = parseObjectName(options.table);
  if (name.kind === 'global') throw new TributaryError('E3122', `table is a system table: table=${options.table}`);
  const place = { database: name.database, table: name.table };
  const chosen = branch ?? name.branch;
  const table = await Table.open(await openWarehouse(options), chosen === null ? place : { ...place, branch: chosen });
  return { table, system: name.system };
}

/** A whole number of an option. Throws `E6200`. */
export function wholeNumber(text: string, option: string): bigint {
  if (/^\d+$/.test(text)) return BigInt(text);
  throw new TributaryError('E6200', `argument is no whole number: ${option}=${text}`);
}

/** The number of the next commit of a user whose newest snapshot is given. */
export function nextIdentifier(newest: Snapshot | null): bigint {
  return newest === null ? 1n : newest.commitIdentifier + 1n;
}
