// Where the data files of a table are. Source: format notes 01 section 1 (FileStorePathFactory).
import { TributaryError } from '../../base/errors.ts';
import { partitionPathOf } from '../format/partition-path.ts';
import type { DataFileMeta } from '../meta/data-file-meta.ts';
import { BUCKET_POSTPONE, tableOptions } from '../schema/table-options.ts';
import type { TableSchema } from '../schema/table-schema.ts';

/** Finds directories and files of one table. */
export interface FilePaths {
  /** The directory of a partition's bucket, without a `/` at the end. */
  bucket(partition: Uint8Array, bucket: number): string;
  /** The path of a data or changelog file. Throws `E3353` for one outside of the table. */
  file(partition: Uint8Array, bucket: number, file: Pick<DataFileMeta, 'fileName' | 'externalPath'>): string;
}

/** The paths of a table at `tablePath`; they do not change with its schema. */
export function filePaths(tablePath: string, schema: TableSchema): FilePaths {
  const { dataFileDirectory } = tableOptions(schema);
  const root = dataFileDirectory === null ? tablePath : `${tablePath}/${dataFileDirectory}`;
  const partitionPath = partitionPathOf(schema);
  const bucketPath = (partition: Uint8Array, bucket: number): string =>
    `${root}/${partitionPath(partition)}bucket-${bucket === BUCKET_POSTPONE ? 'postpone' : bucket}`;
  return {
    bucket: bucketPath,
    file: (partition, bucket, file) => {
      if (file.externalPath !== null) {
        throw new TributaryError('E3353', `data file is outside of the table: path=${file.externalPath}`);
      }
      return `${bucketPath(partition, bucket)}/${file.fileName}`;
    },
  };
}
