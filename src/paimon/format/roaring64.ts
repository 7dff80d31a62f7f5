// Sets of 64-bit numbers as Roaring64Bitmap stores them, united to the very bytes that Java makes: a tree of the upper
// 48 bits, then a container for each of its keys. Source: Roaring64Bitmap, HighLowContainer, Containers; RoaringBitmap64.
import { TributaryError } from '../../base/errors.ts';
import { LittleEndianReader, LittleEndianWriter } from './little-endian.ts';
import { ARRAY_VALUES_MAX, BITS_SIZE, optimized, type RoaringContainer, runsOf, unionOf } from './roaring-container.ts';
import { leavesOf, readTree, type TreeNode, withLeaf, writeTree } from './roaring-tree.ts';

const EMPTY = 0;
const NOT_EMPTY = 1;
/** Java keeps containers in arrays of arrays, of which one holds two billion. */
const ARRAY_MARK = 0xfe;
const RUNS = 0;
const BITS = 1;
const ARRAY = 2;

/** A set that grows. */
export class Roaring64 {
  private tree: TreeNode | null = null;
  /** As long as Java's array, which grows by half: the last ones may not be there yet. */
  private containers: (RoaringContainer | null)[] = [];
  /** Of the container that came last. */
  private lastIndex = -1;
  private readonly indexes = new Map<string, number>();

  /** Reads a set. Throws `E3402` for what is none, RangeError where the bytes end early. */
  constructor(bytes: Uint8Array) {
    const reader = new LittleEndianReader(bytes);
    const mark = reader.uint8();
    if (mark === EMPTY) return;
    const keyCount = reader.uint64();
    this.tree = readTree(reader);
    for (const { key, containerIndex } of leavesOf(this.tree)) this.indexes.set(keyText(key), Number(containerIndex));
    if (mark !== NOT_EMPTY || keyCount !== BigInt(this.indexes.size)) throw unknown(`mark=${mark} keys=${keyCount}`);
    this.readContainers(reader);
  }

  /** Adds all numbers of the other set, and brings containers into the form that they are stored in. */
  add(other: Roaring64): void {
    if (other.tree !== null) {
      for (const { key } of leavesOf(other.tree)) this.addContainer(key, other.container(key));
    }
    this.containers = this.containers.map((container) => (container === null ? null : optimized(container)));
  }

  /** The set as Java stores it. */
  bytes(): Uint8Array {
    const writer = new LittleEndianWriter();
    writer.uint8(this.tree === null ? EMPTY : NOT_EMPTY);
    if (this.tree === null) return writer.finish();
    writer.uint64(BigInt(this.indexes.size));
    writeTree(this.tree, writer);
    writer.uint32(1);
    writer.uint8(ARRAY_MARK);
    writer.uint32(this.containers.length);
    for (const container of this.containers) writeContainer(writer, container);
    writer.uint64(BigInt(this.indexes.size));
    writer.uint32(0);
    writer.uint32(this.lastIndex);
    return writer.finish();
  }

  private container(key: Uint8Array): RoaringContainer {
    return this.containers[this.indexes.get(keyText(key)) ?? 0] as RoaringContainer;
  }

  private addContainer(key: Uint8Array, container: RoaringContainer): void {
    const known = this.indexes.get(keyText(key));
    if (known !== undefined) {
      this.containers[known] = unionOf(this.container(key), container);
      return;
    }
    const index = ++this.lastIndex;
    const { length } = this.containers;
    if (index >= length) {
      const grown = Math.max(index + 1, length + (length >> 1));
      this.containers.push(...Array.from({ length: grown - length }, () => null));
    }
    this.containers[index] = container;
    this.indexes.set(keyText(key), index);
    this.tree = withLeaf(this.tree, key, BigInt(index));
  }

  private readContainers(reader: LittleEndianReader): void {
    const arrayCount = reader.uint32();
    reader.uint8();
    const length = reader.uint32();
    if (arrayCount !== 1) throw unknown(`arrays=${arrayCount}`);
    for (let index = 0; index < length; index++) this.containers.push(readContainer(reader));
    const count = reader.uint64();
    reader.uint32();
    this.lastIndex = reader.uint32();
    const isWhole = [...this.indexes.values()].every((index) => (this.containers[index] ?? null) !== null);
    if (!isWhole || count !== BigInt(this.indexes.size) || this.lastIndex >= length) {
      throw unknown(`containers=${count} last=${this.lastIndex}`);
    }
  }
}

function keyText(key: Uint8Array): string {
  return String.fromCharCode(...key);
}

function unknown(what: string): TributaryError {
  return new TributaryError('E3402', `unknown bitmap: ${what}`);
}

function readContainer(reader: LittleEndianReader): RoaringContainer | null {
  const mark = reader.uint8();
  if (mark === EMPTY) return null;
  const form = reader.uint8();
  const count = reader.uint32();
  if (mark !== NOT_EMPTY || count > 65536) throw unknown(`mark=${mark} count=${count}`);
  switch (form) {
    case RUNS:
      return { values: valuesOfRuns(reader.uint16s(2 * reader.uint16())), isRun: true };
    case BITS:
      return { values: valuesOfBits(reader.bytes(BITS_SIZE)), isRun: false };
    case ARRAY:
      return { values: reader.uint16s(count), isRun: false };
    default:
      throw unknown(`container=${form}`);
  }
}

function valuesOfRuns(runs: Uint16Array): Uint16Array {
  const values: number[] = [];
  for (let at = 0; at < runs.length; at += 2) {
    const isBehind = at === 0 || runs[at] > runs[at - 2] + runs[at - 1];
    if (!isBehind || runs[at] + runs[at + 1] > 65535) throw unknown('runs overlap');
    for (let value = runs[at]; value <= runs[at] + runs[at + 1]; value++) values.push(value);
  }
  return Uint16Array.from(values);
}

function valuesOfBits(bits: Uint8Array): Uint16Array {
  const values: number[] = [];
  for (let value = 0; value < 8 * bits.length; value++) if ((bits[value >> 3] >> (value & 7)) & 1) values.push(value);
  return Uint16Array.from(values);
}

function writeContainer(writer: LittleEndianWriter, container: RoaringContainer | null): void {
  writer.uint8(container === null ? EMPTY : NOT_EMPTY);
  if (container === null) return;
  const { values, isRun } = container;
  const plain = values.length > ARRAY_VALUES_MAX ? BITS : ARRAY;
  const form = isRun ? RUNS : plain;
  writer.uint8(form);
  writer.uint32(values.length);
  if (form === RUNS) {
    const runs = runsOf(values);
    writer.uint16(runs.length / 2);
    writer.uint16s(runs);
  } else if (form === ARRAY) writer.uint16s(values);
  else {
    const bits = new Uint8Array(BITS_SIZE);
    for (const value of values) bits[value >> 3] |= 1 << (value & 7);
    writer.bytes(bits);
  }
}
