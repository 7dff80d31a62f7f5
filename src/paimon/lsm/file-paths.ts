// Where the data files of a table are, for readers and writers of buckets.
import { TributaryError } from '../../base/errors.ts';
import type { DataFileMeta } from '../meta/data-file-meta.ts';
import type { IndexManifestEntry } from '../meta/manifest-entry.ts';
import { bucketPathsOf, TablePaths } from '../meta/table-paths.ts';
import { tableOptions } from '../schema/table-options.ts';
import type { TableSchema } from '../schema/table-schema.ts';

/** Finds directories and files of one table. */
export interface FilePaths {
  /** The directory of a partition's bucket, without a `/` at the end. */
  bucket(partition: Uint8Array, bucket: number): string;
  /** The path of a data or changelog file. Throws `E3353` for one outside of the table. */
  file(partition: Uint8Array, bucket: number, file: Pick<DataFileMeta, 'fileName' | 'externalPath'>): string;
  /** The paths of a file that we have written and of its extra files. */
  ownFiles(
    partition: Uint8Array,
    bucket: number,
    file: Pick<DataFileMeta, 'fileName' | 'extraFiles'>,
  ): readonly string[];
  /** The path of an index file; one outside of the table is as it is. */
  index(entry: Pick<IndexManifestEntry, 'partition' | 'bucket' | 'fileName' | 'externalPath'>): string;
}

/** The paths of a table at `tablePath`; they do not change with its schema. */
export function filePaths(tablePath: string, schema: TableSchema): FilePaths {
  const paths = bucketPathsOf(tablePath, schema);
  const { indexFilesInDataDirectory } = tableOptions(schema);
  return {
    bucket: (partition, bucket) => paths.directory(partition, bucket),
    file: (partition, bucket, { fileName, externalPath }) => {
      if (externalPath === null) return paths.file(partition, bucket, fileName);
      throw new TributaryError('E3353', `data file is outside of the table: path=${externalPath}`);
    },
    ownFiles: (partition, bucket, file) => paths.filesOf(partition, bucket, file),
    index: ({ partition, bucket, fileName, externalPath }) => {
      if (externalPath !== null) return externalPath;
      if (indexFilesInDataDirectory) return paths.file(partition, bucket, fileName);
      return new TablePaths(tablePath).index(fileName);
    },
  };
}
