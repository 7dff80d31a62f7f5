// The atomic publish: durable files become part of a table by the creation of one snapshot file.
// Source: FileStoreCommitImpl (format notes 01 section 5); docs/ARCHITECTURE.md, "Exactly once", rule 5.
import type { Clock } from '../../base/clock.ts';
import { assert, isTributaryError, TributaryError } from '../../base/errors.ts';
import type { Random } from '../../base/random.ts';
import { Turns } from '../../base/turns.ts';
import type { FileStore } from '../../storage/file-store.ts';
import type { IndexManifestEntry, ManifestEntry, ManifestFileMeta } from '../meta/manifest-entry.ts';
import { EMPTY_STATS } from '../meta/stats.ts';
import { BATCH_COMMIT_IDENTIFIER, type Snapshot } from '../meta/snapshot.ts';
import { snapshotToJson } from '../meta/snapshot-json.ts';
import { requireKnownLayout } from '../schema/foreign-options.ts';
import { type TableOptions, tableOptions } from '../schema/table-options.ts';
import type { TableSchema } from '../schema/table-schema.ts';
import { assertConsistent, checkConflicts, type KeyOrder, keyOrderOf } from './conflicts.ts';
import { checkDeletionVectors, combineIndexEntries } from './index-state.ts';
import type { PartitionTest } from '../format/partition-spec.ts';
import { replacedFiles } from './overwrite.ts';
import { mergeManifests } from './manifest-merge.ts';
import { ManifestStore, type WrittenFile } from './manifest-store.ts';
import { nextSnapshot } from './next-snapshot.ts';
import { assignRowIds } from './row-ids.ts';
import { SnapshotStore, type StoredSnapshot } from './snapshot-store.ts';
import { TableState } from './table-state.ts';

/** What a committer works with. */
export interface TableCommitterParts {
  readonly store: FileStore;
  /** The table's directory in the store. */
  readonly tablePath: string;
  /** The directory of the branch that is written, `<table>/branch/branch-<name>`; the table's own unless given. */
  readonly branchPath?: string;
  readonly schema: TableSchema;
  readonly clock: Clock;
  readonly random: Random;
  /**
   * The run of the writer: every snapshot gets the property. A newer snapshot by a user of ours with another value is
   * another instance's. Without it nobody is fenced.
   */
  readonly token?: { readonly property: string; readonly value: string };
  /** The newest snapshot that the caller has seen (null: none): later ones by its user count as another instance's. */
  readonly knownSnapshotId?: bigint | null;
}

/** A change of a table. */
export interface CommitRequest {
  readonly kind: 'APPEND' | 'COMPACT' | 'OVERWRITE' | 'ANALYZE';
  /** ADD entries of files that are durable. */
  readonly added: readonly ManifestEntry[];
  /** DELETE entries, each the whole entry of a live file. */
  readonly deleted: readonly ManifestEntry[];
  /** ADD entries of changelog files. */
  readonly changelog: readonly ManifestEntry[];
  /** Index files that take the place of their bucket's (ADD) or go away (DELETE). */
  readonly index?: readonly IndexManifestEntry[];
  /**
   * Of an OVERWRITE: the partitions whose files all go, as of the snapshot that the commit builds on, their index files
   * too. `deleted` is empty then.
   */
  readonly replaces?: PartitionTest;
  /** The snapshot that the commit must directly follow, as it says what that held; any unless given. */
  readonly follows?: bigint;
  /** Of added files that hold columns of rows that are there: the snapshot that they were made from. */
  readonly rowsAsOf?: bigint;
  readonly commitUser: string;
  /** Larger with each commit of the same user and kind, or BATCH_COMMIT_IDENTIFIER. */
  readonly commitIdentifier: bigint;
  readonly properties?: Readonly<Record<string, string>>;
  readonly watermark?: bigint;
  /** Of an ANALYZE: the statistics file, which is durable. Other kinds keep that of the snapshot before. */
  readonly statistics?: string;
  readonly signal?: AbortSignal;
}

/** Manifests and the list that names them. */
interface WrittenManifests {
  readonly manifests: readonly ManifestFileMeta[];
  readonly list: WrittenFile;
}

/** What a snapshot takes over from the state before it. */
interface WrittenBase extends WrittenManifests {
  readonly indexManifest: string | null;
}

/** This commit's own manifests; good for every attempt. */
interface Delta extends WrittenManifests {
  readonly changelogList: WrittenFile | null;
}

/** A snapshot that is ready to be created. */
interface Candidate extends StoredSnapshot {
  /** The manifests of the state that the snapshot makes. */
  readonly manifests: readonly ManifestFileMeta[];
  /** Files that only this candidate names. */
  readonly written: readonly string[];
}

/** A commit under way. */
interface Draft {
  /** The commit as it was asked for. */
  readonly asked: CommitRequest;
  /** The same with the files that it replaces in the known state, and the ids that its rows get there. */
  request: CommitRequest;
  /** Of a table with row tracking: the first row id that is left after `request`. */
  nextRowId: bigint | null;
  delta: Delta | null;
  /** Files of `delta`. */
  readonly written: string[];
  /** The candidate whose creation has no certain outcome; nothing is deleted while there is one. */
  uncertain: Candidate | null;
}

/**
 * Publishes the commits of one table, one after the other. Several committers of a table, in any processes, may race.
 * Commits throw E3320, E3381, E3450, E3451, E3452 (the change does not fit the table), E3453 (tried too often), E3456 and
 * E3457 (the table is to be read again), E5001 (another instance). Unless it is E3453 or E3457, nothing was published.
 */
export class TableCommitter {
  readonly snapshots: SnapshotStore;
  readonly manifests: ManifestStore;
  readonly #parts: TableCommitterParts;
  readonly #options: TableOptions;
  readonly #keyOrder: KeyOrder;
  readonly #state: TableState;
  /** The newest snapshot of each user that has another token, since the committer was opened. */
  readonly #others = new Map<string, Snapshot>();
  /** The last identifier by user and kind. */
  readonly #identifiers = new Map<string, bigint>();
  #schemaId: number;
  readonly #turns = new Turns();

  private constructor(
    parts: TableCommitterParts,
    stores: { readonly snapshots: SnapshotStore; readonly manifests: ManifestStore },
    state: TableState,
  ) {
    this.#parts = parts;
    this.snapshots = stores.snapshots;
    this.manifests = stores.manifests;
    this.#options = tableOptions(parts.schema);
    this.#keyOrder = keyOrderOf(parts.schema);
    this.#state = state;
    this.#schemaId = Math.max(parts.schema.id, state.snapshot?.schemaId ?? 0);
  }

  /** Reads the table's newest state. Throws `E3301` for tables that are not to be committed to. */
  static async open(parts: TableCommitterParts): Promise<TableCommitter> {
    requireKnownLayout(parts.schema);
    const snapshots = new SnapshotStore(parts.store, parts.branchPath ?? parts.tablePath);
    const manifests = new ManifestStore(parts);
    const state = await TableState.load(snapshots, manifests);
    const committer = new TableCommitter(parts, { snapshots, manifests }, state);
    if (parts.knownSnapshotId !== undefined) await committer.#noteSince(parts.knownSnapshotId ?? 0n);
    await committer.#makeDurable();
    return committer;
  }

  /** The newest known snapshot; null for an empty table. */
  get latest(): Snapshot | null {
    return this.#state.snapshot;
  }

  /** The live files of the newest known snapshot. */
  liveEntries(): readonly ManifestEntry[] {
    return this.#state.live.entries();
  }

  /** The index files of the newest known snapshot. */
  indexEntries(): Promise<readonly IndexManifestEntry[]> {
    return this.manifests.indexEntriesOf(this.#state.snapshot);
  }

  /** Goes on to what others have published, and gives the newest snapshot. */
  refresh(): Promise<Snapshot | null> {
    return this.#turns.take(async () => {
      this.#noteOthers(await this.#state.follow());
      return this.#state.snapshot;
    });
  }

  /** Publishes the change as one snapshot and gives it. */
  commit(request: CommitRequest): Promise<Snapshot> {
    return this.#turns.take(() => this.#commit(request));
  }

  async #commit(request: CommitRequest): Promise<Snapshot> {
    assertConsistent(request);
    this.#assertIncreasing(request);
    const draft: Draft = { asked: request, request, nextRowId: null, delta: null, written: [], uncertain: null };
    for (let attempt = 0; ; attempt += 1) {
      const outcome = await this.#tryAttempt(draft);
      if (outcome.snapshot !== null) {
        this.#identifiers.set(identifierKey(request), request.commitIdentifier);
        return outcome.snapshot;
      }
      if (attempt >= this.#options.commitRetriesMax) {
        await this.#cleanUp(draft);
        throw this.#gaveUp(draft, outcome.cause);
      }
      await this.#parts.clock.sleep(this.#retryWaitMs(attempt), request.signal);
    }
  }

  /** One attempt; a failure of the storage that may pass is given as `cause`, all else is thrown. */
  async #tryAttempt(draft: Draft): Promise<{ readonly snapshot: Snapshot | null; readonly cause: unknown }> {
    try {
      return { snapshot: await this.#attempt(draft), cause: null };
    } catch (error) {
      if (isTributaryError(error, 'E3002', 'E3004')) return { snapshot: null, cause: error };
      await this.#cleanUp(draft);
      throw error;
    }
  }

  /** The published snapshot, or null if another writer was faster. */
  async #attempt(draft: Draft): Promise<Snapshot | null> {
    if (draft.uncertain !== null) {
      if (await this.#settle(draft.uncertain)) return this.#published(draft.uncertain, draft.request);
      return this.#lost(draft, draft.uncertain);
    }
    this.#refuseOthers(draft.request);
    this.#requireUnchanged(draft.request);
    await this.#settleFiles(draft);
    const { request } = draft;
    checkConflicts({ ...request, added: draft.asked.added }, this.#state.live, this.#keyOrder);
    const candidate = await this.#prepare(draft);
    if (candidate === null) {
      this.#noteOthers(await this.#state.follow());
      return null;
    }
    draft.uncertain = candidate;
    const path = this.snapshots.path(candidate.snapshot.id);
    const created = await this.#parts.store.create(path, candidate.bytes);
    // A store that tries again by itself may find its own first try.
    if (created || (await this.#isStored(candidate))) return this.#published(candidate, request);
    return this.#lost(draft, candidate);
  }

  /** Settles what an overwrite takes away, and the ids of new rows, anew for each state that the commit may build on. */
  async #settleFiles(draft: Draft): Promise<void> {
    const { asked } = draft;
    const { rowTracking } = this.#options;
    if (asked.replaces === undefined && !rowTracking) return;
    await this.manifests.deleteQuietly(draft.written.splice(0));
    draft.delta = null;
    const { live } = this.#state;
    const deleted =
      asked.replaces === undefined ? asked.deleted : replacedFiles(live.entries(), asked.replaces, this.#parts.schema);
    draft.request = { ...asked, deleted };
    if (rowTracking) this.#numberRows(draft);
  }

  /** Writers know their files as they were before a commit gave them ids; the table's own entries go and come. */
  #numberRows(draft: Draft): void {
    const { snapshot, live } = this.#state;
    const start = { snapshotId: (snapshot?.id ?? 0n) + 1n, nextRowId: snapshot?.nextRowId ?? 0n };
    const { added, nextRowId } = assignRowIds(draft.request.added, start);
    const deleted = draft.request.deleted.map((entry) => ({ ...entry, file: live.get(entry)?.file ?? entry.file }));
    draft.request = { ...draft.request, added, deleted };
    draft.nextRowId = nextRowId;
  }

  /** Finds out whether a creation without an answer took place, or makes it take place. False if another has the id. */
  async #settle(candidate: Candidate): Promise<boolean> {
    const { id } = candidate.snapshot;
    const ids = await this.snapshots.ids();
    if (!ids.includes(id) && (ids.at(-1) ?? 0n) > id) {
      throw new TributaryError('E3457', `snapshot expired before it was read back: ${this.snapshots.path(id)}`);
    }
    // Where the file is there already, this makes it durable.
    const created = await this.#parts.store.create(this.snapshots.path(id), candidate.bytes);
    return created || this.#isStored(candidate);
  }

  /** The uuids of the manifest lists make the bytes ours: they hold user, identifier, kind and token, too. */
  async #isStored(candidate: Candidate): Promise<boolean> {
    const stored = await this.snapshots.readStored(candidate.snapshot.id);
    return stored !== null && Buffer.compare(stored.bytes, candidate.bytes) === 0;
  }

  async #published(candidate: Candidate, request: CommitRequest): Promise<Snapshot> {
    this.#state.advance(candidate, candidate.manifests, [...request.deleted, ...request.added]);
    await this.snapshots.hint('LATEST', candidate.snapshot.id);
    return candidate.snapshot;
  }

  /** Another writer has the id: goes on to what was published. The answer is the commit's own snapshot if it is there. */
  async #lost(draft: Draft, candidate: Candidate): Promise<Snapshot | null> {
    draft.uncertain = null;
    await this.manifests.deleteQuietly(candidate.written);
    const newer = await this.#state.follow();
    this.#noteOthers(newer);
    return newer.find((snapshot) => this.#isSame(snapshot, draft.request)) ?? null;
  }

  /** Writes whatever the next snapshot names; null if the known state has expired. Leaves nothing under way. */
  async #prepare(draft: Draft): Promise<Candidate | null> {
    const written: string[] = [];
    const tasks = [
      this.#writeDelta(draft),
      this.#writeBase(draft.request, written),
      this.#latestSchemaId(draft.request),
    ] as const;
    const failed = (await Promise.allSettled(tasks)).find((result) => result.status === 'rejected');
    if (failed !== undefined) {
      await this.manifests.deleteQuietly(written);
      throw failed.reason;
    }
    const [delta, base, schemaId] = await Promise.all(tasks);
    if (base === null) {
      await this.manifests.deleteQuietly(written);
      return null;
    }
    const { request } = draft;
    const snapshot = nextSnapshot({
      previous: this.#state.snapshot,
      kind: request.kind,
      added: request.added,
      deleted: request.deleted,
      changelog: request.changelog,
      commitUser: request.commitUser,
      commitIdentifier: request.commitIdentifier,
      properties: this.#properties(request),
      watermark: request.watermark ?? null,
      statistics: request.statistics ?? null,
      schemaId,
      nowMs: this.#parts.clock.nowMs(),
      baseList: base.list,
      deltaList: delta.list,
      changelogList: delta.changelogList,
      indexManifest: base.indexManifest,
      nextRowId: draft.nextRowId,
    });
    const bytes = new TextEncoder().encode(snapshotToJson(snapshot));
    return { snapshot, bytes, manifests: [...base.manifests, ...delta.manifests], written };
  }

  async #writeDelta(draft: Draft): Promise<Delta> {
    if (draft.delta !== null) return draft.delta;
    const { request, written } = draft;
    const tasks = [
      this.#writeEntries([...this.#storedDeletes(request.deleted), ...request.added], written),
      request.changelog.length === 0 ? Promise.resolve(null) : this.#writeEntries(request.changelog, written),
    ] as const;
    const failed = (await Promise.allSettled(tasks)).find((result) => result.status === 'rejected');
    if (failed !== undefined) {
      await this.manifests.deleteQuietly(written.splice(0));
      throw failed.reason;
    }
    const [delta, changelog] = await Promise.all(tasks);
    draft.delta = { ...delta, changelogList: changelog?.list ?? null };
    return draft.delta;
  }

  /** DELETE entries as they are written: what they repeat of statistics is read by nobody. */
  #storedDeletes(deleted: readonly ManifestEntry[]): readonly ManifestEntry[] {
    if (!this.#options.manifestDeleteFileDropStats) return deleted;
    return deleted.map((entry) => ({ ...entry, file: { ...entry.file, valueStats: EMPTY_STATS, valueStatsCols: [] } }));
  }

  async #writeEntries(entries: readonly ManifestEntry[], written: string[]): Promise<WrittenManifests> {
    const manifests = await this.manifests.writeManifests(entries, written);
    return { manifests, list: await this.manifests.writeList(manifests, written) };
  }

  /** What the next snapshot takes over from the known state; null if that has expired meanwhile. */
  async #writeBase(request: CommitRequest, written: string[]): Promise<WrittenBase | null> {
    if (!(await this.#state.isCurrent())) return null;
    try {
      const target = { store: this.manifests, written };
      const manifests = await mergeManifests(this.#state.manifests, this.#options, target);
      const list = await this.manifests.writeList(manifests, written);
      return { manifests, list, indexManifest: await this.#writeIndex(request, written) };
    } catch (error) {
      if (isTributaryError(error, 'E3001') && !(await this.#state.isCurrent())) return null;
      throw error;
    }
  }

  async #writeIndex(request: CommitRequest, written: string[]): Promise<string | null> {
    const before = this.#state.snapshot?.indexManifest ?? null;
    const { index = [], replaces } = request;
    const mayConcernVectors = this.#options.deletionVectors && before !== null && request.deleted.length > 0;
    if (index.length === 0 && replaces === undefined && !mayConcernVectors) return before;
    const entries = await this.indexEntries();
    if (replaces === undefined) checkDeletionVectors(entries, { ...request, index }, this.#state.live);
    const staying = replaces === undefined ? entries : entries.filter((entry) => !replaces(entry.partition));
    if (index.length === 0 && staying.length === entries.length) return before;
    const combined = combineIndexEntries(staying, index);
    return combined.length === 0 ? null : (await this.manifests.writeIndex(combined, written)).fileName;
  }

  /** The latest schema, never older than that of the files (format notes 08, 46). */
  async #latestSchemaId(request: CommitRequest): Promise<number> {
    const directory = `${this.#parts.branchPath ?? this.#parts.tablePath}/schema`;
    let id = request.added.reduce((newest, { file }) => Math.max(newest, file.schemaId), this.#schemaId);
    while ((await this.#parts.store.stat(`${directory}/schema-${id + 1}`)) !== null) id += 1;
    this.#schemaId = id;
    return id;
  }

  #properties(request: CommitRequest): Readonly<Record<string, string>> {
    const { token } = this.#parts;
    return token === undefined ? { ...request.properties } : { ...request.properties, [token.property]: token.value };
  }

  /** Removes what this commit wrote, unless a snapshot may name it. */
  async #cleanUp(draft: Draft): Promise<void> {
    if (draft.uncertain === null) await this.manifests.deleteQuietly(draft.written);
  }

  // Other instances of the same writer

  async #noteSince(knownId: bigint): Promise<void> {
    for (let id: bigint = this.#state.snapshot?.id ?? 0n; id > knownId; id -= 1n) {
      const stored = await this.snapshots.readStored(id);
      if (stored !== null) this.#noteOthers([stored.snapshot]);
    }
  }

  #noteOthers(snapshots: readonly Snapshot[]): void {
    const { token } = this.#parts;
    if (token === undefined) return;
    for (const snapshot of snapshots) {
      if (snapshot.properties?.[token.property] !== token.value) this.#others.set(snapshot.commitUser, snapshot);
    }
  }

  #requireUnchanged({ follows }: CommitRequest): void {
    const latest = this.#state.snapshot?.id;
    if (follows === undefined || follows === latest) return;
    throw new TributaryError(
      'E3320',
      `table got a commit meanwhile: table=${this.#parts.tablePath} before=${follows} now=${latest}`,
    );
  }

  #refuseOthers(request: CommitRequest): void {
    const other = this.#others.get(request.commitUser);
    if (other === undefined) return;
    throw new TributaryError(
      'E5001',
      `another instance has committed: table=${this.#parts.tablePath} commit_user=${request.commitUser} snapshot=${other.id}`,
    );
  }

  /** Whether the snapshot is of this very commit, by user, identifier, kind and token. */
  #isSame(snapshot: Snapshot, request: CommitRequest): boolean {
    const { token } = this.#parts;
    return (
      token !== undefined &&
      snapshot.commitUser === request.commitUser &&
      snapshot.commitIdentifier === request.commitIdentifier &&
      snapshot.commitKind === request.kind &&
      snapshot.properties?.[token.property] === token.value
    );
  }

  #assertIncreasing(request: CommitRequest): void {
    const last = this.#identifiers.get(identifierKey(request));
    const { commitIdentifier } = request;
    if (last === undefined || commitIdentifier === BATCH_COMMIT_IDENTIFIER) return;
    assert(commitIdentifier > last, `commit identifier does not grow: last=${last} now=${commitIdentifier}`);
  }

  /** A process that was killed may have left the newest snapshot visible and not durable; a commit builds on it. */
  async #makeDurable(): Promise<void> {
    const { snapshot } = this.#state;
    if (snapshot === null) return;
    const stored = await this.snapshots.readStored(snapshot.id);
    if (stored !== null) await this.#parts.store.create(this.snapshots.path(snapshot.id), stored.bytes);
  }

  #retryWaitMs(attempt: number): number {
    const { commitRetryWaitMinMs, commitRetryWaitMaxMs } = this.#options;
    const waitMs = Math.min(commitRetryWaitMinMs * 2 ** attempt, commitRetryWaitMaxMs);
    return waitMs * (1 + 0.2 * this.#parts.random.unit());
  }

  #gaveUp(draft: Draft, cause: unknown): TributaryError {
    const { request } = draft;
    return new TributaryError(
      'E3453',
      `commit was tried too often: table=${this.#parts.tablePath} commit_user=${request.commitUser} commit_identifier=${request.commitIdentifier} outcome=${draft.uncertain === null ? 'not published' : 'unknown'}`,
      cause === null ? {} : { cause },
    );
  }
}

function identifierKey(request: CommitRequest): string {
  return `${request.kind}/${request.commitUser}`;
}
