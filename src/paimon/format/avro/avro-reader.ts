// Reads Avro data files into column batches. They have no statistics and no index: a file is one part.
import type { ColumnBatch } from '../../../column/vector.ts';
import type { DataFile, RangeSource, WantedColumn } from '../data-file.ts';
import { corrupt, located } from '../file-fault.ts';
import { allRows } from '../row-ranges.ts';
import { AvroCursor } from './avro-cursor.ts';
import { parseAvroSchema } from './avro-schema.ts';
import {
  type ContainerBlock,
  type ContainerHeader,
  readContainerBlocks,
  readContainerHeader,
} from './container-reader.ts';
import { inHashOrder } from './map-order.ts';
import { type RowDecoder, rowDecoder } from './value-decoder.ts';

/** A batch ends when so many bytes of blocks have gone into it. */
const BATCH_SIZE = 32 * 1024 * 1024;

/**
 * Opens a file: reads its header. `rowCount` is what the file's metadata says it holds, as only reading all of it tells;
 * another number of rows is a `E3200`. Errors are those of `DataFile`.
 */
export async function openAvro(source: RangeSource, rowCount: number): Promise<DataFile> {
  const header = await readContainerHeader(source);
  return {
    rowCount,
    rowGroups: [{ rowCount }],
    openRowGroup: (_, columns) => {
      let rows: AsyncGenerator<ColumnBatch> | null = null;
      let firstRow = 0;
      return {
        next: async (rowsMax) => {
          rows ??= readRows(source, header, { columns, rowsMax, rowCount });
          const batch = await rows.next();
          if (batch.done === true) return null;
          firstRow += batch.value.rowCount;
          return { ...batch.value, firstRow: firstRow - batch.value.rowCount };
        },
      };
    },
    rowsThatMayMeet: () => Promise.resolve(allRows(rowCount)),
    columnStatistics: () => null,
  };
}

interface RowsWanted {
  readonly columns: readonly WantedColumn[];
  readonly rowsMax: number;
  readonly rowCount: number;
}

async function* readRows(
  source: RangeSource,
  header: ContainerHeader,
  wanted: RowsWanted,
): AsyncGenerator<ColumnBatch> {
  const rows = new RowCollector(decoderOf(source, header, wanted), wanted);
  let rowCount = 0;
  for await (const block of readContainerBlocks(source, header)) {
    rowCount += block.rowCount;
    if (rowCount > wanted.rowCount) break;
    const cursor = new AvroCursor(block.bytes);
    for (let left = block.rowCount; left > 0; ) {
      left -= decode(rows, { block, cursor, left, file: source.name });
      if (rows.isFull) yield rows.take();
    }
    if (cursor.left > 0) {
      throw located(corrupt('a block is longer than its rows'), { file: source.name, offset: block.offset });
    }
  }
  if (rowCount !== wanted.rowCount) {
    throw located(corrupt(`it holds another number of rows than ${wanted.rowCount}`), { file: source.name });
  }
  if (rows.rowCount > 0) yield rows.take();
}

function decoderOf(source: RangeSource, header: ContainerHeader, { columns }: RowsWanted): RowDecoder {
  try {
    return rowDecoder(parseAvroSchema(header.schemaText), columns);
  } catch (error) {
    throw located(error, { file: source.name });
  }
}

interface BlockRest {
  readonly block: ContainerBlock;
  readonly cursor: AvroCursor;
  /** Rows of the block that are not decoded yet. */
  readonly left: number;
  readonly file: string;
}

function decode(rows: RowCollector, { block, cursor, left, file }: BlockRest): number {
  try {
    return rows.decode(cursor, left);
  } catch (error) {
    throw located(error, { file, offset: block.offset });
  }
}

/** Rows on their way into a batch. */
class RowCollector {
  rowCount = 0;
  private readonly decoder: RowDecoder;
  private readonly wanted: readonly WantedColumn[];
  private readonly rowsMax: number;
  private sizeBytes = 0;

  constructor(decoder: RowDecoder, { columns, rowsMax }: RowsWanted) {
    this.decoder = decoder;
    this.wanted = columns;
    this.rowsMax = rowsMax;
  }

  get isFull(): boolean {
    return this.rowCount === this.rowsMax || this.sizeBytes >= BATCH_SIZE;
  }

  /** Decodes up to `count` rows, as many as the batch takes; gives how many. */
  decode(cursor: AvroCursor, count: number): number {
    const { decoder } = this;
    const start = cursor.at;
    const from = this.rowCount;
    const to = Math.min(this.rowsMax, from + count);
    const end = start + BATCH_SIZE;
    let row = from;
    while (row < to && cursor.at < end) decoder.decode(cursor, row++);
    this.sizeBytes += cursor.at - start;
    this.rowCount = row;
    return row - from;
  }

  take(): ColumnBatch {
    const { rowCount } = this;
    const columns = this.decoder.builders.map((builder, index) =>
      inHashOrder(this.wanted[index].type, builder.finish(rowCount)),
    );
    this.rowCount = 0;
    this.sizeBytes = 0;
    return { rowCount, columns };
  }
}
