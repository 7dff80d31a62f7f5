// The system tables of a catalog, in its database `sys`: all its tables, their partitions and options, and its own
// options. Source: format notes 06 section 11.
import { TributaryError } from '../../base/errors.ts';
import { systemRandom } from '../../base/random.ts';
import type { FileStore } from '../../storage/file-store.ts';
import { ManifestStore } from '../commit/manifest-store.ts';
import { SnapshotStore } from '../commit/snapshot-store.ts';
import { partitionTexts, partitionTypes } from '../format/partition-path.ts';
import type { DataType } from '../schema/data-type.ts';
import { tableOptions } from '../schema/table-options.ts';
import type { TableSchema } from '../schema/table-schema.ts';
import type { ReadOptions } from '../scan/scan.ts';
import { partitionSums } from '../scan/system/file-tables.ts';
import { type OpenedSystemTable, openRows } from '../scan/system/read-system-table.ts';
import { batchesOf, BIGINT, BOOLEAN, fieldsOf, required, type Row, STRING, text } from '../scan/system/system-table.ts';
import { FileSystemCatalog, type TableName, tablePathOf } from './file-system-catalog.ts';

interface GlobalTable {
  readonly columns: readonly (readonly [string, DataType])[];
  readonly rows: (store: FileStore) => AsyncIterable<Row>;
}

const TABLES: ReadonlyMap<string, GlobalTable> = new Map<string, GlobalTable>([
  [
    'tables',
    {
      columns: [
        ['database_name', STRING],
        ['table_name', STRING],
        ['table_type', STRING],
        ['partitioned', BOOLEAN],
        ['primary_key', BOOLEAN],
        ['owner', STRING],
        ['created_at', BIGINT],
        ['created_by', STRING],
        ['updated_at', BIGINT],
        ['updated_by', STRING],
        // Of catalogs that keep them themselves.
        ['record_count', BIGINT],
        ['file_size_in_bytes', BIGINT],
        ['file_count', BIGINT],
        ['last_file_creation_time', BIGINT],
      ],
      rows: tableRows,
    },
  ],
  [
    'partitions',
    {
      columns: [
        ['database_name', STRING],
        ['table_name', STRING],
        ['partition_name', STRING],
        ['record_count', BIGINT],
        ['file_size_in_bytes', BIGINT],
        ['file_count', BIGINT],
        ['last_file_creation_time', BIGINT],
        ['done', BOOLEAN],
      ],
      rows: partitionRows,
    },
  ],
  [
    'all_table_options',
    {
      columns: [
        ['database_name', STRING],
        ['table_name', STRING],
        ['key', STRING],
        ['value', STRING],
      ],
      rows: optionRows,
    },
  ],
  [
    'catalog_options',
    {
      columns: [
        ['key', required(STRING)],
        ['value', required(STRING)],
      ],
      rows: catalogOptionRows,
    },
  ],
]);

/** The names of the tables in the database `sys`. */
const GLOBAL_TABLES: readonly string[] = [...TABLES.keys()];

/** A table of the database `sys`, by its name in any case. Throws `E3403`, `E3400`. */
export function openGlobalTable(store: FileStore, name: string, options: ReadOptions = {}): OpenedSystemTable {
  const table = TABLES.get(name.toLowerCase());
  if (table === undefined) {
    throw new TributaryError('E3403', `no such system table: name=sys.${name} there are=${GLOBAL_TABLES.join(', ')}`);
  }
  const fields = fieldsOf(table.columns);
  return openRows(fields, () => batchesOf(fields, table.rows(store)), options);
}

async function* tableRows(store: FileStore): AsyncGenerator<Row> {
  for await (const { database, table, schema } of allTables(store)) {
    const { options, partitionKeys, primaryKeys } = schema;
    const time = (value: string | undefined): bigint | null => (/^\d+$/.test(value ?? '') ? BigInt(value ?? '') : null);
    yield [
      text(database),
      text(table),
      text(options['type'] ?? 'table'),
      partitionKeys.length > 0,
      primaryKeys.length > 0,
      text(options['owner'] ?? null),
      time(options['createdAt']),
      text(options['createdBy'] ?? null),
      time(options['updatedAt']),
      text(options['updatedBy'] ?? null),
      null,
      null,
      null,
      null,
    ];
  }
}

async function* partitionRows(store: FileStore): AsyncGenerator<Row> {
  for await (const { database, table, schema } of allTables(store)) {
    if (schema.partitionKeys.length === 0) continue;
    const tablePath = tablePathOf(database, table);
    const manifests = new ManifestStore({ store, tablePath, schema, random: systemRandom });
    const snapshot = await new SnapshotStore(store, tablePath).latest();
    for (const { entry, sums } of await partitionSums({ snapshot, manifests })) {
      const texts = partitionTexts(partitionTypes(schema), entry.partition, tableOptions(schema));
      yield [
        text(database),
        text(table),
        text(texts.map((value, index) => `${schema.partitionKeys[index]}=${value}`).join('/')),
        BigInt(sums.recordCount),
        BigInt(sums.fileSizeBytes),
        BigInt(sums.fileCount),
        sums.lastCreationMs === null ? null : BigInt(sums.lastCreationMs),
        false,
      ];
    }
  }
}

async function* optionRows(store: FileStore): AsyncGenerator<Row> {
  for await (const { database, table, schema } of allTables(store)) {
    const options = { ...schema.options, path: store.location(tablePathOf(database, table)) };
    for (const [key, value] of Object.entries(options)) yield [text(database), text(table), text(key), text(value)];
  }
}

async function* catalogOptionRows(store: FileStore): AsyncGenerator<Row> {
  yield [text('warehouse'), text(store.location(''))];
}

async function* allTables(store: FileStore): AsyncGenerator<TableName & { readonly schema: TableSchema }> {
  const catalog = new FileSystemCatalog(store);
  for (const database of await catalog.listDatabases()) {
    for (const table of await catalog.listTables(database)) {
      yield { database, table, schema: await catalog.loadSchema(database, table) };
    }
  }
}
