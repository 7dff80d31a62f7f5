// System tables: what a table consists of, as rows. Names, columns and texts are the reference's. Source: format notes 06
// section 11. Times are UTC.
import { INSERT } from '../../../column/row-kind.ts';
import type { FileStore } from '../../../storage/file-store.ts';
import type { ManifestStore } from '../../commit/manifest-store.ts';
import type { SnapshotStore } from '../../commit/snapshot-store.ts';
import { type Cell, vectorOf } from '../../format/cell.ts';
import type { Snapshot } from '../../meta/snapshot.ts';
import type { TablePaths } from '../../meta/table-paths.ts';
import { type DataField, type DataType, MAX_LENGTH } from '../../schema/data-type.ts';
import type { SchemaStore } from '../../schema/schema-store.ts';
import type { TableSchema } from '../../schema/table-schema.ts';
import type { ReadBatch, ReadOptions } from '../scan.ts';

/** The table whose system tables are read. */
export interface SystemTableSource {
  readonly store: FileStore;
  readonly paths: TablePaths;
  readonly schemas: SchemaStore;
  readonly snapshots: SnapshotStore;
  readonly manifests: ManifestStore;
  /** The state that is shown: null for a table that was never committed to. */
  readonly snapshot: Snapshot | null;
  /** The schema to show it with: the latest, or that of a snapshot in the past. */
  readonly schema: TableSchema;
  /** Reads the rows of the state that is shown. */
  readonly read: (options: ReadOptions) => AsyncGenerator<ReadBatch>;
}

/** One system table. */
export interface SystemTable {
  fields(source: SystemTableSource): readonly DataField[];
  /** The rows; it may leave out rows that the conditions do not want, and columns that `options` does not need. */
  batches(source: SystemTableSource, options: ReadOptions): AsyncIterable<ReadBatch>;
}

/** A row in the order of the columns. */
export type Row = readonly Cell[];

const BATCH_ROWS = 1024;

export const INT: DataType = { kind: 'INT', nullable: true };
export const BIGINT: DataType = { kind: 'BIGINT', nullable: true };
export const BOOLEAN: DataType = { kind: 'BOOLEAN', nullable: true };
export const STRING: DataType = { kind: 'VARCHAR', length: MAX_LENGTH, nullable: true };
export const TIMESTAMP: DataType = { kind: 'TIMESTAMP', precision: 3, nullable: true };

/** The type as that of a column without nulls. */
export function required(type: DataType): DataType {
  return { ...type, nullable: false };
}

/** Columns with these names and types; the ids count from 0. */
export function fieldsOf(columns: readonly (readonly [string, DataType])[]): readonly DataField[] {
  return columns.map(([name, type], id) => ({ id, name, type }));
}

/** A system table of columns that are the same for every table, made row by row. */
export function metadataTable(
  columns: readonly (readonly [string, DataType])[],
  rows: (source: SystemTableSource) => AsyncIterable<Row>,
): SystemTable {
  const fields = fieldsOf(columns);
  return { fields: () => fields, batches: (source) => batchesOf(fields, rows(source)) };
}

/** Rows in batches; none is empty. */
export async function* batchesOf(fields: readonly DataField[], rows: AsyncIterable<Row>): AsyncGenerator<ReadBatch> {
  let batch: Row[] = [];
  for await (const row of rows) {
    batch.push(row);
    if (batch.length < BATCH_ROWS) continue;
    yield batchOf(fields, batch);
    batch = [];
  }
  if (batch.length > 0) yield batchOf(fields, batch);
}

function batchOf(fields: readonly DataField[], rows: readonly Row[]): ReadBatch {
  const columns = fields.map(({ type }, index) =>
    vectorOf(
      type,
      rows.map((row) => row[index]),
    ),
  );
  return { fields, rowCount: rows.length, columns, kinds: new Uint8Array(rows.length).fill(INSERT) };
}

/** A text as a cell. */
export function text(value: string): Uint8Array;
export function text(value: string | null): Uint8Array | null;
export function text(value: string | null): Uint8Array | null {
  return value === null ? null : new TextEncoder().encode(value);
}
