// Every schema, snapshot, manifest list, manifest and index manifest of the golden tables is read as the reference
// reads it (expected/dump), and what we write again means the same, byte for byte where bytes are fixed.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { timestampText } from '../../src/paimon/format/calendar-text.ts';
import { avroSchemaText } from '../../src/paimon/format/avro.ts';
import { decodeRows } from '../../src/paimon/format/binary-row.ts';
import { partitionTypes } from '../../src/paimon/format/partition-path.ts';
import { createRowPrinter } from '../../src/paimon/format/row-json.ts';
import { INDEX_MANIFEST_SCHEMA, MANIFEST_LIST_SCHEMA, MANIFEST_SCHEMA } from '../../src/paimon/meta/avro-schemas.ts';
import type { SimpleStats } from '../../src/paimon/meta/data-file-meta.ts';
import { decodeIndexManifest, encodeIndexManifest } from '../../src/paimon/meta/index-manifest.ts';
import type { IndexManifestEntry, ManifestEntry, ManifestFileMeta } from '../../src/paimon/meta/manifest-entry.ts';
import { decodeManifest, encodeManifest } from '../../src/paimon/meta/manifest-file.ts';
import { decodeManifestList, describeManifest, encodeManifestList } from '../../src/paimon/meta/manifest-list.ts';
import type { Snapshot } from '../../src/paimon/meta/snapshot.ts';
import { parseSnapshot, snapshotToJson } from '../../src/paimon/meta/snapshot-json.ts';
import { bucketPathsOf } from '../../src/paimon/meta/table-paths.ts';
import type { DataField } from '../../src/paimon/schema/data-type.ts';
import { newTableSchema } from '../../src/paimon/schema/new-schema.ts';
import { type TableSchema, trimmedPrimaryKeys } from '../../src/paimon/schema/table-schema.ts';
import {
  parseTableDefinition,
  parseTableSchema,
  tableSchemaToJson,
} from '../../src/paimon/schema/table-schema-json.ts';
import { type GoldenCase, type GoldenRow, type GoldenValue, golden, goldenNames } from '../support/golden.ts';

const ZSTD = { codec: 'zstandard' } as const;

/** Reads the files of one case. */
class GoldenMetadata {
  readonly schemas: readonly TableSchema[];
  readonly snapshots: readonly Snapshot[];
  private readonly directory: string;

  constructor(found: GoldenCase) {
    this.directory = found.tableDirectory;
    this.schemas = this.texts('schema', 'schema-').map(parseTableSchema);
    this.snapshots = this.texts('snapshot', 'snapshot-').map(parseSnapshot);
  }

  get latestSchema(): TableSchema {
    return this.schemas[this.schemas.length - 1];
  }

  schema(id: number): TableSchema {
    const schema = this.schemas.find((candidate) => candidate.id === id);
    if (schema === undefined) throw new Error(`no schema ${id}`);
    return schema;
  }

  /** Contents of numbered files, by number. */
  texts(directory: string, prefix: string): readonly string[] {
    if (!existsSync(join(this.directory, directory))) return [];
    return readdirSync(join(this.directory, directory))
      .filter((name) => name.startsWith(prefix))
      .toSorted((a, b) => Number(a.slice(prefix.length)) - Number(b.slice(prefix.length)))
      .map((name) => readFileSync(join(this.directory, directory, name), 'utf8'));
  }

  manifest(name: string): Uint8Array {
    return new Uint8Array(readFileSync(join(this.directory, 'manifest', name)));
  }

  has(path: string): boolean {
    return existsSync(join(this.directory, path));
  }
}

describe.each(goldenNames())('%s', (name) => {
  const found = golden(name);
  const table = new GoldenMetadata(found);

  test('schemas are written again byte for byte, and made from the definition', () => {
    expect(table.schemas.length).toBeGreaterThan(0);
    expect(table.texts('schema', 'schema-')).toEqual(table.schemas.map(tableSchemaToJson));
    const [first] = table.schemas;
    const made = newTableSchema(parseTableDefinition(JSON.stringify(found.schema)), first.timeMillis);
    expect(made).toEqual(first);
  });

  test('snapshots are written again byte for byte', () => {
    expect(table.texts('snapshot', 'snapshot-')).toEqual(table.snapshots.map(snapshotToJson));
  });

  test('manifests hold what the reference dumps', () => {
    const dump = found.expected('dump.ndjson');
    const rows = dump.kind === 'rows' ? dump.rows : [];
    expect(table.snapshots.flatMap((snapshot) => dumpSnapshot(table, snapshot))).toEqual(rows);
  });

  test('manifests, lists and index manifests are written again without a difference', () => {
    const manifestCounts = table.snapshots.map((snapshot) => rewriteSnapshot(table, snapshot));
    // Commits that were forced without rows name no manifest.
    const isEmpty = name === 'dedup-empty-commit-forced';
    expect(manifestCounts.every((count) => count > 0)).toBe(!isEmpty);
  });

  test('the rows of manifest lists follow from their manifests', () => {
    const types = partitionTypes(table.latestSchema);
    for (const list of table.snapshots.map((snapshot) => snapshot.deltaManifestList)) {
      for (const manifest of decodeManifestList(table.manifest(list))) {
        const entries = decodeManifest(table.manifest(manifest.fileName));
        expect(describeManifest(manifest, entries, types)).toEqual(manifest);
      }
    }
  });

  test('every live file of the latest snapshot is where its partition and bucket say', () => {
    const latest = table.snapshots.at(-1);
    if (latest === undefined) return;
    const paths = bucketPathsOf('.', table.latestSchema);
    for (const { partition, bucket, file } of liveEntries(table, latest)) {
      expect(paths.filesOf(partition, bucket, file).filter((path) => !table.has(path))).toEqual([]);
    }
  });
});

/** Checks all that a snapshot names and gives the number of its manifests. */
function rewriteSnapshot(table: GoldenMetadata, snapshot: Snapshot): number {
  let manifestCount = 0;
  const lists = [snapshot.baseManifestList, snapshot.deltaManifestList, snapshot.changelogManifestList ?? []].flat();
  for (const list of lists) {
    const bytes = table.manifest(list);
    const rows = decodeManifestList(bytes);
    expect(avroSchemaText(bytes)).toBe(MANIFEST_LIST_SCHEMA);
    expect(decodeManifestList(encodeManifestList(rows, ZSTD))).toEqual(rows);
    for (const { fileName } of rows) rewriteManifest(table.manifest(fileName));
    manifestCount += rows.length;
  }
  if (snapshot.indexManifest === null) return manifestCount;
  const bytes = table.manifest(snapshot.indexManifest);
  const rows = decodeIndexManifest(bytes);
  expect(avroSchemaText(bytes)).toBe(INDEX_MANIFEST_SCHEMA);
  expect(decodeIndexManifest(encodeIndexManifest(rows, ZSTD))).toEqual(rows);
  return manifestCount;
}

function rewriteManifest(bytes: Uint8Array): void {
  const entries = decodeManifest(bytes);
  expect(avroSchemaText(bytes)).toBe(MANIFEST_SCHEMA);
  expect(decodeManifest(encodeManifest(entries, ZSTD))).toEqual(entries);
}

function liveEntries(table: GoldenMetadata, snapshot: Snapshot): readonly ManifestEntry[] {
  const live = new Map<string, ManifestEntry>();
  for (const list of [snapshot.baseManifestList, snapshot.deltaManifestList]) {
    for (const manifest of decodeManifestList(table.manifest(list))) {
      for (const entry of decodeManifest(table.manifest(manifest.fileName))) {
        const id = `${hex(entry.partition)} ${entry.bucket} ${entry.file.level} ${entry.file.fileName}`;
        if (entry.kind === 0) live.set(id, entry);
        else live.delete(id);
      }
    }
  }
  return [...live.values()];
}

// The reference's dump, made from what we read (reference/src/main/java/lab/Dump.java).

function dumpSnapshot(table: GoldenMetadata, snapshot: Snapshot): readonly GoldenRow[] {
  const lists = [
    ['base', snapshot.baseManifestList],
    ['delta', snapshot.deltaManifestList],
    ['changelog', snapshot.changelogManifestList],
  ] as const;
  const rows: GoldenRow[] = [];
  for (const [kind, list] of lists) {
    if (list === null) continue;
    for (const manifest of decodeManifestList(table.manifest(list))) {
      rows.push(dumpManifest(table, manifest, { snapshot: Number(snapshot.id), list: kind, manifestList: list }));
      for (const entry of decodeManifest(table.manifest(manifest.fileName))) {
        rows.push({ ...dumpEntry(table, entry), manifest: manifest.fileName });
      }
    }
  }
  if (snapshot.indexManifest === null) return rows;
  const index = { snapshot: Number(snapshot.id), indexManifest: snapshot.indexManifest };
  for (const entry of decodeIndexManifest(table.manifest(snapshot.indexManifest))) {
    rows.push({ ...index, ...dumpIndex(entry) });
  }
  return rows;
}

function dumpManifest(table: GoldenMetadata, manifest: ManifestFileMeta, place: GoldenRow): GoldenRow {
  return {
    ...place,
    manifest: manifest.fileName,
    size: manifest.fileSize,
    added: manifest.numAddedFiles,
    deleted: manifest.numDeletedFiles,
    schemaId: manifest.schemaId,
    minBucket: manifest.minBucket,
    maxBucket: manifest.maxBucket,
    minLevel: manifest.minLevel,
    maxLevel: manifest.maxLevel,
    partitionStats: dumpStats(partitionFields(table), manifest.partitionStats),
  };
}

function dumpEntry(table: GoldenMetadata, { file, ...entry }: ManifestEntry): GoldenRow {
  const schema = table.schema(file.schemaId);
  const keys = trimmedPrimaryKeys(schema).map((key) => fieldNamed(schema, key));
  const values = file.valueStatsCols?.map((column) => fieldNamed(schema, column)) ?? schema.fields;
  const isKeyed = table.latestSchema.primaryKeys.length > 0;
  return {
    kind: entry.kind === 0 ? 'ADD' : 'DELETE',
    partition: hex(entry.partition),
    partitionValues: valuesOf(partitionFields(table), entry.partition),
    bucket: entry.bucket,
    totalBuckets: entry.totalBuckets,
    file: file.fileName,
    size: file.fileSize,
    rows: file.rowCount,
    level: file.level,
    minSeq: Number(file.minSequenceNumber),
    maxSeq: Number(file.maxSequenceNumber),
    schemaId: file.schemaId,
    deleteRowCount: file.deleteRowCount,
    fileSource: file.fileSource === null ? null : file.fileSource === 0 ? 'APPEND' : 'COMPACT',
    creationTime: javaTime(file.creationTimeMs ?? 0),
    embeddedIndex: file.embeddedFileIndex?.length ?? -1,
    extraFiles: [...file.extraFiles],
    ...(file.valueStatsCols === null ? {} : { valueStatsCols: [...file.valueStatsCols] }),
    minKey: hex(file.minKey),
    maxKey: hex(file.maxKey),
    ...(isKeyed
      ? {
          minKeyValues: valuesOf(keys, file.minKey),
          maxKeyValues: valuesOf(keys, file.maxKey),
          keyStats: dumpStats(keys, file.keyStats),
        }
      : {}),
    valueStats: dumpStats(values, file.valueStats),
  };
}

function dumpIndex(entry: IndexManifestEntry): GoldenRow {
  const ranges = entry.deletionVectorRanges?.map((range): [string, GoldenValue] => [
    range.dataFileName,
    [range.offset, range.length, Number(range.cardinality)],
  ]);
  return {
    kind: 'ADD',
    partition: hex(entry.partition),
    bucket: entry.bucket,
    indexType: entry.indexType,
    fileName: entry.fileName,
    fileSize: entry.fileSize,
    rowCount: entry.rowCount,
    ...(ranges === undefined ? {} : { dvRanges: Object.fromEntries(ranges) }),
  };
}

function dumpStats(fields: readonly DataField[], stats: SimpleStats): GoldenRow {
  const arity = Buffer.from(stats.minValues).readInt32BE(0);
  const bounds = arity === fields.length;
  return {
    minHex: hex(stats.minValues),
    maxHex: hex(stats.maxValues),
    ...(bounds ? { min: valuesOf(fields, stats.minValues), max: valuesOf(fields, stats.maxValues) } : {}),
    nulls: stats.nullCounts?.map((count) => (count === null ? null : String(count))) ?? [],
  };
}

function valuesOf(fields: readonly DataField[], row: Uint8Array): GoldenRow {
  const columns = decodeRows(
    fields.map((field) => field.type),
    [row],
  );
  return JSON.parse(createRowPrinter(fields)(columns, 0)) as GoldenRow;
}

function partitionFields(table: GoldenMetadata): readonly DataField[] {
  return table.latestSchema.partitionKeys.map((key) => fieldNamed(table.latestSchema, key));
}

function fieldNamed(schema: TableSchema, name: string): DataField {
  const field = schema.fields.find((candidate) => candidate.name === name);
  if (field === undefined) throw new Error(`no column ${name}`);
  return field;
}

/** Java's `LocalDateTime.toString`, which leaves out a fraction of zero. */
function javaTime(epochMs: number): string {
  return timestampText(BigInt(epochMs) * 1_000_000n, 3).replace(/\.000$/, '');
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
