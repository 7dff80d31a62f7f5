// Removes old snapshots and the files that only they name. Source: ExpireSnapshotsImpl, SnapshotDeletion (format notes
// 06 section 1), with one difference: a snapshot's own file goes first, so that a crash at any place leaves files that
// nothing names, and never a snapshot whose files are gone.
import type { Random } from '../../base/random.ts';
import type { FileStore } from '../../storage/file-store.ts';
import { ManifestStore } from '../commit/manifest-store.ts';
import { SnapshotStore } from '../commit/snapshot-store.ts';
import { FILE_SOURCE_COMPACT } from '../meta/data-file-meta.ts';
import { FILE_ADD, FILE_DELETE, type ManifestEntry } from '../meta/manifest-entry.ts';
import type { Snapshot, SnapshotId } from '../meta/snapshot.ts';
import { type BucketPaths, bucketPathsOf, TablePaths } from '../meta/table-paths.ts';
import type { Retention, TableOptions } from '../schema/table-options.ts';
import type { TableSchema } from '../schema/table-schema.ts';
import { changeNamesOf } from './changelogs.ts';
import { deleteFiles } from './delete-files.ts';
import {
  type MetadataNames,
  metadataNamesOf,
  readConsumers,
  readTags,
  type Tag,
  unlessGone,
  ownFiles,
} from './references.ts';
import { namesOfOtherBranches } from './used-names.ts';
import { type ChangesIn, changesIn } from '../scan/changelog.ts';

/** The table whose snapshots expire. Branches are left alone: what they name may be the table's. */
export interface MaintainedTable {
  readonly store: FileStore;
  /** The table's directory in the store. */
  readonly tablePath: string;
  readonly schema: TableSchema;
  readonly random: Random;
}

/** What may expire. */
export interface ExpireSettings {
  readonly retention: Retention;
  /** The most snapshots to remove at once. */
  readonly countMax: number;
  readonly nowMs: number;
  /** Neither these snapshots nor any after the oldest of them expire, such as those of retained cuts. */
  readonly protectedIds?: Iterable<bigint>;
  /**
   * Leaves the changes of what expires behind as long-lived changelogs, which `expireChangelogs` removes in their turn.
   * Default false.
   */
  readonly keepChangelogs?: boolean;
  /** Removes nothing, and tells what would go. Default false. */
  readonly dryRun?: boolean;
}

/** What has expired. */
export interface ExpireResult {
  /** Ids of the removed snapshots, ascending. */
  readonly snapshotIds: readonly SnapshotId[];
  readonly deletedFileCount: number;
}

/**
 * The retention that a table's options ask for. Changelogs that are to live longer than snapshots keep the snapshots:
 * the changes are read from them.
 */
export function retentionOf(options: TableOptions): Retention {
  const { snapshotRetention: snapshots, changelogRetention: changelogs } = options;
  if (changelogs === null) return snapshots;
  return {
    countMin: Math.max(snapshots.countMin, changelogs.countMin),
    countMax: Math.max(snapshots.countMax, changelogs.countMax),
    timeMs: Math.max(snapshots.timeMs, changelogs.timeMs),
  };
}

/** What the range to expire rests on. Snapshots are there from `earliest` to `latest`. */
export interface ExpireFacts {
  readonly earliest: bigint;
  readonly latest: bigint;
  readonly settings: ExpireSettings;
  /** The snapshots that consumers read next. */
  readonly consumers: Iterable<bigint>;
  /** The time of a snapshot. */
  readonly timeOf: (id: bigint) => Promise<number>;
}

/** The first snapshot that stays: `[earliest, end)` expires. Never beyond `latest`. */
export async function planExpiry(facts: ExpireFacts): Promise<bigint> {
  const { earliest, latest, settings } = facts;
  const { retention } = settings;
  const byCount = largest(latest - BigInt(retention.countMax) + 1n, earliest);
  const bounds = [
    latest - BigInt(Math.max(1, retention.countMin)) + 1n,
    earliest + BigInt(settings.countMax),
    ...facts.consumers,
    ...(settings.protectedIds ?? []),
  ];
  const endMax = bounds.reduce((a, b) => (a < b ? a : b), latest);
  const olderThanMs = settings.nowMs - retention.timeMs;
  let end = byCount < endMax ? byCount : endMax;
  // A snapshot may go only when the one after it is old enough: until then it was the newest.
  while (end < endMax && (await facts.timeOf(end + 1n)) < olderThanMs) end += 1n;
  return largest(end, earliest);
}

/**
 * Removes what the settings let go, oldest first. May be called while others commit; one call for a table at a time.
 * After an error some files may be left that nothing names; see `removeOrphans`.
 */
export async function expireSnapshots(table: MaintainedTable, settings: ExpireSettings): Promise<ExpireResult> {
  const paths = new TablePaths(table.tablePath);
  const snapshots = new SnapshotStore(table.store, table.tablePath);
  const ids = lastRun(await snapshots.ids());
  const earliest = ids[0];
  const latest = ids.at(-1);
  if (earliest === undefined || latest === undefined) return { snapshotIds: [], deletedFileCount: 0 };
  const end = await planExpiry({
    earliest,
    latest,
    settings,
    consumers: (await readConsumers(table.store, paths.consumerDirectory)).values(),
    timeOf: async (id) => (await snapshots.read(id)).timeMillis,
  });
  const expiring = ids.filter((id) => id < end);
  if (expiring.length === 0 || settings.dryRun === true) return { snapshotIds: expiring, deletedFileCount: 0 };
  const tags = await readTags(table.store, paths.tagDirectory);
  const manifests = new ManifestStore(table);
  const elsewhere = await namesOfOtherBranches({ store: table.store, manifests }, paths);
  const keepers = { tags, elsewhere, keepChangelogs: settings.keepChangelogs === true };
  const expiry = new Expiry(table, { snapshots, manifests }, keepers);
  // Readers take the oldest snapshot from the hint; what is below it is gone for them from now on.
  await snapshots.hint('EARLIEST', end);
  let deletedFileCount = 0;
  for (const id of expiring) deletedFileCount += await expiry.remove(id);
  return { snapshotIds: expiring, deletedFileCount };
}

/** Where a table's snapshots and manifests are read. */
interface TableStores {
  readonly snapshots: SnapshotStore;
  readonly manifests: ManifestStore;
}

/** What an expiry has to leave. */
interface Keepers {
  readonly tags: readonly Tag[];
  /** Names of files that branches need. */
  readonly elsewhere: ReadonlySet<string>;
  readonly keepChangelogs: boolean;
}

/** One run over the snapshots of a table, oldest first. */
class Expiry {
  readonly #store: FileStore;
  readonly #snapshots: SnapshotStore;
  readonly #manifests: ManifestStore;
  readonly #paths: TablePaths;
  readonly #buckets: BucketPaths;
  readonly #tags: readonly Tag[];
  /** Names of files that branches need. */
  readonly #elsewhere: ReadonlySet<string>;
  /** What of a snapshot outlives it as a changelog; null for nothing. */
  readonly #outliving: ChangesIn | null;
  readonly #tagNames = new Map<Tag, MetadataNames>();
  #tagFiles: { readonly tag: Tag; readonly files: ReadonlySet<string> } | null = null;

  constructor(table: MaintainedTable, stores: TableStores, { tags, elsewhere, keepChangelogs }: Keepers) {
    this.#store = table.store;
    this.#snapshots = stores.snapshots;
    this.#manifests = stores.manifests;
    this.#paths = new TablePaths(table.tablePath);
    this.#buckets = bucketPathsOf(table.tablePath, table.schema);
    this.#tags = tags;
    this.#elsewhere = elsewhere;
    this.#outliving = keepChangelogs ? changesIn(table.schema) : null;
  }

  /** Removes the oldest snapshot with all that no younger one and no tag names; gives the number of files. */
  async remove(id: SnapshotId): Promise<number> {
    const stored = await this.#snapshots.readStored(id);
    const snapshot = stored?.snapshot;
    const next = (await this.#snapshots.readStored(id + 1n))?.snapshot;
    // Another expiry has been faster.
    if (stored === null || snapshot === undefined || next === undefined) return 0;
    // Everything is looked up while the snapshot is still there.
    const files = [
      ...(await this.#dataFiles(snapshot, next)),
      ...(this.#outliving === null ? await this.#changelogFiles(snapshot) : []),
      ...(await this.#metadataFiles(snapshot, next)),
    ].filter((path) => !this.#elsewhere.has(path.slice(path.lastIndexOf('/') + 1)));
    if (this.#outliving !== null) await this.#leaveChangelog(id, stored.bytes);
    await this.#store.delete(this.#snapshots.path(id));
    await deleteFiles(this.#store, files);
    return files.length + 1;
  }

  async #leaveChangelog(id: SnapshotId, bytes: Uint8Array): Promise<void> {
    await this.#store.replace(this.#paths.changelog(id), bytes);
    await this.#store.replace(this.#paths.latestChangelogHint, new TextEncoder().encode(id.toString()));
  }

  /**
   * Data files that the next snapshot took away; one that it put on another level under its name stays, and, where the
   * changes are read from the files that were written, those, too.
   */
  async #dataFiles(snapshot: Snapshot, next: Snapshot): Promise<readonly string[]> {
    const entries = await this.#manifests.deltaEntriesOf(next);
    const gone = new Set<string>();
    for (const entry of entries) {
      if (entry.kind !== FILE_DELETE) continue;
      if (this.#outliving === 'delta' && entry.file.fileSource !== FILE_SOURCE_COMPACT) continue;
      for (const path of this.#pathsOf(entry)) gone.add(path);
    }
    for (const entry of entries)
      if (entry.kind === FILE_ADD) for (const path of this.#pathsOf(entry)) gone.delete(path);
    if (gone.size === 0) return [];
    const kept = await this.#filesOfTagAt(snapshot.id);
    return [...gone].filter((path) => !kept.has(path));
  }

  async #changelogFiles(snapshot: Snapshot): Promise<readonly string[]> {
    const entries = await unlessGone(() => this.#manifests.changelogEntriesOf(snapshot));
    return (entries ?? []).flatMap((entry) => this.#pathsOf(entry));
  }

  async #metadataFiles(snapshot: Snapshot, next: Snapshot): Promise<readonly string[]> {
    const own = await unlessGone(() => metadataNamesOf(snapshot, this.#manifests));
    // Without its lists nobody knows what else it named: better left over than lost.
    if (own === null) return [];
    const kept = [await metadataNamesOf(next, this.#manifests), ...(await this.#namesOfTagsAround(snapshot.id))];
    if (this.#outliving !== null) kept.push(await changeNamesOf(snapshot, this.#outliving, this.#manifests));
    const only = (kind: keyof MetadataNames): readonly string[] =>
      [...own[kind]].filter((name) => !kept.some((names) => names[kind].has(name)));
    return [
      ...only('manifests').map((name) => this.#paths.manifest(name)),
      ...only('indexes').map((name) => this.#paths.index(name)),
      ...only('statistics').map((name) => this.#paths.statistics(name)),
    ];
  }

  #pathsOf(entry: ManifestEntry): readonly string[] {
    return ownFiles(this.#buckets, entry);
  }

  /** A file lives through neighbouring snapshots, so what an older tag keeps, the nearest one keeps, too. */
  async #filesOfTagAt(id: bigint): Promise<ReadonlySet<string>> {
    const tag = this.#tags.findLast((candidate) => candidate.snapshot.id <= id);
    if (tag === undefined) return new Set();
    if (this.#tagFiles?.tag !== tag) {
      const entries = await this.#manifests.liveEntriesOf(tag.snapshot);
      this.#tagFiles = { tag, files: new Set(entries.flatMap((entry) => this.#pathsOf(entry))) };
    }
    return this.#tagFiles.files;
  }

  /** Manifests, too, live through neighbouring snapshots; what younger snapshots keep is looked up in the next one. */
  async #namesOfTagsAround(id: bigint): Promise<readonly MetadataNames[]> {
    const tag = this.#tags.findLast((candidate) => candidate.snapshot.id <= id);
    if (tag === undefined) return [];
    const names = this.#tagNames.get(tag) ?? (await metadataNamesOf(tag.snapshot, this.#manifests));
    this.#tagNames.set(tag, names);
    return [names];
  }
}

/** The ids at the end that follow one another; what stands before a gap is not part of the table's history any more. */
function lastRun(ids: readonly SnapshotId[]): readonly SnapshotId[] {
  const gap = ids.findLastIndex((id, index) => index > 0 && id !== ids[index - 1] + 1n);
  return gap < 0 ? ids : ids.slice(gap);
}

function largest(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}
