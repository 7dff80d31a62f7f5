// Runs of 64-bit integers in both versions of the encoding. Source: ORC specification v1, "Integer Run Length Encoding,
// version 1" and "version 2".
import { corrupt } from '../file-fault.ts';
import type { OrcStream } from './orc-stream.ts';

/** Values of a run at most. */
const RUN_MAX = 512;
const TWO_32 = 4294967296;
const WIDTHS = [...Array.from({ length: 24 }, (_, index) => index + 1), 26, 28, 30, 32, 40, 48, 56, 64];

/** Integers, one at a time, as halves in two's complement. */
export abstract class IntegerRuns {
  /** The halves of the last value. */
  low = 0;
  high = 0;
  protected readonly stream: OrcStream;
  protected readonly isSigned: boolean;
  /** Pairs (low, high) of the run. */
  protected readonly run = new Int32Array(2 * RUN_MAX);
  private at = 0;
  private count = 0;

  constructor(stream: OrcStream, isSigned: boolean) {
    this.stream = stream;
    this.isSigned = isSigned;
  }

  /** Moves to the next value. */
  next(): void {
    if (this.at === this.count) {
      this.count = this.decodeRun();
      this.at = 0;
    }
    this.low = this.run[2 * this.at];
    this.high = this.run[2 * this.at + 1];
    this.at++;
  }

  /** The next value, which must be a length. */
  nextLength(): number {
    this.next();
    if (this.high !== 0 || this.low < 0) throw corrupt('a length is out of range');
    return this.low;
  }

  /** The next value as a number: exact up to 2^53. */
  nextNumber(): number {
    this.next();
    return this.high * TWO_32 + (this.low >>> 0);
  }

  /** Decodes a run; gives how many values it has. */
  protected abstract decodeRun(): number;

  protected set(index: number, low: number, high: number): void {
    this.run[2 * index] = low;
    this.run[2 * index + 1] = high;
  }

  /** Sets a value that is zigzag in streams of signed values. */
  protected setCoded(index: number, low: number, high: number): void {
    if (!this.isSigned) this.set(index, low, high);
    else this.setZigzag(index, low, high);
  }

  protected setZigzag(index: number, low: number, high: number): void {
    const sign = -(low & 1);
    this.set(index, ((low >>> 1) | (high << 31)) ^ sign, (high >>> 1) ^ sign);
  }

  /** Sets a value to a sum. */
  protected setSum(index: number, to: number, summand: { readonly low: number; readonly high: number }): void {
    const low = (this.run[2 * to] >>> 0) + (summand.low >>> 0);
    this.set(index, low, this.run[2 * to + 1] + summand.high + (low >= TWO_32 ? 1 : 0));
  }

  /** Reads a varint as it is stored into the run. */
  protected readVarint(index: number, isZigzag: boolean): void {
    let low = 0;
    let high = 0;
    for (let shift = 0; ; shift += 7) {
      if (shift > 63) throw corrupt('an integer is too long');
      const byte = this.stream.byte();
      const bits = byte & 127;
      if (shift < 32) low |= bits << shift;
      if (shift >= 32) high |= bits << (shift - 32);
      else if (shift > 25) high |= bits >>> (32 - shift);
      if (byte < 128) break;
    }
    if (isZigzag) this.setZigzag(index, low, high);
    else this.set(index, low, high);
  }
}

/** Version 1: repeats with a step, or literals. */
class IntegerRuns1 extends IntegerRuns {
  protected decodeRun(): number {
    const control = this.stream.byte();
    if (control >= 128) {
      const count = 256 - control;
      for (let index = 0; index < count; index++) this.readVarint(index, this.isSigned);
      return count;
    }
    const step = (this.stream.byte() << 24) >> 24;
    this.readVarint(0, this.isSigned);
    const summand = { low: step, high: step >> 31 };
    for (let index = 1; index < control + 3; index++) this.setSum(index, index - 1, summand);
    return control + 3;
  }
}

/** Version 2: four kinds of runs. */
class IntegerRuns2 extends IntegerRuns {
  private bitByte = 0;
  private bitsLeft = 0;
  private bitsLow = 0;
  private bitsHigh = 0;

  protected decodeRun(): number {
    const head = this.stream.byte();
    this.bitsLeft = 0;
    const code = (head >> 1) & 31;
    if (head >> 6 === 0) return this.repeat(((head >> 3) & 7) + 1, (head & 7) + 3);
    const count = (((head & 1) << 8) | this.stream.byte()) + 1;
    if (head >> 6 === 1) return this.direct(WIDTHS[code], count);
    return head >> 6 === 2 ? this.patched(WIDTHS[code], count) : this.delta(code === 0 ? 0 : WIDTHS[code], count);
  }

  private repeat(size: number, count: number): number {
    this.readBits(8 * size);
    this.setCoded(0, this.bitsLow, this.bitsHigh);
    this.run.copyWithin(2, 0, 2);
    for (let index = 1; index < count; index++) this.set(index, this.run[0], this.run[1]);
    return count;
  }

  private direct(width: number, count: number): number {
    for (let index = 0; index < count; index++) {
      this.readBits(width);
      this.setCoded(index, this.bitsLow, this.bitsHigh);
    }
    return count;
  }

  private delta(width: number, count: number): number {
    this.readVarint(0, this.isSigned);
    const summand = { low: 0, high: 0 };
    this.readVarint(1, true);
    [, , summand.low, summand.high] = this.run;
    const isDown = summand.high < 0;
    this.setSum(1, 0, summand);
    for (let index = 2; index < count; index++) {
      if (width > 0) {
        this.readBits(width);
        const { bitsLow: low, bitsHigh: high } = this;
        summand.low = isDown ? -low | 0 : low;
        summand.high = isDown ? ~high + (low === 0 ? 1 : 0) : high;
      }
      this.setSum(index, index - 1, summand);
    }
    return count;
  }

  private patched(width: number, count: number): number {
    const third = this.stream.byte();
    const fourth = this.stream.byte();
    const patchWidth = WIDTHS[third & 31];
    const gapWidth = (fourth >> 5) + 1;
    const base = this.readBase((third >> 5) + 1);
    for (let index = 0; index < count; index++) {
      this.readBits(width);
      this.set(index, this.bitsLow, this.bitsHigh);
    }
    this.bitsLeft = 0;
    const entryWidth = WIDTHS.find((known) => known >= gapWidth + patchWidth);
    if (entryWidth === undefined) throw corrupt('a patch is too wide');
    let at = 0;
    for (let left = fourth & 31; left > 0; left--) {
      this.readBits(entryWidth);
      const entry = (BigInt(this.bitsHigh >>> 0) << 32n) | BigInt(this.bitsLow >>> 0);
      at += Number(entry >> BigInt(patchWidth));
      if (at >= count) throw corrupt('a patch lies behind its run');
      const patch = BigInt.asUintN(patchWidth, entry) << BigInt(width);
      this.run[2 * at] |= Number(BigInt.asIntN(32, patch));
      this.run[2 * at + 1] |= Number(BigInt.asIntN(32, patch >> 32n));
    }
    for (let index = 0; index < count; index++) this.setSum(index, index, base);
    return count;
  }

  /** The base of a patched run: its highest bit is the sign, the others the magnitude. */
  private readBase(size: number): { readonly low: number; readonly high: number } {
    this.readBits(8 * size);
    const stored = (BigInt(this.bitsHigh >>> 0) << 32n) | BigInt(this.bitsLow >>> 0);
    const magnitude = BigInt.asUintN(8 * size - 1, stored);
    const base = magnitude === stored ? magnitude : -magnitude;
    return { low: Number(BigInt.asIntN(32, base)), high: Number(BigInt.asIntN(32, base >> 32n)) };
  }

  /** Reads up to 64 bits, the highest first. */
  private readBits(width: number): void {
    this.bitsHigh = width > 32 ? this.bits(width - 32) : 0;
    this.bitsLow = this.bits(Math.min(32, width));
  }

  private bits(width: number): number {
    let value = 0;
    for (let left = width; left > 0; ) {
      if (this.bitsLeft === 0) {
        this.bitByte = this.stream.byte();
        this.bitsLeft = 8;
      }
      const count = Math.min(left, this.bitsLeft);
      this.bitsLeft -= count;
      left -= count;
      value = (value << count) | ((this.bitByte >> this.bitsLeft) & ((1 << count) - 1));
    }
    return value | 0;
  }
}

/** The integers of a stream, by the version of their encoding. */
export function integerRuns(stream: OrcStream, version: 1 | 2, isSigned: boolean): IntegerRuns {
  return version === 1 ? new IntegerRuns1(stream, isSigned) : new IntegerRuns2(stream, isSigned);
}
