// Containers of Roaring bitmaps: 16-bit numbers that have the upper bits in common. Which form a container has depends on
// how it came about, and the bytes on the form. Source: ArrayContainer, BitmapContainer, RunContainer.
import { TributaryError } from '../../base/errors.ts';
import type { LittleEndianReader, LittleEndianWriter } from './little-endian.ts';

/** How the numbers of a container are stored. */
export type ContainerForm = 'array' | 'bits' | 'runs';

/** The numbers of a container, at least one. */
export interface RoaringContainer {
  readonly form: ContainerForm;
  /** Of runs the first numbers and the lengths less one, by turns; else the numbers. Ascending. */
  readonly words: Uint16Array;
  /** How many numbers. */
  readonly count: number;
}

/** More numbers than these are stored as bits. */
const ARRAY_VALUES_MAX = 4096;
/** Bytes of a container of bits. */
const BITS_SIZE = 8192;
const NUMBER_MAX = 65535;

/** The form of so many numbers that are not stored as runs. */
export function plainForm(count: number): ContainerForm {
  return count > ARRAY_VALUES_MAX ? 'bits' : 'array';
}

/** A container of ascending numbers that is not stored as runs. */
export function plainContainer(values: Uint16Array): RoaringContainer {
  return { form: plainForm(values.length), words: values, count: values.length };
}

/** The bytes that a container takes. */
export function containerSize({ form, words }: RoaringContainer): number {
  switch (form) {
    case 'runs':
      return 2 + 2 * words.length;
    case 'bits':
      return BITS_SIZE;
    case 'array':
      return 2 * words.length;
  }
}

/** The numbers of both. Runs that meet others stay runs while that takes no more bytes. */
export function unionOf(a: RoaringContainer, b: RoaringContainer): RoaringContainer {
  if (a.form !== 'runs' && b.form !== 'runs') return plainContainer(merged(a.words, b.words));
  return runContainer(mergedRuns(asRuns(a), asRuns(b)));
}

/** The container as it is stored: as runs where that is shorter. Runs stay runs where an array would be as long. */
export function optimized(container: RoaringContainer): RoaringContainer {
  if (container.form === 'runs') return runContainer(container.words);
  const size = 2 + 4 * runCountOf(container.words);
  return size < containerSize(container) ? { ...container, form: 'runs', words: asRuns(container) } : container;
}

/** A container of these runs, if an array with its count or bits would not be shorter. */
function runContainer(runs: Uint16Array): RoaringContainer {
  const container: RoaringContainer = { form: 'runs', words: runs, count: countOfRuns(runs) };
  const isShort = containerSize(container) <= Math.min(BITS_SIZE, 2 * container.count + 2);
  return isShort ? container : plainContainer(valuesOf(container));
}

function runCountOf(values: Uint16Array): number {
  let count = 0;
  for (let index = 0; index < values.length; index++) {
    if (index === 0 || values[index] !== values[index - 1] + 1) count++;
  }
  return count;
}

function countOfRuns(runs: Uint16Array): number {
  let count = runs.length / 2;
  for (let at = 1; at < runs.length; at += 2) count += runs[at];
  return count;
}

/** The numbers of a container. */
export function valuesOf({ form, words, count }: RoaringContainer): Uint16Array {
  if (form !== 'runs') return words;
  const values = new Uint16Array(count);
  let found = 0;
  for (let at = 0; at < words.length; at += 2) {
    for (let value = words[at]; value <= words[at] + words[at + 1]; value++) values[found++] = value;
  }
  return values;
}

function asRuns({ form, words }: RoaringContainer): Uint16Array {
  if (form === 'runs') return words;
  const runs = new Uint16Array(2 * runCountOf(words));
  let at = 0;
  for (let from = 0, to = 1; from < words.length; from = to, to++) {
    while (to < words.length && words[to] === words[to - 1] + 1) to++;
    runs[at++] = words[from];
    runs[at++] = to - from - 1;
  }
  return runs;
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

/** The runs of both; those that touch become one. */
function mergedRuns(a: Uint16Array, b: Uint16Array): Uint16Array {
  const runs = new Uint16Array(a.length + b.length);
  let size = 0;
  for (let atA = 0, atB = 0; atA < a.length || atB < b.length; ) {
    const takesA = atB >= b.length || (atA < a.length && a[atA] <= b[atB]);
    const first = takesA ? a[atA] : b[atB];
    const last = first + (takesA ? a[atA + 1] : b[atB + 1]);
    if (takesA) atA += 2;
    else atB += 2;
    const before = size === 0 ? -2 : runs[size - 2] + runs[size - 1];
    if (first > before + 1) {
      runs[size] = first;
      runs[size + 1] = last - first;
      size += 2;
    } else if (last > before) runs[size - 1] = last - runs[size - 2];
  }
  return runs.slice(0, size);
}

/**
 * Reads a container of so many numbers; runs say themselves how many they are. Throws `E3402` where numbers do not ascend or
 * are not as many, RangeError where the bytes end early.
 */
export function readContainer(reader: LittleEndianReader, form: ContainerForm, count: number): RoaringContainer {
  switch (form) {
    case 'runs': {
      const runs = ascendingRuns(reader.uint16s(2 * reader.uint16()));
      return { form, words: runs, count: countOfRuns(runs) };
    }
    case 'bits':
      return plainContainer(valuesOfBits(reader.bytes(BITS_SIZE), count));
    case 'array':
      return plainContainer(ascending(reader.uint16s(count)));
  }
}

function ascending(values: Uint16Array): Uint16Array {
  for (let index = 1; index < values.length; index++) {
    if (values[index] <= values[index - 1]) throw unknownBitmap('numbers do not ascend');
  }
  return values;
}

function ascendingRuns(runs: Uint16Array): Uint16Array {
  if (runs.length === 0) throw unknownBitmap('no runs');
  for (let at = 0, before = -1; at < runs.length; at += 2) {
    const last = runs[at] + runs[at + 1];
    if (runs[at] <= before || last > NUMBER_MAX) throw unknownBitmap('runs overlap');
    before = last;
  }
  return runs;
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
export function writeContainer(writer: LittleEndianWriter, { form, words }: RoaringContainer): void {
  if (form === 'runs') writer.uint16(words.length / 2);
  if (form !== 'bits') {
    writer.uint16s(words);
    return;
  }
  const bits = new Uint8Array(BITS_SIZE);
  for (let index = 0; index < words.length; index++) bits[words[index] >> 3] |= 1 << (words[index] & 7);
  writer.bytes(bits);
}

/** The error for bytes that are no Roaring bitmap. */
export function unknownBitmap(what: string): TributaryError {
  return new TributaryError('E3402', `unknown bitmap: ${what}`);
}
