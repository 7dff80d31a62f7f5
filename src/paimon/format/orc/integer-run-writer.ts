// Writes runs of 64-bit integers in version 2 of the encoding: repeats, values as they are, and deltas. Source: ORC
// specification v1, "Integer Run Length Encoding, version 2".
import type { ByteBuffer } from '../parquet/byte-buffer.ts';
import type { OutputStream } from './output-stream.ts';

/** Values of a run at most. */
const RUN_MAX = 512;
const TWO_32 = 4294967296;
const REPEAT_MIN = 3;
const SHORT_REPEAT_MAX = 10;
/** So many equal values get a run of their own between others. */
const REPEAT_WITHIN = 8;
/** Halves above it are of values beyond 2^51, of which doubled differences are no exact numbers. */
const HIGH_LIMIT = 1 << 19;

const DIRECT = 0x40;
const DELTA = 0xc0;

/** Widths that are not deprecated, by how the head of a run names them. */
const WIDTHS: readonly (readonly [bits: number, code: number])[] = [
  [1, 0],
  [2, 1],
  [4, 3],
  [8, 7],
  [16, 15],
  [24, 23],
  [32, 27],
  [40, 28],
  [48, 29],
  [56, 30],
  [64, 31],
];

/** Integers, one at a time, as halves in two's complement. */
export class IntegerRunWriter {
  readonly stream: OutputStream;
  private readonly isSigned: boolean;
  private readonly low = new Int32Array(RUN_MAX);
  private readonly high = new Int32Array(RUN_MAX);
  /** What is packed: values, zigzag in signed streams, or sizes of deltas. */
  private readonly codedLow = new Int32Array(RUN_MAX);
  private readonly codedHigh = new Int32Array(RUN_MAX);
  private count = 0;

  /** Values of streams that are not signed have 63 bits. */
  constructor(stream: OutputStream, isSigned: boolean) {
    this.stream = stream;
    this.isSigned = isSigned;
  }

  write(low: number, high: number): void {
    if (this.count === RUN_MAX) this.flush();
    this.low[this.count] = low;
    this.high[this.count++] = high;
  }

  /** Writes a whole number of magnitude up to 2^53. */
  writeNumber(value: number): void {
    this.write(value | 0, Math.floor(value / TWO_32));
  }

  /** Ends the open run and appends where the next one begins. */
  addPosition(positions: number[]): void {
    this.flush();
    this.stream.addPosition(positions);
    positions.push(0);
  }

  /** Ends the open run. */
  flush(): void {
    const { count } = this;
    for (let at = 0; at < count; ) {
      const repeats = this.repeatsAt(at);
      if (repeats >= REPEAT_WITHIN || (repeats >= REPEAT_MIN && at + repeats === count)) {
        this.writeRepeat(at, repeats);
        at += repeats;
        continue;
      }
      let end = at + repeats;
      for (let next = 0; end < count; end += next) {
        next = this.repeatsAt(end);
        if (next >= REPEAT_WITHIN) break;
      }
      this.writeLiterals(at, end);
      at = end;
    }
    this.count = 0;
    this.stream.settle();
  }

  /** How many values are equal from one on. */
  private repeatsAt(at: number): number {
    const { low, high, count } = this;
    let end = at + 1;
    while (end < count && low[end] === low[at] && high[end] === high[at]) end++;
    return end - at;
  }

  private writeRepeat(at: number, repeats: number): void {
    const { open } = this.stream;
    this.code(at, 1);
    if (repeats > SHORT_REPEAT_MAX) {
      writeHead(open, DELTA, repeats);
      writeVarint(open, this.codedLow[0], this.codedHigh[0]);
      open.byte(0);
      return;
    }
    const size = Math.ceil(bitsOf(this.codedLow[0], this.codedHigh[0]) / 8);
    open.byte(((size - 1) << 3) | (repeats - REPEAT_MIN));
    this.pack(size * 8, 1);
  }

  private writeLiterals(from: number, to: number): void {
    const { open } = this.stream;
    const count = to - from;
    const [low, high] = this.code(from, count);
    const bits = fittingWidth(bitsOf(low, high));
    if (count > 2 && this.isNarrow(from, to) && this.writeDeltas(from, to, (count * bits) / 8)) return;
    writeHead(open, DIRECT | codeOf(bits), count);
    this.pack(bits, count);
  }

  /** Whether doubled differences of the values are exact as numbers. */
  private isNarrow(from: number, to: number): boolean {
    for (let at = from; at < to; at++) {
      if (this.high[at] >= HIGH_LIMIT || this.high[at] < -HIGH_LIMIT) return false;
    }
    return true;
  }

  /** Writes values that only rise or only fall as deltas; false where that is not so, or takes as much as `directSize`. */
  private writeDeltas(from: number, to: number, directSize: number): boolean {
    const count = to - from;
    const first = this.numberAt(from + 1) - this.numberAt(from);
    if (first === 0) return false;
    const sign = Math.sign(first);
    let least = Math.abs(first);
    let most = least;
    for (let at = from + 2, before = this.numberAt(from + 1); at < to; at++) {
      const value = this.numberAt(at);
      const size = (value - before) * sign;
      if (size < 0) return false;
      before = value;
      if (size < least) least = size;
      if (size > most) most = size;
    }
    // A width of one bit has the code of equal deltas.
    const bits = least === most ? 0 : Math.max(2, fittingWidth(bitsOf(most | 0, Math.floor(most / TWO_32))));
    // The two varints take some bytes.
    if (((count - 2) * bits) / 8 + 4 >= directSize) return false;
    this.writeDeltaRun(from, count, { first, bits });
    return true;
  }

  private writeDeltaRun(from: number, count: number, { first, bits }: { first: number; bits: number }): void {
    const { open } = this.stream;
    writeHead(open, DELTA | (bits === 0 ? 0 : codeOf(bits)), count);
    writeVarint(open, this.codedLow[0], this.codedHigh[0]);
    const base = first > 0 ? 2 * first : -2 * first - 1;
    writeVarint(open, base | 0, Math.floor(base / TWO_32));
    if (bits === 0) return;
    for (let index = 2; index < count; index++) {
      const size = Math.abs(this.numberAt(from + index) - this.numberAt(from + index - 1));
      this.codedLow[index - 2] = size | 0;
      this.codedHigh[index - 2] = Math.floor(size / TWO_32);
    }
    this.pack(bits, count - 2);
  }

  private numberAt(at: number): number {
    return this.high[at] * TWO_32 + (this.low[at] >>> 0);
  }

  /** Codes values as they are packed; gives all bits that any of them has. */
  private code(from: number, count: number): readonly [low: number, high: number] {
    const { low, high, codedLow, codedHigh, isSigned } = this;
    let allLow = 0;
    let allHigh = 0;
    for (let index = 0; index < count; index++) {
      let lowHalf = low[from + index];
      let highHalf = high[from + index];
      if (isSigned) {
        const sign = highHalf >> 31;
        highHalf = ((highHalf << 1) | (lowHalf >>> 31)) ^ sign;
        lowHalf = (lowHalf << 1) ^ sign;
      }
      codedLow[index] = lowHalf;
      codedHigh[index] = highHalf;
      allLow |= lowHalf;
      allHigh |= highHalf;
    }
    return [allLow, allHigh];
  }

  /** Writes the first coded values with so many bits each, the highest first. */
  private pack(bits: number, count: number): void {
    const { open } = this.stream;
    open.room(Math.ceil((bits * count) / 8));
    if (bits < 8) this.packBits(open, bits, count);
    else this.packBytes(open, bits / 8, count);
  }

  private packBits(open: ByteBuffer, bits: number, count: number): void {
    const { codedLow } = this;
    for (let index = 0; index < count; ) {
      let byte = 0;
      for (let shift = 8 - bits; shift >= 0; shift -= bits, index++) {
        if (index < count) byte |= codedLow[index] << shift;
      }
      open.bytes[open.size++] = byte;
    }
  }

  private packBytes(open: ByteBuffer, width: number, count: number): void {
    const { codedLow, codedHigh } = this;
    const { bytes } = open;
    let at = open.size;
    for (let index = 0; index < count; index++) {
      for (let shift = 8 * (width - 5); shift >= 0; shift -= 8) bytes[at++] = codedHigh[index] >>> shift;
      for (let shift = 8 * (Math.min(width, 4) - 1); shift >= 0; shift -= 8) bytes[at++] = codedLow[index] >>> shift;
    }
    open.size = at;
  }
}

/** The two bytes that begin a run of so many values. */
function writeHead(open: ByteBuffer, kind: number, count: number): void {
  open.byte(kind | ((count - 1) >> 8));
  open.byte(count - 1);
}

/** Writes an integer of 64 bits, seven bits a byte, the lowest first. */
export function writeVarint(open: ByteBuffer, low: number, high: number): void {
  let lowRest = low;
  let highRest = high;
  while (highRest !== 0 || lowRest >>> 7 !== 0) {
    open.byte((lowRest & 127) | 128);
    lowRest = (lowRest >>> 7) | (highRest << 25);
    highRest >>>= 7;
  }
  open.byte(lowRest);
}

/** Bits up to the highest that is set, at least 1. */
function bitsOf(low: number, high: number): number {
  return high === 0 ? Math.max(1, 32 - Math.clz32(low)) : 64 - Math.clz32(high);
}

function fittingWidth(bits: number): number {
  for (const [width] of WIDTHS) if (width >= bits) return width;
  return 64;
}

/** Where the head of a run has the code of a width. */
function codeOf(bits: number): number {
  for (const [width, code] of WIDTHS) if (width === bits) return code << 1;
  return 0;
}
