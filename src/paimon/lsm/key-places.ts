// The places where keys may be, by number, and how full each is. Source: IDMapping, BucketAssigner.
import type { BinaryRowBytes } from '../meta/data-file-meta.ts';
import { partitionKey } from './live-files.ts';

/** The buckets of one partition. */
interface PartitionLoad {
  /** The number of the place of each bucket; undefined for one that is not there. */
  readonly places: number[];
  /** Keys in each bucket. */
  readonly counts: number[];
  /** No bucket below has room. */
  roomFrom: number;
}

/** Numbers partitions and their buckets. */
export class KeyPlaces {
  /** Serialized partitions by their number. */
  readonly partitions: BinaryRowBytes[] = [];
  /** The partition and the bucket of each place. */
  readonly partitionOf: number[] = [];
  readonly bucketOf: number[] = [];
  private readonly numbers = new Map<string, number>();
  private readonly loads: PartitionLoad[] = [];
  /** Keys in a bucket after which another is opened. */
  private readonly targetRowCount: number;

  constructor(targetRowCount: number) {
    this.targetRowCount = targetRowCount;
  }

  /** The number of a partition. */
  partition(partition: BinaryRowBytes): number {
    const key = partitionKey(partition);
    let number = this.numbers.get(key);
    if (number === undefined) {
      number = this.partitions.push(partition) - 1;
      this.loads.push({ places: [], counts: [], roomFrom: 0 });
      this.numbers.set(key, number);
    }
    return number;
  }

  /** The place of a bucket that holds so many more keys. */
  present(partition: number, bucket: number, keyCount: number): number {
    const load = this.loads[partition];
    load.counts[bucket] = (load.counts[bucket] ?? 0) + keyCount;
    return this.placeOf(partition, bucket);
  }

  /** The place for a key that is new in a partition: its first bucket with room, else one more. */
  choose(partition: number): number {
    const load = this.loads[partition];
    const { counts } = load;
    while (load.roomFrom < counts.length && !(counts[load.roomFrom] < this.targetRowCount)) load.roomFrom++;
    if (load.roomFrom === counts.length) {
      const missing = counts.findIndex((count) => count === undefined);
      load.roomFrom = missing < 0 ? counts.length : missing;
    }
    return this.present(partition, load.roomFrom, 1);
  }

  /** A key has left a place. */
  leave(place: number): void {
    const bucket = this.bucketOf[place];
    const load = this.loads[this.partitionOf[place]];
    load.counts[bucket] -= 1;
    load.roomFrom = Math.min(load.roomFrom, bucket);
  }

  /** No place holds a key; the numbers stay. */
  clear(): void {
    for (const load of this.loads) {
      load.counts.length = 0;
      load.roomFrom = 0;
    }
  }

  private placeOf(partition: number, bucket: number): number {
    const { places } = this.loads[partition];
    places[bucket] ??= this.bucketOf.push(bucket) - 1;
    if (this.partitionOf.length < this.bucketOf.length) this.partitionOf.push(partition);
    return places[bucket];
  }
}
