// Writers of columns whose values are numbers of a fixed size, or lists, maps and structs of other columns.
import { assert } from '../../../base/errors.ts';
import type { Vector } from '../../../column/vector.ts';
import { BooleanRunWriter, ByteRunWriter } from './byte-run-writer.ts';
import { ColumnWriter, directEncoding, type EndedValues } from './column-writer.ts';
import { ENCODING, STREAM } from './orc-format.ts';
import { OutputStream } from './output-stream.ts';
import type { Rows } from './value-statistics.ts';

/** Values of a byte or a bit, in runs. */
abstract class SmallColumnWriter extends ColumnWriter {
  protected abstract readonly runs: ByteRunWriter | BooleanRunWriter;

  protected get valueBytes(): number {
    return this.runs.stream.bufferedBytes;
  }

  protected write(vector: Vector, { rows, count }: Rows): void {
    assert(vector.kind === 'i32', `a vector does not fit its column: column=${this.column.name}`);
    const { runs } = this;
    const { values } = vector;
    for (let index = 0; index < count; index++) runs.write(values[rows[index]]);
  }

  protected startOfValues(): readonly number[] {
    const positions: number[] = [];
    this.runs.addPosition(positions);
    return positions;
  }

  protected endValues(): EndedValues {
    this.runs.flush();
    return { encoding: directEncoding(ENCODING.direct), values: [[STREAM.data, this.runs.stream]] };
  }

  override clear(): void {
    super.clear();
    this.runs.stream.clear();
  }
}

/** BOOLEAN. */
export class BooleanColumnWriter extends SmallColumnWriter {
  protected readonly runs = new BooleanRunWriter(new OutputStream(this.settings.compression));
}

/** TINYINT. */
export class ByteColumnWriter extends SmallColumnWriter {
  protected readonly runs = new ByteRunWriter(new OutputStream(this.settings.compression));
}

/** FLOAT and DOUBLE. */
export class FloatColumnWriter extends ColumnWriter {
  private readonly stream = new OutputStream(this.settings.compression);

  protected get valueBytes(): number {
    return this.stream.bufferedBytes;
  }

  protected write(vector: Vector, { rows, count }: Rows): void {
    assert(vector.kind === 'f32' || vector.kind === 'f64', `a vector does not fit its column: ${this.column.name}`);
    const { values } = vector;
    const width = values.BYTES_PER_ELEMENT;
    // The bits as they are, whatever kind of NaN they hold.
    const source = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    const { open } = this.stream;
    open.room(width * count);
    const { bytes } = open;
    let at = open.size;
    for (let index = 0; index < count; index++) {
      const start = width * rows[index];
      for (let byte = start; byte < start + width; byte++) bytes[at++] = source[byte];
    }
    open.size = at;
    this.stream.settle();
  }

  protected startOfValues(): readonly number[] {
    const positions: number[] = [];
    this.stream.addPosition(positions);
    return positions;
  }

  protected endValues(): EndedValues {
    return { encoding: directEncoding(ENCODING.direct), values: [[STREAM.data, this.stream]] };
  }

  override clear(): void {
    super.clear();
    this.stream.clear();
  }
}
