// System tables of what one snapshot consists of: manifests, files, partitions, buckets, index files.
import { filePaths } from '../../lsm/file-paths.ts';
import { bucketKey, partitionKey } from '../../lsm/live-files.ts';
import { writtenSchema } from '../../lsm/written-columns.ts';
import { type DataFileMeta, FILE_SOURCE_APPEND } from '../../meta/data-file-meta.ts';
import { FILE_ADD, type IndexManifestEntry, type ManifestEntry } from '../../meta/manifest-entry.ts';
import type { Cell } from '../../format/cell.ts';
import { partitionTexts, partitionTypes } from '../../format/partition-path.ts';
import type { DataType } from '../../schema/data-type.ts';
import { tableOptions } from '../../schema/table-options.ts';
import type { TableSchema } from '../../schema/table-schema.ts';
import { keyText, partitionText, statsTexts } from './file-texts.ts';
import {
  BIGINT,
  fieldsOf,
  INT,
  metadataTable,
  required,
  type Row,
  STRING,
  type SystemTableSource,
  text,
  TIMESTAMP,
} from './system-table.ts';

const DELETION_VECTOR_RANGE: DataType = {
  kind: 'ROW',
  fields: fieldsOf([
    ['f0', required(STRING)],
    ['f1', required(INT)],
    ['f2', required(INT)],
    ['_CARDINALITY', BIGINT],
  ]),
  nullable: true,
};

export const MANIFESTS = metadataTable(
  [
    ['file_name', required(STRING)],
    ['file_size', required(BIGINT)],
    ['num_added_files', required(BIGINT)],
    ['num_deleted_files', required(BIGINT)],
    ['schema_id', required(BIGINT)],
    ['min_partition_stats', STRING],
    ['max_partition_stats', STRING],
    ['min_row_id', BIGINT],
    ['max_row_id', BIGINT],
  ],
  async function* ({ snapshot, manifests, schema }) {
    if (snapshot === null) return;
    const list = snapshot.changelogManifestList;
    const changelog = list === null ? [] : await manifests.readList(list);
    for (const manifest of [...(await manifests.manifestsOf(snapshot)), ...changelog]) {
      yield [
        text(manifest.fileName),
        BigInt(manifest.fileSize),
        BigInt(manifest.numAddedFiles),
        BigInt(manifest.numDeletedFiles),
        BigInt(manifest.schemaId),
        text(partitionText(schema, manifest.partitionStats.minValues)),
        text(partitionText(schema, manifest.partitionStats.maxValues)),
        manifest.minRowId,
        manifest.maxRowId,
      ];
    }
  },
);

const FILE_COLUMNS: readonly (readonly [string, DataType])[] = [
  ['partition', STRING],
  ['bucket', required(INT)],
  ['file_path', required(STRING)],
  ['file_format', required(STRING)],
  ['schema_id', required(BIGINT)],
  ['level', required(INT)],
  ['record_count', required(BIGINT)],
  ['file_size_in_bytes', required(BIGINT)],
  ['min_key', STRING],
  ['max_key', STRING],
];

export const FILES = metadataTable(
  [
    ...FILE_COLUMNS,
    ['null_value_counts', required(STRING)],
    ['min_value_stats', required(STRING)],
    ['max_value_stats', required(STRING)],
    ['min_sequence_number', BIGINT],
    ['max_sequence_number', BIGINT],
    ['creation_time', TIMESTAMP],
    ['deleteRowCount', BIGINT],
    ['file_source', STRING],
    ['first_row_id', BIGINT],
    ['write_cols', { kind: 'ARRAY', element: STRING, nullable: true }],
  ],
  (source) =>
    fileRows(source, ({ file }, fileSchema) => {
      const stats = statsTexts(file, source.schema, fileSchema);
      return [
        text(stats.nullCounts),
        text(stats.min),
        text(stats.max),
        file.minSequenceNumber,
        file.maxSequenceNumber,
        timeCell(file),
        file.deleteRowCount === null ? null : BigInt(file.deleteRowCount),
        file.fileSource === null ? null : text(file.fileSource === FILE_SOURCE_APPEND ? 'APPEND' : 'COMPACT'),
        file.firstRowId,
        file.writeCols?.map((name) => text(name)) ?? null,
      ];
    }),
);

/** `$files` without statistics, for programs that look at many files. */
export const FILE_KEY_RANGES = metadataTable([...FILE_COLUMNS, ['first_row_id', BIGINT]], (source) =>
  fileRows(source, ({ file }) => [file.firstRowId]),
);

export const PARTITIONS = metadataTable(
  [
    ['partition', STRING],
    ['record_count', required(BIGINT)],
    ['file_size_in_bytes', required(BIGINT)],
    ['file_count', required(BIGINT)],
    ['last_update_time', TIMESTAMP],
    ['created_at', TIMESTAMP],
    ['created_by', STRING],
    ['updated_by', STRING],
    // Of a catalog that keeps partitions itself: none here.
    ['options', STRING],
  ],
  async function* (source) {
    const { schema } = source;
    const { partitionDefaultName } = tableOptions(schema);
    const naming = { partitionDefaultName, partitionLegacyName: false };
    const rows: { readonly name: string; readonly row: Row }[] = [];
    for (const { entry, sums } of await partitionSums(source)) {
      const texts = partitionTexts(partitionTypes(schema), entry.partition, naming);
      const name = texts.map((value, index) => `${schema.partitionKeys[index]}=${value}`).join('/');
      rows.push({ name, row: [text(name), ...sumCells(sums), null, null, null, null] });
    }
    for (const { row } of rows.sort((a, b) => compareTexts(a.name, b.name))) yield row;
  },
);

export const BUCKETS = metadataTable(
  [
    ['partition', STRING],
    ['bucket', required(INT)],
    ['record_count', required(BIGINT)],
    ['file_size_in_bytes', required(BIGINT)],
    ['file_count', required(BIGINT)],
    ['last_update_time', TIMESTAMP],
  ],
  async function* (source) {
    const found = await sumFiles(source, ({ partition, bucket }) => bucketKey(partition, bucket));
    const rows = found.map(({ entry, sums }) => ({ name: partitionText(source.schema, entry.partition), entry, sums }));
    rows.sort((a, b) => compareTexts(a.name, b.name) || a.entry.bucket - b.entry.bucket);
    for (const { name, entry, sums } of rows) yield [text(name), entry.bucket, ...sumCells(sums)];
  },
);

export const TABLE_INDEXES = metadataTable(
  [
    ['partition', STRING],
    ['bucket', required(INT)],
    ['index_type', required(STRING)],
    ['file_name', required(STRING)],
    ['file_size', required(BIGINT)],
    ['row_count', required(BIGINT)],
    ['dv_ranges', { kind: 'ARRAY', element: DELETION_VECTOR_RANGE, nullable: true }],
  ],
  async function* ({ snapshot, manifests, schema }) {
    for (const entry of await manifests.indexEntriesOf(snapshot)) {
      yield [
        text(partitionText(schema, entry.partition)),
        entry.bucket,
        text(entry.indexType),
        text(entry.fileName),
        BigInt(entry.fileSize),
        BigInt(entry.rowCount),
        rangeCells(entry),
      ];
    }
  },
);

/** What the files of a partition or bucket add up to. */
export interface FileSums {
  recordCount: number;
  fileSizeBytes: number;
  fileCount: number;
  /** The newest creation time, of files that are gone too; null where no file tells. */
  lastCreationMs: number | null;
}

/** The files of one partition or bucket; `entry` is one of them. */
export interface SummedFiles {
  readonly entry: ManifestEntry;
  readonly sums: FileSums;
}

/** What each partition with files holds; files of postponed buckets are not visible yet. */
export async function partitionSums(
  source: Pick<SystemTableSource, 'snapshot' | 'manifests'>,
): Promise<readonly SummedFiles[]> {
  return sumFiles(source, ({ partition, bucket }) => (bucket < 0 ? null : partitionKey(partition)));
}

/**
 * Adds up the files of a snapshot by a key, null for files to leave out: manifest after manifest, so that the memory
 * is that of the keys.
 */
async function sumFiles(
  { snapshot, manifests }: Pick<SystemTableSource, 'snapshot' | 'manifests'>,
  keyOf: (entry: ManifestEntry) => string | null,
): Promise<readonly SummedFiles[]> {
  const found = new Map<string, SummedFiles>();
  for (const { fileName } of snapshot === null ? [] : await manifests.manifestsOf(snapshot)) {
    for (const entry of await manifests.readManifest(fileName)) {
      const key = keyOf(entry);
      if (key === null) continue;
      const known = found.get(key) ?? {
        entry,
        sums: { recordCount: 0, fileSizeBytes: 0, fileCount: 0, lastCreationMs: null },
      };
      found.set(key, known);
      addFile(known.sums, entry);
    }
  }
  return [...found.values()].filter(({ sums }) => sums.fileCount > 0);
}

function addFile(sums: FileSums, { kind, file }: ManifestEntry): void {
  const sign = kind === FILE_ADD ? 1 : -1;
  sums.recordCount += sign * file.rowCount;
  sums.fileSizeBytes += sign * file.fileSize;
  sums.fileCount += sign;
  if (file.creationTimeMs !== null) sums.lastCreationMs = Math.max(sums.lastCreationMs ?? 0, file.creationTimeMs);
}

function sumCells({ recordCount, fileSizeBytes, fileCount, lastCreationMs }: FileSums): Row {
  const time = lastCreationMs === null ? null : BigInt(lastCreationMs);
  return [BigInt(recordCount), BigInt(fileSizeBytes), BigInt(fileCount), time];
}

async function* fileRows(
  source: SystemTableSource,
  more: (entry: ManifestEntry, fileSchema: TableSchema) => Row,
): AsyncGenerator<Row> {
  const { snapshot, manifests, schemas, schema, store, paths } = source;
  const places = filePaths(paths.root, schema);
  for (const entry of snapshot === null ? [] : await manifests.liveEntriesOf(snapshot)) {
    // Files of postponed buckets are not visible yet.
    if (entry.bucket < 0) continue;
    const { partition, bucket, file } = entry;
    const fileSchema = writtenSchema(await schemas.read(file.schemaId), file);
    yield [
      text(partitionText(schema, partition)),
      bucket,
      text(file.externalPath ?? store.location(places.file(partition, bucket, file))),
      text(file.fileName.slice(file.fileName.lastIndexOf('.') + 1)),
      BigInt(file.schemaId),
      file.level,
      BigInt(file.rowCount),
      BigInt(file.fileSize),
      text(keyText(fileSchema, file.minKey)),
      text(keyText(fileSchema, file.maxKey)),
      ...more(entry, fileSchema),
    ];
  }
}

function timeCell({ creationTimeMs }: DataFileMeta): Cell {
  return creationTimeMs === null ? null : BigInt(creationTimeMs);
}

function rangeCells({ deletionVectorRanges }: IndexManifestEntry): Cell {
  if (deletionVectorRanges === null) return null;
  return deletionVectorRanges.map(({ dataFileName, offset, length, cardinality }) => [
    text(dataFileName),
    offset,
    length,
    cardinality,
  ]);
}

/** By UTF-16 code units, as Java's strings sort. */
function compareTexts(a: string, b: string): number {
  return Number(a > b) - Number(a < b);
}
