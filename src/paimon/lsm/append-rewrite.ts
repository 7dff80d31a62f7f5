// Files of an append table written anew as fewer: the rows in the order of the files, deleted ones left out. A function of
// plain data, so that it runs in a worker thread. Source: BaseAppendFileStoreWrite.compactRewrite.
import { ofKind } from '../../column/take.ts';
import type { FileStore } from '../../storage/file-store.ts';
import { type DataFileMeta, FILE_SOURCE_COMPACT } from '../meta/data-file-meta.ts';
import { TRACKING_FIELDS } from '../schema/system-fields.ts';
import { tableOptions } from '../schema/table-options.ts';
import { DataFileFormat, DataFileWriter, FileNames } from './data-file-writer.ts';
import type { DeletedRows } from './deletion-vector.ts';
import { filePaths } from './file-paths.ts';
import { sequenceFrom } from './key-values.ts';
import { tableLayout } from './key-value-file.ts';
import { readFile } from './section-reader.ts';
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
  // Rows keep their ids and the snapshots that they come from, wherever they go.
  const columns = tableOptions(schema).rowTracking ? [...schema.fields, ...TRACKING_FIELDS] : undefined;
  const layout = columns === undefined ? tableLayout(schema) : { ...tableLayout(schema), fields: columns };
  const reader = { store, layout, schemas, pathOf, deletedRows };
  const writer = new DataFileWriter({
    store,
    format: new DataFileFormat(schema, { content: 'data', level: 0, columns }),
    directory: paths.bucket(partition, bucket),
    names: new FileNames(request.fileUuid),
    fileSource: FILE_SOURCE_COMPACT,
    creationTimeMs: request.creationTimeMs,
  });
  try {
    // Readers order files by their first numbers: the new ones take the place of the first.
    let sequence = files[0].minSequenceNumber;
    for (const file of files) {
      for await (const batch of readFile(reader, file)) {
        const { rowCount } = batch;
        const numbers =
          columns === undefined ? sequenceFrom(sequence, rowCount) : ofKind(batch.columns[columns.length - 1], 'i64');
        await writer.append({ ...batch, sequence: numbers }, null, 0, rowCount);
        sequence += BigInt(rowCount);
      }
    }
    return await writer.finish();
  } catch (error) {
    await writer.abort();
    throw error;
  }
}
