// The dynamic buckets of one partition: which bucket each key is in, by the hash of the key, and where a new key goes.
// Source: PartitionIndex (format notes 03 section 7).
import type { Random } from '../../base/random.ts';
import { TributaryError } from '../../base/errors.ts';

/** How large dynamic buckets grow. */
export interface BucketLimits {
  /** `dynamic-bucket.target-row-num`: keys of a bucket after which another is opened. */
  readonly targetRowCount: number;
  /** `dynamic-bucket.max-buckets`: -1 for as many as there may be. */
  readonly bucketsMax: number;
}

/** Buckets are stored in 16 bits by other writers. */
const BUCKETS_MAX = 32767;
const FREE = -1;
const FIRST_SLOTS = 1024;

/**
 * Hashes and their buckets. Keys with equal hashes share a bucket, so that a hash is all that is kept of a key: six
 * bytes a slot, at most half of the slots taken.
 */
export class PartitionBuckets {
  private hashes = new Int32Array(FIRST_SLOTS);
  private buckets = new Int16Array(FIRST_SLOTS).fill(FREE);
  private count = 0;
  /** Hashes in each bucket; undefined for a bucket that is not there. */
  private readonly counts: number[] = [];
  /** Buckets that are not known to be full, ascending. */
  private open: number[] = [];
  /** All the buckets that there may be, once that is so. */
  private all: readonly number[] | null = null;
  private readonly changed = new Set<number>();

  /** Puts the hashes of a bucket's index in. */
  load(bucket: number, hashes: Int32Array): void {
    for (const hash of hashes) this.put(hash, bucket);
    this.counts[bucket] = (this.counts[bucket] ?? 0) + hashes.length;
    if (!this.open.includes(bucket)) this.open = [...this.open, bucket].sort((a, b) => a - b);
  }

  /** The bucket of a key. A key that is new goes to the first bucket that is not full. Throws `E3310`. */
  assign(hash: number, limits: BucketLimits, random: Random): number {
    const slot = this.slotOf(hash);
    if (this.buckets[slot] !== FREE) return this.buckets[slot];
    const bucket = this.bucketForNew(limits, random);
    this.counts[bucket] = (this.counts[bucket] ?? 0) + 1;
    this.changed.add(bucket);
    this.put(hash, bucket);
    return bucket;
  }

  /** The buckets that got keys since the last call, each with all of its hashes. */
  takeChanged(): ReadonlyMap<number, Int32Array> {
    const taken = new Map([...this.changed].map((bucket) => [bucket, new Int32Array(this.counts[bucket])]));
    this.changed.clear();
    const sizes = new Map<number, number>();
    for (const [slot, bucket] of this.buckets.entries()) {
      const hashes = taken.get(bucket);
      if (hashes === undefined) continue;
      const size = sizes.get(bucket) ?? 0;
      hashes[size] = this.hashes[slot];
      sizes.set(bucket, size + 1);
    }
    for (const [bucket, hashes] of taken) taken.set(bucket, hashes.subarray(0, sizes.get(bucket) ?? 0));
    return taken;
  }

  private bucketForNew({ targetRowCount, bucketsMax }: BucketLimits, random: Random): number {
    while (this.open.length > 0) {
      if ((this.counts[this.open[0]] ?? 0) < targetRowCount) return this.open[0];
      this.open.shift();
    }
    if (this.all !== null) return this.all[Math.floor(random.unit() * this.all.length)];
    const limit = bucketsMax === -1 ? BUCKETS_MAX : Math.min(bucketsMax, BUCKETS_MAX);
    for (let bucket = 0; bucket < limit; bucket++) {
      if (this.counts[bucket] !== undefined) continue;
      this.open.push(bucket);
      return bucket;
    }
    if (bucketsMax === -1) throw new TributaryError('E3310', `partition has too many buckets: max=${limit}`);
    this.all = [...this.counts.keys()].filter((bucket) => this.counts[bucket] !== undefined);
    return this.bucketForNew({ targetRowCount, bucketsMax }, random);
  }

  private put(hash: number, bucket: number): void {
    const slot = this.slotOf(hash);
    if (this.buckets[slot] === FREE) this.count++;
    this.hashes[slot] = hash;
    this.buckets[slot] = bucket;
    if (2 * this.count > this.buckets.length) this.grow();
  }

  /** The slot that has the hash, or the free one where it belongs. */
  private slotOf(hash: number): number {
    const { hashes, buckets } = this;
    const mask = buckets.length - 1;
    let slot = hash & mask;
    while (buckets[slot] !== FREE && hashes[slot] !== hash) slot = (slot + 1) & mask;
    return slot;
  }

  private grow(): void {
    const { hashes, buckets } = this;
    this.hashes = new Int32Array(2 * hashes.length);
    this.buckets = new Int16Array(2 * buckets.length).fill(FREE);
    for (const [slot, bucket] of buckets.entries()) {
      if (bucket === FREE) continue;
      const place = this.slotOf(hashes[slot]);
      this.hashes[place] = hashes[slot];
      this.buckets[place] = bucket;
    }
  }
}
