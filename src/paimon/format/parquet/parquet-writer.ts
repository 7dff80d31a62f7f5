// Writes a Parquet file from column batches: the way every data and changelog file of Tributary is made. Pages are
// compressed as they fill, row groups go to the sink as they end, so memory holds one row group's compressed pages.
import type { ColumnBatch, Vector } from '../../../column/vector.ts';
import { vectorSizeBytes } from '../../../column/vector.ts';
import { assert } from '../../../base/errors.ts';
import type { DataField } from '../../schema/data-type.ts';
import type { ByteSink, FileColumnStatistics, FileSummary, FormatWriter, RangeSource } from '../data-file.ts';
import { located } from '../file-fault.ts';
import type { FilePlace } from '../file-place.ts';
import { ByteBuffer } from './byte-buffer.ts';
import { vectorBounds } from './column-bounds.ts';
import { codecNumber, type ParquetCompression } from './compression.ts';
import { footerBytes } from './footer-writer.ts';
import { type EndedChunk, LeafWriter } from './leaf-writer.ts';
import { leavesOf, MAGIC, type RowGroup } from './parquet-format.ts';
import { openParquet } from './parquet-reader.ts';
import { parquetSchema } from './parquet-schema.ts';
import {
  bytesOf,
  canCopy,
  type CopyTarget,
  isLargeGroup,
  movedChunks,
  placeOfGroup,
  totalsOf,
} from './row-group-copy.ts';
import { type CellSink, shredColumn } from './shredder.ts';

/** The application and version that files of ours name. */
const CREATED_BY = 'tributary version 0.1.0';

const SLICE_ROWS_MAX = 8192;
/** Parts up to this size are written together … */
const SMALL_BYTES_MAX = 64 * 1024;
/** … until they come to this. */
const TOGETHER_BYTES = 256 * 1024;

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

/** A row group that is written, but for the index of its pages, which stands behind all of them. */
interface EndedRowGroup {
  readonly rowCount: number;
  readonly columns: readonly Omit<EndedChunk, 'parts'>[];
}

class FileWriter implements FormatWriter {
  rowCount = 0;
  private readonly fields: readonly DataField[];
  private readonly target: CopyTarget;
  private readonly sink: ByteSink;
  private readonly leaves: readonly LeafWriter[];
  private readonly pageBytes: number;
  private readonly rowGroups: EndedRowGroup[] = [];
  private readonly takeCells: CellSink;
  private rowGroupStart = 0;
  private readonly small = new ByteBuffer();
  private offset = 0;

  constructor(options: ParquetWriterOptions, sink: ByteSink) {
    const compression = options.compression ?? 'zstd';
    this.fields = options.fields;
    this.target = {
      schema: parquetSchema(options.fields),
      createdBy: CREATED_BY,
      codec: codecNumber(compression),
      rowGroupRows: options.rowGroupRows ?? 131072,
      rowGroupBytes: options.rowGroupBytes ?? 32 * 1024 * 1024,
    };
    this.sink = sink;
    this.pageBytes = options.pageBytes ?? 1024 * 1024;
    const settings = {
      compression,
      level: options.level ?? (compression === 'gzip' ? 6 : 1),
      dictionary: options.dictionary ?? true,
      pageBytes: this.pageBytes,
      pageRows: options.pageRows ?? 20000,
    };
    this.leaves = leavesOf(this.target.schema).map((leaf) => new LeafWriter(leaf, settings));
    this.takeCells = (leaf, cells) => this.leaves[leaf.leafIndex].append(cells);
  }

  get estimatedSizeBytes(): number {
    return this.leaves.reduce((sum, leaf) => sum + leaf.bufferedBytes, this.offset);
  }

  async append(batch: ColumnBatch, order: Uint32Array | null, from: number, to: number): Promise<void> {
    assert(batch.columns.length === this.fields.length, 'a batch has one column a field');
    const sliceRows = this.sliceRows(batch);
    for (let start = from; start < to; ) {
      const left = this.target.rowGroupRows - (this.rowCount - this.rowGroupStart);
      const end = Math.min(to, start + sliceRows, start + left);
      const rows = { order, from: start, to: end };
      this.target.schema.children.forEach((node, index) => {
        shredColumn(node, { vector: batch.columns[index], rows }, this.takeCells);
      });
      this.rowCount += end - start;
      start = end;
      if (this.isRowGroupFull()) await this.endRowGroup();
    }
  }

  /** So many rows at a time that no column gets much more than a page of them, and no row group much more than it holds. */
  private sliceRows(batch: ColumnBatch): number {
    const cellBytes = batch.columns.map((vector: Vector) => vectorSizeBytes(vector) / batch.rowCount);
    const rowBytes = cellBytes.reduce((sum, bytes) => sum + bytes, 0);
    const pageRows = this.pageBytes / Math.max(1, ...cellBytes);
    const groupRows = this.target.rowGroupBytes / Math.max(1, rowBytes);
    return Math.max(1, Math.floor(Math.min(SLICE_ROWS_MAX, pageRows, groupRows)));
  }

  private isRowGroupFull(): boolean {
    const { rowCount, uncompressedBytes } = this.openRowGroup();
    return rowCount >= this.target.rowGroupRows || uncompressedBytes >= this.target.rowGroupBytes;
  }

  /** What the row group holds that has not ended. */
  private openRowGroup(): { readonly rowCount: number; readonly uncompressedBytes: number } {
    const uncompressedBytes = this.leaves.reduce((sum, leaf) => sum + leaf.rowGroupBytes, 0);
    return { rowCount: this.rowCount - this.rowGroupStart, uncompressedBytes };
  }

  async appendFile(source: RangeSource): Promise<boolean> {
    const open = this.openRowGroup();
    if (open.rowCount > 0 && !isLargeGroup(open, this.target)) return false;
    const { metadata } = await openParquet(source);
    if (!canCopy(metadata, this.target)) return false;
    await this.endRowGroup();
    await this.begin();
    try {
      for (const rowGroup of metadata.rowGroups) await this.copyRowGroup(source, rowGroup);
    } catch (error) {
      throw located(error, { file: source.name });
    }
    return true;
  }

  private async copyRowGroup(source: RangeSource, rowGroup: RowGroup): Promise<void> {
    const place = placeOfGroup(rowGroup);
    const columns = await movedChunks(source, rowGroup, this.offset - place.offset);
    for await (const bytes of bytesOf(source, place)) await this.write(bytes);
    for (const [index, writer] of this.leaves.entries()) {
      const totals = totalsOf(rowGroup.columns[index], writer.leaf);
      assert(totals !== null, 'a row group without statistics is not copied');
      writer.addTotals(totals);
    }
    this.rowGroups.push({ rowCount: rowGroup.rowCount, columns });
    this.rowCount += rowGroup.rowCount;
    this.rowGroupStart = this.rowCount;
  }

  private async endRowGroup(): Promise<void> {
    const rowCount = this.rowCount - this.rowGroupStart;
    if (rowCount === 0) return;
    await this.begin();
    const columns: EndedRowGroup['columns'][number][] = [];
    for (const leaf of this.leaves) {
      const { parts, ...column } = leaf.endRowGroup(this.offset);
      columns.push(column);
      for (const part of parts) await this.write(part);
    }
    await this.writeSmall();
    this.rowGroups.push({ rowCount, columns });
    this.rowGroupStart = this.rowCount;
  }

  private async begin(): Promise<void> {
    if (this.offset === 0) await this.write(MAGIC);
  }

  /** Writes small parts together: a file has dozens, and each write of the sink has its price. */
  private async write(bytes: Uint8Array): Promise<void> {
    this.offset += bytes.length;
    if (bytes.length <= SMALL_BYTES_MAX) this.small.append(bytes);
    if (bytes.length > SMALL_BYTES_MAX || this.small.size > TOGETHER_BYTES) await this.writeSmall();
    if (bytes.length > SMALL_BYTES_MAX) await this.sink.write(bytes);
  }

  private async writeSmall(): Promise<void> {
    if (this.small.size > 0) await this.sink.write(this.small.view());
    this.small.clear();
  }

  async finish(): Promise<FileSummary> {
    await this.endRowGroup();
    for (const leaf of this.leaves) leaf.release();
    await this.begin();
    const { rowCount } = this;
    const { schema } = this.target;
    const rowGroups = await this.writeIndexes();
    await this.write(footerBytes({ schema, rowCount, rowGroups, createdBy: CREATED_BY }));
    await this.writeSmall();
    this.small.release();
    return { sizeBytes: this.offset, rowCount, columns: this.fields.map((_, index) => this.columnStatistics(index)) };
  }

  /** Writes the indexes of pages and gives what the footer says of the row groups. */
  private async writeIndexes(): Promise<readonly RowGroup[]> {
    const chunks = this.rowGroups.flatMap(({ columns }) => columns);
    // Of a single page the footer says as much.
    const isIndexed = chunks.some(({ pageCount }) => pageCount > 1);
    const columnIndexes = await this.writePlaced(chunks.map(({ columnIndex }) => (isIndexed ? columnIndex : null)));
    const offsetIndexes = await this.writePlaced(chunks.map(({ offsetIndex }) => (isIndexed ? offsetIndex : null)));
    let at = 0;
    return this.rowGroups.map(({ rowCount, columns: ended }) => {
      const columns = ended.map(({ chunk }) => {
        const indexes = { columnIndex: columnIndexes[at], offsetIndex: offsetIndexes[at] };
        at++;
        return { ...chunk, ...indexes };
      });
      const uncompressedBytes = columns.reduce((sum, chunk) => sum + chunk.uncompressedBytes, 0);
      return { rowCount, uncompressedBytes, columns };
    });
  }

  private async writePlaced(parts: readonly (Uint8Array | null)[]): Promise<readonly (FilePlace | null)[]> {
    const places: (FilePlace | null)[] = [];
    for (const part of parts) {
      places.push(part === null ? null : { offset: this.offset, sizeBytes: part.length });
      if (part !== null) await this.write(part);
    }
    return places;
  }

  private columnStatistics(index: number): FileColumnStatistics {
    const { name, type } = this.fields[index];
    const node = this.target.schema.children[index];
    if (node.kind === 'group') return { name, nullCount: null, bounds: null };
    const { nullCount, bounds } = this.leaves[node.leafIndex].totals();
    return { name, nullCount, bounds: bounds === null ? null : vectorBounds(bounds, type) };
  }
}
