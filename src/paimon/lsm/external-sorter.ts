// Sorts any number of rows in bounded memory: sorted runs go to files of a store for what is in the way, and are merged
// from there.
import { concatBatches } from '../../column/concat.ts';
import { sortRows } from '../../column/sort.ts';
import { takeVector } from '../../column/take.ts';
import { type ColumnBatch, vectorSizeBytes } from '../../column/vector.ts';
import type { RunStore } from '../../storage/scratch-store.ts';
import { type DataFileMeta, FILE_SOURCE_APPEND } from '../meta/data-file-meta.ts';
import type { TableSchema } from '../schema/table-schema.ts';
import { readDataFile } from './data-file-reader.ts';
import { DataFileFormat, DataFileWriter, FileNames } from './data-file-writer.ts';
import { keylessRows } from './key-values.ts';
import type { SortKeyMaker } from './sort-key.ts';
import { mergeHeads, RunHead } from './sorted-merge.ts';

/** What a sorter works with. */
export interface SorterParts {
  /** Of the rows: an append table. */
  readonly schema: TableSchema;
  readonly keysOf: SortKeyMaker;
  /** Takes the runs; what is in it is the sorter's alone. */
  readonly spill: RunStore;
  /** Bytes of rows that are sorted at once; a copy of them is made. */
  readonly bytesMax: number;
}

/** Runs that are merged at once: each has a batch in memory. */
const FAN_IN = 32;
/** Rows of a batch that is given. */
const BATCH_ROWS = 4096;
/** Larger than any run: a run is one file. */
const FILE_BYTES_MAX = String(2 ** 50);

/** One sorter; `add` what is to be sorted, then take `sorted` once. Equal rows stay in the order in which they came. */
export class ExternalSorter {
  private readonly parts: SorterParts;
  private readonly format: DataFileFormat;
  private waiting: ColumnBatch[] = [];
  private waitingBytes = 0;
  private runs: DataFileMeta[] = [];
  private nextRun = 0;

  constructor(parts: SorterParts) {
    // Nothing of the table's own files: no indexes, no statistics.
    const options = { 'target-file-size': FILE_BYTES_MAX, 'metadata.stats-mode': 'none' };
    this.parts = parts;
    this.format = new DataFileFormat({ ...parts.schema, options }, { content: 'data', level: 0 });
  }

  /** Takes rows with all columns of the table; the batch is the sorter's from here on. */
  async add(batch: ColumnBatch): Promise<void> {
    if (batch.rowCount === 0) return;
    this.waiting.push(batch);
    this.waitingBytes += batch.columns.reduce((sum, column) => sum + vectorSizeBytes(column), 0);
    if (this.waitingBytes >= this.parts.bytesMax) await this.spillWaiting();
  }

  /** All rows in order. */
  async *sorted(): AsyncGenerator<ColumnBatch> {
    if (this.runs.length === 0) {
      yield* this.sortWaiting();
      return;
    }
    await this.spillWaiting();
    // Neighbours are merged, round by round, so that older runs stay before younger ones.
    while (this.runs.length > FAN_IN) this.runs = await this.mergeNeighbours();
    yield* this.merge(this.runs);
    await this.drop(this.runs);
  }

  private async mergeNeighbours(): Promise<DataFileMeta[]> {
    const merged: DataFileMeta[] = [];
    for (let from = 0; from < this.runs.length; from += FAN_IN) {
      const group = this.runs.slice(from, from + FAN_IN);
      merged.push(await this.writeRun(this.merge(group)));
      await this.drop(group);
    }
    return merged;
  }

  private async spillWaiting(): Promise<void> {
    if (this.waiting.length > 0) this.runs.push(await this.writeRun(this.sortWaiting()));
  }

  private *sortWaiting(): Generator<ColumnBatch> {
    if (this.waiting.length === 0) return;
    const { rowCount, columns } = concatBatches(this.waiting);
    this.waiting = [];
    this.waitingBytes = 0;
    const keys = this.parts.keysOf(columns, rowCount);
    const order = sortRows({ rowCount, columns: [keys], orders: ['plain'], groups: null });
    for (let from = 0; from < rowCount; from += BATCH_ROWS) {
      const rows = order.subarray(from, from + BATCH_ROWS);
      yield { rowCount: rows.length, columns: columns.map((column) => takeVector(column, rows)) };
    }
  }

  private async writeRun(batches: Iterable<ColumnBatch> | AsyncIterable<ColumnBatch>): Promise<DataFileMeta> {
    const writer = new DataFileWriter({
      store: this.parts.spill,
      format: this.format,
      directory: 'runs',
      names: new FileNames(`run-${this.nextRun++}`),
      fileSource: FILE_SOURCE_APPEND,
      creationTimeMs: 0,
    });
    try {
      for await (const { rowCount, columns } of batches) {
        await writer.append(keylessRows(columns, rowCount), null, 0, rowCount);
      }
      const [file] = await writer.finish();
      return file;
    } catch (error) {
      await writer.abort();
      throw error;
    }
  }

  private async *merge(files: readonly DataFileMeta[]): AsyncGenerator<ColumnBatch> {
    const heads: RunHead[] = [];
    for (const [index, file] of files.entries()) {
      const head = new RunHead(index, this.read(file), this.parts.keysOf);
      if (await head.advance()) heads.push(head);
    }
    yield* mergeHeads(heads);
  }

  private async *read(file: DataFileMeta): AsyncGenerator<ColumnBatch> {
    const { schema, spill } = this.parts;
    const request = { path: `runs/${file.fileName}`, file, fileSchema: schema, fields: schema.fields };
    yield* readDataFile(spill, request);
  }

  private async drop(files: readonly DataFileMeta[]): Promise<void> {
    for (const { fileName } of files) await this.parts.spill.delete(`runs/${fileName}`);
  }
}
