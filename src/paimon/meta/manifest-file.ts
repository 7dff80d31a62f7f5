// Manifests: files added to and deleted from a table. Source: format notes 02 section 4 (ManifestEntry, DataFileMeta).
import { avroBytes, type AvroRow, type AvroWriteOptions, readAvro, writeAvro } from '../format/avro.ts';
import { AvroFields } from './avro-fields.ts';
import { MANIFEST_SCHEMA } from './avro-schemas.ts';
import type { DataFileMeta } from './data-file-meta.ts';
import type { ManifestEntry } from './manifest-entry.ts';
import { statsFromAvro, statsToAvro } from './stats.ts';

const ROW_VERSION = 2;

/** The bytes of a manifest with the entries, in order. */
export function encodeManifest(entries: readonly ManifestEntry[], options: AvroWriteOptions): Uint8Array {
  return writeAvro(MANIFEST_SCHEMA, entries.map(entryToAvro), options);
}

/** The entries of a manifest, in order. Throws `E3110`. */
export function decodeManifest(bytes: Uint8Array): readonly ManifestEntry[] {
  return readAvro(bytes).map(entryFromAvro);
}

function entryToAvro(entry: ManifestEntry): AvroRow {
  return {
    _VERSION: ROW_VERSION,
    _KIND: entry.kind,
    _PARTITION: avroBytes(entry.partition),
    _BUCKET: entry.bucket,
    _TOTAL_BUCKETS: entry.totalBuckets,
    _FILE: fileToAvro(entry.file),
  };
}

function entryFromAvro(row: AvroRow): ManifestEntry {
  const fields = new AvroFields(row, ROW_VERSION);
  return {
    kind: fields.number('_KIND'),
    partition: fields.bytes('_PARTITION'),
    bucket: fields.number('_BUCKET'),
    totalBuckets: fields.number('_TOTAL_BUCKETS'),
    file: fileFromAvro(fields.record('_FILE')),
  };
}

function fileToAvro(file: DataFileMeta): AvroRow {
  return {
    _FILE_NAME: file.fileName,
    _FILE_SIZE: file.fileSize,
    _ROW_COUNT: file.rowCount,
    _MIN_KEY: avroBytes(file.minKey),
    _MAX_KEY: avroBytes(file.maxKey),
    _KEY_STATS: statsToAvro(file.keyStats),
    _VALUE_STATS: statsToAvro(file.valueStats),
    _MIN_SEQUENCE_NUMBER: file.minSequenceNumber,
    _MAX_SEQUENCE_NUMBER: file.maxSequenceNumber,
    _SCHEMA_ID: file.schemaId,
    _LEVEL: file.level,
    _EXTRA_FILES: file.extraFiles,
    _CREATION_TIME: file.creationTimeMs,
    _DELETE_ROW_COUNT: file.deleteRowCount,
    _EMBEDDED_FILE_INDEX: file.embeddedFileIndex === null ? null : avroBytes(file.embeddedFileIndex),
    _FILE_SOURCE: file.fileSource,
    _VALUE_STATS_COLS: file.valueStatsCols,
    _EXTERNAL_PATH: file.externalPath,
    _FIRST_ROW_ID: file.firstRowId,
    _WRITE_COLS: file.writeCols,
  };
}

function fileFromAvro(fields: AvroFields): DataFileMeta {
  return {
    fileName: fields.fileName('_FILE_NAME'),
    fileSize: fields.number('_FILE_SIZE'),
    rowCount: fields.number('_ROW_COUNT'),
    minKey: fields.bytes('_MIN_KEY'),
    maxKey: fields.bytes('_MAX_KEY'),
    keyStats: statsFromAvro(fields.record('_KEY_STATS')),
    valueStats: statsFromAvro(fields.record('_VALUE_STATS')),
    minSequenceNumber: fields.long('_MIN_SEQUENCE_NUMBER'),
    maxSequenceNumber: fields.long('_MAX_SEQUENCE_NUMBER'),
    schemaId: fields.number('_SCHEMA_ID'),
    level: fields.number('_LEVEL'),
    extraFiles: fields.fileNames('_EXTRA_FILES'),
    creationTimeMs: fields.has('_CREATION_TIME') ? fields.number('_CREATION_TIME') : null,
    deleteRowCount: fields.has('_DELETE_ROW_COUNT') ? fields.number('_DELETE_ROW_COUNT') : null,
    embeddedFileIndex: fields.has('_EMBEDDED_FILE_INDEX') ? fields.bytes('_EMBEDDED_FILE_INDEX') : null,
    fileSource: fields.has('_FILE_SOURCE') ? fields.number('_FILE_SOURCE') : null,
    valueStatsCols: fields.has('_VALUE_STATS_COLS') ? fields.texts('_VALUE_STATS_COLS') : null,
    externalPath: fields.has('_EXTERNAL_PATH') ? fields.text('_EXTERNAL_PATH') : null,
    firstRowId: fields.has('_FIRST_ROW_ID') ? fields.long('_FIRST_ROW_ID') : null,
    writeCols: fields.has('_WRITE_COLS') ? fields.texts('_WRITE_COLS') : null,
  };
}
