// Containers of Roaring bitmaps that are united: 16-bit numbers that have the upper bits in common. Which form a container
// has depends on how it came about, and the bytes on the form. Source: ArrayContainer, BitmapContainer, RunContainer.

/** The numbers of a container, ascending. */
export interface RoaringContainer {
  readonly values: Uint16Array;
  /** Stored as runs; else as an array, or as bits where there are many. */
  readonly isRun: boolean;
}

/** More numbers than these are stored as bits. */
export const ARRAY_VALUES_MAX = 4096;
/** Bytes of a container of bits. */
export const BITS_SIZE = 8192;

/** The numbers of both. Runs that meet others stay runs while that takes no more bytes. */
export function unionOf(a: RoaringContainer, b: RoaringContainer): RoaringContainer {
  const values = merged(a.values, b.values);
  const plainSize = Math.min(BITS_SIZE, 2 * values.length + 2);
  return { values, isRun: (a.isRun || b.isRun) && runsSize(values) <= plainSize };
}

/** The container as it is stored: as runs where that is shorter. */
export function optimized(container: RoaringContainer): RoaringContainer {
  const { values, isRun } = container;
  const plainSize = values.length > ARRAY_VALUES_MAX ? BITS_SIZE : 2 * values.length;
  return isRun || plainSize <= runsSize(values) ? container : { values, isRun: true };
}

/** First numbers and lengths less one, by turns. */
export function runsOf(values: Uint16Array): Uint16Array {
  const runs: number[] = [];
  for (let from = 0, to = 1; from < values.length; from = to, to++) {
    while (to < values.length && values[to] === values[to - 1] + 1) to++;
    runs.push(values[from], to - from - 1);
  }
  return Uint16Array.from(runs);
}

/** The number of runs, then two numbers for each. */
function runsSize(values: Uint16Array): number {
  let count = 0;
  for (let index = 0; index < values.length; index++) {
    if (index === 0 || values[index] !== values[index - 1] + 1) count++;
  }
  return 2 + 4 * count;
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
