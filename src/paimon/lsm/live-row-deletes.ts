// The live rows of a table as -D: what a TRUNCATE takes away where a changelog has to say so.
import { DELETE } from '../../column/row-kind.ts';
import { vectorSizeBytes } from '../../column/vector.ts';
import type { FileStore } from '../../storage/file-store.ts';
import type { ManifestEntry } from '../meta/manifest-entry.ts';
import { SchemaStore } from '../schema/schema-store.ts';
import type { TableSchema } from '../schema/table-schema.ts';
import { type DeletedRows, type DeletionFile, readDeletionVector } from './deletion-vector.ts';
import { filePaths } from './file-paths.ts';
import { partitionByInterval } from './interval-partition.ts';
import { tableLayout } from './key-value-file.ts';
import { bucketKey } from './live-files.ts';
import { mergeFunctionOf } from './merge/merge-engine.ts';
import { readSections } from './section-reader.ts';
import type { WriteBatch } from './write-batch.ts';
import { keyRowOrder } from './key-values.ts';

/** The table whose rows are read. */
export interface LiveTable {
  readonly store: FileStore;
  readonly tablePath: string;
  readonly schema: TableSchema;
  /** Deletion vectors of the files, by file name. */
  readonly deletionVectors: ReadonlyMap<string, DeletionFile>;
}

/** A -D with the whole row for every row of the files, in batches of bounded size; buckets one after the other. */
export async function* liveRowDeletes(table: LiveTable, files: readonly ManifestEntry[]): AsyncGenerator<WriteBatch> {
  const { store, tablePath, schema } = table;
  const layout = tableLayout(schema);
  const paths = filePaths(tablePath, schema);
  const schemas = await fileSchemas(table, files);
  const merge = mergeFunctionOf(schema, { layout, dropRetracts: true });
  for (const entries of Map.groupBy(files, (entry) => bucketKey(entry.partition, entry.bucket)).values()) {
    const [{ partition, bucket }] = entries;
    const pathOf = (file: ManifestEntry['file']): string => paths.file(partition, bucket, file);
    const sections = partitionByInterval(
      entries.map((entry) => entry.file),
      keyRowOrder(layout),
    );
    const deletedRows = await readVectors(table, entries);
    for await (const batch of readSections({ store, layout, schemas, pathOf, deletedRows }, sections, merge)) {
      const { rowCount, columns } = batch;
      const kinds = new Uint8Array(rowCount).fill(DELETE);
      const sizeBytes = columns.reduce((sum, vector) => sum + vectorSizeBytes(vector), rowCount);
      yield { rowCount, columns, kinds, beforeImages: true, hasMissing: false, sizeBytes };
    }
  }
}

async function readVectors(
  { store, deletionVectors }: LiveTable,
  entries: readonly ManifestEntry[],
): Promise<ReadonlyMap<string, DeletedRows>> {
  const rows = new Map<string, DeletedRows>();
  for (const { file } of entries) {
    const vector = deletionVectors.get(file.fileName);
    if (vector !== undefined) rows.set(file.fileName, await readDeletionVector(store, vector));
  }
  return rows;
}

/** The schema versions that the files were written with. */
function fileSchemas(table: LiveTable, files: readonly ManifestEntry[]): Promise<Map<number, TableSchema>> {
  const ids = files.map(({ file }) => file.schemaId);
  return new SchemaStore(table.store, table.tablePath).readAll(ids, [table.schema]);
}
