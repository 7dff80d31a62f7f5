// How the files of a table are written: by what they hold and, where rows have keys, by their level. Source:
// KeyValueFileWriterFactory, DataFilePathFactory, PostponeBucketFileStoreWrite.
import { avroHolds } from '../format/avro/avro-schema-text.ts';
import { type FileEncoding, fileEncoding } from '../format/data-file-formats.ts';
import { type FileFormat, type TableOptions, tableOptions } from '../schema/table-options.ts';
import type { TableSchema } from '../schema/table-schema.ts';

/** What files hold: rows of a bucket, changes, or rows that wait in a postponed bucket. */
export type FileContent = 'data' | 'changelog' | 'postponed';

/** The encoding of a table's files. Throws `E3301` for a format or compression that cannot be written. */
export function encodingOf(schema: TableSchema, content: FileContent, level: number): FileEncoding {
  const options = tableOptions(schema);
  const isKeyed = schema.primaryKeys.length > 0;
  const ofContent = content === 'changelog' ? options.changelogFileFormat : null;
  const ofLevel = isKeyed ? options.fileFormatPerLevel.get(level) : undefined;
  // Waiting rows are read once, whole: Avro is quick to write, and the table's own format where it cannot hold them.
  const otherwise = content === 'postponed' && avroHolds(schema.fields) ? 'avro' : options.fileFormat;
  return fileEncoding(ofContent ?? ofLevel ?? otherwise, compressionOf(schema, content, level), options);
}

function compressionOf(schema: TableSchema, content: FileContent, level: number): string {
  const { changelogFileCompression, fileCompressionPerLevel, fileCompression } = tableOptions(schema);
  const ofContent = content === 'changelog' ? changelogFileCompression : null;
  const ofLevel = schema.primaryKeys.length > 0 ? fileCompressionPerLevel.get(level) : undefined;
  return ofContent ?? ofLevel ?? fileCompression;
}

/** The format of data files at a level of a table with keys. */
export function fileFormatAt(options: TableOptions, level: number): FileFormat {
  return options.fileFormatPerLevel.get(level) ?? options.fileFormat;
}

/** The endings of names that Hadoop knows other than by the compression's own. */
const ENDINGS: Readonly<Record<string, string>> = { none: '', gzip: '.gz', bzip2: '.bz2', zstd: '.zst' };

/** What a name says of the table's compression, which may not be that of the file's level. */
export function compressionEnding(compression: string): string {
  return ENDINGS[compression] ?? `.${compression}`;
}
