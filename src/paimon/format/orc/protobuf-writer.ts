// Writes Protocol Buffers messages of a file's metadata. Source: Protocol Buffers documentation, "Encoding".
import { ByteBuffer } from '../parquet/byte-buffer.ts';

const VARINT = 0;
const FIXED64 = 1;
const BYTES = 2;

/** A message, field by field in the order of the calls. */
export class ProtobufWriter {
  private readonly buffer = new ByteBuffer();

  /** A whole number from 0 to 2^53. */
  number(field: number, value: number): this {
    this.tag(field, VARINT);
    this.buffer.unsigned(value);
    return this;
  }

  /** A whole number of 64 bits with a sign (sint64, sint32). */
  signed(field: number, value: bigint): this {
    this.tag(field, VARINT);
    let rest = BigInt.asUintN(64, (value << 1n) ^ (value >> 63n));
    while (rest > 127n) {
      this.buffer.byte(Number(rest & 127n) | 128);
      rest >>= 7n;
    }
    this.buffer.byte(Number(rest));
    return this;
  }

  double(field: number, value: number): this {
    this.tag(field, FIXED64);
    const bytes = new Uint8Array(8);
    new DataView(bytes.buffer).setFloat64(0, value, true);
    this.buffer.append(bytes);
    return this;
  }

  bytes(field: number, value: Uint8Array): this {
    this.tag(field, BYTES);
    this.buffer.unsigned(value.length);
    this.buffer.append(value);
    return this;
  }

  text(field: number, value: string): this {
    return this.bytes(field, Buffer.from(value));
  }

  /** Whole numbers in one field; nothing where there are none. */
  packed(field: number, values: readonly number[]): this {
    if (values.length === 0) return this;
    const packed = new ByteBuffer();
    for (const value of values) packed.unsigned(value);
    return this.bytes(field, packed.view());
  }

  message(field: number, message: ProtobufWriter): this {
    return this.bytes(field, message.view());
  }

  /** What is written so far: a view, valid until the next write. */
  view(): Uint8Array {
    return this.buffer.view();
  }

  private tag(field: number, wireType: number): void {
    this.buffer.unsigned(field * 8 + wireType);
  }
}
