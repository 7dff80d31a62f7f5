// Writes a Parquet file from column batches: the way every data and changelog file of Tributary is made. Pages are
// compressed as they fill, row groups go to the sink as they end, so memory holds one row group's compressed pages.
import type { ColumnBatch, Vector } from '../../../column/vector.ts';
import { vectorSizeBytes } from '../../../column/vector.ts';
import { assert } from '../../../base/errors.ts';
import type { DataField } from '../../schema/data-type.ts';
import type { ByteSink, FileColumnStatistics, FileSummary, FormatWriter } from '../data-file.ts';
import { vectorBounds } from './column-bounds.ts';
import type { ParquetCompression } from './compression.ts';
import { footerBytes } from './footer-writer.ts';
import { LeafWriter } from './leaf-writer.ts';
import { type ColumnChunk, type GroupNode, leavesOf, MAGIC, type RowGroup } from './parquet-format.ts';
import { parquetSchema } from './parquet-schema.ts';
import { type CellSink, shredColumn } from './shredder.ts';

/** The application and version that files of ours name. */
const CREATED_BY = 'tributary version 0.1.0';

const SLICE_ROWS_MAX = 8192;

/** How a file is written; what is left out has the default named here. */
export interface ParquetWriterOptions {
  /** The columns in order; a column is required where its type is NOT NULL. */
  readonly fields: readonly DataField[];
  /** Default `zstd`. */
  readonly compression?: ParquetCompression;
  /** Level of zstd (default 1) or gzip (default 6). */
  readonly level?: number;
  /** Whether columns of few distinct values are written by dictionary; default true. */
  readonly dictionary?: boolean;
  /** A row group ends at so many rows (default 131,072) … */
  readonly rowGroupRows?: number;
  /** … or so many bytes before compression (default 32 MiB), whichever comes first. */
  readonly rowGroupBytes?: number;
  /** Bytes of a page before compression; default 1 MiB. */
  readonly pageBytes?: number;
  /** Rows of a page; default 20,000. */
  readonly pageRows?: number;
}

/** Starts a Parquet file of the fields. */
export function createParquetWriter(options: ParquetWriterOptions, sink: ByteSink): FormatWriter {
  return new FileWriter(options, sink);
}

class FileWriter implements FormatWriter {
  rowCount = 0;
  private readonly fields: readonly DataField[];
  private readonly schema: GroupNode;
  private readonly sink: ByteSink;
  private readonly leaves: readonly LeafWriter[];
  private readonly rowGroupRows: number;
  private readonly rowGroupBytes: number;
  private readonly pageBytes: number;
  private readonly rowGroups: RowGroup[] = [];
  private readonly takeCells: CellSink;
  private rowGroupStart = 0;
  private offset = 0;

  constructor(options: ParquetWriterOptions, sink: ByteSink) {
    const compression = options.compression ?? 'zstd';
    this.fields = options.fields;
    this.schema = parquetSchema(options.fields);
    this.sink = sink;
    this.rowGroupRows = options.rowGroupRows ?? 131072;
    this.rowGroupBytes = options.rowGroupBytes ?? 32 * 1024 * 1024;
    this.pageBytes = options.pageBytes ?? 1024 * 1024;
    const settings = {
      compression,
      level: options.level ?? (compression === 'gzip' ? 6 : 1),
      dictionary: options.dictionary ?? true,
      pageBytes: this.pageBytes,
      pageRows: options.pageRows ?? 20000,
    };
    this.leaves = leavesOf(this.schema).map((leaf) => new LeafWriter(leaf, settings));
    this.takeCells = (leaf, cells) => this.leaves[leaf.leafIndex].append(cells);
  }

  get estimatedSizeBytes(): number {
    return this.leaves.reduce((sum, leaf) => sum + leaf.bufferedBytes, this.offset);
  }

  async append(batch: ColumnBatch, order: Uint32Array | null, from: number, to: number): Promise<void> {
    assert(batch.columns.length === this.fields.length, 'a batch has one column a field');
    const sliceRows = this.sliceRows(batch);
    for (let start = from; start < to; ) {
      const left = this.rowGroupRows - (this.rowCount - this.rowGroupStart);
      const end = Math.min(to, start + sliceRows, start + left);
      const rows = { order, from: start, to: end };
      this.schema.children.forEach((node, index) => {
        shredColumn(node, { vector: batch.columns[index], rows }, this.takeCells);
      });
      this.rowCount += end - start;
      start = end;
      if (this.isRowGroupFull()) await this.endRowGroup();
    }
  }

  /** So many rows at a time that no column gets much more than a page of them. */
  private sliceRows(batch: ColumnBatch): number {
    const rowBytes = Math.max(1, ...batch.columns.map((vector: Vector) => vectorSizeBytes(vector) / batch.rowCount));
    return Math.max(1, Math.min(SLICE_ROWS_MAX, Math.floor(this.pageBytes / rowBytes)));
  }

  private isRowGroupFull(): boolean {
    if (this.rowCount - this.rowGroupStart >= this.rowGroupRows) return true;
    return this.leaves.reduce((sum, leaf) => sum + leaf.rowGroupBytes, 0) >= this.rowGroupBytes;
  }

  private async endRowGroup(): Promise<void> {
    const rowCount = this.rowCount - this.rowGroupStart;
    if (rowCount === 0) return;
    await this.begin();
    const columns: ColumnChunk[] = [];
    for (const leaf of this.leaves) {
      const { chunk, parts } = leaf.endRowGroup(this.offset);
      columns.push(chunk);
      for (const part of parts) await this.write(part);
    }
    const uncompressedBytes = columns.reduce((sum, chunk) => sum + chunk.uncompressedBytes, 0);
    this.rowGroups.push({ rowCount, uncompressedBytes, columns });
    this.rowGroupStart = this.rowCount;
  }

  private async begin(): Promise<void> {
    if (this.offset === 0) await this.write(MAGIC);
  }

  private async write(bytes: Uint8Array): Promise<void> {
    this.offset += bytes.length;
    await this.sink.write(bytes);
  }

  async finish(): Promise<FileSummary> {
    await this.endRowGroup();
    await this.begin();
    const { schema, rowCount, rowGroups } = this;
    await this.write(footerBytes({ schema, rowCount, rowGroups, createdBy: CREATED_BY }));
    return { sizeBytes: this.offset, rowCount, columns: this.fields.map((_, index) => this.columnStatistics(index)) };
  }

  private columnStatistics(index: number): FileColumnStatistics {
    const { name, type } = this.fields[index];
    const node = this.schema.children[index];
    if (node.kind === 'group') return { name, nullCount: null, bounds: null };
    const { nullCount, bounds } = this.leaves[node.leafIndex].totals();
    return { name, nullCount, bounds: bounds === null ? null : vectorBounds(bounds, type) };
  }
}
