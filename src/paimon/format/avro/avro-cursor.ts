// Reads Avro's binary encoding from one decompressed block. Every length is checked: the bytes come from a file.
import { corrupt } from '../file-fault.ts';

const TEXT_SIZE_MAX = 0x7fffffff;

/** A place in a block. A read beyond its end throws a fault of `E3200`. */
export class AvroCursor {
  readonly bytes: Uint8Array;
  at = 0;
  /** The halves of the last `long`, two's complement. */
  low = 0;
  high = 0;
  private readonly view: DataView;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  get left(): number {
    return this.bytes.length - this.at;
  }

  byte(): number {
    if (this.at >= this.bytes.length) throw endsEarly();
    return this.bytes[this.at++];
  }

  /** An `int`: numbers of more than 32 bits are refused. */
  int(): number {
    const byte = this.bytes[this.at];
    // Most numbers take one byte; beyond the end there is none, which the comparison sends to the other branch.
    if (byte < 128) {
      this.at++;
      return (byte >>> 1) ^ -(byte & 1);
    }
    this.long();
    if (this.high !== this.low >> 31) throw corrupt('an int has more than 32 bits');
    return this.low;
  }

  /** A `long`, left in `low` and `high`. */
  long(): void {
    const { bytes } = this;
    let at = this.at;
    let byte = bytes[at++];
    let low = byte & 127;
    let high = 0;
    for (let shift = 7; byte >= 128 && shift < 28; shift += 7) {
      byte = bytes[at++];
      low |= (byte & 127) << shift;
    }
    if (byte >= 128) {
      byte = bytes[at++];
      low |= (byte & 15) << 28;
      high = (byte & 127) >> 4;
      for (let shift = 3; byte >= 128; shift += 7) {
        if (shift > 31) throw corrupt('a long has more than ten bytes');
        byte = bytes[at++];
        high |= (byte & 127) << shift;
      }
    }
    if (at > bytes.length) throw endsEarly();
    this.at = at;
    const sign = -(low & 1);
    this.low = ((low >>> 1) | (high << 31)) ^ sign;
    this.high = (high >>> 1) ^ sign;
  }

  /** A `long` of 53 bits, not negative. */
  wholeNumber(): number {
    this.long();
    if (this.high < 0 || this.high >= 0x200000) throw corrupt('a count is out of range');
    return this.high * 4294967296 + (this.low >>> 0);
  }

  /**
   * The count of the next block of a list or map; 0 at its end. A block may say how many bytes it has, which does not
   * matter here.
   */
  blockCount(bytesEach: number): number {
    this.long();
    const isNegative = this.high < 0;
    const magnitude = Math.abs(this.high * 4294967296 + (this.low >>> 0));
    if (isNegative) this.wholeNumber();
    if (magnitude > TEXT_SIZE_MAX || magnitude * bytesEach > this.left) throw endsEarly();
    return magnitude;
  }

  /** Size of the text or bytes that begin here. */
  size(): number {
    const size = this.wholeNumber();
    if (size > this.left) throw endsEarly();
    return size;
  }

  skip(sizeBytes: number): void {
    if (sizeBytes > this.left) throw endsEarly();
    this.at += sizeBytes;
  }

  float(): number {
    this.skip(4);
    return this.view.getFloat32(this.at - 4, true);
  }

  double(): number {
    this.skip(8);
    return this.view.getFloat64(this.at - 8, true);
  }
}

function endsEarly(): Error {
  return corrupt('a block ends within a value');
}
