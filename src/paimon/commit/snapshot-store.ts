// The snapshots of one table (or branch): `snapshot/snapshot-<id>` and the hints LATEST and EARLIEST.
// Source: SnapshotManager, HintFileUtils (format notes 01 section 5.3).
import { isTributaryError, TributaryError } from '../../base/errors.ts';
import type { FileStore } from '../../storage/file-store.ts';
import type { Snapshot, SnapshotId } from '../meta/snapshot.ts';
import { parseSnapshot } from '../meta/snapshot-json.ts';

/** The names of the hints. */
export type HintName = 'LATEST' | 'EARLIEST';

/** A snapshot with the bytes it was read from. */
export interface StoredSnapshot {
  readonly snapshot: Snapshot;
  readonly bytes: Uint8Array;
}

/** How often a snapshot that vanished while it was looked for is looked for again. */
const ATTEMPTS_MAX = 5;

/** Finds and reads the snapshots of a table. All calls throw E3102 for a snapshot that cannot be read. */
export class SnapshotStore {
  readonly directory: string;
  readonly #store: FileStore;

  /** `tableDirectory` is the table's directory, or that of a branch. */
  constructor(store: FileStore, tableDirectory: string) {
    this.#store = store;
    this.directory = `${tableDirectory}/snapshot`;
  }

  /** The file of a snapshot. */
  path(id: bigint): string {
    return `${this.directory}/snapshot-${id}`;
  }

  /** The newest id; null for a table without snapshots. */
  async latestId(): Promise<SnapshotId | null> {
    const hint = await this.#readHint('LATEST');
    // The hint is written after the snapshot, so it may be behind; after a rollback it may be ahead.
    if (hint !== null && (await this.exists(hint)) && !(await this.exists(hint + 1n))) return hint;
    return (await this.ids()).at(-1) ?? null;
  }

  /** The oldest id; null for a table without snapshots. */
  async earliestId(): Promise<SnapshotId | null> {
    const hint = await this.#readHint('EARLIEST');
    if (hint !== null && (await this.exists(hint))) return hint;
    return (await this.ids())[0] ?? null;
  }

  /** The ids of all snapshots that are there, ascending. */
  async ids(): Promise<readonly SnapshotId[]> {
    const ids: SnapshotId[] = [];
    for (const { name, isDirectory } of await this.#store.list(this.directory)) {
      const id = /^snapshot-([1-9]\d*)$/.exec(name)?.[1];
      if (id !== undefined && !isDirectory) ids.push(BigInt(id) as SnapshotId);
    }
    return ids.sort((a, b) => (a < b ? -1 : 1));
  }

  /** The newest snapshot; null for a table without any. */
  async latest(): Promise<Snapshot | null> {
    return (await this.latestStored())?.snapshot ?? null;
  }

  /** The newest snapshot with its bytes; null for a table without any. */
  async latestStored(): Promise<StoredSnapshot | null> {
    return this.#reread(() => this.latestId());
  }

  /** The oldest snapshot; null for a table without any. */
  async earliest(): Promise<Snapshot | null> {
    return (await this.#reread(() => this.earliestId()))?.snapshot ?? null;
  }

  /** The snapshot of that id. Throws E3455 if it is not there (any more). */
  async read(id: bigint): Promise<Snapshot> {
    const stored = await this.readStored(id);
    if (stored === null) throw new TributaryError('E3455', `snapshot is not there: ${this.path(id)}`);
    return stored.snapshot;
  }

  /** The snapshot of that id with its bytes; null if it is not there (any more). */
  async readStored(id: bigint): Promise<StoredSnapshot | null> {
    const bytes = await readOrNull(this.#store, this.path(id));
    return bytes === null ? null : { snapshot: parseSnapshot(new TextDecoder().decode(bytes)), bytes };
  }

  async exists(id: bigint): Promise<boolean> {
    return (await this.#store.stat(this.path(id))) !== null;
  }

  /** The last snapshot at or before the time, in milliseconds since the epoch; null if all are younger. */
  async atOrBefore(timeMs: number): Promise<Snapshot | null> {
    const ids = await this.ids();
    let found: Snapshot | null = null;
    // Times grow with the ids, so the search may halve what is left.
    for (let low = 0, high = ids.length - 1; low <= high; ) {
      const middle = (low + high) >> 1;
      const stored = await this.readStored(ids[middle]);
      // Expiry takes the oldest first: what has vanished is older than all that is left.
      if (stored === null || stored.snapshot.timeMillis <= timeMs) {
        found = stored?.snapshot ?? found;
        low = middle + 1;
      } else high = middle - 1;
    }
    return found;
  }

  /** The newest snapshot by the user; null if none is left. Reads back from the newest snapshot, one after the other. */
  async newestBy(commitUser: string): Promise<Snapshot | null> {
    for (let stored = await this.latestStored(); stored !== null; ) {
      if (stored.snapshot.commitUser === commitUser) return stored.snapshot;
      stored = await this.readStored(stored.snapshot.id - 1n);
    }
    return null;
  }

  /** Writes a hint. Hints carry no guarantee, so a failure is none of the caller's concern: readers list instead. */
  async hint(name: HintName, id: bigint): Promise<void> {
    try {
      await this.#store.replace(`${this.directory}/${name}`, new TextEncoder().encode(id.toString()));
    } catch (error) {
      if (!isTributaryError(error)) throw error;
    }
  }

  async #readHint(name: HintName): Promise<SnapshotId | null> {
    const bytes = await readOrNull(this.#store, `${this.directory}/${name}`);
    const text = bytes === null ? '' : new TextDecoder().decode(bytes).trim();
    return /^[1-9]\d*$/.test(text) ? (BigInt(text) as SnapshotId) : null;
  }

  /** Reads the snapshot that `find` names; a rollback or an expiry may take it away in between. */
  async #reread(find: () => Promise<SnapshotId | null>): Promise<StoredSnapshot | null> {
    for (let attempt = 1; ; attempt += 1) {
      const id = await find();
      if (id === null) return null;
      const stored = await this.readStored(id);
      if (stored !== null) return stored;
      if (attempt === ATTEMPTS_MAX) {
        throw new TributaryError('E3455', `snapshot vanishes while it is read: ${this.path(id)}`);
      }
    }
  }
}

/** The file's bytes, or null where there is none. */
async function readOrNull(store: FileStore, path: string): Promise<Uint8Array | null> {
  try {
    return await store.read(path);
  } catch (error) {
    if (isTributaryError(error, 'E3001')) return null;
    throw error;
  }
}
