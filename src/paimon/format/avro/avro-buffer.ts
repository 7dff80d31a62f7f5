// Grows by values in Avro's binary encoding: the block being written.

const INITIAL_SIZE = 128 * 1024;
const LONG_SIZE = 10;

/** Bytes under construction. */
export class AvroBuffer {
  sizeBytes = 0;
  private bytes = new Uint8Array(INITIAL_SIZE);
  private view = new DataView(this.bytes.buffer);

  /** What was written so far: valid until more is. */
  written(): Uint8Array {
    return this.bytes.subarray(0, this.sizeBytes);
  }

  clear(): void {
    this.sizeBytes = 0;
  }

  private room(count: number): void {
    if (this.sizeBytes + count <= this.bytes.length) return;
    const grown = new Uint8Array(Math.max(this.sizeBytes + count, 2 * this.bytes.length));
    grown.set(this.written());
    this.bytes = grown;
    this.view = new DataView(grown.buffer);
  }

  byte(value: number): void {
    this.room(1);
    this.bytes[this.sizeBytes++] = value;
  }

  /** A 32-bit number as `int`, or as `long`, which looks the same. */
  int(value: number): void {
    this.room(LONG_SIZE);
    let rest = ((value << 1) ^ (value >> 31)) >>> 0;
    while (rest > 127) {
      this.bytes[this.sizeBytes++] = (rest & 127) | 128;
      rest >>>= 7;
    }
    this.bytes[this.sizeBytes++] = rest;
  }

  /** A 64-bit number by its halves. */
  long(low: number, high: number): void {
    if (high === low >> 31) {
      this.int(low);
      return;
    }
    this.room(LONG_SIZE);
    const sign = high >> 31;
    let restLow = ((low << 1) ^ sign) >>> 0;
    let restHigh = (((high << 1) | (low >>> 31)) ^ sign) >>> 0;
    while (restHigh > 0 || restLow > 127) {
      this.bytes[this.sizeBytes++] = (restLow & 127) | 128;
      restLow = ((restLow >>> 7) | (restHigh << 25)) >>> 0;
      restHigh >>>= 7;
    }
    this.bytes[this.sizeBytes++] = restLow;
  }

  float(value: number): void {
    this.room(4);
    this.view.setFloat32(this.sizeBytes, value, true);
    this.sizeBytes += 4;
  }

  double(value: number): void {
    this.room(8);
    this.view.setFloat64(this.sizeBytes, value, true);
    this.sizeBytes += 8;
  }

  /** `source[start … end)` as bytes or text, its size before it. */
  sized(source: Uint8Array, start: number, end: number): void {
    this.int(end - start);
    this.raw(source, start, end);
  }

  /** `source[start … end)` as they are. */
  raw(source: Uint8Array, start: number, end: number): void {
    this.room(end - start);
    this.bytes.set(start === 0 && end === source.length ? source : source.subarray(start, end), this.sizeBytes);
    this.sizeBytes += end - start;
  }
}
