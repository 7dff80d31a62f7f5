// Containers of Roaring bitmaps: 16-bit numbers that have the upper bits in common. Which form a container has depends on
// how it came about, and the bytes on the form. Source: ArrayContainer, BitmapContainer, RunContainer.
import { TributaryError } from '../../base/errors.ts';
import type { LittleEndianReader, LittleEndianWriter } from './little-endian.ts';

/** The numbers of a container, ascending. */
export interface RoaringContainer {
  readonly values: Uint16Array;
  /** Stored as runs; else as an array, or as bits where there are many. */
  readonly isRun: boolean;
}

/** How the numbers of a container are stored. */
export type ContainerForm = 'array' | 'bits' | 'runs';

/** More numbers than these are stored as bits. */
const ARRAY_VALUES_MAX = 4096;
/** Bytes of a container of bits. */
const BITS_SIZE = 8192;
/** Bits of a container of bits. */
const BITS = 8 * BITS_SIZE;

/** The form of so many numbers that are not stored as runs. */
export function plainForm(count: number): ContainerForm {
  return count > ARRAY_VALUES_MAX ? 'bits' : 'array';
}

/** The form of a container. */
export function formOf({ values, isRun }: RoaringContainer): ContainerForm {
  return isRun ? 'runs' : plainForm(values.length);
}

/** The bytes that a container takes. */
export function containerSize(container: RoaringContainer): number {
  switch (formOf(container)) {
    case 'runs':
      return runsSize(container.values);
    case 'bits':
      return BITS_SIZE;
    case 'array':
      return 2 * container.values.length;
  }
}

/** The numbers of both. Runs that meet others stay runs while that takes no more bytes. */
export function unionOf(a: RoaringContainer, b: RoaringContainer): RoaringContainer {
  const values = merged(a.values, b.values);
  return { values, isRun: (a.isRun || b.isRun) && areEfficientRuns(values) };
}

/** The container as it is stored: as runs where that is shorter. Runs stay runs up to one number more. */
export function optimized(container: RoaringContainer): RoaringContainer {
  const { values, isRun } = container;
  if (isRun) return { values, isRun: areEfficientRuns(values) };
  return { values, isRun: runsSize(values) < containerSize(container) };
}

/** Whether what is runs stays runs. The count that an array would have before its numbers is reckoned in here. */
function areEfficientRuns(values: Uint16Array): boolean {
  return runsSize(values) <= Math.min(BITS_SIZE, 2 * values.length + 2);
}

/** The number of runs, then two numbers for each. */
function runsSize(values: Uint16Array): number {
  return 2 + 4 * runCountOf(values);
}

function runCountOf(values: Uint16Array): number {
  let count = 0;
  for (let index = 0; index < values.length; index++) {
    if (index === 0 || values[index] !== values[index - 1] + 1) count++;
  }
  return count;
}

function merged(a: Uint16Array, b: Uint16Array): Uint16Array {
  const values = new Uint16Array(a.length + b.length);
  let count = 0;
  for (let atA = 0, atB = 0; atA < a.length || atB < b.length; count++) {
    const nextA = atA < a.length ? a[atA] : Infinity;
    const nextB = atB < b.length ? b[atB] : Infinity;
    values[count] = Math.min(nextA, nextB);
    if (nextA <= nextB) atA++;
    if (nextB <= nextA) atB++;
  }
  return values.slice(0, count);
}

/**
 * Reads a container of so many numbers; runs say themselves how many they are. Throws `E3402` where numbers do not ascend or
 * are not as many, RangeError where the bytes end early.
 */
export function readContainer(reader: LittleEndianReader, form: ContainerForm, count: number): RoaringContainer {
  switch (form) {
    case 'runs':
      return { values: valuesOfRuns(reader.uint16s(2 * reader.uint16())), isRun: true };
    case 'bits':
      return { values: valuesOfBits(reader.bytes(BITS_SIZE), count), isRun: false };
    case 'array':
      return { values: ascending(reader.uint16s(count)), isRun: false };
  }
}

function ascending(values: Uint16Array): Uint16Array {
  for (let index = 1; index < values.length; index++) {
    if (values[index] <= values[index - 1]) throw unknownBitmap('numbers do not ascend');
  }
  return values;
}

/** Of first numbers and lengths less one, by turns. */
function valuesOfRuns(runs: Uint16Array): Uint16Array {
  const values = new Uint16Array(BITS);
  let count = 0;
  for (let at = 0; at < runs.length; at += 2) {
    const first = runs[at];
    const last = first + runs[at + 1];
    if ((count > 0 && first <= values[count - 1]) || last >= BITS) throw unknownBitmap('runs overlap');
    for (let value = first; value <= last; value++) values[count++] = value;
  }
  return values.slice(0, count);
}

function valuesOfBits(bits: Uint8Array, count: number): Uint16Array {
  const values = new Uint16Array(count);
  let found = 0;
  for (let byte = 0; byte < BITS_SIZE; byte++) {
    for (let rest = bits[byte]; rest !== 0; rest &= rest - 1) {
      values[found++] = 8 * byte + 31 - Math.clz32(rest & -rest);
    }
  }
  if (found !== count) throw unknownBitmap(`bits=${found} count=${count}`);
  return values;
}

/** Writes a container in its form. */
export function writeContainer(writer: LittleEndianWriter, container: RoaringContainer): void {
  const { values } = container;
  switch (formOf(container)) {
    case 'runs': {
      const runs = runsOf(values);
      writer.uint16(runs.length / 2);
      writer.uint16s(runs);
      return;
    }
    case 'array':
      writer.uint16s(values);
      return;
    case 'bits': {
      const bits = new Uint8Array(BITS_SIZE);
      for (const value of values) bits[value >> 3] |= 1 << (value & 7);
      writer.bytes(bits);
    }
  }
}

/** First numbers and lengths less one, by turns. */
function runsOf(values: Uint16Array): Uint16Array {
  const runs = new Uint16Array(2 * runCountOf(values));
  let at = 0;
  for (let from = 0, to = 1; from < values.length; from = to, to++) {
    while (to < values.length && values[to] === values[to - 1] + 1) to++;
    runs[at++] = values[from];
    runs[at++] = to - from - 1;
  }
  return runs;
}

/** The error for bytes that are no Roaring bitmap. */
export function unknownBitmap(what: string): TributaryError {
  return new TributaryError('E3402', `unknown bitmap: ${what}`);
}
