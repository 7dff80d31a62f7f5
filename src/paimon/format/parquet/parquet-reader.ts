// Reads Parquet files, ours and foreign ones, into column vectors: a row group at a time or a batch of its rows at a
// time, only the columns asked for.
import type { ColumnBatch, Vector } from '../../../column/vector.ts';
import { TributaryError } from '../../../base/errors.ts';
import type { DataType } from '../../schema/data-type.ts';
import { assembleColumn } from './assembler.ts';
import type { DataFile, RangeSource, RowGroupColumnStatistics, RowGroupReader, WantedColumn } from '../data-file.ts';
import { ChunkReader } from './chunk-reader.ts';
import { boundOfPlain, boundOrder, vectorBounds } from './column-bounds.ts';
import { type ColumnPlan, planColumn, planLeaves } from './column-plan.ts';
import { readFooter } from './footer-reader.ts';
import type { LeafValues } from './leaf-values.ts';
import { type FileMetadata, MAGIC, type RowGroup } from './parquet-format.ts';
import { corrupt, located } from '../file-fault.ts';

const TAIL_BYTES = 8;
/** Fetched at first: holds the whole footer of most files. */
const FOOTER_BYTES = 64 * 1024;

/**
 * Opens a file: reads its footer. Errors here and of every method name the file and column: `E3200` damaged,
 * `E3201` a feature that we do not read, `E3202` a column that is absent or of another type, `E3203` a value that
 * the wanted type cannot hold.
 */
export async function openParquet(source: RangeSource): Promise<ParquetFile> {
  try {
    return new ParquetFile(source, readFooter(await fetchFooter(source)));
  } catch (error) {
    throw located(error, { file: source.name });
  }
}

/** A source over bytes in memory. */
export function bytesSource(name: string, bytes: Uint8Array): RangeSource {
  const readRange = (offset: number, sizeBytes: number): Promise<Uint8Array> =>
    Promise.resolve(bytes.subarray(offset, offset + sizeBytes));
  return { name, sizeBytes: bytes.length, readRange };
}

async function fetchFooter(source: RangeSource): Promise<Uint8Array> {
  const { sizeBytes } = source;
  if (sizeBytes < MAGIC.length + TAIL_BYTES) throw corrupt('too short for a Parquet file');
  const tail = await fetchExactly(source, Math.max(0, sizeBytes - FOOTER_BYTES), Math.min(FOOTER_BYTES, sizeBytes));
  const magicAt = tail.length - MAGIC.length;
  const magic = Buffer.from(tail.subarray(magicAt)).toString('latin1');
  if (magic === 'PARE') throw corrupt('the footer is encrypted');
  if (magic !== 'PAR1') throw corrupt('not a Parquet file: it does not end in PAR1');
  const footerBytes = new DataView(tail.buffer, tail.byteOffset, tail.length).getUint32(tail.length - TAIL_BYTES, true);
  const footerAt = sizeBytes - TAIL_BYTES - footerBytes;
  if (footerAt < MAGIC.length) throw corrupt(`a footer of ${footerBytes} bytes does not fit the file`);
  const available = tail.length - TAIL_BYTES;
  if (footerBytes <= available) return tail.subarray(available - footerBytes, available);
  return fetchExactly(source, footerAt, footerBytes);
}

async function fetchExactly(source: RangeSource, offset: number, sizeBytes: number): Promise<Uint8Array> {
  const bytes = await source.readRange(offset, sizeBytes);
  if (bytes.length !== sizeBytes) throw corrupt('the file is shorter than its size says');
  return bytes;
}

interface ColumnReader {
  readonly column: WantedColumn;
  readonly plan: ColumnPlan;
  readonly chunks: ReadonlyMap<number, ChunkReader>;
}

/** An open file: plain metadata, no resource to release. */
export class ParquetFile implements DataFile {
  readonly metadata: FileMetadata;
  private readonly source: RangeSource;

  constructor(source: RangeSource, metadata: FileMetadata) {
    this.source = source;
    this.metadata = metadata;
  }

  get rowCount(): number {
    return this.metadata.rowCount;
  }

  get rowGroups(): readonly RowGroup[] {
    return this.metadata.rowGroups;
  }

  /** Whether the file has a top-level column of this name. */
  hasColumn(name: string): boolean {
    return this.metadata.schema.children.some((child) => child.name === name);
  }

  /** All rows of a row group, the columns in the order asked for. The arrays belong to the caller. */
  async readRowGroup(index: number, columns: readonly WantedColumn[]): Promise<ColumnBatch> {
    const { rowCount } = this.rowGroup(index);
    const batch = await this.openRowGroup(index, columns).next(rowCount);
    return batch ?? { rowCount: 0, columns: await this.read(this.columnReaders(index, columns), 0) };
  }

  /**
   * Opens a row group for reading batch by batch: memory holds the compressed chunks of the columns (8 MiB windows of
   * larger ones), a page each, and the batch.
   */
  openRowGroup(index: number, columns: readonly WantedColumn[]): RowGroupReader {
    const readers = this.columnReaders(index, columns);
    let left = this.rowGroup(index).rowCount;
    const next = async (rowsMax: number): Promise<ColumnBatch | null> => {
      if (left === 0) return null;
      const rowCount = Math.min(left, Math.max(1, rowsMax));
      const vectors = await this.read(readers, rowCount);
      left -= rowCount;
      return { rowCount, columns: vectors };
    };
    return { next };
  }

  private rowGroup(index: number): RowGroup {
    const rowGroup = this.rowGroups[index];
    if (rowGroup === undefined) throw new TributaryError('E9001', `no such row group: index=${index}`);
    return rowGroup;
  }

  private columnReaders(index: number, columns: readonly WantedColumn[]): readonly ColumnReader[] {
    const rowGroup = this.rowGroup(index);
    return columns.map((column) =>
      this.locate(column.name, () => {
        const plan = this.plan(column);
        const chunks = new Map<number, ChunkReader>();
        for (const leaf of planLeaves(plan)) {
          chunks.set(leaf.leafIndex, new ChunkReader(this.source, rowGroup.columns[leaf.leafIndex], leaf));
        }
        return { column, plan, chunks };
      }),
    );
  }

  private plan({ name, type }: WantedColumn): ColumnPlan {
    const node = this.metadata.schema.children.find((child) => child.name === name);
    if (node !== undefined) return planColumn(node, type);
    const context = { file: this.source.name, column: name };
    throw new TributaryError('E3202', `no such column in the file: column=${name}, file=${this.source.name}`, {
      context,
    });
  }

  private async read(readers: readonly ColumnReader[], rowCount: number): Promise<readonly Vector[]> {
    const vectors: Vector[] = [];
    for (const { column, plan, chunks } of readers) {
      try {
        const leaves = new Map<number, LeafValues>();
        for (const [leafIndex, chunk] of chunks) leaves.set(leafIndex, await chunk.read(rowCount));
        const vector = assembleColumn(plan, leaves);
        if (vector.length !== rowCount) throw corrupt(`a column has ${vector.length} of ${rowCount} rows`);
        vectors.push(vector);
      } catch (error) {
        throw located(error, { file: this.source.name, column: column.name });
      }
    }
    return vectors;
  }

  private locate<Result>(column: string, action: () => Result): Result {
    try {
      return action();
    } catch (error) {
      throw located(error, { file: this.source.name, column });
    }
  }

  /** What the footer says of a column in a row group; null for nested columns and where it says nothing. */
  columnStatistics(index: number, column: WantedColumn): RowGroupColumnStatistics | null {
    const plan = this.locate(column.name, () => this.plan(column));
    if (plan.kind !== 'leaf') return null;
    const { statistics } = this.rowGroup(index).columns[plan.leaf.leafIndex];
    if (statistics === null) return null;
    const order = boundOrder(plan.leaf);
    const min = statistics.min === null ? null : boundOfPlain(order, statistics.min);
    const max = statistics.max === null ? null : boundOfPlain(order, statistics.max);
    const isUsable = min !== null && max !== null && sameForm(plan, column.type);
    const bounds = isUsable ? vectorBounds({ min, max }, column.type) : null;
    return { nullCount: statistics.nullCount, bounds };
  }
}

/** Whether stored numbers are those of the type's vector: not so in foreign files of another unit or width. */
function sameForm({ leaf }: Extract<ColumnPlan, { kind: 'leaf' }>, type: DataType): boolean {
  const order = boundOrder(leaf);
  switch (type.kind) {
    case 'BIGINT':
      return order === 'i64';
    case 'DECIMAL':
      return type.precision <= 18 ? order === 'i32' || order === 'i64' : order === 'fixed';
    case 'TIMESTAMP':
    case 'TIMESTAMP_LTZ':
      return leaf.logical?.kind === 'timestamp' && leaf.logical.unit === (type.precision <= 3 ? 'millis' : 'micros');
    default:
      return true;
  }
}
