// The formats of data files: which one a file has, how it is opened, and how one is written.
import { TributaryError } from '../../base/errors.ts';
import type { DataField } from '../schema/data-type.ts';
import type { FileFormat } from '../schema/table-options.ts';
import type { DataCodec } from './avro/avro-codec.ts';
import { openAvro } from './avro/avro-reader.ts';
import { createAvroWriter } from './avro/avro-writer.ts';
import type { ByteSink, DataFile, FormatWriter, RangeSource } from './data-file.ts';
import { openOrc } from './orc/orc-reader.ts';
import type { ParquetCompression } from './parquet/compression.ts';
import { openParquet } from './parquet/parquet-reader.ts';
import { createParquetWriter } from './parquet/parquet-writer.ts';

const FORMATS: readonly FileFormat[] = ['parquet', 'orc', 'avro'];

/** The option for instants in ORC files: true where it is not there. */
const ORC_LOCAL_INSTANTS = 'orc.timestamp-ltz.legacy.type';

/** The format that a file's name says: its last ending, or the one before that of a compression. Throws `E3351`. */
function formatOfFile(fileName: string): FileFormat {
  const endings = fileName.split('.').reverse();
  const format = endings
    .map((ending) => FORMATS.find((known) => known === ending))
    .find((known) => known !== undefined);
  if (format !== undefined) return format;
  throw new TributaryError('E3351', `file format is not known: file=${fileName}`);
}

/**
 * Opens a data file by what its name says. `rowCount` is what its metadata says, `options` are those of the table.
 * Throws `E3351` for a format that is not known, and what `DataFile` says.
 */
export async function openDataFile(
  source: RangeSource,
  file: { readonly fileName: string; readonly rowCount: number; readonly options?: Readonly<Record<string, string>> },
): Promise<DataFile> {
  switch (formatOfFile(file.fileName)) {
    case 'parquet':
      return openParquet(source);
    case 'avro':
      return openAvro(source, file.rowCount);
    case 'orc':
      return openOrc(source, file.options?.[ORC_LOCAL_INSTANTS] !== 'false');
  }
}

/** How files are written. */
export interface FileEncoding {
  readonly format: Exclude<FileFormat, 'orc'>;
  /** As in the table's option, in lower case. */
  readonly compression: string;
  readonly zstdLevel: number;
}

const PARQUET_COMPRESSIONS: Readonly<Record<string, ParquetCompression>> = {
  none: 'none',
  uncompressed: 'none',
  snappy: 'snappy',
  gzip: 'gzip',
  lz4: 'lz4',
  zstd: 'zstd',
};
const AVRO_CODECS: Readonly<Record<string, DataCodec>> = {
  none: 'null',
  null: 'null',
  uncompressed: 'null',
  snappy: 'snappy',
  deflate: 'deflate',
  zstd: 'zstandard',
  zstandard: 'zstandard',
};

/** The encoding of a format and a compression by their options. Throws `E3301` for what cannot be written. */
export function fileEncoding(format: FileFormat, compression: string, zstdLevel: number): FileEncoding {
  if (format === 'orc') throw new TributaryError('E3301', `file format cannot be written: format=${format}`);
  const name = compression.toLowerCase();
  const known = format === 'parquet' ? PARQUET_COMPRESSIONS : AVRO_CODECS;
  if (known[name] !== undefined) return { format, compression: name, zstdLevel };
  throw new TributaryError('E3301', `file compression cannot be written: format=${format} compression=${compression}`);
}

/** Starts a file of the fields. Throws `E3210` for a column that the format cannot hold. */
export function createDataFile(encoding: FileEncoding, fields: readonly DataField[], sink: ByteSink): FormatWriter {
  const { format, zstdLevel } = encoding;
  if (format === 'avro') {
    const codec = AVRO_CODECS[encoding.compression] ?? 'null';
    return createAvroWriter({ fields, codec, zstdLevel, statistics: true }, sink);
  }
  const compression = PARQUET_COMPRESSIONS[encoding.compression] ?? 'none';
  return createParquetWriter({ fields, compression, ...(compression === 'zstd' ? { level: zstdLevel } : {}) }, sink);
}
