// Manifests: files added to and deleted from a table. Source: format notes 02 section 4 (ManifestEntry, DataFileMeta).
import { avroBytes, type AvroRow, type AvroWriteOptions, writeAvro } from '../format/avro.ts';
import { MANIFEST_SCHEMA } from './avro-schemas.ts';
import type { DataFileMeta } from './data-file-meta.ts';
import { blockNotes } from './manifest-blocks.ts';
import type { ManifestEntry } from './manifest-entry.ts';
import { everyRow, type ManifestRow, visitManifest } from './manifest-row.ts';
import { statsToAvro } from './stats.ts';

const ROW_VERSION = 2;

/** The bytes of a manifest with the entries, in order. */
export function encodeManifest(entries: readonly ManifestEntry[], options: AvroWriteOptions): Uint8Array {
  return writeAvro(MANIFEST_SCHEMA, entries.map(entryToAvro), options, (rowCounts) => blockNotes(entries, rowCounts));
}

/** The entries of a manifest, in order. Throws `E3110`. */
export function decodeManifest(bytes: Uint8Array): readonly ManifestEntry[] {
  const entries: ManifestEntry[] = [];
  const visit = (row: ManifestRow): unknown => entries.push(row.entry());
  visitManifest(bytes, everyRow(visit));
  return entries;
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
