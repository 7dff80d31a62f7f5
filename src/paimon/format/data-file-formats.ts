// The formats of data files: which one a file has, how it is opened, and how one is written.
import { TributaryError } from '../../base/errors.ts';
import type { DataField } from '../schema/data-type.ts';
import type { FileFormat, TableOptions } from '../schema/table-options.ts';
import type { DataCodec } from './avro/avro-codec.ts';
import { openAvro } from './avro/avro-reader.ts';
import { createAvroWriter } from './avro/avro-writer.ts';
import type { ByteSink, DataFile, FormatWriter, RangeSource } from './data-file.ts';
import type { OrcCodec } from './orc/chunk-compression.ts';
import { openOrc } from './orc/orc-reader.ts';
import { createOrcWriter, type OrcWriterOptions } from './orc/orc-writer.ts';
import { processZone } from './orc/time-zone.ts';
import type { ParquetCompression } from './parquet/compression.ts';
import { openParquet } from './parquet/parquet-reader.ts';
import { createParquetWriter, type ParquetWriterOptions } from './parquet/parquet-writer.ts';

const FORMATS: readonly FileFormat[] = ['parquet', 'orc', 'avro'];

/** The option for instants in ORC files: true where it is not there. */
const ORC_LOCAL_INSTANTS = 'orc.timestamp-ltz.legacy.type';

/** The format that a file's name says: its last ending, or the one before that of a compression. Throws `E3351`. */
export function formatOfFile(fileName: string): FileFormat {
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

/** How files are written: a format with what its writer needs to know. */
export type FileEncoding =
  | { readonly format: 'parquet'; readonly writer: Omit<ParquetWriterOptions, 'fields'> }
  | { readonly format: 'orc'; readonly writer: Omit<OrcWriterOptions, 'fields'> }
  | { readonly format: 'avro'; readonly codec: DataCodec; readonly zstdLevel: number };

/** The options of a table that files are written by, beside their format and compression. */
export type EncodingOptions = Pick<
  TableOptions,
  'zstdLevel' | 'rowGroupSizeBytes' | 'parquetPageSizeBytes' | 'parquetDictionary' | 'orc'
>;

const PARQUET_COMPRESSIONS: Readonly<Record<string, ParquetCompression>> = {
  none: 'none',
  uncompressed: 'none',
  snappy: 'snappy',
  gzip: 'gzip',
  lz4: 'lz4',
  zstd: 'zstd',
};
const ORC_CODECS: Readonly<Record<string, OrcCodec>> = {
  none: 'none',
  zlib: 'zlib',
  snappy: 'snappy',
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

/** Where a table says how large row groups or stripes are, their rows do not matter. */
const ROWS_UNBOUNDED = 2 ** 31 - 1;

/** The encoding of a format and a compression, in any case. Throws `E3301` for what cannot be written. */
export function fileEncoding(format: FileFormat, compression: string, options: EncodingOptions): FileEncoding {
  const name = compression.toLowerCase();
  switch (format) {
    case 'orc':
      return { format, writer: orcWriterOptions(compression, options) };
    case 'avro': {
      const codec = AVRO_CODECS[name] ?? refuseCompression(format, compression);
      return { format, codec, zstdLevel: options.zstdLevel };
    }
    case 'parquet': {
      const known = PARQUET_COMPRESSIONS[name] ?? refuseCompression(format, compression);
      return { format, writer: parquetWriterOptions(known, options) };
    }
  }
}

function parquetWriterOptions(
  compression: ParquetCompression,
  options: EncodingOptions,
): Omit<ParquetWriterOptions, 'fields'> {
  const { rowGroupSizeBytes, parquetPageSizeBytes, parquetDictionary: dictionary } = options;
  return {
    compression,
    dictionary,
    ...(compression === 'zstd' ? { level: options.zstdLevel } : {}),
    ...(rowGroupSizeBytes === null ? {} : { rowGroupBytes: rowGroupSizeBytes, rowGroupRows: ROWS_UNBOUNDED }),
    ...(parquetPageSizeBytes === null ? {} : { pageBytes: parquetPageSizeBytes }),
  };
}

function orcWriterOptions(compression: string, { zstdLevel, orc }: EncodingOptions): Omit<OrcWriterOptions, 'fields'> {
  const named = orc.compression ?? compression;
  const { rowIndexStride, stripeSizeBytes } = orc;
  return {
    codec: ORC_CODECS[named.toLowerCase()] ?? refuseCompression('orc', named),
    level: orc.zstdLevel ?? zstdLevel,
    dictionaryThreshold: orc.dictionaryThreshold,
    ...(orc.isLocalInstant ? { instantZone: processZone() } : {}),
    ...(rowIndexStride === null ? {} : { rowIndexStride }),
    ...(stripeSizeBytes === null ? {} : { stripeBytes: stripeSizeBytes, stripeRows: ROWS_UNBOUNDED }),
  };
}

function refuseCompression(format: FileFormat, compression: string): never {
  throw new TributaryError('E3301', `file compression cannot be written: format=${format} compression=${compression}`);
}

/** Starts a file of the fields. Throws `E3210` for a column that the format cannot hold. */
export function createDataFile(encoding: FileEncoding, fields: readonly DataField[], sink: ByteSink): FormatWriter {
  switch (encoding.format) {
    case 'avro': {
      const { codec, zstdLevel } = encoding;
      return createAvroWriter({ fields, codec, zstdLevel, statistics: true }, sink);
    }
    case 'orc':
      return createOrcWriter({ ...encoding.writer, fields }, sink);
    case 'parquet':
      return createParquetWriter({ ...encoding.writer, fields }, sink);
  }
}
