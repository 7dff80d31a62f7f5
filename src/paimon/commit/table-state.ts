// What a committer knows of its table: the newest snapshot, the manifests of its state and its live files. Kept in
// memory from commit to commit, so that a commit reads nothing but the snapshot it builds on.
import { isTributaryError, TributaryError } from '../../base/errors.ts';
import type { ManifestEntry, ManifestFileMeta } from '../meta/manifest-entry.ts';
import type { Snapshot } from '../meta/snapshot.ts';
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
  #live: LiveIndex;

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
        const live = new LiveIndex(await manifests.liveEntriesIn(list));
        return new TableState({ snapshots, manifests }, stored, list, live);
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

  /**
   * True if the newest known snapshot is stored as it was, or the first is still to come; false if it has expired since,
   * so that others have gone on.
   * Throws E3456 if it was rolled back.
   */
  async isCurrent(): Promise<boolean> {
    // Where the first snapshots have expired, the next one of an empty table could be published once more.
    if (this.#stored === null) return ((await this.#snapshots.ids())[0] ?? 1n) === 1n;
    const { id } = this.#stored.snapshot;
    const found = await this.#snapshots.readStored(id);
    if (found !== null && Buffer.compare(found.bytes, this.#stored.bytes) === 0) return true;
    if (found === null && ((await this.#snapshots.ids())[0] ?? 0n) > id) return false;
    throw new TributaryError('E3456', `snapshot is not there or is another one: ${this.#snapshots.path(id)}`);
  }

  /** Goes on to the newest snapshot; gives those that others have published and that are left, in order. Throws E3456. */
  async follow(): Promise<readonly Snapshot[]> {
    if (!(await this.isCurrent())) return this.#reload();
    const newer: StoredSnapshot[] = [];
    const deltas: (readonly ManifestEntry[])[] = [];
    try {
      for (let id = (this.#stored?.snapshot.id ?? 0n) + 1n; ; id += 1n) {
        const stored = await this.#snapshots.readStored(id);
        if (stored === null) break;
        newer.push(stored);
        deltas.push(await this.#manifestStore.deltaEntriesOf(stored.snapshot));
      }
      const last = newer.at(-1);
      if (last === undefined) return [];
      this.#manifests = await this.#manifestStore.manifestsOf(last.snapshot);
      this.#stored = last;
    } catch (error) {
      // Where snapshots expire faster than they are followed, what is known expires with them.
      if (isTributaryError(error, 'E3001') && !(await this.isCurrent())) return this.#reload();
      throw error;
    }
    for (const delta of deltas) this.#live.apply(delta);
    return newer.map((stored) => stored.snapshot);
  }

  /** Takes the newest state as if nothing was known; gives all snapshots that are left. */
  async #reload(): Promise<readonly Snapshot[]> {
    const loaded = await TableState.load(this.#snapshots, this.#manifestStore);
    this.#stored = loaded.#stored;
    this.#manifests = loaded.#manifests;
    this.#live = loaded.#live;
    const left: Snapshot[] = [];
    for (const id of await this.#snapshots.ids()) {
      const stored = await this.#snapshots.readStored(id);
      if (stored !== null && id <= (this.snapshot?.id ?? 0n)) left.push(stored.snapshot);
    }
    return left;
  }

  /** Goes on to a snapshot that this process has published. */
  advance(next: StoredSnapshot, manifests: readonly ManifestFileMeta[], entries: readonly ManifestEntry[]): void {
    this.#stored = next;
    this.#manifests = manifests;
    this.#live.apply(entries);
  }
}
