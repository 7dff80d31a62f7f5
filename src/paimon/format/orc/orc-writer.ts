// Writes an ORC file from column batches. Chunks are compressed as they fill, stripes go to the sink as they end, so
// memory holds one stripe. Source: ORC specification v1, "Stripes"; options and types as the reference has them.
import { assert } from '../../../base/errors.ts';
import type { ColumnBatch } from '../../../column/vector.ts';
import { vectorSizeBytes } from '../../../column/vector.ts';
import type { DataField } from '../../schema/data-type.ts';
import type { ByteSink, FileSummary, FormatWriter } from '../data-file.ts';
import type { ChunkCompression, OrcCodec } from './chunk-compression.ts';
import type { ColumnSettings, ColumnWriter, EndedStripe } from './column-writer.ts';
import { columnWriters } from './column-writers.ts';
import { fileTailBytes } from './file-tail-writer.ts';
import { type OrcColumn, orcColumns } from './orc-columns.ts';
import { MAGIC, ROW_INDEX, type OrcStripe } from './orc-format.ts';
import { storedBytes } from './output-stream.ts';
import { ProtobufWriter } from './protobuf-writer.ts';
import { UTC, WriterZone } from './writer-zone.ts';

/** Rows that are taken of every column before the next. */
const SLICE_ROWS_MAX = 4096;
const BLOCK_SIZE_MIN = 4 * 1024;
const BLOCK_SIZE_MAX = 256 * 1024;

/** How a file is written; what is left out has the default named here. */
export interface OrcWriterOptions {
  /** The columns in order. */
  readonly fields: readonly DataField[];
  /** Default `zstd`. */
  readonly codec?: OrcCodec;
  /** Level of zstd; default 1. */
  readonly level?: number;
  /** A stripe ends when it takes so many bytes of memory (default 32 MiB) … */
  readonly stripeBytes?: number;
  /** … or at so many rows (default 131,072), whichever comes first. */
  readonly stripeRows?: number;
  /** Rows of a row group, which the index of a stripe tells where to find; 0 for no index; default 10,000. */
  readonly rowIndexStride?: number;
  /** The greatest share of distinct texts that are written by dictionary: 0 for never, 1 for always; default 0.8. */
  readonly dictionaryThreshold?: number;
  /**
   * The zone whose clocks show what instants are taken for, as the reference does unless told otherwise; default UTC,
   * which changes nothing.
   */
  readonly instantZone?: string;
}

/** Starts an ORC file. Throws `E3210` for a column that ORC cannot hold. Equal rows give equal bytes. */
export function createOrcWriter(options: OrcWriterOptions, sink: ByteSink): FormatWriter {
  return new OrcWriter(options, sink);
}

class OrcWriter implements FormatWriter {
  rowCount = 0;
  private readonly sink: ByteSink;
  private readonly schema: OrcColumn;
  private readonly columns: readonly ColumnWriter[];
  private readonly settings: ColumnSettings;
  private readonly stripeBytes: number;
  private readonly stripeRows: number;
  private readonly rowIndexStride: number;
  private readonly groupRows: number;
  private readonly stripes: OrcStripe[] = [];
  private readonly stripeStatistics: ProtobufWriter[] = [];
  private rows = new Uint32Array(0);
  private stripeStart = 0;
  private groupStart = 0;
  private offset = 0;

  constructor(options: OrcWriterOptions, sink: ByteSink) {
    const { codec = 'zstd', level = 1, stripeBytes = 32 * 1024 * 1024 } = options;
    this.sink = sink;
    this.schema = orcColumns(options.fields);
    this.stripeBytes = stripeBytes;
    this.stripeRows = options.stripeRows ?? 131_072;
    // As in the reference, a negative number is none.
    this.rowIndexStride = Math.max(0, options.rowIndexStride ?? 10_000);
    this.groupRows = this.rowIndexStride === 0 ? Number.POSITIVE_INFINITY : this.rowIndexStride;
    this.settings = {
      compression: { codec, level, blockSize: blockSizeFor(stripeBytes, columnCount(this.schema)) },
      dictionaryThreshold: options.dictionaryThreshold ?? 0.8,
      zone: hasInstant(this.schema) ? new WriterZone(options.instantZone ?? UTC.name) : UTC,
    };
    this.columns = columnWriters(this.schema, this.settings);
  }

  get estimatedSizeBytes(): number {
    return this.offset + this.bufferedBytes();
  }

  private bufferedBytes(): number {
    return this.columns.reduce((sum, column) => sum + column.bufferedBytes, 0);
  }

  async append(batch: ColumnBatch, order: Uint32Array | null, from: number, to: number): Promise<void> {
    assert(batch.columns.length === this.schema.children.length, 'a batch has one column a field');
    const { rowCount, columns } = batch;
    const struct = { kind: 'struct', length: rowCount, fields: columns, validity: null } as const;
    const sliceRows = this.sliceRows(batch);
    for (let start = from; start < to; ) {
      if (this.rowCount === this.groupStart) for (const column of this.columns) column.startRowGroup();
      const count = Math.min(to - start, sliceRows, this.rowsLeft());
      this.columns[0].append(struct, { rows: this.rowsOf(order, start, count), count });
      this.rowCount += count;
      start += count;
      if (this.rowCount - this.groupStart === this.groupRows) this.endRowGroup();
      const isFull = this.rowCount - this.stripeStart === this.stripeRows || this.bufferedBytes() >= this.stripeBytes;
      if (isFull) await this.endStripe();
    }
  }

  async appendFile(): Promise<boolean> {
    return false;
  }

  /** Rows until the row group or the stripe ends. */
  private rowsLeft(): number {
    const { rowCount, stripeRows, groupRows } = this;
    return Math.min(stripeRows - (rowCount - this.stripeStart), groupRows - (rowCount - this.groupStart));
  }

  /** So many rows at a time that a stripe does not get much more than it holds. */
  private sliceRows({ columns, rowCount }: ColumnBatch): number {
    const rowBytes = columns.reduce((sum, vector) => sum + vectorSizeBytes(vector), 0) / rowCount;
    return Math.max(1, Math.floor(Math.min(SLICE_ROWS_MAX, this.stripeBytes / 4 / Math.max(1, rowBytes))));
  }

  private rowsOf(order: Uint32Array | null, from: number, count: number): Uint32Array {
    if (order !== null) return order.subarray(from, from + count);
    if (this.rows.length < count) this.rows = new Uint32Array(count);
    for (let index = 0; index < count; index++) this.rows[index] = from + index;
    return this.rows;
  }

  private endRowGroup(): void {
    if (this.rowCount === this.groupStart) return;
    for (const column of this.columns) column.endRowGroup();
    this.groupStart = this.rowCount;
  }

  private async endStripe(): Promise<void> {
    const rowCount = this.rowCount - this.stripeStart;
    if (rowCount === 0) return;
    this.endRowGroup();
    await this.begin();
    const { compression, zone } = this.settings;
    const ended: EndedStripe = { indexes: [], streams: [], encodings: [], statistics: [] };
    for (const column of this.columns) column.endStripe(ended);
    const isIndexed = this.rowIndexStride > 0;
    const indexes = (isIndexed ? ended.indexes : []).map((index, column) => {
      return { kind: ROW_INDEX, column, bytes: storedBytes(index.view(), compression) };
    });
    const footer = new ProtobufWriter();
    const { offset } = this;
    for (const { kind, column, bytes } of [...indexes, ...ended.streams]) {
      footer.message(1, new ProtobufWriter().number(1, kind).number(2, column).number(3, bytes.length));
      await this.write(bytes);
    }
    for (const encoding of ended.encodings) footer.message(2, encoding);
    if (hasTimestamp(this.schema)) footer.text(3, zone.name);
    const indexSize = indexes.reduce((size, { bytes }) => size + bytes.length, 0);
    const dataSize = this.offset - offset - indexSize;
    const footerBytes = storedBytes(footer.view(), compression);
    await this.write(footerBytes);
    this.stripes.push({ offset, indexSize, dataSize, footerSize: footerBytes.length, rowCount });
    const statistics = new ProtobufWriter();
    for (const column of ended.statistics) statistics.message(1, column);
    this.stripeStatistics.push(statistics);
    for (const column of this.columns) column.clear();
    this.stripeStart = this.rowCount;
  }

  async finish(): Promise<FileSummary> {
    await this.endStripe();
    await this.begin();
    const { rowCount, schema, stripes, stripeStatistics, rowIndexStride, columns } = this;
    const statistics = columns.map((column) => column.fileMessage());
    const tail = { schema, stripes, rowCount, rowIndexStride, stripeStatistics, statistics };
    await this.write(fileTailBytes(tail, this.settings.compression));
    const summaries = schema.children.map(({ id }) => columns[id].fileStatistics(rowCount));
    return { sizeBytes: this.offset, rowCount, columns: summaries };
  }

  private async begin(): Promise<void> {
    if (this.offset === 0) await this.write(Buffer.from(MAGIC));
  }

  private async write(bytes: Uint8Array): Promise<void> {
    this.offset += bytes.length;
    await this.sink.write(bytes);
  }
}

/** Chunks are smaller where there are many columns, each of which has some open at a time. */
function blockSizeFor(stripeBytes: number, columns: number): ChunkCompression['blockSize'] {
  const fair = 2 ** Math.ceil(Math.log2(Math.max(1, stripeBytes / (20 * columns))));
  return Math.min(BLOCK_SIZE_MAX, Math.max(BLOCK_SIZE_MIN, fair));
}

function columnCount({ children }: OrcColumn): number {
  return children.reduce((count, child) => count + columnCount(child), 1);
}

function hasInstant({ kind, children }: OrcColumn): boolean {
  return kind === 'TIMESTAMP_INSTANT' || children.some(hasInstant);
}

function hasTimestamp(column: OrcColumn): boolean {
  return column.kind === 'TIMESTAMP' || hasInstant(column) || column.children.some(hasTimestamp);
}
