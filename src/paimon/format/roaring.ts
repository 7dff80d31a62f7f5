// Roaring bitmaps of 32-bit numbers in their portable form (RoaringFormatSpec): what deletion vectors and file indexes
// are made of.
import { TributaryError } from '../../base/errors.ts';

const COOKIE_PLAIN = 12346;
const COOKIE_RUNS = 12347;
const ARRAY_VALUES_MAX = 4096;
const BITMAP_BYTES = 8192;
/** With runs, offsets are only written from so many containers on. */
const OFFSETS_FROM_CONTAINERS = 4;
const CONTAINER_VALUES = 65536;

/** Where the numbers of a bitmap go. */
export interface RoaringTarget {
  /** Added to each number of the bitmap. */
  readonly base: number;
  readonly values: number[];
}

/**
 * Appends the numbers of the bitmap at `start`, ascending, and gives the offset behind it. Throws `E3402` for another
 * cookie, RangeError where the bytes end early.
 */
export function readRoaring(view: DataView, start: number, target: RoaringTarget): number {
  const cookie = view.getInt32(start, true);
  const hasRuns = (cookie & 0xffff) === COOKIE_RUNS;
  if (!hasRuns && cookie !== COOKIE_PLAIN) throw new TributaryError('E3402', `unknown bitmap: cookie=${cookie}`);
  const count = hasRuns ? (cookie >>> 16) + 1 : view.getInt32(start + 4, true);
  const runFlagsAt = start + 4;
  const runFlagsSize = hasRuns ? (count + 7) >> 3 : 0;
  const keysAt = hasRuns ? runFlagsAt + runFlagsSize : start + 8;
  const hasOffsets = !hasRuns || count >= OFFSETS_FROM_CONTAINERS;
  let at = keysAt + 4 * count + (hasOffsets ? 4 * count : 0);
  for (let index = 0; index < count; index++) {
    const base = target.base + view.getUint16(keysAt + 4 * index, true) * CONTAINER_VALUES;
    const cardinality = view.getUint16(keysAt + 4 * index + 2, true) + 1;
    const isRun = hasRuns && ((view.getUint8(runFlagsAt + (index >> 3)) >> (index & 7)) & 1) === 1;
    const container = { base, cardinality, values: target.values };
    if (isRun) at = readRuns(view, at, container);
    else at = cardinality <= ARRAY_VALUES_MAX ? readArray(view, at, container) : readBits(view, at, container);
  }
  return at;
}

interface SourceContainer {
  readonly base: number;
  readonly cardinality: number;
  readonly values: number[];
}

function readRuns(view: DataView, at: number, container: SourceContainer): number {
  const runCount = view.getUint16(at, true);
  for (let run = 0; run < runCount; run++) {
    const first = view.getUint16(at + 2 + 4 * run, true);
    const last = first + view.getUint16(at + 4 + 4 * run, true);
    for (let value = first; value <= last; value++) container.values.push(container.base + value);
  }
  return at + 2 + 4 * runCount;
}

function readArray(view: DataView, at: number, container: SourceContainer): number {
  for (let index = 0; index < container.cardinality; index++) {
    container.values.push(container.base + view.getUint16(at + 2 * index, true));
  }
  return at + 2 * container.cardinality;
}

function readBits(view: DataView, at: number, container: SourceContainer): number {
  for (let byte = 0; byte < BITMAP_BYTES; byte++) {
    const bits = view.getUint8(at + byte);
    for (let bit = 0; bits >> bit !== 0; bit++) {
      if (((bits >> bit) & 1) === 1) container.values.push(container.base + 8 * byte + bit);
    }
  }
  return at + BITMAP_BYTES;
}

/** The numbers of one container: `from … to` of the values, in the form that takes the fewest bytes. */
interface TargetContainer {
  readonly key: number;
  readonly from: number;
  readonly to: number;
  readonly runCount: number;
  readonly form: 'array' | 'bits' | 'runs';
  readonly sizeBytes: number;
}

/** The bitmap of ascending numbers without repetition; runs are written as such where that is shorter. */
export function writeRoaring(values: Uint32Array): Uint8Array {
  const containers = containersOf(values);
  const count = containers.length;
  const hasRuns = containers.some((container) => container.form === 'runs');
  const runFlagsSize = hasRuns ? (count + 7) >> 3 : 0;
  const keysAt = hasRuns ? 4 + runFlagsSize : 8;
  const hasOffsets = !hasRuns || count >= OFFSETS_FROM_CONTAINERS;
  const bodyAt = keysAt + 4 * count + (hasOffsets ? 4 * count : 0);
  const bytes = new Uint8Array(containers.reduce((sum, container) => sum + container.sizeBytes, bodyAt));
  const view = new DataView(bytes.buffer);
  view.setInt32(0, hasRuns ? COOKIE_RUNS | ((count - 1) << 16) : COOKIE_PLAIN, true);
  if (!hasRuns) view.setInt32(4, count, true);
  let at = bodyAt;
  for (const [index, container] of containers.entries()) {
    if (container.form === 'runs') bytes[4 + (index >> 3)] |= 1 << (index & 7);
    view.setUint16(keysAt + 4 * index, container.key, true);
    view.setUint16(keysAt + 4 * index + 2, container.to - container.from - 1, true);
    if (hasOffsets) view.setUint32(keysAt + 4 * count + 4 * index, at, true);
    writeContainer(view, at, values, container);
    at += container.sizeBytes;
  }
  return bytes;
}

function containersOf(values: Uint32Array): readonly TargetContainer[] {
  const containers: TargetContainer[] = [];
  for (let from = 0; from < values.length; ) {
    const key = values[from] >>> 16;
    let runCount = 1;
    let to = from + 1;
    for (; to < values.length && values[to] >>> 16 === key; to++) if (values[to] !== values[to - 1] + 1) runCount++;
    const plainBytes = Math.min(2 * (to - from), BITMAP_BYTES);
    const runBytes = 2 + 4 * runCount;
    const plain = to - from > ARRAY_VALUES_MAX ? 'bits' : 'array';
    const form = runBytes < plainBytes ? 'runs' : plain;
    containers.push({ key, from, to, runCount, form, sizeBytes: Math.min(runBytes, plainBytes) });
    from = to;
  }
  return containers;
}

function writeContainer(view: DataView, at: number, values: Uint32Array, container: TargetContainer): void {
  const { from, to } = container;
  switch (container.form) {
    case 'array':
      for (let index = from; index < to; index++) view.setUint16(at + 2 * (index - from), values[index] & 0xffff, true);
      return;
    case 'bits':
      for (let index = from; index < to; index++) {
        const byteAt = at + ((values[index] & 0xffff) >> 3);
        view.setUint8(byteAt, view.getUint8(byteAt) | (1 << (values[index] & 7)));
      }
      return;
    case 'runs': {
      view.setUint16(at, container.runCount, true);
      let next = at + 2;
      for (let first = from; first < to; ) {
        let end = first + 1;
        while (end < to && values[end] === values[end - 1] + 1) end++;
        view.setUint16(next, values[first] & 0xffff, true);
        view.setUint16(next + 2, end - first - 1, true);
        next += 4;
        first = end;
      }
    }
  }
}
