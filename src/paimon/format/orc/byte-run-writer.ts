// Writes runs of bytes and of booleans. Source: ORC specification v1, "Byte Run Length Encoding" and "Boolean Run Length
// Encoding".
import type { OutputStream } from './output-stream.ts';

const REPEAT_MIN = 3;
const REPEAT_MAX = 130;
const LITERALS_MAX = 128;

/** Bytes, one at a time. */
export class ByteRunWriter {
  readonly stream: OutputStream;
  private readonly literals = new Uint8Array(LITERALS_MAX);
  private count = 0;
  /** Whether the open run repeats its first byte. */
  private isRepeat = false;
  /** How often the last byte stands at the end of the literals. */
  private tail = 0;

  constructor(stream: OutputStream) {
    this.stream = stream;
  }

  /** Writes the lowest eight bits. */
  write(value: number): void {
    const byte = value & 255;
    if (this.isRepeat) {
      if (byte === this.literals[0] && this.count < REPEAT_MAX) {
        this.count++;
        return;
      }
      this.flush();
    }
    this.tail = this.count > 0 && byte === this.literals[this.count - 1] ? this.tail + 1 : 1;
    if (this.tail === REPEAT_MIN) {
      this.startRepeat(byte);
      return;
    }
    if (this.count === LITERALS_MAX) {
      this.flush();
      this.tail = 1;
    }
    this.literals[this.count++] = byte;
  }

  private startRepeat(byte: number): void {
    this.count -= REPEAT_MIN - 1;
    this.flush();
    this.literals[0] = byte;
    this.count = REPEAT_MIN;
    this.isRepeat = true;
  }

  /** Ends the open run. */
  flush(): void {
    const { count, stream } = this;
    if (count > 0) {
      const { open } = stream;
      open.byte(this.isRepeat ? count - REPEAT_MIN : 256 - count);
      open.append(this.literals.subarray(0, this.isRepeat ? 1 : count));
      stream.settle();
    }
    this.count = 0;
    this.tail = 0;
    this.isRepeat = false;
  }

  /** Ends the open run and appends where the next one begins. */
  addPosition(positions: number[]): void {
    this.flush();
    this.stream.addPosition(positions);
    positions.push(0);
  }
}

/** Booleans, eight in a byte from the highest bit on. */
export class BooleanRunWriter {
  readonly stream: OutputStream;
  private readonly bytes: ByteRunWriter;
  private byte = 0;
  private bits = 0;

  constructor(stream: OutputStream) {
    this.stream = stream;
    this.bytes = new ByteRunWriter(stream);
  }

  /** Writes 0 or 1. */
  write(bit: number): void {
    this.byte = (this.byte << 1) | bit;
    if (++this.bits === 8) this.endByte();
  }

  /** Writes so many ones. */
  fill(count: number): void {
    let left = count;
    for (; left > 0 && this.bits > 0; left--) this.write(1);
    for (; left >= 8; left -= 8) this.bytes.write(255);
    for (; left > 0; left--) this.write(1);
  }

  private endByte(): void {
    this.bytes.write(this.byte);
    this.byte = 0;
    this.bits = 0;
  }

  /** Appends where the next boolean goes: the byte that is not full yet is the first of the next run. */
  addPosition(positions: number[]): void {
    this.bytes.addPosition(positions);
    positions.push(this.bits);
  }

  /** Ends the stream: what is left of the last byte is 0. */
  flush(): void {
    while (this.bits > 0) this.write(0);
    this.bytes.flush();
  }
}
