// Writes sorted rows of one bucket to data or changelog files in the table's layout, a new file at the target
// size, and the metadata of each file as the manifest will hold it. Used by flushes and compactions.
import { assert } from '../../base/errors.ts';
import { isRetract } from '../../column/row-kind.ts';
import type { FileSink, FileStore } from '../../storage/file-store.ts';
import { createRowEncoder, EMPTY_ROW, type RowEncoder } from '../format/binary-row.ts';
import type { FormatWriter, RangeSource } from '../format/data-file.ts';
import { createDataFile, type FileEncoding, formatOfFile } from '../format/data-file-formats.ts';
import { type DataFileMeta, FILE_SOURCE_APPEND } from '../meta/data-file-meta.ts';
import { EMPTY_STATS } from '../meta/stats.ts';
import { type TableOptions, tableOptions } from '../schema/table-options.ts';
import type { DataField } from '../schema/data-type.ts';
import type { TableSchema } from '../schema/table-schema.ts';
import { compressionEnding, encodingOf, type FileContent } from './file-encoding.ts';
import { type FileIndexBuilder, FileIndexPlan, INDEX_ENDING } from './file-index-builder.ts';
import { FileStats } from './file-stats.ts';
import { FileColumns } from './key-value-file.ts';
import type { KeyValueBatch } from './key-values.ts';

/** Rows between two looks at the size of a file. */
const SIZE_CHECK_ROWS = 8192;

/** Names of new files: `<prefix><uuid>-<number><extension>`, each number used once. */
export class FileNames {
  private readonly uuid: string;
  private next = 0;

  constructor(uuid: string) {
    this.uuid = uuid;
  }

  take(prefix: string, extension: string): string {
    return `${prefix}${this.uuid}-${this.next++}${extension}`;
  }
}

/** The files that a format is of. */
export interface FormatOf {
  readonly content: FileContent;
  readonly level: number;
  /** What to write where it is not the schema's columns: some of these, or those that tell the ids of rows, too. */
  readonly columns?: readonly DataField[] | undefined;
}

/** What a table's files of one kind at one level have in common. */
export class DataFileFormat {
  readonly schema: TableSchema;
  readonly content: FileContent;
  readonly level: number;
  readonly options: TableOptions;
  readonly columns: FileColumns;
  readonly stats: FileStats;
  readonly keyEncoder: RowEncoder;
  readonly encoding: FileEncoding;
  readonly extension: string;
  /** As in `DataFileMeta.writeCols`. */
  readonly writeCols: readonly string[] | null;
  readonly indexes: FileIndexPlan;

  /** Throws `E3231` for a file index and `E3301` for a file format or compression that cannot be written. */
  constructor(given: TableSchema, { content, level, columns }: FormatOf) {
    const schema = columns === undefined ? given : { ...given, fields: columns };
    this.writeCols = columns?.map((field) => field.name) ?? null;
    this.schema = schema;
    this.content = content;
    this.level = level;
    this.options = tableOptions(schema);
    this.encoding = encodingOf(schema, content, level);
    const ending = this.options.fileSuffixIncludesCompression ? compressionEnding(this.options.fileCompression) : '';
    this.extension = `${ending}.${this.encoding.format}`;
    this.columns = new FileColumns(schema);
    this.stats = new FileStats(schema, { content, level, isAvro: this.encoding.format === 'avro' });
    this.indexes = new FileIndexPlan(given, schema.fields);
    this.keyEncoder = createRowEncoder(this.columns.keyIndexes.map((index) => schema.fields[index].type));
  }

  get prefix(): string {
    return this.content === 'changelog' ? this.options.changelogFilePrefix : this.options.dataFilePrefix;
  }
}

/** Where the files go and what their metadata says of them. */
export interface DataFileTarget {
  readonly store: Pick<FileStore, 'openWrite' | 'create' | 'delete'>;
  readonly format: DataFileFormat;
  /** The directory of the bucket. */
  readonly directory: string;
  readonly names: FileNames;
  /** FILE_SOURCE_APPEND or FILE_SOURCE_COMPACT. */
  readonly fileSource: number;
  /** As in `DataFileMeta.creationTimeMs`. */
  readonly creationTimeMs: number;
  /** Whatever its size: for columns of the rows that one file holds. Default false. */
  readonly isOneFile?: boolean;
}

/** Writes one bucket's rows, in key order (changelog: by key, then sequence; append tables, postponed: in write order). */
export class DataFileWriter {
  private readonly target: DataFileTarget;
  private readonly done: DataFileMeta[] = [];
  private open: OpenFile | null = null;

  constructor(target: DataFileTarget) {
    this.target = target;
  }

  /**
   * Writes the rows `order[from … to)` of the batch, or its rows `from … to` when `order` is null. The batch has all
   * columns of the table and is not kept after the next call.
   */
  async append(batch: KeyValueBatch, order: Uint32Array | null, from: number, to: number): Promise<void> {
    for (let start = from; start < to; start += SIZE_CHECK_ROWS) {
      this.open ??= await this.openFile();
      await this.open.append(batch, { order, from: start, to: Math.min(to, start + SIZE_CHECK_ROWS) });
      await this.rollIfFull(this.open);
    }
  }

  /**
   * Writes all rows of another file of the table, as the bytes that they are there, and gives true; or takes nothing and
   * gives false where its rows have to be read and appended. The file may grow beyond the target size by it: its rows are
   * not parted.
   */
  async appendFile(file: DataFileMeta, source: RangeSource): Promise<boolean> {
    this.open ??= await this.openFile();
    if (!(await this.open.appendFile(file, source))) return false;
    await this.rollIfFull(this.open);
    return true;
  }

  private async rollIfFull({ writer }: OpenFile): Promise<void> {
    const { isOneFile = false, format } = this.target;
    const isFull = writer.estimatedSizeBytes >= format.options.targetFileSizeBytes;
    if (isFull && !isOneFile) await this.roll();
  }

  /** Makes all files durable and gives their metadata, in the order written; empty if no row was written. */
  async finish(): Promise<readonly DataFileMeta[]> {
    // A file that was opened for rows of another one, which it could not take over, may have got none since.
    if (this.open?.writer.rowCount === 0) await this.open.abort();
    else if (this.open !== null) await this.roll();
    return this.done;
  }

  /** Removes everything that was written. Never throws. */
  async abort(): Promise<void> {
    await this.open?.abort();
    this.open = null;
    for (const { fileName, extraFiles } of this.done) {
      for (const name of [fileName, ...extraFiles]) await deleteQuietly(this.target, name);
    }
  }

  private async openFile(): Promise<OpenFile> {
    const { store, directory, names, format } = this.target;
    const fileName = names.take(format.prefix, format.extension);
    const sink = await store.openWrite(`${directory}/${fileName}`);
    try {
      return new OpenFile(this.target, fileName, sink);
    } catch (error) {
      await sink.abort();
      throw error;
    }
  }

  private async roll(): Promise<void> {
    const file = this.open as OpenFile;
    this.done.push(await file.finish());
    this.open = null;
  }
}

interface RowRange {
  readonly order: Uint32Array | null;
  readonly from: number;
  readonly to: number;
}

/** One file being written. */
class OpenFile {
  readonly sink: FileSink;
  readonly writer: FormatWriter;
  private readonly target: DataFileTarget;
  private readonly fileName: string;
  private readonly indexes: FileIndexBuilder | null;
  private readonly sequences = new SequenceRange();
  private deleteCount = 0;
  private indexFile: string | null = null;
  private minKey: Uint8Array | null = null;
  private maxKey: Uint8Array = EMPTY_ROW;

  constructor(target: DataFileTarget, fileName: string, sink: FileSink) {
    const { columns, encoding } = target.format;
    this.target = target;
    this.fileName = fileName;
    this.sink = sink;
    this.writer = createDataFile(encoding, columns.fields, sink);
    this.indexes = target.format.indexes.open();
  }

  async append(batch: KeyValueBatch, { order, from, to }: RowRange): Promise<void> {
    const { columns, keyEncoder } = this.target.format;
    await this.writer.append(columns.of(batch), order, from, to);
    this.indexes?.add(batch.columns, { order, from, to });
    const rowAt = (index: number): number => (order === null ? index : order[index]);
    for (let index = from; index < to; index++) {
      const row = order === null ? index : order[index];
      this.sequences.add(batch.sequence.values[2 * row + 1], batch.sequence.values[2 * row] >>> 0);
      if (isRetract(batch.kinds[row])) this.deleteCount++;
    }
    const keys = columns.keyIndexes.map((index) => batch.columns[index]);
    this.minKey ??= keyEncoder.encodeRow(keys, rowAt(from));
    this.maxKey = keyEncoder.encodeRow(keys, rowAt(to - 1));
  }

  /** Takes over a file whose metadata says all that this one's has to say of its rows. */
  async appendFile(file: DataFileMeta, source: RangeSource): Promise<boolean> {
    const { schema, encoding, writeCols } = this.target.format;
    const isOfSchema = file.schemaId === schema.id && file.writeCols === null && writeCols === null;
    const isOfFormat = formatOfFile(file.fileName) === encoding.format;
    if (this.indexes !== null || file.deleteRowCount === null || !isOfSchema || !isOfFormat) return false;
    if (!(await this.writer.appendFile(source))) return false;
    this.sequences.addNumber(file.minSequenceNumber);
    this.sequences.addNumber(file.maxSequenceNumber);
    this.deleteCount += file.deleteRowCount;
    this.minKey ??= file.minKey;
    this.maxKey = file.maxKey;
    return true;
  }

  async finish(): Promise<DataFileMeta> {
    const summary = await this.writer.finish();
    const embeddedFileIndex = await this.writeIndexes();
    await this.sink.close();
    const { format, fileSource, creationTimeMs } = this.target;
    const { columns, schema, stats, level } = format;
    const values = stats.valueStats(summary.columns.slice(columns.valuesStart));
    const keyFields = columns.keyIndexes.map((index) => schema.fields[index]);
    const keyColumns = columns.keyIndexes.map((index) => summary.columns[columns.valuesStart + index]);
    const isNumberedByCommit = format.options.rowTracking && fileSource === FILE_SOURCE_APPEND;
    return {
      fileName: this.fileName,
      fileSize: summary.sizeBytes,
      rowCount: summary.rowCount,
      minKey: this.minKey ?? EMPTY_ROW,
      maxKey: this.maxKey,
      keyStats: keyFields.length === 0 ? EMPTY_STATS : stats.keyStats(keyFields, keyColumns),
      valueStats: values.stats,
      // The commit says which snapshot the rows of a table with row tracking come from.
      minSequenceNumber: isNumberedByCommit ? 0n : this.sequences.min,
      maxSequenceNumber: isNumberedByCommit ? 0n : this.sequences.max,
      schemaId: schema.id,
      level,
      extraFiles: this.indexFile === null ? [] : [this.indexFile],
      creationTimeMs,
      deleteRowCount: this.deleteCount,
      embeddedFileIndex,
      fileSource,
      valueStatsCols: values.columns,
      externalPath: null,
      firstRowId: null,
      writeCols: format.writeCols,
    };
  }

  /** Removes what was written. Never throws. */
  async abort(): Promise<void> {
    await this.sink.abort();
    if (this.indexFile !== null) await deleteQuietly(this.target, this.indexFile);
  }

  /** The indexes, if the manifest entry is to hold them; else they get a file of their own. */
  private async writeIndexes(): Promise<Uint8Array | null> {
    const { store, directory, format } = this.target;
    const bytes = this.indexes?.finish() ?? null;
    if (bytes === null || bytes.length <= format.options.fileIndexInManifestSizeBytes) return bytes;
    this.indexFile = this.fileName + INDEX_ENDING;
    const created = await store.create(`${directory}/${this.indexFile}`, bytes);
    assert(created, `file of a fresh name exists already: ${this.indexFile}`);
    return null;
  }
}

/** Removes a file of the bucket. One that cannot be removed is an orphan that no snapshot names: what led here counts. */
async function deleteQuietly({ store, directory }: DataFileTarget, name: string): Promise<void> {
  await store.delete(`${directory}/${name}`).catch(() => {});
}

/** The least and greatest of 64-bit numbers given as halves. */
class SequenceRange {
  private minHigh = 0x7fffffff;
  private minLow = 0xffffffff;
  private maxHigh = -0x80000000;
  private maxLow = 0;

  add(high: number, low: number): void {
    if (high < this.minHigh || (high === this.minHigh && low < this.minLow)) {
      this.minHigh = high;
      this.minLow = low;
    }
    if (high > this.maxHigh || (high === this.maxHigh && low > this.maxLow)) {
      this.maxHigh = high;
      this.maxLow = low;
    }
  }

  addNumber(number: bigint): void {
    this.add(Number(BigInt.asIntN(32, number >> 32n)), Number(BigInt.asUintN(32, number)));
  }

  get min(): bigint {
    return (BigInt(this.minHigh) << 32n) | BigInt(this.minLow);
  }

  get max(): bigint {
    return (BigInt(this.maxHigh) << 32n) | BigInt(this.maxLow);
  }
}
