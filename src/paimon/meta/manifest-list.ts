// Manifest lists: the manifests of a snapshot and what each spans. Source: format notes 02 sections 2 and 9
// (ManifestFileMeta, ManifestFile.ManifestEntryWriter).
import { type AvroRow, type AvroWriteOptions, readAvro, writeAvro } from '../format/avro.ts';
import { decodeCells } from '../format/binary-row.ts';
import { type Cell, compareCells } from '../format/cell.ts';
import type { DataType } from '../schema/data-type.ts';
import { AvroFields } from './avro-fields.ts';
import { MANIFEST_LIST_SCHEMA } from './avro-schemas.ts';
import type { SimpleStats } from './data-file-meta.ts';
import { FILE_ADD, type ManifestEntry, type ManifestFileMeta } from './manifest-entry.ts';
import { type ColumnStats, simpleStats, statsFromAvro, statsToAvro } from './stats.ts';

const ROW_VERSION = 2;

/** The bytes of a manifest list with the rows, in order. */
export function encodeManifestList(manifests: readonly ManifestFileMeta[], options: AvroWriteOptions): Uint8Array {
  return writeAvro(MANIFEST_LIST_SCHEMA, manifests.map(manifestToAvro), options);
}

/** The rows of a manifest list, in the order in which their manifests apply. Throws `E3110`. */
export function decodeManifestList(bytes: Uint8Array): readonly ManifestFileMeta[] {
  return readAvro(bytes).map(manifestFromAvro);
}

/** The row of a manifest list for a manifest of these entries (at least one). */
export function describeManifest(
  file: { readonly fileName: string; readonly fileSize: number },
  entries: readonly ManifestEntry[],
  partitionTypes: readonly DataType[],
): ManifestFileMeta {
  const addedCount = entries.filter((entry) => entry.kind === FILE_ADD).length;
  const buckets = bounds(entries.map((entry) => entry.bucket));
  const levels = bounds(entries.map((entry) => entry.file.level));
  return {
    ...file,
    numAddedFiles: addedCount,
    numDeletedFiles: entries.length - addedCount,
    partitionStats: partitionStatsOf(entries, partitionTypes),
    schemaId: bounds(entries.map((entry) => entry.file.schemaId)).max ?? 0,
    minBucket: buckets.min,
    maxBucket: buckets.max,
    minLevel: levels.min,
    maxLevel: levels.max,
    ...rowIdRange(entries),
  };
}

/** Exact bounds and null counts of the partition columns over all entries. */
export function partitionStatsOf(entries: readonly ManifestEntry[], types: readonly DataType[]): SimpleStats {
  const counts = new Map<string, { readonly cells: readonly Cell[]; count: number }>();
  for (const { partition } of entries) {
    const key = Buffer.from(partition.buffer, partition.byteOffset, partition.length).toString('latin1');
    const known = counts.get(key);
    if (known === undefined) counts.set(key, { cells: decodeCells(types, partition), count: 1 });
    else known.count++;
  }
  const columns = types.map((_type, index): ColumnStats => {
    let min: Cell = null;
    let max: Cell = null;
    let nullCount = 0;
    for (const { cells, count } of counts.values()) {
      const cell = cells[index];
      if (cell === null) {
        nullCount += count;
        continue;
      }
      if (min === null || compareCells(cell, min) < 0) min = cell;
      if (max === null || compareCells(cell, max) > 0) max = cell;
    }
    return { min, max, nullCount: BigInt(nullCount) };
  });
  return simpleStats(types, columns);
}

/** Only known when every file has row ids. */
function rowIdRange(entries: readonly ManifestEntry[]): Pick<ManifestFileMeta, 'minRowId' | 'maxRowId'> {
  let minRowId: bigint | null = null;
  let maxRowId: bigint | null = null;
  for (const { file } of entries) {
    if (file.firstRowId === null) return { minRowId: null, maxRowId: null };
    const last = file.firstRowId + BigInt(file.rowCount) - 1n;
    if (minRowId === null || file.firstRowId < minRowId) minRowId = file.firstRowId;
    if (maxRowId === null || last > maxRowId) maxRowId = last;
  }
  return { minRowId, maxRowId };
}

function bounds(values: readonly number[]): { readonly min: number | null; readonly max: number | null } {
  if (values.length === 0) return { min: null, max: null };
  return {
    min: values.reduce((least, value) => Math.min(least, value)),
    max: values.reduce((most, value) => Math.max(most, value)),
  };
}

function manifestToAvro(manifest: ManifestFileMeta): AvroRow {
  return {
    _VERSION: ROW_VERSION,
    _FILE_NAME: manifest.fileName,
    _FILE_SIZE: manifest.fileSize,
    _NUM_ADDED_FILES: manifest.numAddedFiles,
    _NUM_DELETED_FILES: manifest.numDeletedFiles,
    _PARTITION_STATS: statsToAvro(manifest.partitionStats),
    _SCHEMA_ID: manifest.schemaId,
    _MIN_BUCKET: manifest.minBucket,
    _MAX_BUCKET: manifest.maxBucket,
    _MIN_LEVEL: manifest.minLevel,
    _MAX_LEVEL: manifest.maxLevel,
    _MIN_ROW_ID: manifest.minRowId,
    _MAX_ROW_ID: manifest.maxRowId,
  };
}

function manifestFromAvro(row: AvroRow): ManifestFileMeta {
  const fields = new AvroFields(row, ROW_VERSION);
  const optional = (name: string): number | null => (fields.has(name) ? fields.number(name) : null);
  return {
    fileName: fields.fileName('_FILE_NAME'),
    fileSize: fields.number('_FILE_SIZE'),
    numAddedFiles: fields.number('_NUM_ADDED_FILES'),
    numDeletedFiles: fields.number('_NUM_DELETED_FILES'),
    partitionStats: statsFromAvro(fields.record('_PARTITION_STATS')),
    schemaId: fields.number('_SCHEMA_ID'),
    minBucket: optional('_MIN_BUCKET'),
    maxBucket: optional('_MAX_BUCKET'),
    minLevel: optional('_MIN_LEVEL'),
    maxLevel: optional('_MAX_LEVEL'),
    minRowId: fields.has('_MIN_ROW_ID') ? fields.long('_MIN_ROW_ID') : null,
    maxRowId: fields.has('_MAX_ROW_ID') ? fields.long('_MAX_ROW_ID') : null,
  };
}
