// Writes an Avro data file from column batches, block by block: memory holds one block.
import { createHash } from 'node:crypto';
import { assert } from '../../../base/errors.ts';
import type { ColumnBatch } from '../../../column/vector.ts';
import type { DataField } from '../../schema/data-type.ts';
import { ColumnStatistics } from '../column-statistics.ts';
import type { ByteSink, FileSummary, FormatWriter } from '../data-file.ts';
import { AvroBuffer } from './avro-buffer.ts';
import { compressBlock, type DataCodec } from './avro-codec.ts';
import { avroSchemaText } from './avro-schema-text.ts';
import { rowEncoder } from './value-encoder.ts';

/** Bytes of a block before compression, as in Java's writer. */
const BLOCK_SIZE = 64_000;
const SYNC_SIZE = 16;
const MAGIC = Uint8Array.of(0x4f, 0x62, 0x6a, 0x01);

/** How a file is written. */
export interface AvroWriterOptions {
  /** The columns in order; a column is no union with null where its type is NOT NULL. */
  readonly fields: readonly DataField[];
  readonly codec: DataCodec;
  /** Level of zstandard. */
  readonly zstdLevel: number;
  /** Whether the summary is to have null counts and bounds, which cost a look at every value. */
  readonly statistics: boolean;
}

/** Starts an Avro file. Throws `E3210` for a column that Avro cannot hold. Equal rows give equal bytes. */
export function createAvroWriter(options: AvroWriterOptions, sink: ByteSink): FormatWriter {
  return new AvroWriter(options, sink);
}

class AvroWriter implements FormatWriter {
  rowCount = 0;
  private readonly options: AvroWriterOptions;
  private readonly sink: ByteSink;
  private readonly schemaText: string;
  private readonly statistics: readonly ColumnStatistics[];
  private readonly block = new AvroBuffer();
  private blockRows = 0;
  private offset = 0;
  private sync: Uint8Array | null = null;

  constructor(options: AvroWriterOptions, sink: ByteSink) {
    this.options = options;
    this.sink = sink;
    this.schemaText = avroSchemaText(options.fields);
    this.statistics = options.statistics ? options.fields.map((field) => new ColumnStatistics(field)) : [];
  }

  get estimatedSizeBytes(): number {
    return this.offset + this.block.sizeBytes;
  }

  async append(batch: ColumnBatch, order: Uint32Array | null, from: number, to: number): Promise<void> {
    const { fields } = this.options;
    assert(batch.columns.length === fields.length, 'a batch has one column a field');
    this.statistics.forEach((column, index) => column.add(batch.columns[index], { order, from, to }));
    const encode = rowEncoder(fields, batch.columns);
    for (let index = from; index < to; index++) {
      encode(this.block, order === null ? index : order[index]);
      this.blockRows++;
      if (this.block.sizeBytes >= BLOCK_SIZE) await this.endBlock();
    }
    this.rowCount += to - from;
  }

  /** Blocks end in the mark of their file. */
  async appendFile(): Promise<boolean> {
    return false;
  }

  async finish(): Promise<FileSummary> {
    if (this.blockRows > 0) await this.endBlock();
    await this.begin();
    const { offset, rowCount, options } = this;
    const unknown = options.fields.map(({ name }) => ({ name, nullCount: null, bounds: null }));
    const columns = options.statistics ? this.statistics.map((column) => column.finish()) : unknown;
    return { sizeBytes: offset, rowCount, columns };
  }

  private async endBlock(): Promise<void> {
    const sync = await this.begin();
    const { codec, zstdLevel } = this.options;
    const bytes = compressBlock(codec, zstdLevel, this.block.written());
    const head = new AvroBuffer();
    head.int(this.blockRows);
    head.int(bytes.length);
    for (const part of [head.written(), bytes, sync]) await this.write(part);
    this.block.clear();
    this.blockRows = 0;
  }

  /** Writes the header before the first block; gives the sync marker. */
  private async begin(): Promise<Uint8Array> {
    if (this.sync !== null) return this.sync;
    // Any 16 bytes that do not occur in the file by chance will do; these are the same for the same rows.
    const hash = createHash('sha256').update(this.schemaText).update(this.block.written());
    this.sync = new Uint8Array(hash.digest().subarray(0, SYNC_SIZE));
    const head = new AvroBuffer();
    head.raw(MAGIC, 0, MAGIC.length);
    head.int(2);
    for (const text of ['avro.schema', this.schemaText, 'avro.codec', this.options.codec]) {
      const bytes = Buffer.from(text);
      head.sized(bytes, 0, bytes.length);
    }
    head.byte(0);
    head.raw(this.sync, 0, SYNC_SIZE);
    await this.write(head.written());
    return this.sync;
  }

  private async write(bytes: Uint8Array): Promise<void> {
    this.offset += bytes.length;
    await this.sink.write(bytes);
  }
}
