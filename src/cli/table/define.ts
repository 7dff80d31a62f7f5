// `tributary table create`, `alter` and `drop`: what a table is.
import type { Command } from 'commander';
import { systemClock } from '../../base/clock.ts';
import { FileSystemCatalog, parseTableName } from '../../paimon/catalog/file-system-catalog.ts';
import { unfollowedOptions } from '../../paimon/schema/foreign-options.ts';
import { parseSchemaChanges } from '../../paimon/schema/schema-change.ts';
import { parseTableDefinition } from '../../paimon/schema/table-schema-json.ts';
import type { TableSchema } from '../../paimon/schema/table-schema.ts';
import { openWarehouse } from '../shared-options.ts';
import { readInputText } from './input-file.ts';
import { openTable, type TableOptions, tableVerb } from './table-options.ts';

/** `tributary table create` */
export function createVerb(): Command {
  return tableVerb('create', 'create a table')
    .requiredOption(
      '--schema <file>',
      "the table as JSON: fields, partitionKeys, primaryKeys, options, comment (Paimon's form)",
    )
    .action(async (options: TableOptions & { readonly schema: string }) => {
      const definition = parseTableDefinition(await readInputText(options.schema));
      const catalog = new FileSystemCatalog(await openWarehouse(options));
      const schema = await catalog.createTable(parseTableName(options.table), definition, systemClock.nowMs());
      warnOfOptions(schema.options);
    });
}

/** `tributary table alter` */
export function alterVerb(): Command {
  return tableVerb('alter', 'change the columns, options or comment of a table: all changes or none')
    .requiredOption(
      '--changes <file>',
      'the changes as JSON: Paimon\'s list of SchemaChange, [{"action":"addColumn",…}]',
    )
    .option('--branch <name>', 'branch to alter')
    .action(async (options: TableOptions & { readonly changes: string; readonly branch?: string }) => {
      const changes = parseSchemaChanges(await readInputText(options.changes));
      const table = await openTable(options, options.branch);
      const before = unfollowedOptions(table.schema.options).map(({ option }) => option);
      const { options: after } = await table.alter(changes);
      warnOfOptions(Object.fromEntries(Object.entries(after).filter(([option]) => !before.includes(option))));
    });
}

/** Says of options what they leave undone. */
function warnOfOptions(options: TableSchema['options']): void {
  for (const { option, value, consequence } of unfollowedOptions(options)) {
    process.stderr.write(`warning: option is kept and not followed: ${option}=${value} (${consequence})\n`);
  }
}

/** `tributary table drop` */
export function dropVerb(): Command {
  return tableVerb('drop', 'remove a table with all its files, snapshots, tags and branches').action(
    async (options: TableOptions) => {
      const { database, table } = parseTableName(options.table);
      await new FileSystemCatalog(await openWarehouse(options)).dropTable(database, table);
    },
  );
}
