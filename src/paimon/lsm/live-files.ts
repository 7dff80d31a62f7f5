// The data files of a table's latest snapshot, kept up to date by the writer and the compactor that share it.
import type { ManifestEntry } from '../meta/manifest-entry.ts';

/** The bytes of a partition as a map key. */
export function partitionKey(partition: Uint8Array): string {
  return Buffer.from(partition.buffer, partition.byteOffset, partition.byteLength).toString('latin1');
}

/** One partition's bucket, as a map key. */
export function bucketKey(partition: Uint8Array, bucket: number): string {
  return `${bucket}/${partitionKey(partition)}`;
}

/** The live files of one table, by bucket. Entries are ADD entries; a file name occurs once. */
export class LiveFiles {
  private readonly buckets = new Map<string, Map<string, ManifestEntry>>();

  constructor(entries: Iterable<ManifestEntry> = []) {
    for (const entry of entries) this.add(entry);
  }

  /** All live files, in no particular order. */
  entries(): ManifestEntry[] {
    return [...this.buckets.values()].flatMap((files) => [...files.values()]);
  }

  /** The live files of one bucket. */
  bucket(partition: Uint8Array, bucket: number): ManifestEntry[] {
    return [...(this.buckets.get(bucketKey(partition, bucket))?.values() ?? [])];
  }

  /** Takes the deleted files out, then puts the added ones in: an upgrade names the same file in both. */
  replace(deleted: Iterable<ManifestEntry>, added: Iterable<ManifestEntry>): void {
    for (const entry of deleted) this.remove(entry);
    for (const entry of added) this.add(entry);
  }

  /** The largest sequence number in any file; -1 where there is none. */
  maxSequenceNumber(): bigint {
    let largest = -1n;
    for (const files of this.buckets.values()) {
      for (const { file } of files.values()) {
        if (file.maxSequenceNumber > largest) largest = file.maxSequenceNumber;
      }
    }
    return largest;
  }

  private add(entry: ManifestEntry): void {
    const key = bucketKey(entry.partition, entry.bucket);
    const files = this.buckets.get(key) ?? new Map<string, ManifestEntry>();
    files.set(entry.file.fileName, entry);
    this.buckets.set(key, files);
  }

  private remove(entry: ManifestEntry): void {
    const key = bucketKey(entry.partition, entry.bucket);
    const files = this.buckets.get(key);
    files?.delete(entry.file.fileName);
    if (files?.size === 0) this.buckets.delete(key);
  }
}
