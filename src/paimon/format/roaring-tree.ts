// The tree of a 64-bit Roaring bitmap: the upper 48 bits of its numbers, by their bytes, with the index of the container
// for each. Its bytes depend on the order in which keys came. Source: RoaringBitmap's Art, Node4, Node16, Node48, Node256.
import { TributaryError } from '../../base/errors.ts';
import type { LittleEndianReader, LittleEndianWriter } from './little-endian.ts';

/** Bytes of a key. */
const KEY_SIZE = 6;
const LEAF = 4;
/** Children that a branch has room for, by the number of its kind. */
const ROOMS: readonly number[] = [4, 16, 48, 256];
const SLOTS = 2;
const BITS = 3;
const NO_SLOT = 255;
const WORD = 8;

/** A key with its container. */
interface TreeLeaf {
  readonly kind: typeof LEAF;
  readonly key: Uint8Array;
  readonly containerIndex: bigint;
}

interface TreeBranch {
  /** Index in `ROOMS`. */
  readonly kind: number;
  /** What all keys below have in common, behind the bytes of the branches above. */
  readonly prefix: Uint8Array;
  /** By the byte that comes next in their keys, ascending. */
  readonly children: readonly TreeChild[];
}

interface TreeChild {
  readonly byte: number;
  /** The place of the child in a branch of `SLOTS`. */
  readonly slot: number;
  readonly node: TreeNode;
}

/** A tree of at least one key; nodes are never changed. */
export type TreeNode = TreeLeaf | TreeBranch;

function isLeaf(node: TreeNode): node is TreeLeaf {
  return node.kind === LEAF;
}

/** Reads a node with all below it. Throws `E3402` for what is no tree, RangeError where the bytes end early. */
export function readTree(reader: LittleEndianReader, depth = 0): TreeNode {
  const kind = reader.uint8();
  const count = reader.uint16();
  const prefix = reader.bytes(reader.uint8());
  const isBare = count === 0 && prefix.length === 0;
  if (kind === LEAF && isBare) return { kind, key: reader.bytes(KEY_SIZE), containerIndex: reader.uint64() };
  const next = depth + prefix.length + 1;
  if (kind > BITS || count > ROOMS[kind] || next > KEY_SIZE) throw noTree(kind, count);
  const places = readPlaces(reader, kind, count);
  if (places.length !== count || count === 0) throw noTree(kind, count);
  return { kind, prefix, children: places.map((place) => ({ ...place, node: readTree(reader, next) })) };
}

function noTree(kind: number, count: number): TributaryError {
  return new TributaryError('E3402', `unknown bitmap: node=${kind} children=${count}`);
}

/** The body of a branch. Bytes of a word stand last first. */
function readPlaces(reader: LittleEndianReader, kind: number, count: number): readonly Omit<TreeChild, 'node'>[] {
  const all = Array.from({ length: 256 }, (_, byte) => byte);
  if (kind === BITS) {
    const bits = reader.bytes(256 / 8);
    return all.filter((byte) => (bits[byte >> 3] >> (byte & 7)) & 1).map((byte) => ({ byte, slot: 0 }));
  }
  if (kind === SLOTS) {
    const slots = swapped(reader.bytes(256), WORD);
    return all.filter((byte) => slots[byte] !== NO_SLOT).map((byte) => ({ byte, slot: slots[byte] }));
  }
  const bytes = swapped(reader.bytes(ROOMS[kind]), Math.min(WORD, ROOMS[kind]));
  return [...bytes.subarray(0, count)].map((byte) => ({ byte, slot: 0 }));
}

/** Each word the other way round. */
function swapped(bytes: Uint8Array, wordSize: number): Uint8Array {
  const words = bytes.slice();
  for (let at = 0; at < words.length; at += wordSize) words.subarray(at, at + wordSize).reverse();
  return words;
}

/** Writes a node with all below it. */
export function writeTree(node: TreeNode, writer: LittleEndianWriter): void {
  writer.uint8(node.kind);
  if (isLeaf(node)) {
    writer.uint16(0);
    writer.uint8(0);
    writer.bytes(node.key);
    writer.uint64(node.containerIndex);
    return;
  }
  const { kind, prefix, children } = node;
  writer.uint16(children.length);
  writer.uint8(prefix.length);
  writer.bytes(prefix);
  writer.bytes(bodyOf(kind, children));
  for (const child of children) writeTree(child.node, writer);
}

function bodyOf(kind: number, children: readonly TreeChild[]): Uint8Array {
  if (kind === BITS) {
    const bits = new Uint8Array(256 / 8);
    for (const { byte } of children) bits[byte >> 3] |= 1 << (byte & 7);
    return bits;
  }
  if (kind === SLOTS) {
    const slots = new Uint8Array(256).fill(NO_SLOT);
    for (const { byte, slot } of children) slots[byte] = slot;
    return swapped(slots, WORD);
  }
  const bytes = new Uint8Array(ROOMS[kind]);
  bytes.set(children.map(({ byte }) => byte));
  return swapped(bytes, Math.min(WORD, bytes.length));
}

/** The leaves, by key. */
export function* leavesOf(node: TreeNode): Generator<TreeLeaf> {
  if (isLeaf(node)) yield node;
  else for (const child of node.children) yield* leavesOf(child.node);
}

/** The tree with another key, which it does not have; of no tree the key alone. */
export function withLeaf(node: TreeNode | null, key: Uint8Array, containerIndex: bigint): TreeNode {
  const leaf: TreeLeaf = { kind: LEAF, key, containerIndex };
  return node === null ? leaf : inserted(node, leaf, 0);
}

function inserted(node: TreeNode, leaf: TreeLeaf, depth: number): TreeNode {
  const own = isLeaf(node) ? node.key.subarray(depth) : node.prefix;
  const rest = leaf.key.subarray(depth);
  let common = 0;
  while (common < own.length && own[common] === rest[common]) common++;
  const byte = rest[common];
  if (common < own.length) {
    // They part here: a branch of two takes the place of the node.
    const below = isLeaf(node) ? node : { ...node, prefix: own.slice(common + 1) };
    const parted: TreeBranch = { kind: 0, prefix: own.slice(0, common), children: [] };
    return withChild(withChild(parted, own[common], below), byte, leaf);
  }
  const branch = node as TreeBranch;
  const at = branch.children.findIndex((child) => child.byte === byte);
  if (at < 0) return withChild(branch, byte, leaf);
  const child = branch.children[at];
  return {
    ...branch,
    children: branch.children.with(at, { ...child, node: inserted(child.node, leaf, depth + common + 1) }),
  };
}

/** The branch, or a larger one in its place, with another child. */
function withChild(branch: TreeBranch, byte: number, node: TreeNode): TreeBranch {
  const { kind, children } = branch;
  if (children.length === ROOMS[kind]) {
    const grown = children.map((child, slot) => ({ ...child, slot }));
    return withChild({ ...branch, kind: kind + 1, children: grown }, byte, node);
  }
  const place = children.findIndex((child) => child.byte > byte);
  const child = { byte, slot: freeSlot(children), node };
  return { ...branch, children: children.toSpliced(place < 0 ? children.length : place, 0, child) };
}

/** The one behind the last; where a removed child has left a gap, the first gap. */
function freeSlot(children: readonly TreeChild[]): number {
  const taken = new Set(children.map(({ slot }) => slot));
  if (!taken.has(children.length)) return children.length;
  let slot = 0;
  while (taken.has(slot)) slot++;
  return slot;
}
