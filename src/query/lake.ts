// The library's way into a lake: its tables as Arrow record batches, their changes, and SQL over them.
import type { RecordBatch, Schema } from 'apache-arrow';
import { type Clock, systemClock } from '../base/clock.ts';
import { TributaryError } from '../base/errors.ts';
import { FileSystemCatalog, parseTableName } from '../paimon/catalog/file-system-catalog.ts';
import type { ReadBatch, ReadOptions } from '../paimon/scan/scan.ts';
import { readPlan } from '../paimon/scan/read.ts';
import type { DataField } from '../paimon/schema/data-type.ts';
import type { TableSchema } from '../paimon/schema/table-schema.ts';
import { Table } from '../paimon/table.ts';
import type { FileStore } from '../storage/file-store.ts';
import { openStore, storeSettingsOf } from '../storage/open-store.ts';
import { arrowSchema, toRecordBatch } from './arrow.ts';
import { type ChangelogOptions, readChangelog } from './changelog.ts';
import { conditionsOf, type Filter } from './conditions.ts';
import { type PositionOrders, type ReadAt, type TablePoint, tablePoints } from './read-at.ts';
import { type SqlOptions, type SqlRows, type SqlSettings, startSql } from './sql.ts';

/** Which lake to open. */
export interface LakeOptions {
  /** Its directory, or a `file:` URI. */
  readonly warehouse: string;
  /** What SQL queries may use. */
  readonly sql?: SqlSettings;
}

/** What a lake works with, where it is not the machine's. */
export interface LakeParts {
  readonly store: FileStore;
  readonly clock: Clock;
  readonly positionOrders: PositionOrders;
}

/** Which rows of a table to read. */
export interface TableReadOptions {
  /** Names of the columns, in the wanted order; all of them unless given. */
  readonly columns?: readonly string[];
  readonly where?: Filter;
  /** The latest state unless given. */
  readonly at?: ReadAt;
  /** The most rows to give. */
  readonly limit?: number;
  readonly signal?: AbortSignal;
}

/** Changes of one snapshot, in order. */
export interface ChangeBatch {
  readonly snapshotId: bigint;
  /** The row kind of each row: 0 +I, 1 -U, 2 +U, 3 -D (`rowKindText` gives the text). */
  readonly kinds: Uint8Array;
  readonly batch: RecordBatch;
}

/** Opens a lake. Throws `E3005` for a warehouse that is none. */
export async function openLake(options: LakeOptions, parts: Partial<LakeParts> = {}): Promise<Lake> {
  const store = parts.store ?? openStore(storeSettingsOf(options.warehouse));
  const { clock = systemClock, positionOrders = noPositionOrder } = parts;
  return new Lake({ store, clock, positionOrders }, options.sql ?? {});
}

function noPositionOrder(kind: string): never {
  throw new TributaryError('E6012', `positions of this source are not known here: source=${kind}`);
}

/** A lake. Holds nothing open but running queries; `close` ends those. */
export class Lake {
  readonly parts: LakeParts;
  private readonly sqlSettings: SqlSettings;
  private readonly running = new Set<SqlRows>();
  private isClosed = false;

  /** Use `openLake`. */
  constructor(parts: LakeParts, sqlSettings: SqlSettings) {
    this.parts = parts;
    this.sqlSettings = sqlSettings;
  }

  /** The names of all tables, `database.table`, sorted. */
  async tables(): Promise<readonly string[]> {
    this.requireOpen();
    const catalog = new FileSystemCatalog(this.parts.store);
    const names: string[] = [];
    for (const database of await catalog.listDatabases()) {
      for (const table of await catalog.listTables(database)) names.push(`${database}.${table}`);
    }
    return names;
  }

  /** Opens a table, `database.table`. Throws `E3120` with the nearest name, `E3122`. */
  async table(name: string): Promise<LakeTable> {
    this.requireOpen();
    const { database, table } = parseTableName(name);
    await new FileSystemCatalog(this.parts.store).loadSchema(database, table);
    return new LakeTable(name, await Table.open(this.parts.store, { database, table }), this.parts);
  }

  /**
   * Runs one SELECT in DuckDB's dialect over tables of the lake. Several tables of one pipeline are read at one cut, a
   * table alone at its latest snapshot, unless `at` says otherwise. Throws as `startSql`.
   */
  async sql(text: string, options: SqlOptions = {}): Promise<SqlResult> {
    this.requireOpen();
    const { store, positionOrders, clock } = this.parts;
    const rows = await startSql({ store, positionOrders, clock, settings: this.sqlSettings }, text, options);
    this.running.add(rows);
    return new SqlResult(rows, () => this.running.delete(rows));
  }

  /** Ends all running queries. */
  async close(): Promise<void> {
    this.isClosed = true;
    for (const rows of this.running) rows.close();
    this.running.clear();
  }

  private requireOpen(): void {
    if (this.isClosed) throw new TributaryError('E6021', 'lake is closed');
  }
}

/** One table of a lake. */
export class LakeTable {
  /** `database.table` */
  readonly name: string;
  /** The table underneath, for what this class does not give. */
  readonly table: Table;
  private readonly parts: LakeParts;

  /** Use `Lake.table`. */
  constructor(name: string, table: Table, parts: LakeParts) {
    this.name = name;
    this.table = table;
    this.parts = parts;
  }

  /** The latest schema. */
  get schema(): TableSchema {
    return this.table.schema;
  }

  /** The rows of one state of the table. Throws as `Table.read`, and `E6010` to `E6012`. */
  async *read(options: TableReadOptions = {}): AsyncGenerator<RecordBatch> {
    const toArrow = arrowConverter();
    for await (const batch of this.readColumns(options)) yield toArrow(batch);
  }

  /** As `read`, in this library's own column vectors. */
  async *readColumns(options: TableReadOptions = {}): AsyncGenerator<ReadBatch> {
    const points = await tablePoints(this.parts, [this.name], options.at);
    const point: TablePoint = points.get(this.name) ?? { kind: 'latest' };
    if (point.kind === 'empty') return;
    const { columns, limit, signal } = options;
    const readOptions: ReadOptions = {
      at: point,
      ...(columns === undefined ? {} : { columns }),
      ...(limit === undefined ? {} : { limit }),
      ...(signal === undefined ? {} : { signal }),
    };
    const schema = await this.schemaAt(point);
    const where = conditionsOf(options.where ?? {}, schema.fields);
    const plan = await this.table.plan({ ...readOptions, where });
    const { store, schemas, path: tablePath } = this.table;
    yield* readPlan({ store, schemas, tablePath }, plan, { ...readOptions, where });
  }

  /** The changes of the table: see `readChangelog`. */
  async *changelog(options: ChangelogOptions = {}): AsyncGenerator<ChangeBatch> {
    const toArrow = arrowConverter();
    for await (const changes of readChangelog(this.table, options, this.parts.clock)) {
      yield { snapshotId: changes.snapshotId, kinds: changes.kinds, batch: toArrow(changes) };
    }
  }

  private async schemaAt(point: Exclude<TablePoint, { kind: 'empty' }>): Promise<TableSchema> {
    if (point.kind === 'latest') return this.table.refresh();
    const snapshot = await this.table.snapshotAt(point);
    return snapshot === null ? this.table.schema : this.table.schemas.read(snapshot.schemaId);
  }
}

/** Rows of a query, once: `for await (const batch of result)`. */
export class SqlResult {
  /** The columns, as types of this library. */
  readonly fields: readonly DataField[];
  private readonly rows: SqlRows;
  private readonly onEnd: () => void;

  constructor(rows: SqlRows, onEnd: () => void) {
    this.fields = rows.fields;
    this.rows = rows;
    this.onEnd = onEnd;
  }

  /** The Arrow schema of the batches. */
  get schema(): Schema {
    return arrowSchema(this.fields);
  }

  /** The rows as Arrow record batches. */
  async *[Symbol.asyncIterator](): AsyncGenerator<RecordBatch> {
    const toArrow = arrowConverter();
    for await (const batch of this.columns()) yield toArrow(batch);
  }

  /** The rows in this library's own column vectors. */
  async *columns(): AsyncGenerator<ReadBatch> {
    try {
      yield* this.rows.batches();
    } finally {
      this.close();
    }
  }

  /** Ends the query early; the end of its rows does it, too. */
  close(): void {
    this.rows.close();
    this.onEnd();
  }
}

/** Makes record batches; those of the same fields share one schema. */
function arrowConverter(): (batch: ReadBatch) => RecordBatch {
  let schema: Schema | null = null;
  let fields: readonly DataField[] = [];
  return (batch) => {
    if (schema === null || fields !== batch.fields) {
      fields = batch.fields;
      schema = arrowSchema(fields);
    }
    return toRecordBatch(schema, fields, batch);
  };
}
