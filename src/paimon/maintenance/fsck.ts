// Checks every snapshot of a table against its files: what is named exists with its size, counts add up, levels do not
// overlap, and each data file holds what its metadata says.
import { isTributaryError, TributaryError } from '../../base/errors.ts';
import type { FileStore } from '../../storage/file-store.ts';
import type { ManifestStore } from '../commit/manifest-store.ts';
import type { SnapshotStore } from '../commit/snapshot-store.ts';
import { compareBinaryRows } from '../format/binary-row.ts';
import { readDataFile } from '../lsm/data-file-reader.ts';
import { filePaths } from '../lsm/file-paths.ts';
import { tableLayout } from '../lsm/key-value-file.ts';
import { bucketKey } from '../lsm/live-files.ts';
import { FILE_ADD, type ManifestEntry, type ManifestFileMeta } from '../meta/manifest-entry.ts';
import { fileIdentity, liveEntries } from '../meta/merge-entries.ts';
import type { Snapshot } from '../meta/snapshot.ts';
import { parseSnapshot } from '../meta/snapshot-json.ts';
import type { TablePaths } from '../meta/table-paths.ts';
import type { SchemaStore } from '../schema/schema-store.ts';
import type { TableSchema } from '../schema/table-schema.ts';
import { FileCheck } from './check-file.ts';

/** Failures that say nothing of the table. */
const STORAGE_FAILURES: ReadonlySet<string> = new Set(['E3002', 'E3003', 'E3004']);

/** The table to check. */
export interface FsckSource {
  readonly store: FileStore;
  readonly paths: TablePaths;
  readonly schemas: SchemaStore;
  readonly snapshots: SnapshotStore;
  readonly manifests: ManifestStore;
}

/** What was found. */
export interface FsckResult {
  /** Whether there are no problems. */
  readonly ok: boolean;
  /** Snapshots, those that only a tag keeps included. */
  readonly snapshots: number;
  readonly manifests: number;
  readonly dataFiles: number;
  readonly changelogFiles: number;
  readonly indexFiles: number;
  /** Data files that exist with their size, but are of a format whose rows are not read yet. */
  readonly unreadFiles: number;
  /** In words, each beginning with the snapshot where it was met first. */
  readonly problems: readonly string[];
}

/** Checks the snapshots and tags of a table or branch; damage is a problem in the result. Throws only for failures of the storage (`E3002` to `E3004`). */
export async function fsck(source: FsckSource, signal?: AbortSignal): Promise<FsckResult> {
  const check = new TableCheck(source);
  for (const id of await source.snapshots.ids()) {
    signal?.throwIfAborted();
    await check.guard(`snapshot ${id}`, async () => check.snapshot(await source.snapshots.read(id)));
  }
  for (const name of await tagNames(source)) {
    signal?.throwIfAborted();
    await check.guard(`tag ${name}`, async () => check.snapshot(await readTag(source, name), `tag ${name}`));
  }
  return check.result();
}

async function tagNames({ store, paths }: FsckSource): Promise<readonly string[]> {
  const names = (await store.list(paths.tagDirectory)).map((entry) => entry.name);
  return names.filter((name) => name.startsWith('tag-')).map((name) => name.slice('tag-'.length));
}

async function readTag({ store, paths }: FsckSource, name: string): Promise<Snapshot> {
  return parseSnapshot(new TextDecoder().decode(await store.read(paths.tag(name))));
}

class TableCheck {
  private readonly source: FsckSource;
  private readonly problems: string[] = [];
  private readonly manifests = new Map<string, readonly ManifestEntry[]>();
  private readonly dataFiles = new Set<string>();
  private readonly changelogFiles = new Set<string>();
  private readonly indexFiles = new Set<string>();
  private readonly seen = new Set<bigint>();
  private unreadCount = 0;

  constructor(source: FsckSource) {
    this.source = source;
  }

  result(): FsckResult {
    return {
      ok: this.problems.length === 0,
      snapshots: this.seen.size,
      manifests: this.manifests.size,
      dataFiles: this.dataFiles.size,
      changelogFiles: this.changelogFiles.size,
      indexFiles: this.indexFiles.size,
      unreadFiles: this.unreadCount,
      problems: this.problems,
    };
  }

  /** Turns damage that a reader throws into a problem. */
  async guard(place: string, action: () => Promise<void>): Promise<void> {
    try {
      await action();
    } catch (error) {
      if (!(error instanceof TributaryError) || STORAGE_FAILURES.has(error.code)) throw error;
      this.problems.push(`${place}: ${error.code} ${error.message}`);
    }
  }

  /** Checks all that a snapshot names; `place` begins the problems. */
  async snapshot(snapshot: Snapshot, place = `snapshot ${snapshot.id}`): Promise<void> {
    this.seen.add(snapshot.id);
    const schema = await this.source.schemas.read(snapshot.schemaId);
    const base = await this.list(place, snapshot.baseManifestList, snapshot.baseManifestListSize);
    const delta = await this.list(place, snapshot.deltaManifestList, snapshot.deltaManifestListSize);
    const live = liveEntries([...base, ...delta]);
    this.count(place, 'totalRecordCount', snapshot.totalRecordCount, rowSum(live));
    this.count(place, 'deltaRecordCount', snapshot.deltaRecordCount, rowSum(delta));
    this.checkLevels(place, live, schema);
    for (const entry of live) await this.dataFile(place, entry);
    if (snapshot.changelogManifestList !== null) await this.changelog(place, snapshot, snapshot.changelogManifestList);
    await this.indexes(place, snapshot);
  }

  private count(place: string, what: string, recorded: bigint, actual: bigint): void {
    if (recorded !== actual) this.problems.push(`${place}: ${what} recorded ${recorded}, actual ${actual}`);
  }

  /** The entries of a list's manifests; sizes and counts are checked. */
  private async list(place: string, name: string, sizeBytes: number | null): Promise<readonly ManifestEntry[]> {
    if (sizeBytes !== null) await this.size(place, this.source.paths.manifest(name), sizeBytes);
    const entries: ManifestEntry[] = [];
    for (const manifest of await this.source.manifests.readList(name)) {
      for (const entry of await this.manifest(place, manifest)) entries.push(entry);
    }
    return entries;
  }

  private async manifest(place: string, meta: ManifestFileMeta): Promise<readonly ManifestEntry[]> {
    const known = this.manifests.get(meta.fileName);
    if (known !== undefined) return known;
    await this.size(place, this.source.paths.manifest(meta.fileName), meta.fileSize);
    const entries = await this.source.manifests.readManifest(meta.fileName);
    const added = entries.filter((entry) => entry.kind === FILE_ADD).length;
    if (added !== meta.numAddedFiles || entries.length - added !== meta.numDeletedFiles) {
      this.problems.push(`${place}: manifest ${meta.fileName} has other numbers of files than its list says`);
    }
    this.manifests.set(meta.fileName, entries);
    return entries;
  }

  /** Above level 0, files of a bucket's level must not touch. */
  private checkLevels(place: string, live: readonly ManifestEntry[], schema: TableSchema): void {
    const { fields, keyIndexes } = tableLayout(schema);
    if (keyIndexes.length === 0) return;
    const types = keyIndexes.map((index) => fields[index].type);
    const leveled = live.filter(({ file, bucket }) => file.level > 0 && bucket >= 0);
    const levels = Map.groupBy(leveled, (entry) => `${entry.file.level}/${bucketKey(entry.partition, entry.bucket)}`);
    for (const entries of levels.values()) {
      const files = entries.map((entry) => entry.file);
      files.sort((a, b) => compareBinaryRows(types, a.minKey, b.minKey));
      for (const [index, file] of files.slice(1).entries()) {
        const before = files[index];
        if (compareBinaryRows(types, before.maxKey, file.minKey) < 0) continue;
        this.problems.push(`${place}: level ${file.level} overlaps: ${before.fileName} and ${file.fileName}`);
      }
    }
  }

  private async dataFile(place: string, entry: ManifestEntry): Promise<void> {
    const identity = fileIdentity(entry);
    if (this.dataFiles.has(identity)) return;
    this.dataFiles.add(identity);
    await this.rows(place, entry, false);
  }

  private async changelog(place: string, snapshot: Snapshot, list: string): Promise<void> {
    const entries = await this.list(place, list, snapshot.changelogManifestListSize);
    if (snapshot.changelogRecordCount !== null) {
      this.count(place, 'changelogRecordCount', snapshot.changelogRecordCount, rowSum(entries));
    }
    for (const entry of entries) {
      this.changelogFiles.add(fileIdentity(entry));
      await this.rows(place, entry, true);
    }
  }

  private async rows(place: string, entry: ManifestEntry, isChangelog: boolean): Promise<void> {
    const { file } = entry;
    await this.guard(`${place}: ${file.fileName}`, async () => {
      const fileSchema = await this.source.schemas.read(file.schemaId);
      const path = filePaths(this.source.paths.root, fileSchema).file(entry.partition, entry.bucket, file);
      if (!(await this.size(place, path, file.fileSize))) return;
      const check = new FileCheck(entry, fileSchema, isChangelog);
      try {
        const request = { path, file, fileSchema, fields: fileSchema.fields };
        for await (const batch of readDataFile(this.source.store, request)) check.add(batch);
      } catch (error) {
        if (!isTributaryError(error, 'E3351')) throw error;
        this.unreadCount++;
        return;
      }
      for (const problem of check.problems()) this.problems.push(`${place}: ${file.fileName} ${problem}`);
    });
  }

  private async indexes(place: string, snapshot: Snapshot): Promise<void> {
    if (snapshot.indexManifest === null) return;
    for (const entry of await this.source.manifests.readIndex(snapshot.indexManifest)) {
      if (this.indexFiles.has(entry.fileName)) continue;
      this.indexFiles.add(entry.fileName);
      await this.size(place, entry.externalPath ?? this.source.paths.index(entry.fileName), entry.fileSize);
    }
  }

  private async size(place: string, path: string, sizeBytes: number): Promise<boolean> {
    const entry = await this.source.store.stat(path);
    if (entry?.sizeBytes === sizeBytes) return true;
    const actual = entry === null ? 'the file is not there' : `size recorded ${sizeBytes}, actual ${entry.sizeBytes}`;
    this.problems.push(`${place}: ${path} ${actual}`);
    return false;
  }
}

/** Rows added less rows taken away. */
function rowSum(entries: readonly ManifestEntry[]): bigint {
  const rows = entries.reduce((sum, { kind, file }) => sum + (kind === FILE_ADD ? file.rowCount : -file.rowCount), 0);
  return BigInt(rows);
}
