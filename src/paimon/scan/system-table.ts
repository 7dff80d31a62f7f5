// System tables: what a table consists of, as rows. Columns and their texts are the reference's. Source: format notes 06
// section 11. Times are UTC.
import { TributaryError } from '../../base/errors.ts';
import { INSERT, rowKindText } from '../../column/row-kind.ts';
import type { ManifestStore } from '../commit/manifest-store.ts';
import type { SnapshotStore } from '../commit/snapshot-store.ts';
import { type Cell, vectorOf } from '../format/cell.ts';
import { filePaths } from '../lsm/file-paths.ts';
import { FILE_SOURCE_APPEND } from '../meta/data-file-meta.ts';
import type { ManifestEntry } from '../meta/manifest-entry.ts';
import type { Snapshot } from '../meta/snapshot.ts';
import { parseSnapshot } from '../meta/snapshot-json.ts';
import type { TablePaths } from '../meta/table-paths.ts';
import { type DataField, type DataType, MAX_LENGTH } from '../schema/data-type.ts';
import type { SchemaStore } from '../schema/schema-store.ts';
import type { TableSchema } from '../schema/table-schema.ts';
import { tableSchemaToJson } from '../schema/table-schema-json.ts';
import { keyText, partitionText, statsTexts } from './file-texts.ts';
import type { FileStore } from '../../storage/file-store.ts';
import type { ReadBatch } from './scan.ts';

/** The table whose system tables are read. */
export interface SystemTableSource {
  readonly store: FileStore;
  readonly paths: TablePaths;
  readonly schemas: SchemaStore;
  readonly snapshots: SnapshotStore;
  readonly manifests: ManifestStore;
  /** The latest. */
  readonly schema: TableSchema;
}

const INT: DataType = { kind: 'INT', nullable: true };
const BIGINT: DataType = { kind: 'BIGINT', nullable: true };
const STRING: DataType = { kind: 'VARCHAR', length: MAX_LENGTH, nullable: true };
const TIMESTAMP: DataType = { kind: 'TIMESTAMP', precision: 3, nullable: true };

type Columns = readonly (readonly [string, DataType])[];
type Rows = readonly (readonly Cell[])[];

interface SystemTable {
  readonly columns: Columns;
  readonly rows: (source: SystemTableSource) => Promise<Rows>;
}

const SNAPSHOTS: SystemTable = {
  columns: [
    ['snapshot_id', BIGINT],
    ['schema_id', BIGINT],
    ['commit_user', STRING],
    ['commit_identifier', BIGINT],
    ['commit_kind', STRING],
    ['commit_time', TIMESTAMP],
    ['base_manifest_list', STRING],
    ['delta_manifest_list', STRING],
    ['changelog_manifest_list', STRING],
    ['total_record_count', BIGINT],
    ['delta_record_count', BIGINT],
    ['changelog_record_count', BIGINT],
    ['watermark', BIGINT],
    ['next_row_id', BIGINT],
  ],
  rows: async ({ snapshots }) => {
    const found: Snapshot[] = [];
    for (const id of await snapshots.ids()) {
      // A snapshot that expires meanwhile is left out.
      const stored = await snapshots.readStored(id);
      if (stored !== null) found.push(stored.snapshot);
    }
    return found.map((snapshot) => [
      snapshot.id,
      BigInt(snapshot.schemaId),
      text(snapshot.commitUser),
      snapshot.commitIdentifier,
      text(snapshot.commitKind),
      BigInt(snapshot.timeMillis),
      text(snapshot.baseManifestList),
      text(snapshot.deltaManifestList),
      text(snapshot.changelogManifestList),
      snapshot.totalRecordCount,
      snapshot.deltaRecordCount,
      snapshot.changelogRecordCount,
      snapshot.watermark,
      snapshot.nextRowId,
    ]);
  },
};

const SCHEMAS: SystemTable = {
  columns: [
    ['schema_id', BIGINT],
    ['fields', STRING],
    ['partition_keys', STRING],
    ['primary_keys', STRING],
    ['options', STRING],
    ['comment', STRING],
    ['update_time', TIMESTAMP],
  ],
  rows: async ({ schemas }) =>
    (await schemas.all()).map((schema) => {
      const { fields } = JSON.parse(tableSchemaToJson(schema)) as { readonly fields: unknown };
      return [
        BigInt(schema.id),
        text(JSON.stringify(fields)),
        text(JSON.stringify(schema.partitionKeys)),
        text(JSON.stringify(schema.primaryKeys)),
        text(JSON.stringify(schema.options)),
        text(schema.comment ?? ''),
        BigInt(schema.timeMillis),
      ];
    }),
};

const OPTIONS: SystemTable = {
  columns: [
    ['key', STRING],
    ['value', STRING],
  ],
  rows: async ({ schema }) => Object.entries(schema.options).map(([key, value]) => [text(key), text(value)]),
};

const MANIFESTS: SystemTable = {
  columns: [
    ['file_name', STRING],
    ['file_size', BIGINT],
    ['num_added_files', BIGINT],
    ['num_deleted_files', BIGINT],
    ['schema_id', BIGINT],
    ['min_partition_stats', STRING],
    ['max_partition_stats', STRING],
    ['min_row_id', BIGINT],
    ['max_row_id', BIGINT],
  ],
  rows: async ({ snapshots, manifests, schema }) => {
    const latest = await snapshots.latest();
    const found = latest === null ? [] : await manifests.manifestsOf(latest);
    const list = latest?.changelogManifestList ?? null;
    const changelog = list === null ? [] : await manifests.readList(list);
    return [...found, ...changelog].map((manifest) => [
      text(manifest.fileName),
      BigInt(manifest.fileSize),
      BigInt(manifest.numAddedFiles),
      BigInt(manifest.numDeletedFiles),
      BigInt(manifest.schemaId),
      text(partitionText(schema, manifest.partitionStats.minValues)),
      text(partitionText(schema, manifest.partitionStats.maxValues)),
      manifest.minRowId,
      manifest.maxRowId,
    ]);
  },
};

const FILES: SystemTable = {
  columns: [
    ['partition', STRING],
    ['bucket', INT],
    ['file_path', STRING],
    ['file_format', STRING],
    ['schema_id', BIGINT],
    ['level', INT],
    ['record_count', BIGINT],
    ['file_size_in_bytes', BIGINT],
    ['min_key', STRING],
    ['max_key', STRING],
    ['null_value_counts', STRING],
    ['min_value_stats', STRING],
    ['max_value_stats', STRING],
    ['min_sequence_number', BIGINT],
    ['max_sequence_number', BIGINT],
    ['creation_time', TIMESTAMP],
    ['deleteRowCount', BIGINT],
    ['file_source', STRING],
    ['first_row_id', BIGINT],
    ['write_cols', STRING],
  ],
  rows: async (source) => {
    const latest = await source.snapshots.latest();
    const entries = latest === null ? [] : await source.manifests.liveEntriesOf(latest);
    const rows: (readonly Cell[])[] = [];
    // Files of postponed buckets (below 0) are not visible yet.
    const visible = entries.filter((entry) => entry.bucket >= 0);
    for (const entry of visible) rows.push(fileRow(source, entry, await source.schemas.read(entry.file.schemaId)));
    return rows;
  },
};

const TAGS: SystemTable = {
  columns: [
    ['tag_name', STRING],
    ['snapshot_id', BIGINT],
    ['schema_id', BIGINT],
    ['commit_time', TIMESTAMP],
    ['record_count', BIGINT],
    ['create_time', TIMESTAMP],
    ['time_retained', STRING],
  ],
  rows: async ({ store, paths }) => {
    const names = (await store.list(paths.tagDirectory))
      .map((entry) => entry.name)
      .filter((name) => name.startsWith('tag-'));
    const rows: (readonly Cell[])[] = [];
    for (const name of names.map((file) => file.slice('tag-'.length))) {
      const json = new TextDecoder().decode(await store.read(paths.tag(name)));
      const tag = parseSnapshot(json);
      const { id, schemaId, timeMillis, totalRecordCount } = tag;
      rows.push([text(name), id, BigInt(schemaId), BigInt(timeMillis), totalRecordCount, ...tagLife(json)]);
    }
    return rows;
  },
};

const TABLES: Readonly<Record<string, SystemTable>> = {
  snapshots: SNAPSHOTS,
  schemas: SCHEMAS,
  options: OPTIONS,
  manifests: MANIFESTS,
  files: FILES,
  tags: TAGS,
};

/** The rows of a system table, by its name after the `$`: all but `audit_log`. Throws `E3403` for another name. */
export async function readSystemTable(source: SystemTableSource, name: string): Promise<ReadBatch> {
  const table = Object.hasOwn(TABLES, name) ? TABLES[name] : undefined;
  if (table === undefined) {
    const names = [...Object.keys(TABLES), 'audit_log'].join(', ');
    throw new TributaryError('E3403', `no such system table: name=${name} there are=${names}`);
  }
  const rows = await table.rows(source);
  return {
    fields: table.columns.map(([column, type], id) => ({ id, name: column, type })),
    rowCount: rows.length,
    columns: table.columns.map(([, type], index) =>
      vectorOf(
        type,
        rows.map((row) => row[index]),
      ),
    ),
    kinds: new Uint8Array(rows.length).fill(INSERT),
  };
}

/** A batch read with its retracts as a row of `$audit_log`: the kind as text first. */
export function auditBatch(batch: ReadBatch): ReadBatch {
  const kind: DataField = { id: 2147483643, name: 'rowkind', type: STRING };
  const kinds = Array.from(batch.kinds, (value) => text(rowKindText(value)));
  return { ...batch, fields: [kind, ...batch.fields], columns: [vectorOf(STRING, kinds), ...batch.columns] };
}

function fileRow(source: SystemTableSource, entry: ManifestEntry, fileSchema: TableSchema): readonly Cell[] {
  const { file } = entry;
  const { schema, store, paths } = source;
  const stats = statsTexts(file, schema, fileSchema);
  const path =
    file.externalPath ?? store.location(filePaths(paths.root, schema).file(entry.partition, entry.bucket, file));
  return [
    text(partitionText(schema, entry.partition)),
    entry.bucket,
    text(path),
    text(file.fileName.slice(file.fileName.lastIndexOf('.') + 1)),
    BigInt(file.schemaId),
    file.level,
    BigInt(file.rowCount),
    BigInt(file.fileSize),
    text(keyText(schema, file.minKey)),
    text(keyText(schema, file.maxKey)),
    text(stats.nullCounts),
    text(stats.min),
    text(stats.max),
    file.minSequenceNumber,
    file.maxSequenceNumber,
    file.creationTimeMs === null ? null : BigInt(file.creationTimeMs),
    file.deleteRowCount === null ? null : BigInt(file.deleteRowCount),
    file.fileSource === null ? null : text(file.fileSource === FILE_SOURCE_APPEND ? 'APPEND' : 'COMPACT'),
    file.firstRowId,
    file.writeCols === null ? null : text(`[${file.writeCols.join(', ')}]`),
  ];
}

/** Creation time and retention, which only tags have: an array of date parts and seconds, or absent. */
function tagLife(json: string): readonly [Cell, Cell] {
  const tag = JSON.parse(json) as { readonly tagCreateTime?: unknown; readonly tagTimeRetained?: unknown };
  const retained = typeof tag.tagTimeRetained === 'string' ? text(tag.tagTimeRetained) : null;
  if (!Array.isArray(tag.tagCreateTime)) return [null, retained];
  const [year, month, day, hour = 0, minute = 0, second = 0, nano = 0] = tag.tagCreateTime as number[];
  return [BigInt(Date.UTC(year, month - 1, day, hour, minute, second, Math.floor(nano / 1e6))), retained];
}

function text(value: string): Uint8Array;
function text(value: string | null): Uint8Array | null;
function text(value: string | null): Uint8Array | null {
  return value === null ? null : new TextEncoder().encode(value);
}
