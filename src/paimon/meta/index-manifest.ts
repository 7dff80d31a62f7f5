// Index manifests: the complete list of a snapshot's index files (dynamic-bucket hashes, deletion vectors).
// Source: format notes 02 section 7 (IndexManifestEntry).
import { TributaryError } from '../../base/errors.ts';
import { avroBytes, type AvroRow, type AvroValue, type AvroWriteOptions, readAvro, writeAvro } from '../format/avro.ts';
import { AvroFields } from './avro-fields.ts';
import { INDEX_MANIFEST_SCHEMA } from './avro-schemas.ts';
import type { DeletionVectorRange, IndexManifestEntry } from './manifest-entry.ts';

const ROW_VERSION = 1;

/** The bytes of an index manifest with the entries, in order. */
export function encodeIndexManifest(entries: readonly IndexManifestEntry[], options: AvroWriteOptions): Uint8Array {
  return writeAvro(INDEX_MANIFEST_SCHEMA, entries.map(entryToAvro), options);
}

/**
 * The entries of an index manifest, in order. Throws `E3110`, also for global indexes of newer versions, which an
 * IndexManifestEntry cannot hold and a rewrite would lose.
 */
export function decodeIndexManifest(bytes: Uint8Array): readonly IndexManifestEntry[] {
  return readAvro(bytes).map(entryFromAvro);
}

function entryToAvro(entry: IndexManifestEntry): AvroRow {
  return {
    _VERSION: ROW_VERSION,
    _KIND: entry.kind,
    _PARTITION: avroBytes(entry.partition),
    _BUCKET: entry.bucket,
    _INDEX_TYPE: entry.indexType,
    _FILE_NAME: entry.fileName,
    _FILE_SIZE: entry.fileSize,
    _ROW_COUNT: entry.rowCount,
    _DELETIONS_VECTORS_RANGES: entry.deletionVectorRanges?.map(rangeToAvro) ?? null,
    _EXTERNAL_PATH: entry.externalPath,
    _GLOBAL_INDEX: null,
  };
}

function rangeToAvro(range: DeletionVectorRange): AvroRow {
  return { f0: range.dataFileName, f1: range.offset, f2: range.length, _CARDINALITY: range.cardinality };
}

function entryFromAvro(row: AvroRow): IndexManifestEntry {
  const fields = new AvroFields(row, ROW_VERSION);
  if (fields.has('_GLOBAL_INDEX')) {
    throw new TributaryError('E3110', `global index is not supported: type=${fields.text('_INDEX_TYPE')}`);
  }
  const ranges = fields.has('_DELETIONS_VECTORS_RANGES') ? fields.list('_DELETIONS_VECTORS_RANGES') : null;
  return {
    kind: fields.number('_KIND'),
    partition: fields.bytes('_PARTITION'),
    bucket: fields.number('_BUCKET'),
    indexType: fields.text('_INDEX_TYPE'),
    fileName: fields.fileName('_FILE_NAME'),
    fileSize: fields.number('_FILE_SIZE'),
    rowCount: fields.number('_ROW_COUNT'),
    deletionVectorRanges: ranges?.filter((range) => range !== null).map(rangeFromAvro) ?? null,
    externalPath: fields.has('_EXTERNAL_PATH') ? fields.text('_EXTERNAL_PATH') : null,
  };
}

function rangeFromAvro(range: AvroValue): DeletionVectorRange {
  const fields = new AvroFields(range as AvroRow);
  return {
    dataFileName: fields.text('f0'),
    offset: fields.number('f1'),
    length: fields.number('f2'),
    cardinality: fields.has('_CARDINALITY') ? fields.long('_CARDINALITY') : null,
  };
}
