// Writes decimals: unscaled values as varints, and their scale, which is always that of the type. Source: ORC
// specification v1, "Decimal Columns".
import { assert } from '../../../base/errors.ts';
import type { BytesVector, Int64Vector, Vector } from '../../../column/vector.ts';
import { ColumnWriter, directEncoding, type EndedValues } from './column-writer.ts';
import { IntegerRunWriter, writeVarint } from './integer-run-writer.ts';
import { ENCODING, STREAM } from './orc-format.ts';
import { OutputStream } from './output-stream.ts';
import type { Rows } from './value-statistics.ts';

/** Of 38 digits and a sign, seven bits a byte. */
const VARINT_SIZE_MAX = 19;

/** DECIMAL. */
export class DecimalColumnWriter extends ColumnWriter {
  private readonly stream = new OutputStream(this.settings.compression);
  private readonly scales = new IntegerRunWriter(new OutputStream(this.settings.compression), true);
  private readonly scale = this.column.type.kind === 'DECIMAL' ? this.column.type.scale : 0;

  protected get valueBytes(): number {
    return this.stream.bufferedBytes + this.scales.stream.bufferedBytes;
  }

  protected write(vector: Vector, rows: Rows): void {
    if (vector.kind === 'i64') this.writeLongs(vector, rows);
    else {
      assert(vector.kind === 'bytes', `a vector does not fit its column: column=${this.column.name}`);
      this.writeBytes(vector, rows);
    }
    for (let index = 0; index < rows.count; index++) this.scales.write(this.scale, 0);
    this.stream.settle();
  }

  private writeLongs({ values }: Int64Vector, { rows, count }: Rows): void {
    const { open } = this.stream;
    for (let index = 0; index < count; index++) {
      const low = values[2 * rows[index]];
      const high = values[2 * rows[index] + 1];
      const sign = high >> 31;
      writeVarint(open, (low << 1) ^ sign, ((high << 1) | (low >>> 31)) ^ sign);
    }
  }

  /** Big-endian two's complement: the sign is the lowest bit of the varint, then come the bits that differ from it. */
  private writeBytes({ bytes, offsets }: BytesVector, { rows, count }: Rows): void {
    const { open } = this.stream;
    for (let index = 0; index < count; index++) {
      const start = offsets[rows[index]];
      const end = offsets[rows[index] + 1];
      open.room(Math.max(VARINT_SIZE_MAX, 2 * (end - start) + 1));
      const sign = bytes[start] > 127 ? 255 : 0;
      let rest = sign & 1;
      let bits = 1;
      const first = open.size;
      let size = first;
      for (let at = end - 1; at >= start; at--) {
        rest |= (bytes[at] ^ sign) << bits;
        for (bits += 8; bits >= 7; bits -= 7, rest >>= 7) open.bytes[size++] = (rest & 127) | 128;
      }
      open.bytes[size++] = rest;
      // Zeros at the end say nothing.
      while (size > first + 1 && (open.bytes[size - 1] & 127) === 0) size--;
      open.bytes[size - 1] &= 127;
      open.size = size;
    }
  }

  protected startOfValues(): readonly number[] {
    const positions: number[] = [];
    this.stream.addPosition(positions);
    this.scales.addPosition(positions);
    return positions;
  }

  protected endValues(): EndedValues {
    this.scales.flush();
    const values = [[STREAM.data, this.stream] as const, [STREAM.secondary, this.scales.stream] as const];
    return { encoding: directEncoding(ENCODING.directV2), values };
  }

  override clear(): void {
    super.clear();
    this.stream.clear();
    this.scales.stream.clear();
  }
}
