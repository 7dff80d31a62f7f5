// A directory of Paimon tables as a program opens it: databases, tables by name, new tables.
import { type Clock, systemClock } from '../base/clock.ts';
import type { FileStore } from '../storage/file-store.ts';
import { openStore, storeSettingsOf } from '../storage/open-store.ts';
import { FileSystemCatalog, parseTableName } from './catalog/file-system-catalog.ts';
import { parseDataType } from './schema/data-type-text.ts';
import { assignFieldIds } from './schema/field-ids.ts';
import { Table } from './table.ts';

/** What a new table is to be. */
export interface NewTable {
  /** Columns in order, with their types as Paimon writes them: `{ id: 'BIGINT', tags: { type: 'ARRAY', element: 'STRING' } }`. */
  readonly columns: Readonly<Record<string, ColumnType>>;
  /** Its columns become NOT NULL; without one the table takes rows and never changes them. */
  readonly primaryKey?: readonly string[];
  readonly partitionedBy?: readonly string[];
  /** Paimon's table options, such as `{ bucket: '4', 'merge-engine': 'partial-update' }`. */
  readonly options?: Readonly<Record<string, string>>;
  readonly comment?: string;
}

/** A type as text, or as Paimon's JSON where it is nested. */
export type ColumnType = Parameters<typeof parseDataType>[0];

/** The tables of a warehouse. Names of tables are written `database.table`. */
export class Lake {
  readonly store: FileStore;
  readonly catalog: FileSystemCatalog;
  private readonly clock: Clock;

  constructor(store: FileStore, clock: Clock = systemClock) {
    this.store = store;
    this.catalog = new FileSystemCatalog(store);
    this.clock = clock;
  }

  /** Opens a lake by the path or `file:///` URI of its directory, which is made with the first table. Throws `E3005`. */
  static open(warehouse: string): Lake {
    return new Lake(openStore(storeSettingsOf(warehouse)));
  }

  /** Opens a table, or a branch of it. Throws `E3120`, `E3122`. */
  async table(name: string, options: { readonly branch?: string } = {}): Promise<Table> {
    const place = parseTableName(name);
    if (options.branch === undefined) await this.catalog.loadSchema(place.database, place.table);
    return Table.open(this.store, { ...place, ...options });
  }

  /** Creates a table. Throws `E3121` (it exists), `E3122` (its name), `E3101`, `E3103`, `E3105` (what it is to be). */
  async createTable(name: string, table: NewTable): Promise<Table> {
    const columns = Object.entries(table.columns).map(([column, type]) => {
      return { id: 0, name: column, type: parseDataType(type) };
    });
    const definition = {
      fields: assignFieldIds(columns),
      partitionKeys: table.partitionedBy ?? [],
      primaryKeys: table.primaryKey ?? [],
      options: table.options ?? {},
      comment: table.comment ?? null,
    };
    await this.catalog.createTable(parseTableName(name), definition, this.clock.nowMs());
    return this.table(name);
  }
}
