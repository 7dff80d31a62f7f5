// What the verbs of `tributary table` share: which table, and numbers as arguments.
import type { Command } from 'commander';
import { TributaryError } from '../../base/errors.ts';
import { parseTableName } from '../../paimon/catalog/file-system-catalog.ts';
import type { Snapshot } from '../../paimon/meta/snapshot.ts';
import { Table } from '../../paimon/table.ts';
import { openWarehouse, type WarehouseOptions, warehouseCommand } from '../shared-options.ts';

/** Options of every verb. */
export type TableOptions = WarehouseOptions & { readonly table: string };

/** A verb with `--warehouse` and `--table`. */
export function tableVerb(name: string, summary: string): Command {
  return warehouseCommand(name, summary).requiredOption('--table <name>', 'database.table');
}

/** Opens the table that a verb names. Throws `E3120`, `E3122`. */
export function openTable(options: TableOptions, branch?: string): Promise<Table> {
  const { database, table } = parseTableName(options.table);
  return Table.open(openWarehouse(options), branch === undefined ? { database, table } : { database, table, branch });
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
