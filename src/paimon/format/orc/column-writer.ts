// Writes one column of an ORC file: which rows are NULL, the row index, statistics. What values become is up to the
// classes that extend it. Source: ORC specification v1, "Column Encodings" and "Row Group Index".
import { assert, TributaryError } from '../../../base/errors.ts';
import { NULL, PRESENT, type Vector } from '../../../column/vector.ts';
import type { FileColumnStatistics } from '../data-file.ts';
import { BooleanRunWriter } from './byte-run-writer.ts';
import type { ChunkCompression } from './chunk-compression.ts';
import { IntegerRunWriter } from './integer-run-writer.ts';
import type { OrcColumn } from './orc-columns.ts';
import { ENCODING, STREAM } from './orc-format.ts';
import { OutputStream } from './output-stream.ts';
import { ProtobufWriter } from './protobuf-writer.ts';
import { type Rows, ValueStatistics } from './value-statistics.ts';
import type { WriterZone } from './writer-zone.ts';

/** What the columns of a file are written by. */
export interface ColumnSettings {
  readonly compression: ChunkCompression;
  /** Of the columns that are texts: the greatest share of distinct values that a dictionary is written of. */
  readonly dictionaryThreshold: number;
  /** Where times of day are written, and where instants are shifted to. */
  readonly zone: WriterZone;
}

/** A stream of an ended stripe. */
export interface EndedStream {
  readonly kind: number;
  readonly column: number;
  /** Valid until the writer's next call. */
  readonly bytes: Uint8Array;
}

/** What a stripe has of its columns, in their order. */
export interface EndedStripe {
  /** `RowIndex` of each column. */
  readonly indexes: ProtobufWriter[];
  readonly streams: EndedStream[];
  /** `ColumnEncoding` of each column. */
  readonly encodings: ProtobufWriter[];
  /** `ColumnStatistics` of each column. */
  readonly statistics: ProtobufWriter[];
}

/** A part of a stripe that can be read without what is before it. */
interface RowGroup {
  /** Where its bits of the stream of the rows that are there begin. */
  readonly present: readonly number[];
  /** Where its values begin; may be filled until the stripe ends. */
  readonly values: readonly number[];
  readonly statistics: ProtobufWriter;
}

/** One column, without those below it. */
export abstract class ColumnWriter {
  readonly column: OrcColumn;
  protected readonly settings: ColumnSettings;
  private readonly present: BooleanRunWriter;
  private readonly ofGroup: ValueStatistics;
  private readonly ofStripe: ValueStatistics;
  private readonly ofFile: ValueStatistics;
  private groups: RowGroup[] = [];
  private presentStart: number[] = [];
  private valuesStart: readonly number[] = [];
  private kept = new Uint32Array(0);

  constructor(column: OrcColumn, settings: ColumnSettings) {
    this.column = column;
    this.settings = settings;
    this.present = new BooleanRunWriter(new OutputStream(settings.compression));
    this.ofGroup = new ValueStatistics(column, settings.zone);
    this.ofStripe = new ValueStatistics(column, settings.zone);
    this.ofFile = new ValueStatistics(column, settings.zone);
  }

  /** Bytes held in memory. */
  get bufferedBytes(): number {
    return this.present.stream.bufferedBytes + this.valueBytes;
  }

  /** Bytes held of values. */
  protected abstract get valueBytes(): number;

  /** Takes rows of a vector. Throws `E3204` for a NULL in a column without and for values that do not fit the type. */
  append(vector: Vector, rows: Rows): void {
    const kept = this.takePresent(vector, rows);
    const values = this.valuesOf(vector, kept);
    this.ofGroup.add(values, kept);
    this.write(values, kept);
  }

  /** The rows that are not NULL. */
  private takePresent({ validity }: Vector, { rows, count }: Rows): Rows {
    if (validity === null) {
      this.present.fill(count);
      return { rows, count };
    }
    if (this.kept.length < count) this.kept = new Uint32Array(count);
    let kept = 0;
    for (let index = 0; index < count; index++) {
      const row = rows[index];
      const isPresent = validity[row] === PRESENT;
      this.present.write(isPresent ? 1 : 0);
      if (isPresent) this.kept[kept++] = row;
      else this.takeAbsent(validity[row]);
    }
    return { rows: this.kept, count: kept };
  }

  private takeAbsent(flag: number): void {
    const { name, type } = this.column;
    assert(flag === NULL, `a missing value must be filled before it is written: column=${name}`);
    if (!type.nullable) throw this.unwritable('null in a column that is not null');
    this.ofGroup.hasNull = true;
  }

  protected unwritable(message: string): TributaryError {
    const { name } = this.column;
    return new TributaryError('E3204', `${message}: column=${name}`, { context: { column: name } });
  }

  /** The vector with its values as they are stored. */
  protected valuesOf(vector: Vector, _rows: Rows): Vector {
    return vector;
  }

  /** Writes rows that are not NULL. */
  protected abstract write(vector: Vector, rows: Rows): void;

  /** Where the next value goes, in the order of the streams in the specification; what is open ends. */
  protected abstract startOfValues(): readonly number[];

  /** Notes where a row group begins. */
  startRowGroup(): void {
    this.presentStart = [];
    this.present.addPosition(this.presentStart);
    this.valuesStart = this.startOfValues();
  }

  /** Ends a row group. */
  endRowGroup(): void {
    const { presentStart: present, valuesStart: values } = this;
    this.groups.push({ present, values, statistics: this.ofGroup.message() });
    this.ofStripe.merge(this.ofGroup);
    this.ofGroup.clear();
  }

  /** Ends the stripe, of which all row groups have ended, and adds what it has of the column. */
  endStripe(stripe: EndedStripe): void {
    const { hasNull } = this.ofStripe;
    const streams: [kind: number, stream: OutputStream][] = [];
    if (hasNull) {
      this.present.flush();
      streams.push([STREAM.present, this.present.stream]);
    }
    const { encoding, values } = this.endValues();
    for (const [kind, stream] of [...streams, ...values]) {
      stripe.streams.push({ kind, column: this.column.id, bytes: stream.finish() });
    }
    const index = new ProtobufWriter();
    for (const group of this.groups) {
      const positions = hasNull ? [...group.present, ...group.values] : group.values;
      index.message(1, new ProtobufWriter().packed(1, positions).message(2, group.statistics));
    }
    stripe.indexes.push(index);
    stripe.encodings.push(encoding);
    stripe.statistics.push(this.ofStripe.message());
    this.ofFile.merge(this.ofStripe);
    this.ofStripe.clear();
    this.groups = [];
  }

  /** Ends the streams of values; gives `ColumnEncoding` and the streams by their kinds. */
  protected abstract endValues(): EndedValues;

  /** Begins a stripe: what the last one had is written. */
  clear(): void {
    this.present.flush();
    this.present.stream.clear();
  }

  /** `ColumnStatistics` of the file. */
  fileMessage(): ProtobufWriter {
    return this.ofFile.message();
  }

  /** What the manifest is told of the column. */
  fileStatistics(rowCount: number): FileColumnStatistics {
    return { name: this.column.name, ...this.ofFile.ofFile(rowCount) };
  }
}

/** What a stripe has of the values of a column. */
export interface EndedValues {
  readonly encoding: ProtobufWriter;
  readonly values: readonly (readonly [kind: number, stream: OutputStream])[];
}

/** `ColumnEncoding` without a dictionary. */
export function directEncoding(kind: number): ProtobufWriter {
  return new ProtobufWriter().number(1, kind);
}

/** A column of whole numbers in one stream. */
export class IntegerColumnWriter extends ColumnWriter {
  private readonly runs = new IntegerRunWriter(new OutputStream(this.settings.compression), true);

  protected get valueBytes(): number {
    return this.runs.stream.bufferedBytes;
  }

  protected write(vector: Vector, { rows, count }: Rows): void {
    const { runs } = this;
    if (vector.kind === 'i32') {
      const { values } = vector;
      for (let index = 0; index < count; index++) runs.write(values[rows[index]], values[rows[index]] >> 31);
      return;
    }
    assert(vector.kind === 'i64', `a vector does not fit its column: column=${this.column.name}`);
    const { values } = vector;
    for (let index = 0; index < count; index++) runs.write(values[2 * rows[index]], values[2 * rows[index] + 1]);
  }

  protected startOfValues(): readonly number[] {
    const positions: number[] = [];
    this.runs.addPosition(positions);
    return positions;
  }

  protected endValues(): EndedValues {
    this.runs.flush();
    return { encoding: directEncoding(ENCODING.directV2), values: [[STREAM.data, this.runs.stream]] };
  }

  override clear(): void {
    super.clear();
    this.runs.stream.clear();
  }
}
