// Files of an append table written anew as fewer: the rows in the order of the files, deleted ones left out. A function of
// plain data, so that it runs in a worker thread. Source: BaseAppendFileStoreWrite.compactRewrite,
// DataEvolutionCompactTask.
import { ofKind } from '../../column/take.ts';
import type { FileStore } from '../../storage/file-store.ts';
import { type DataFileMeta, FILE_SOURCE_COMPACT } from '../meta/data-file-meta.ts';
import type { DataField } from '../schema/data-type.ts';
import { TRACKING_FIELDS } from '../schema/system-fields.ts';
import { tableOptions } from '../schema/table-options.ts';
import type { TableSchema } from '../schema/table-schema.ts';
import { readRowGroup } from './column-reader.ts';
import { DataFileFormat, DataFileWriter, FileNames } from './data-file-writer.ts';
import type { DeletedRows } from './deletion-vector.ts';
import { filePaths } from './file-paths.ts';
import { type KeyValueBatch, sequenceFrom } from './key-values.ts';
import { tableLayout } from './key-value-file.ts';
import { rowGroups } from './row-id-groups.ts';
import { type BucketReader, readFile } from './section-reader.ts';
import type { BucketTask } from './compact-task.ts';

/** What is to be written anew. */
export interface RewriteRequest extends BucketTask {
  /** At least one, in the order of their rows. */
  readonly files: readonly DataFileMeta[];
  /** Deletion vectors of the files, by name. */
  readonly deletedRows: ReadonlyMap<string, DeletedRows>;
}

/** Writes the files; removes what it has written if it fails. The new files are durable, no snapshot names them. */
export async function runRewrite(request: RewriteRequest, store: FileStore): Promise<readonly DataFileMeta[]> {
  const { schema, tablePath, partition, bucket, files, deletedRows } = request;
  const paths = filePaths(tablePath, schema);
  const schemas = new Map(request.fileSchemas.map((version) => [version.id, version]));
  const pathOf = (file: DataFileMeta): string => paths.file(partition, bucket, file);
  const columns = columnsWithIds(schema);
  const layout = { ...tableLayout(schema), fields: columns ?? schema.fields };
  const reader = { store, layout, schemas, pathOf, deletedRows };
  const writer = new DataFileWriter({
    store,
    format: new DataFileFormat(schema, { content: 'data', level: 0, columns }),
    directory: paths.bucket(partition, bucket),
    names: new FileNames(request.fileUuid),
    fileSource: FILE_SOURCE_COMPACT,
    creationTimeMs: request.creationTimeMs,
  });
  const isEvolving = tableOptions(schema).dataEvolution;
  try {
    // Readers order files by their first numbers: the new ones take the place of the first.
    let sequence = files[0].minSequenceNumber;
    for await (const batch of isEvolving ? wholeRows(reader, files) : rowsOf(reader, files)) {
      const { rowCount } = batch;
      const numbers =
        columns === undefined ? sequenceFrom(sequence, rowCount) : ofKind(batch.columns[columns.length - 1], 'i64');
      await writer.append({ ...batch, sequence: numbers }, null, 0, rowCount);
      sequence += BigInt(rowCount);
    }
    const written = await writer.finish();
    return isEvolving ? withRowIds(written, files) : written;
  } catch (error) {
    await writer.abort();
    throw error;
  }
}

/** Rows keep their ids, and the snapshots that they come from, in the file; where all ids follow one another, beside it. */
function columnsWithIds(schema: TableSchema): readonly DataField[] | undefined {
  const { rowTracking, dataEvolution } = tableOptions(schema);
  return rowTracking && !dataEvolution ? [...schema.fields, ...TRACKING_FIELDS] : undefined;
}

async function* rowsOf(reader: BucketReader, files: readonly DataFileMeta[]): AsyncGenerator<KeyValueBatch> {
  for (const file of files) yield* readFile(reader, file);
}

async function* wholeRows(reader: BucketReader, files: readonly DataFileMeta[]): AsyncGenerator<KeyValueBatch> {
  for (const group of rowGroups(files)) yield* readRowGroup(reader, group);
}

/** The files with the ids of the rows that they were made of, which follow one another. */
function withRowIds(written: readonly DataFileMeta[], files: readonly DataFileMeta[]): readonly DataFileMeta[] {
  const least = (numbers: readonly bigint[]): bigint => numbers.reduce((a, b) => (a < b ? a : b));
  const greatest = (numbers: readonly bigint[]): bigint => numbers.reduce((a, b) => (a > b ? a : b));
  const minSequenceNumber = least(files.map((file) => file.minSequenceNumber));
  const maxSequenceNumber = greatest(files.map((file) => file.maxSequenceNumber));
  let next = least(files.map(({ firstRowId }) => firstRowId ?? 0n));
  return written.map((file) => {
    const firstRowId = next;
    next += BigInt(file.rowCount);
    return { ...file, minSequenceNumber, maxSequenceNumber, firstRowId };
  });
}
