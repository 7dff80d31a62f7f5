// Reads Parquet files, ours and foreign ones, into column vectors: a row group at a time or a batch of its rows at a
// time, only the columns asked for.
import { takeVector } from '../../../column/take.ts';
import type { ColumnBatch, Vector } from '../../../column/vector.ts';
import { TributaryError } from '../../../base/errors.ts';
import { assembleColumn } from './assembler.ts';
import type {
  DataFile,
  FileConditions,
  RangeSource,
  RowGroupBatch,
  RowGroupColumnStatistics,
  RowGroupReader,
  RowPicker,
  WantedColumn,
} from '../data-file.ts';
import { fetchExactly, fetchPlaces } from '../fetch-places.ts';
import { allRows, type Rows, type RowRanges } from '../row-ranges.ts';
import { ChunkReader } from './chunk-reader.ts';
import { type ColumnPlan, planColumn, planLeaves } from './column-plan.ts';
import { readFooter } from './footer-reader.ts';
import type { LeafValues } from './leaf-values.ts';
import { readOffsetIndex } from './page-index.ts';
import { type FileMetadata, MAGIC, type RowGroup } from './parquet-format.ts';
import { rowsThatMayMeet, type StoredColumn } from './row-pruning.ts';
import { storedStatistics } from './stored-bounds.ts';
import { corrupt, located } from '../file-fault.ts';

const TAIL_BYTES = 8;
/** Fetched at first: holds the whole footer of most files. */
const FOOTER_BYTES = 64 * 1024;
/** What the windows of all chunks that are read at the same time take together, where each has what it needs at least. */
const WINDOWS_BYTES = 12 * 1024 * 1024;
const WINDOW_BYTES_MIN = 128 * 1024;
const WINDOW_BYTES_MAX = 2 * 1024 * 1024;

/**
 * Opens a file: reads its footer. Errors here and of every method name the file and column: `E3200` damaged,
 * `E3201` a feature that we do not read, `E3202` a column that is absent or of another type, `E3203` a value that
 * the wanted type cannot hold.
 */
export async function openParquet(source: RangeSource): Promise<ParquetFile> {
  try {
    const tail = await fetchTail(source);
    return new ParquetFile(tail, readFooter(await fetchFooter(tail)));
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

/** The source with its last bytes in memory: the footer, the indexes of pages, and the whole of a small file. */
async function fetchTail(source: RangeSource): Promise<RangeSource> {
  const { sizeBytes } = source;
  if (sizeBytes < MAGIC.length + TAIL_BYTES) throw corrupt('too short for a Parquet file');
  const tailAt = Math.max(0, sizeBytes - FOOTER_BYTES);
  const tail = await fetchExactly(source, tailAt, sizeBytes - tailAt);
  const readRange = (offset: number, size: number): Promise<Uint8Array> =>
    offset >= tailAt
      ? Promise.resolve(tail.slice(offset - tailAt, offset - tailAt + size))
      : source.readRange(offset, size);
  return { ...source, readRange };
}

async function fetchFooter(source: RangeSource): Promise<Uint8Array> {
  const { sizeBytes } = source;
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

/** How much of each of so many chunks is fetched at a time: fewer and larger fetches cost less. */
function windowBytesOf(chunksOpen: number): number {
  return Math.max(WINDOW_BYTES_MIN, Math.min(WINDOW_BYTES_MAX, Math.floor(WINDOWS_BYTES / Math.max(1, chunksOpen))));
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
    return (
      batch ?? {
        rowCount: 0,
        columns: await this.noRows(index, columns),
      }
    );
  }

  /**
   * Opens a row group for reading batch by batch: memory holds the compressed chunks of the columns (windows of larger
   * ones), a page each, and the batch. Pages that hold none of the `rows` are not fetched where the file says
   * where they are.
   */
  openRowGroup(index: number, columns: readonly WantedColumn[], rows?: RowRanges): RowGroupReader {
    const readers = this.columnReaders(index, columns);
    const { rowCount: groupRows } = this.rowGroup(index);
    const left = [...(rows ?? allRows(groupRows))];
    let at = 0;
    let isPlanned = rows === undefined;
    const next = async (rowsMax: number): Promise<RowGroupBatch | null> => {
      const range = left.shift();
      if (range === undefined) return null;
      if (!isPlanned) await this.planPages(readers, groupRows, [range, ...left]);
      isPlanned = true;
      const { from: firstRow } = range;
      const rowCount = Math.min(range.to - firstRow, Math.max(1, rowsMax));
      if (firstRow + rowCount < range.to) left.unshift({ ...range, from: firstRow + rowCount });
      if (firstRow > at)
        for (const { chunks } of readers) for (const chunk of chunks.values()) chunk.skip(firstRow - at);
      at = firstRow + rowCount;
      return { rowCount, firstRow, columns: await this.read(readers, (chunk) => chunk.read(rowCount), rowCount) };
    };
    return { next };
  }

  /** Opens a row group for picking rows, with the memory of `openRowGroup`: pages without any of them are not decoded. */
  openRowPicker(index: number, columns: readonly WantedColumn[], rows?: RowRanges): RowPicker {
    const readers = this.columnReaders(index, columns);
    let at = 0;
    let isPlanned = rows === undefined;
    const pick = async (picked: Uint32Array): Promise<readonly Vector[]> => {
      if (picked.length === 0) return this.noRows(index, columns);
      if (!isPlanned) await this.planPages(readers, this.rowGroup(index).rowCount, rows ?? []);
      isPlanned = true;
      const from = at;
      at = picked[picked.length - 1] + 1;
      return this.pickRows(readers, picked, { from, to: at });
    };
    return { pick };
  }

  /** Columns without rows; nothing that is open goes on by it. */
  private noRows(index: number, columns: readonly WantedColumn[]): Promise<readonly Vector[]> {
    return this.read(this.columnReaders(index, columns), (chunk) => chunk.read(0), 0);
  }

  /** Columns of nested types are read as they stand, and rows taken of that. */
  private async pickRows(
    readers: readonly ColumnReader[],
    picked: Uint32Array,
    { from, to }: Rows,
  ): Promise<readonly Vector[]> {
    const vectors: Vector[] = [];
    for (const reader of readers) {
      if (reader.plan.kind === 'leaf' && reader.plan.leaf.maxRepetition === 0) {
        const [vector] = await this.read([reader], (chunk) => chunk.pick(picked, from), picked.length);
        vectors.push(vector);
      } else {
        const first = picked[0];
        for (const chunk of reader.chunks.values()) chunk.skip(first - from);
        const [vector] = await this.read([reader], (chunk) => chunk.read(to - first), to - first);
        vectors.push(
          takeVector(
            vector,
            picked.map((row) => row - first),
          ),
        );
      }
    }
    return vectors;
  }

  /** Tells the chunks where their pages are, as far as the file says. */
  private async planPages(readers: readonly ColumnReader[], rowCount: number, rows: RowRanges): Promise<void> {
    const indexed = readers
      .flatMap(({ chunks }) => [...chunks.values()])
      .flatMap((reader) => (reader.chunk.offsetIndex === null ? [] : [{ reader, place: reader.chunk.offsetIndex }]));
    try {
      const indexes = await fetchPlaces(
        this.source,
        indexed.map(({ place }) => place),
      );
      for (const [at, { reader }] of indexed.entries())
        reader.planPages({ pages: readOffsetIndex(indexes[at], reader.chunk, rowCount), rowCount }, rows);
    } catch (error) {
      throw located(error, { file: this.source.name });
    }
  }

  async rowsThatMayMeet(index: number, { where, columns }: FileConditions): Promise<RowRanges> {
    const group = this.rowGroup(index);
    const column = (name: string): StoredColumn | null => {
      const wanted = columns.find((candidate) => candidate.name === name);
      const plan = wanted === undefined ? null : this.plan(wanted);
      if (wanted === undefined || plan?.kind !== 'leaf') return null;
      return { leaf: plan.leaf, type: wanted.type, chunk: group.columns[plan.leaf.leafIndex] };
    };
    try {
      return await rowsThatMayMeet(this.source, { rowCount: group.rowCount, column }, where);
    } catch (error) {
      throw located(error, { file: this.source.name });
    }
  }

  private rowGroup(index: number): RowGroup {
    const rowGroup = this.rowGroups[index];
    if (rowGroup === undefined) throw new TributaryError('E9001', `no such row group: index=${index}`);
    return rowGroup;
  }

  private columnReaders(index: number, columns: readonly WantedColumn[]): readonly ColumnReader[] {
    const rowGroup = this.rowGroup(index);
    const planned = columns.map((column) =>
      this.locate(column.name, () => {
        const plan = this.plan(column);
        return { column, plan, leaves: planLeaves(plan) };
      }),
    );
    const leafCount = planned.reduce((sum, { leaves }) => sum + leaves.length, 0);
    const windowBytes = windowBytesOf(leafCount * (this.source.filesOpen ?? 1));
    return planned.map(({ column, plan, leaves }) =>
      this.locate(column.name, () => {
        const chunks = new Map<number, ChunkReader>();
        for (const leaf of leaves) {
          const chunk = rowGroup.columns[leaf.leafIndex];
          chunks.set(leaf.leafIndex, new ChunkReader(this.source, { chunk, leaf, windowBytes }));
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

  private async read(
    readers: readonly ColumnReader[],
    valuesOf: (chunk: ChunkReader) => Promise<LeafValues>,
    rowCount: number,
  ): Promise<readonly Vector[]> {
    const vectors: Vector[] = [];
    for (const { column, plan, chunks } of readers) {
      try {
        const leaves = new Map<number, LeafValues>();
        for (const [leafIndex, chunk] of chunks) leaves.set(leafIndex, await valuesOf(chunk));
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
    return storedStatistics(plan.leaf, column.type, statistics);
  }
}
