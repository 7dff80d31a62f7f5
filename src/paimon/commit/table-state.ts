// What a committer knows of its table: the newest snapshot, the manifests of its state and its live files. Kept in
// memory from commit to commit, so that a commit reads nothing but the snapshot it builds on.
import { isTributaryError, TributaryError } from '../../base/errors.ts';
import type { ManifestEntry, ManifestFileMeta } from '../meta/manifest-entry.ts';
import type { Snapshot } from '../meta/snapshot.ts';
import { liveEntries } from '../meta/merge-entries.ts';
import { LiveIndex } from './live-index.ts';
import type { ManifestStore } from './manifest-store.ts';
import type { SnapshotStore, StoredSnapshot } from './snapshot-store.ts';

/** How often a state that expired while it was read is read again. */
const ATTEMPTS_MAX = 5;

/** The newest known state of a table. */
export class TableState {
  readonly #snapshots: SnapshotStore;
  readonly #manifestStore: ManifestStore;
  #stored: StoredSnapshot | null;
  #manifests: readonly ManifestFileMeta[];
  readonly #live: LiveIndex;

  private constructor(
    stores: { readonly snapshots: SnapshotStore; readonly manifests: ManifestStore },
    stored: StoredSnapshot | null,
    manifests: readonly ManifestFileMeta[],
    live: LiveIndex,
  ) {
    this.#snapshots = stores.snapshots;
    this.#manifestStore = stores.manifests;
    this.#stored = stored;
    this.#manifests = manifests;
    this.#live = live;
  }

  /** Reads the state of the newest snapshot. */
  static async load(snapshots: SnapshotStore, manifests: ManifestStore): Promise<TableState> {
    for (let attempt = 1; ; attempt += 1) {
      const stored = await snapshots.latestStored();
      if (stored === null) return new TableState({ snapshots, manifests }, null, [], new LiveIndex());
      try {
        const list = await manifests.manifestsOf(stored.snapshot);
        const entries = (await manifests.readManifests(list)).flat();
        return new TableState({ snapshots, manifests }, stored, list, new LiveIndex(liveEntries(entries)));
      } catch (error) {
        // Where others commit and expire fast, the snapshot may be gone by now; where they do not, it is damaged.
        const expired = isTributaryError(error, 'E3001') && !(await snapshots.exists(stored.snapshot.id));
        if (!expired || attempt === ATTEMPTS_MAX) throw error;
      }
    }
  }

  /** The newest known snapshot; null for an empty table. */
  get snapshot(): Snapshot | null {
    return this.#stored?.snapshot ?? null;
  }

  /** The manifests of the state, in order: the base list of the next snapshot before merging. */
  get manifests(): readonly ManifestFileMeta[] {
    return this.#manifests;
  }

  get live(): LiveIndex {
    return this.#live;
  }

  /** Throws E3456 unless the newest known snapshot is stored as it was: a rollback takes it away or writes another. */
  async verify(): Promise<void> {
    if (this.#stored === null) return;
    const { id } = this.#stored.snapshot;
    const found = await this.#snapshots.readStored(id);
    if (found === null || Buffer.compare(found.bytes, this.#stored.bytes) !== 0) throw this.#rolledBack(id);
  }

  /** Goes on to the newest snapshot, over all that others have published; gives those, in order. Throws E3456. */
  async follow(): Promise<readonly Snapshot[]> {
    const first = (this.#stored?.snapshot.id ?? 0n) + 1n;
    const newer: StoredSnapshot[] = [];
    const deltas: ManifestEntry[][] = [];
    for (let id = first; ; id += 1n) {
      const stored = await this.#snapshots.readStored(id);
      if (stored === null) break;
      newer.push(stored);
      deltas.push([...(await this.#unlessExpired(() => this.#manifestStore.deltaEntriesOf(stored.snapshot)))]);
    }
    const last = newer.at(-1);
    if (last === undefined) {
      if (((await this.#snapshots.latestId()) ?? 0n) >= first) throw this.#rolledBack(first);
      return [];
    }
    const manifests = await this.#unlessExpired(() => this.#manifestStore.manifestsOf(last.snapshot));
    this.#stored = last;
    this.#manifests = manifests;
    for (const delta of deltas) this.#live.apply(delta);
    return newer.map((stored) => stored.snapshot);
  }

  /** Goes on to a snapshot that this process has published. */
  advance(next: StoredSnapshot, manifests: readonly ManifestFileMeta[], entries: readonly ManifestEntry[]): void {
    this.#stored = next;
    this.#manifests = manifests;
    this.#live.apply(entries);
  }

  /** A snapshot's files go away with it; to whoever is so far behind it looks like a rollback. */
  async #unlessExpired<T>(read: () => Promise<T>): Promise<T> {
    try {
      return await read();
    } catch (error) {
      if (!isTributaryError(error, 'E3001')) throw error;
      throw new TributaryError('E3456', `snapshots expired while they were followed: ${this.#snapshots.directory}`, {
        cause: error,
      });
    }
  }

  #rolledBack(id: bigint): TributaryError {
    return new TributaryError('E3456', `snapshot is not there or is another one: ${this.#snapshots.path(id)}`);
  }
}
