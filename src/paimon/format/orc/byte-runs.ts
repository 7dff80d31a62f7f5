// Runs of bytes and of booleans. Source: ORC specification v1, "Byte Run Length Encoding" and "Boolean Run Length
// Encoding".
import type { OrcStream } from './orc-stream.ts';

const RUN_MIN = 3;

/** Bytes, one at a time. */
export class ByteRuns {
  private readonly stream: OrcStream;
  private left = 0;
  private isRepeat = false;
  private value = 0;

  constructor(stream: OrcStream) {
    this.stream = stream;
  }

  /** The next byte, from 0 to 255. */
  next(): number {
    if (this.left === 0) {
      const control = this.stream.byte();
      this.isRepeat = control < 128;
      this.left = this.isRepeat ? control + RUN_MIN : 256 - control;
      if (this.isRepeat) this.value = this.stream.byte();
    }
    this.left--;
    return this.isRepeat ? this.value : this.stream.byte();
  }
}

/** Booleans, eight in a byte from the highest bit on. */
export class BooleanRuns {
  private readonly bytes: ByteRuns;
  private byte = 0;
  private bits = 0;

  constructor(stream: OrcStream) {
    this.bytes = new ByteRuns(stream);
  }

  /** The next boolean: 0 or 1. */
  next(): number {
    if (this.bits === 0) {
      this.byte = this.bytes.next();
      this.bits = 8;
    }
    return (this.byte >> --this.bits) & 1;
  }
}
