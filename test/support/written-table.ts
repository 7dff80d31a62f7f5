// A table on a store, written through the table writer, committed in memory, compacted and read back: the surroundings
// of tests of the write path.
import { type Random, seededRandom } from '../../src/base/random.ts';
import { builderFor } from '../../src/column/builder.ts';
import { rowKindText, type RowKindText } from '../../src/column/row-kind.ts';
import { MISSING, vectorSizeBytes } from '../../src/column/vector.ts';
import { compareBinaryRows } from '../../src/paimon/format/binary-row.ts';
import { appendCell, type Cell, cellAt } from '../../src/paimon/format/cell.ts';
import { runCompact } from '../../src/paimon/lsm/compact-task.ts';
import { readDataFile } from '../../src/paimon/lsm/data-file-reader.ts';
import { filePaths } from '../../src/paimon/lsm/file-paths.ts';
import { partitionByInterval } from '../../src/paimon/lsm/interval-partition.ts';
import { tableLayout } from '../../src/paimon/lsm/key-value-file.ts';
import { bucketKey, LiveFiles } from '../../src/paimon/lsm/live-files.ts';
import { mergeFunctionOf } from '../../src/paimon/lsm/merge/merge-engine.ts';
import { readSections } from '../../src/paimon/lsm/section-reader.ts';
import { TableWriter } from '../../src/paimon/lsm/table-writer.ts';
import { InlineRunner, type TaskRunner } from '../../src/paimon/lsm/task-runner.ts';
import type { CommitMessage, WriteBatch } from '../../src/paimon/lsm/write-batch.ts';
import type { ManifestEntry } from '../../src/paimon/meta/manifest-entry.ts';
import { FILE_ADD } from '../../src/paimon/meta/manifest-entry.ts';
import { type DataType, shapeOf } from '../../src/paimon/schema/data-type.ts';
import { newTableSchema } from '../../src/paimon/schema/new-schema.ts';
import type { TableSchema } from '../../src/paimon/schema/table-schema.ts';
import type { FileStore } from '../../src/storage/file-store.ts';
import { MemoryFileStore } from '../../src/storage/memory/memory-file-store.ts';
import { EagerClock } from './eager-clock.ts';

/** Stands for a value that the log left out. */
export const LEFT_OUT = Symbol('left out');
/** A row kind and the values of all columns. */
export type Change = readonly [RowKindText, ...(Cell | typeof LEFT_OUT)[]];

/** A table to be made: column types by name, in order. */
export interface TableSpec {
  readonly columns: Readonly<Record<string, DataType>>;
  readonly primaryKeys: readonly string[];
  readonly partitionKeys?: readonly string[];
  readonly options?: Readonly<Record<string, string>>;
}

const KINDS: readonly string[] = ['+I', '-U', '+U', '-D'];

/** The schema of a spec. */
export function schemaOf(spec: TableSpec): TableSchema {
  const definition = {
    fields: Object.entries(spec.columns).map(([name, type], id) => ({ id, name, type })),
    partitionKeys: spec.partitionKeys ?? [],
    primaryKeys: spec.primaryKeys,
    options: { bucket: '1', ...spec.options },
    comment: null,
  };
  return newTableSchema(definition, 0);
}

/** A batch of changes. */
export function batchOf(schema: TableSchema, changes: readonly Change[], beforeImages = false): WriteBatch {
  let hasMissing = false;
  const columns = schema.fields.map(({ type }, column) => {
    const builder = builderFor(shapeOf(type));
    for (const [row, [, ...cells]] of changes.entries()) {
      const cell = cells[column];
      builder.reserve(row);
      if (cell === LEFT_OUT) {
        builder.setAbsent(row, MISSING);
        hasMissing = true;
      } else appendCell(type, builder, row, cell);
    }
    return builder.finish(changes.length);
  });
  const kinds = Uint8Array.from(changes, ([kind]) => KINDS.indexOf(kind));
  const sizeBytes = columns.reduce((sum, vector) => sum + vectorSizeBytes(vector), kinds.length);
  return { rowCount: changes.length, columns, kinds, beforeImages, hasMissing, sizeBytes };
}

/** A cell in a form that tests compare and print: bytes as text. */
export function plain(cell: Cell): unknown {
  if (cell instanceof Uint8Array) return new TextDecoder().decode(cell);
  return Array.isArray(cell) ? cell.map((item) => plain(item as Cell)) : cell;
}

/** Text as a cell. */
export function text(value: string): Uint8Array {
  return new TextEncoder().encode(value);
}

const TABLE_PATH = 'db.db/t';

/** One table and its writer. */
export class WrittenTable {
  readonly schema: TableSchema;
  readonly store: FileStore;
  readonly runner: TaskRunner;
  readonly random: Random;
  readonly liveFiles = new LiveFiles();
  /** Every committed message, in order. */
  readonly messages: CommitMessage[] = [];
  writer: TableWriter;

  constructor(
    spec: TableSpec,
    parts: { readonly store?: FileStore; readonly runner?: TaskRunner; readonly seed?: number } = {},
  ) {
    this.schema = schemaOf(spec);
    this.store = parts.store ?? new MemoryFileStore(new EagerClock());
    this.runner = parts.runner ?? new InlineRunner(this.store);
    this.random = seededRandom(parts.seed ?? 1);
    this.writer = this.openWriter();
  }

  openWriter(): TableWriter {
    const { store, schema, liveFiles, runner, random } = this;
    this.writer = TableWriter.open({
      store,
      schema,
      liveFiles,
      runner,
      random,
      clock: new EagerClock(),
      tablePath: TABLE_PATH,
    });
    return this.writer;
  }

  write(changes: readonly Change[], beforeImages = false): void {
    this.writer.write(batchOf(this.schema, changes, beforeImages));
  }

  async commit(): Promise<CommitMessage | null> {
    const message = await this.writer.prepareCommit();
    if (message === null) return null;
    this.writer.committed(message);
    this.messages.push(message);
    return message;
  }

  /** Compacts every bucket to the highest level. */
  async compact(): Promise<void> {
    for (const entries of this.byBucket()) {
      const [{ partition, bucket, totalBuckets }] = entries;
      const result = await runCompact(
        {
          tablePath: TABLE_PATH,
          schema: this.schema,
          fileSchemas: [this.schema],
          partition,
          bucket,
          files: entries.map((entry) => entry.file),
          outputLevel: 5,
          dropDeletes: true,
          rewritesFiles: false,
          higherFiles: [],
          deletionVectors: new Map(),
          maxLevel: 5,
          nowMs: 0,
          fileUuid: this.random.uuid(),
          creationTimeMs: 0,
        },
        this.store,
      );
      const entry = (file: ManifestEntry['file']): ManifestEntry => ({
        kind: FILE_ADD,
        partition,
        bucket,
        totalBuckets,
        file,
      });
      this.liveFiles.replace(result.before.map(entry), result.after.map(entry));
    }
  }

  private byBucket(): ManifestEntry[][] {
    const groups = Map.groupBy(this.liveFiles.entries(), (entry) => bucketKey(entry.partition, entry.bucket));
    return [...groups.values()];
  }

  /** The committed rows, bucket by bucket, each bucket in key order. */
  async rows(): Promise<unknown[][]> {
    const layout = tableLayout(this.schema);
    const types = layout.keyIndexes.map((index) => layout.fields[index].type);
    const paths = filePaths(TABLE_PATH, this.schema);
    const rows: unknown[][] = [];
    for (const entries of this.byBucket()) {
      const [{ partition, bucket }] = entries;
      const sections = partitionByInterval(
        entries.map((entry) => entry.file),
        (a, b) => compareBinaryRows(types, a, b),
      );
      const reader = {
        store: this.store,
        layout,
        schemas: new Map([[0, this.schema]]),
        pathOf: (file: ManifestEntry['file']) => paths.file(partition, bucket, file),
      };
      const merge = mergeFunctionOf(this.schema, { layout, dropRetracts: true });
      for await (const batch of readSections(reader, sections, merge)) {
        for (let row = 0; row < batch.rowCount; row++) {
          rows.push(batch.columns.map((vector, column) => plain(cellAt(this.schema.fields[column].type, vector, row))));
        }
      }
    }
    return rows;
  }

  /** The rows of one file as they stand: kind, sequence number, values. */
  async fileRows(entry: ManifestEntry): Promise<{ kind: RowKindText; sequence: bigint; values: unknown[] }[]> {
    const path = filePaths(TABLE_PATH, this.schema).file(entry.partition, entry.bucket, entry.file);
    const request = { path, file: entry.file, fileSchema: this.schema, fields: this.schema.fields };
    const rows: { kind: RowKindText; sequence: bigint; values: unknown[] }[] = [];
    for await (const batch of readDataFile(this.store, request)) {
      for (let row = 0; row < batch.rowCount; row++) {
        rows.push({
          kind: rowKindText(batch.kinds[row]),
          sequence: cellAt({ kind: 'BIGINT', nullable: false }, batch.sequence, row) as bigint,
          values: batch.columns.map((vector, column) => plain(cellAt(this.schema.fields[column].type, vector, row))),
        });
      }
    }
    return rows;
  }

  /** All committed changelog rows: commit by commit, file by file. */
  async changelog(): Promise<unknown[][]> {
    const rows: unknown[][] = [];
    for (const message of this.messages) {
      for (const entry of message.changelog) {
        for (const { kind, values } of await this.fileRows(entry)) rows.push([kind, ...values]);
      }
    }
    return rows;
  }

  /** Names of all files in the table's directory. */
  async fileNames(): Promise<string[]> {
    const names: string[] = [];
    const walk = async (directory: string): Promise<void> => {
      for (const entry of await this.store.list(directory)) {
        if (entry.isDirectory) await walk(`${directory}/${entry.name}`);
        else names.push(entry.name);
      }
    };
    await walk(TABLE_PATH);
    return names;
  }
}
