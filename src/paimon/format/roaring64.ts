// Sets of 64-bit numbers as Roaring64Bitmap stores them, united to the very bytes that Java makes: a tree of the upper
// 48 bits, then a container for each of its keys. Source: Roaring64Bitmap, HighLowContainer, Containers; RoaringBitmap64.
import { LittleEndianReader, LittleEndianWriter } from './little-endian.ts';
import {
  type ContainerForm,
  optimized,
  readContainer,
  type RoaringContainer,
  unionOf,
  unknownBitmap,
  writeContainer,
} from './roaring-container.ts';
import { leavesOf, readTree, type TreeNode, withLeaf, writeTree } from './roaring-tree.ts';

const EMPTY = 0;
const NOT_EMPTY = 1;
/** Java keeps containers in arrays of arrays, of which one holds two billion. */
const ARRAY_MARK = 0xfe;
const FORMS: readonly ContainerForm[] = ['runs', 'bits', 'array'];

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
    if (mark !== NOT_EMPTY || keyCount !== BigInt(this.indexes.size))
      throw unknownBitmap(`mark=${mark} keys=${keyCount}`);
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
    for (const container of this.containers) writeStored(writer, container);
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
    if (arrayCount !== 1) throw unknownBitmap(`arrays=${arrayCount}`);
    for (let index = 0; index < length; index++) this.containers.push(readStored(reader));
    const count = reader.uint64();
    reader.uint32();
    this.lastIndex = reader.uint32();
    const isWhole = [...this.indexes.values()].every((index) => (this.containers[index] ?? null) !== null);
    if (!isWhole || count !== BigInt(this.indexes.size) || this.lastIndex >= length) {
      throw unknownBitmap(`containers=${count} last=${this.lastIndex}`);
    }
  }
}

function keyText(key: Uint8Array): string {
  return String.fromCharCode(...key);
}

function readStored(reader: LittleEndianReader): RoaringContainer | null {
  const mark = reader.uint8();
  if (mark === EMPTY) return null;
  const form = reader.uint8();
  const count = reader.uint32();
  const isKnown = mark === NOT_EMPTY && form < FORMS.length && count <= 65536;
  if (!isKnown) throw unknownBitmap(`mark=${mark} container=${form} count=${count}`);
  return readContainer(reader, FORMS[form], count);
}

function writeStored(writer: LittleEndianWriter, container: RoaringContainer | null): void {
  writer.uint8(container === null ? EMPTY : NOT_EMPTY);
  if (container === null) return;
  writer.uint8(FORMS.indexOf(container.form));
  writer.uint32(container.count);
  writeContainer(writer, container);
}
