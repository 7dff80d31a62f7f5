// Every manifest entry of every snapshot of a table as a line of JSON, decoded and as the bytes that stand in the file
// (hex of a serialized BinaryRow). The lines are those of the reference's command line: for comparing what writers write.
import type { ManifestStore } from '../commit/manifest-store.ts';
import type { SnapshotStore } from '../commit/snapshot-store.ts';
import { decodeCells } from '../format/binary-row.ts';
import { vectorOf } from '../format/cell.ts';
import { partitionTypes, valueText } from '../format/partition-path.ts';
import { createRowPrinter } from '../format/row-json.ts';
import { writtenSchema } from '../lsm/written-columns.ts';
import { type DataFileMeta, FILE_SOURCE_APPEND, type SimpleStats } from '../meta/data-file-meta.ts';
import {
  FILE_ADD,
  type IndexManifestEntry,
  type ManifestEntry,
  type ManifestFileMeta,
} from '../meta/manifest-entry.ts';
import type { Snapshot } from '../meta/snapshot.ts';
import type { DataField, DataType } from '../schema/data-type.ts';
import type { SchemaStore } from '../schema/schema-store.ts';
import { type TableSchema, trimmedPrimaryKeys } from '../schema/table-schema.ts';

/** The table to dump. */
export interface DumpSource {
  readonly schemas: SchemaStore;
  readonly snapshots: SnapshotStore;
  readonly manifests: ManifestStore;
  /** The latest. */
  readonly schema: TableSchema;
}

/** What stands in an object of JSON: texts are quoted, `RawJson` is not. */
type Value = string | number | bigint | null | RawJson;

/** JSON as it is printed. */
class RawJson {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

const CREATION_TIME: DataType = { kind: 'TIMESTAMP', precision: 3, nullable: true };

/** The lines, snapshot after snapshot, without line ends. Throws as the readers of the files do. */
export async function* dumpTable(source: DumpSource): AsyncGenerator<string> {
  for (const id of await source.snapshots.ids()) {
    const stored = await source.snapshots.readStored(id);
    if (stored === null) continue;
    yield* dumpLists(source, stored.snapshot);
    yield* dumpIndexes(source, stored.snapshot);
  }
}

async function* dumpLists(source: DumpSource, snapshot: Snapshot): AsyncGenerator<string> {
  const lists = {
    base: snapshot.baseManifestList,
    delta: snapshot.deltaManifestList,
    changelog: snapshot.changelogManifestList,
  };
  for (const [kind, list] of Object.entries(lists)) {
    for (const manifest of list === null ? [] : await source.manifests.readList(list)) {
      const at = { snapshot: snapshot.id, list: kind, manifestList: list };
      yield object({ ...at, ...manifestValues(manifest, source.schema) }).text;
      for (const entry of await source.manifests.readManifest(manifest.fileName)) {
        const values = entryValues(
          entry,
          source.schema,
          writtenSchema(await source.schemas.read(entry.file.schemaId), entry.file),
        );
        yield object({ ...values, manifest: manifest.fileName }).text;
      }
    }
  }
}

async function* dumpIndexes({ manifests }: DumpSource, snapshot: Snapshot): AsyncGenerator<string> {
  for (const entry of await manifests.indexEntriesOf(snapshot)) {
    yield object({ snapshot: snapshot.id, indexManifest: snapshot.indexManifest, ...indexValues(entry) }).text;
  }
}

function manifestValues(manifest: ManifestFileMeta, schema: TableSchema): Readonly<Record<string, Value>> {
  return {
    manifest: manifest.fileName,
    size: manifest.fileSize,
    added: manifest.numAddedFiles,
    deleted: manifest.numDeletedFiles,
    schemaId: manifest.schemaId,
    minBucket: manifest.minBucket,
    maxBucket: manifest.maxBucket,
    minLevel: manifest.minLevel,
    maxLevel: manifest.maxLevel,
    partitionStats: statsJson(partitionFields(schema), manifest.partitionStats),
  };
}

function entryValues(
  { kind, partition, bucket, totalBuckets, file }: ManifestEntry,
  schema: TableSchema,
  fileSchema: TableSchema,
): Readonly<Record<string, Value>> {
  return {
    kind: kindText(kind),
    partition: hex(partition),
    partitionValues: rowJson(partitionFields(schema), partition),
    bucket,
    totalBuckets,
    file: file.fileName,
    size: file.fileSize,
    rows: file.rowCount,
    level: file.level,
    minSeq: file.minSequenceNumber,
    maxSeq: file.maxSequenceNumber,
    schemaId: file.schemaId,
    deleteRowCount: file.deleteRowCount,
    fileSource: file.fileSource === null ? null : file.fileSource === FILE_SOURCE_APPEND ? 'APPEND' : 'COMPACT',
    creationTime: creationText(file),
    embeddedIndex: file.embeddedFileIndex?.length ?? -1,
    extraFiles: array(file.extraFiles),
    ...(file.valueStatsCols === null ? {} : { valueStatsCols: array(file.valueStatsCols) }),
    ...keyValues(file, schema, fileSchema),
    valueStats: statsJson(statsFields(file, fileSchema), file.valueStats),
  };
}

function keyValues(file: DataFileMeta, schema: TableSchema, fileSchema: TableSchema): Readonly<Record<string, Value>> {
  const bytes = { minKey: hex(file.minKey), maxKey: hex(file.maxKey) };
  if (schema.primaryKeys.length === 0) return bytes;
  const fields = trimmedPrimaryKeys(fileSchema).map((name) => fieldNamed(name, fileSchema));
  return {
    ...bytes,
    minKeyValues: rowJson(fields, file.minKey),
    maxKeyValues: rowJson(fields, file.maxKey),
    keyStats: statsJson(fields, file.keyStats),
  };
}

function indexValues(entry: IndexManifestEntry): Readonly<Record<string, Value>> {
  const ranges = entry.deletionVectorRanges;
  return {
    kind: kindText(entry.kind),
    partition: hex(entry.partition),
    bucket: entry.bucket,
    indexType: entry.indexType,
    fileName: entry.fileName,
    fileSize: entry.fileSize,
    rowCount: entry.rowCount,
    ...(ranges === null
      ? {}
      : {
          dvRanges: object(
            Object.fromEntries(
              ranges.map(({ dataFileName, offset, length, cardinality }) => [
                dataFileName,
                array([offset, length, cardinality]),
              ]),
            ),
          ),
        }),
  };
}

/** The bounds are decoded where they are of all columns: statistics of none stand where none were kept. */
function statsJson(fields: readonly DataField[], stats: SimpleStats): RawJson {
  const isWhole = arity(stats.minValues) === fields.length;
  const bounds = isWhole ? { min: rowJson(fields, stats.minValues), max: rowJson(fields, stats.maxValues) } : {};
  const nulls = (stats.nullCounts ?? []).map((count) => count?.toString() ?? null);
  return object({ minHex: hex(stats.minValues), maxHex: hex(stats.maxValues), ...bounds, nulls: array(nulls) });
}

function rowJson(fields: readonly DataField[], row: Uint8Array): RawJson {
  const types = fields.map(({ type }): DataType => ({ ...type, nullable: true }));
  const vectors = decodeCells(types, row).map((cell, index) => vectorOf(types[index], [cell]));
  return new RawJson(createRowPrinter(fields)(vectors, 0));
}

function partitionFields(schema: TableSchema): readonly DataField[] {
  const types = partitionTypes(schema);
  return schema.partitionKeys.map((name, id) => ({ id, name, type: types[id] }));
}

/** The columns that the statistics of a file are of. */
function statsFields({ valueStatsCols }: DataFileMeta, fileSchema: TableSchema): readonly DataField[] {
  return valueStatsCols?.map((name) => fieldNamed(name, fileSchema)) ?? fileSchema.fields;
}

/** A column that the schema does not have is shown as bytes. */
function fieldNamed(name: string, { fields }: TableSchema): DataField {
  return fields.find((field) => field.name === name) ?? { id: -1, name, type: { kind: 'BLOB', nullable: true } };
}

function creationText({ creationTimeMs }: DataFileMeta): string | null {
  return creationTimeMs === null ? null : valueText(CREATION_TIME, BigInt(creationTimeMs), true);
}

function kindText(kind: number): string {
  return kind === FILE_ADD ? 'ADD' : 'DELETE';
}

function arity(row: Uint8Array): number {
  return new DataView(row.buffer, row.byteOffset, row.byteLength).getInt32(0);
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex');
}

function object(values: Readonly<Record<string, Value>>): RawJson {
  const entries = Object.entries(values).map(([name, value]) => `${JSON.stringify(name)}:${valueJson(value)}`);
  return new RawJson(`{${entries.join(',')}}`);
}

function array(values: readonly Value[]): RawJson {
  return new RawJson(`[${values.map(valueJson).join(',')}]`);
}

function valueJson(value: Value): string {
  if (value instanceof RawJson) return value.text;
  return typeof value === 'bigint' ? value.toString() : JSON.stringify(value);
}
