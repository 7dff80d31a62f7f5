// Roaring bitmaps of 32-bit numbers in their portable form (RoaringFormatSpec): what deletion vectors, file indexes and
// values of `rbm32` are made of. Source: RoaringArray, RoaringBitmap.
import { LittleEndianReader, LittleEndianWriter } from './little-endian.ts';
import {
  containerSize,
  optimized,
  plainContainer,
  plainForm,
  readContainer,
  type RoaringContainer,
  unionOf,
  unknownBitmap,
  valuesOf,
  writeContainer,
} from './roaring-container.ts';

const COOKIE_PLAIN = 12346;
const COOKIE_RUNS = 12347;
/** With runs, offsets are only written from so many containers on. */
const OFFSETS_FROM_CONTAINERS = 4;
const CONTAINER_VALUES = 65536;

/** A container with the upper 16 bits of its numbers. */
interface KeyedContainer extends RoaringContainer {
  readonly key: number;
}

/** A bitmap: containers by their keys, ascending. */
export type RoaringBitmap = readonly KeyedContainer[];

/** Where the numbers of a bitmap go. */
export interface RoaringTarget {
  /** Added to each number of the bitmap. */
  readonly base: number;
  readonly values: number[];
}

/**
 * Appends the numbers of the bitmap at `start`, ascending, and gives the offset behind it. Throws `E3402` for what is no
 * bitmap, RangeError where the bytes end early.
 */
export function readRoaring(view: DataView, start: number, target: RoaringTarget): number {
  const reader = new LittleEndianReader(new Uint8Array(view.buffer, view.byteOffset, view.byteLength).subarray(start));
  for (const container of readBitmap(reader)) {
    const base = target.base + container.key * CONTAINER_VALUES;
    const values = valuesOf(container);
    for (let index = 0; index < values.length; index++) target.values.push(base + values[index]);
  }
  return start + reader.offset;
}

/** The bitmap of ascending numbers without repetition; runs are written as such where that is shorter. */
export function writeRoaring(values: Uint32Array): Uint8Array {
  return bitmapBytes(bitmapOf(values));
}

/** Reads a bitmap with the forms of its containers. Throws as `readRoaring`. */
export function readBitmap(reader: LittleEndianReader): RoaringBitmap {
  const cookie = reader.uint32();
  const hasRuns = (cookie & 0xffff) === COOKIE_RUNS;
  if (!hasRuns && cookie !== COOKIE_PLAIN) throw unknownBitmap(`cookie=${cookie}`);
  const count = hasRuns ? (cookie >>> 16) + 1 : reader.uint32();
  const runFlags = hasRuns ? reader.bytes((count + 7) >> 3) : null;
  const heads = reader.uint16s(2 * count);
  if (!hasRuns || count >= OFFSETS_FROM_CONTAINERS) reader.bytes(4 * count);
  return Array.from({ length: count }, (_, index) => {
    const key = heads[2 * index];
    if (index > 0 && key <= heads[2 * index - 2]) throw unknownBitmap('keys do not ascend');
    const valueCount = heads[2 * index + 1] + 1;
    const isRun = runFlags !== null && ((runFlags[index >> 3] >> (index & 7)) & 1) === 1;
    return { key, ...readContainer(reader, isRun ? 'runs' : plainForm(valueCount), valueCount) };
  });
}

/** The numbers of both, each container in the form that Java gives it. */
export function unionOfBitmaps(a: RoaringBitmap, b: RoaringBitmap): RoaringBitmap {
  const containers = new Map<number, RoaringContainer>(a.map((container) => [container.key, container]));
  for (const container of b) {
    const own = containers.get(container.key);
    containers.set(container.key, own === undefined ? container : unionOf(own, container));
  }
  const keys = [...containers.keys()].sort((one, other) => one - other);
  return keys.map((key) => ({ key, ...optimized(containers.get(key) as RoaringContainer) }));
}

/** The bytes of a bitmap, its containers as they are. */
export function bitmapBytes(bitmap: RoaringBitmap): Uint8Array {
  const writer = new LittleEndianWriter();
  const count = bitmap.length;
  const hasRuns = bitmap.some(({ form }) => form === 'runs');
  if (hasRuns) {
    writer.uint32((COOKIE_RUNS | ((count - 1) << 16)) >>> 0);
    const runFlags = new Uint8Array((count + 7) >> 3);
    for (const [index, { form }] of bitmap.entries()) runFlags[index >> 3] |= Number(form === 'runs') << (index & 7);
    writer.bytes(runFlags);
  } else {
    writer.uint32(COOKIE_PLAIN);
    writer.uint32(count);
  }
  for (const { key, count: valueCount } of bitmap) {
    writer.uint16(key);
    writer.uint16(valueCount - 1);
  }
  if (!hasRuns || count >= OFFSETS_FROM_CONTAINERS) writeOffsets(writer, bitmap);
  for (const container of bitmap) writeContainer(writer, container);
  return writer.finish();
}

/** Where the containers stand, from the start of the bitmap. */
function writeOffsets(writer: LittleEndianWriter, bitmap: RoaringBitmap): void {
  let offset = writer.offset + 4 * bitmap.length;
  for (const container of bitmap) {
    writer.uint32(offset);
    offset += containerSize(container);
  }
}

function bitmapOf(values: Uint32Array): RoaringBitmap {
  const containers: KeyedContainer[] = [];
  for (let from = 0, to = 0; from < values.length; from = to) {
    const key = values[from] >>> 16;
    while (to < values.length && values[to] >>> 16 === key) to++;
    const lower16Bits = new Uint16Array(values.subarray(from, to));
    containers.push({ key, ...optimized(plainContainer(lower16Bits)) });
  }
  return containers;
}
