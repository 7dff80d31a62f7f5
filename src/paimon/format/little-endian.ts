// Little-endian numbers in order: a cursor over bytes that are read, and bytes that grow.

/** Reads in order; RangeError where the bytes end. */
export class LittleEndianReader {
  private readonly view: DataView;
  private at = 0;

  constructor(bytes: Uint8Array) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  /** Of the byte that is read next. */
  get offset(): number {
    return this.at;
  }

  uint8(): number {
    return this.view.getUint8(this.skip(1));
  }

  uint16(): number {
    return this.view.getUint16(this.skip(2), true);
  }

  uint32(): number {
    return this.view.getUint32(this.skip(4), true);
  }

  uint64(): bigint {
    return this.view.getBigUint64(this.skip(8), true);
  }

  float64(): number {
    return this.view.getFloat64(this.skip(8), true);
  }

  /** A view. */
  bytes(size: number): Uint8Array {
    const at = this.skip(size);
    // The buffer may go on behind the bytes.
    if (size > 0) this.view.getUint8(this.at - 1);
    return new Uint8Array(this.view.buffer, this.view.byteOffset + at, size);
  }

  /** A copy. */
  uint16s(count: number): Uint16Array {
    const bytes = this.bytes(2 * count);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    const values = new Uint16Array(count);
    for (let index = 0; index < count; index++) values[index] = view.getUint16(2 * index, true);
    return values;
  }

  /** A copy. */
  uint32s(count: number): Uint32Array {
    const bytes = this.bytes(4 * count);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    const values = new Uint32Array(count);
    for (let index = 0; index < count; index++) values[index] = view.getUint32(4 * index, true);
    return values;
  }

  private skip(size: number): number {
    const { at } = this;
    this.at += size;
    return at;
  }
}

const INITIAL_SIZE = 256;

/** Bytes under construction. */
export class LittleEndianWriter {
  private view = new DataView(new ArrayBuffer(INITIAL_SIZE));
  private size = 0;

  /** Of the byte that is written next. */
  get offset(): number {
    return this.size;
  }

  uint8(value: number): void {
    const at = this.room(1);
    this.view.setUint8(at, value);
  }

  uint16(value: number): void {
    const at = this.room(2);
    this.view.setUint16(at, value, true);
  }

  uint32(value: number): void {
    const at = this.room(4);
    this.view.setUint32(at, value, true);
  }

  uint64(value: bigint): void {
    const at = this.room(8);
    this.view.setBigUint64(at, value, true);
  }

  float64(value: number): void {
    const at = this.room(8);
    this.view.setFloat64(at, value, true);
  }

  bytes(bytes: Uint8Array): void {
    const at = this.room(bytes.length);
    new Uint8Array(this.view.buffer).set(bytes, at);
  }

  uint16s(values: Uint16Array): void {
    const at = this.room(2 * values.length);
    for (let index = 0; index < values.length; index++) this.view.setUint16(at + 2 * index, values[index], true);
  }

  /** What was written; the owner is the caller. */
  finish(): Uint8Array {
    return new Uint8Array(this.view.buffer.slice(0, this.size));
  }

  /** Where so many bytes go; `view` may be another one afterwards. */
  private room(size: number): number {
    const at = this.size;
    this.size += size;
    if (this.size > this.view.byteLength) {
      const grown = new Uint8Array(2 * this.size);
      grown.set(new Uint8Array(this.view.buffer));
      this.view = new DataView(grown.buffer);
    }
    return at;
  }
}
