// The live files of a table's newest known snapshot, by partition: what commits are checked against.
import { partitionKey } from '../lsm/live-files.ts';
import { FILE_ADD, type ManifestEntry } from '../meta/manifest-entry.ts';
import { fileIdentity } from '../meta/merge-entries.ts';

/** The live files of one state of a table. */
export class LiveIndex {
  readonly #partitions = new Map<string, Map<string, ManifestEntry>>();

  /** Takes ADD entries of live files. */
  constructor(entries: Iterable<ManifestEntry> = []) {
    for (const entry of entries) this.#add(entry);
  }

  /** Goes on to the next snapshot by its own entries: all DELETEs first, as an upgrade is a DELETE and an ADD. */
  apply(entries: Iterable<ManifestEntry>): void {
    const added: ManifestEntry[] = [];
    for (const entry of entries) {
      if (entry.kind === FILE_ADD) added.push(entry);
      else this.#remove(entry);
    }
    for (const entry of added) this.#add(entry);
  }

  has(entry: ManifestEntry): boolean {
    return this.#partitions.get(partitionKey(entry.partition))?.has(fileIdentity(entry)) ?? false;
  }

  /** The live entry of a file, as its commit left it; undefined for one that is not live. */
  get(entry: ManifestEntry): ManifestEntry | undefined {
    return this.#partitions.get(partitionKey(entry.partition))?.get(fileIdentity(entry));
  }

  /** The live files of one partition, in no particular order. */
  partition(partition: Uint8Array): Iterable<ManifestEntry> {
    return this.#partitions.get(partitionKey(partition))?.values() ?? [];
  }

  /** All live files, in no particular order. */
  entries(): readonly ManifestEntry[] {
    return [...this.#partitions.values()].flatMap((files) => [...files.values()]);
  }

  #add(entry: ManifestEntry): void {
    const key = partitionKey(entry.partition);
    const files = this.#partitions.get(key) ?? new Map<string, ManifestEntry>();
    files.set(fileIdentity(entry), entry);
    this.#partitions.set(key, files);
  }

  #remove(entry: ManifestEntry): void {
    const key = partitionKey(entry.partition);
    const files = this.#partitions.get(key);
    files?.delete(fileIdentity(entry));
    if (files?.size === 0) this.#partitions.delete(key);
  }
}
