// The order in which the reference gives the elements of sets and maps that it has merged: that of a Java HashMap, by the
// hash codes of Paimon's values. It is kept, so that a collection reads the same whoever has merged it.
import { hashBytes } from './murmur.ts';
import { bigIntegerHash } from './hive-hash.ts';
import type { Cell } from './cell.ts';
import type { DataType } from '../schema/data-type.ts';

const CAPACITY_MIN = 16;
const LOAD_FACTOR = 0.75;
const HASH_TRUE = 1231;
const HASH_FALSE = 1237;
const MILLIS_PRECISION_MAX = 3;
const MICROS_PRECISION_MAX = 6;

/** How values of a type are told apart and hashed. */
export interface HashRule {
  /** Equal for equal values. */
  keyOf(cell: Cell): string;
  hashOf(cell: Cell): number;
}

interface Slot<Item> {
  readonly hash: number;
  item: Item;
}

/** Items by key, in the order of a Java HashMap. */
export class HashOrdered<Item> {
  private readonly slots = new Map<string, Slot<Item>>();
  private capacity = CAPACITY_MIN;

  has(key: string): boolean {
    return this.slots.has(key);
  }

  get(key: string): Item | undefined {
    return this.slots.get(key)?.item;
  }

  /** Puts an item in the place of the one with that key, or into a new place. */
  put(key: string, hash: number, item: Item): void {
    const known = this.slots.get(key);
    if (known !== undefined) {
      known.item = item;
      return;
    }
    this.slots.set(key, { hash, item });
    if (this.slots.size > LOAD_FACTOR * this.capacity) this.capacity *= 2;
  }

  /** Puts an item as Java's `computeIfAbsent` does, which makes room late; all items are put so, or none. */
  putLate(key: string, hash: number, item: Item): void {
    if (this.slots.size > LOAD_FACTOR * this.capacity) this.capacity *= 2;
    const known = this.slots.get(key);
    if (known === undefined) this.slots.set(key, { hash, item });
    else known.item = item;
  }

  delete(key: string): void {
    this.slots.delete(key);
  }

  /** The items by bucket, those of one bucket as they were put in. */
  items(): readonly Item[] {
    return this.byBucket([...this.slots.values()]);
  }

  /** The items by bucket, those of one bucket from the last put in to the first: for `putLate`. */
  itemsLastFirst(): readonly Item[] {
    return this.byBucket([...this.slots.values()].reverse());
  }

  private byBucket(slots: Slot<Item>[]): readonly Item[] {
    const bucketOf = ({ hash }: Slot<Item>): number => (hash ^ (hash >>> 16)) & (this.capacity - 1);
    return slots.sort((a, b) => bucketOf(a) - bucketOf(b)).map(({ item }) => item);
  }
}

/** How values of the type are hashed. Collections and rows are told apart, but not hashed: they keep their order. */
export function hashRule(type: DataType): HashRule {
  const hash = hashFunction(type);
  let identity = 0;
  // Java tells byte arrays apart by their identity: no two are equal.
  const isIdentity = type.kind === 'BINARY' || type.kind === 'VARBINARY';
  return {
    keyOf: (cell) => (isIdentity && cell !== null ? `#${identity++}` : cellKey(cell)),
    hashOf: (cell) => (cell === null ? 0 : hash(cell)),
  };
}

/** A text that is the same for equal cells of one type. */
export function cellKey(cell: Cell): string {
  if (cell === null) return 'null';
  if (cell instanceof Uint8Array) return `'${Buffer.from(cell).toString('latin1')}`;
  if (typeof cell === 'number') return Object.is(cell, -0) ? '-0' : String(cell);
  if (typeof cell !== 'object') return String(cell);
  const parts = cell.map(cellKey);
  return `[${parts.map((part) => `${part.length}:${part}`).join('')}]`;
}

function hashFunction(type: DataType): (cell: Exclude<Cell, null>) => number {
  switch (type.kind) {
    case 'BOOLEAN':
      return (cell) => (cell === true ? HASH_TRUE : HASH_FALSE);
    case 'FLOAT':
      return (cell) => new Int32Array(Float32Array.of(Number(cell)).buffer)[0];
    case 'DOUBLE':
      return (cell) => hashLong(new BigInt64Array(Float64Array.of(Number(cell)).buffer)[0]);
    case 'BIGINT':
      return (cell) => hashLong(BigInt(cell as bigint));
    case 'DECIMAL':
      return (cell) => (Math.imul(31, bigIntegerHash(BigInt(cell as bigint))) + type.scale) | 0;
    case 'TIMESTAMP':
    case 'TIMESTAMP_LTZ':
      return (cell) => hashTimestamp(BigInt(cell as bigint), type.precision);
    case 'CHAR':
    case 'VARCHAR':
      return (cell) => (cell instanceof Uint8Array ? hashBytes(cell) : 0);
    case 'TINYINT':
    case 'SMALLINT':
    case 'INT':
    case 'DATE':
    case 'TIME':
      return Number;
    default:
      return () => 0;
  }
}

function hashLong(value: bigint): number {
  return Number(BigInt.asIntN(32, value ^ (value >> 32n)));
}

/** Timestamp.hashCode: by milliseconds and the nanoseconds within. */
function hashTimestamp(value: bigint, precision: number): number {
  const unit = precision <= MILLIS_PRECISION_MAX ? 1n : precision <= MICROS_PRECISION_MAX ? 1_000n : 1_000_000n;
  const within = ((value % unit) + unit) % unit;
  const nanos = (within * 1_000_000n) / unit;
  return (Math.imul(31, hashLong((value - within) / unit)) + Number(nanos)) | 0;
}
