// Checks what a snapshot names against the files: that they exist with their sizes, counts add up, levels do not overlap,
// and each data file holds what its metadata says.
import { isTributaryError, TributaryError } from '../../base/errors.ts';
import type { FileStore } from '../../storage/file-store.ts';
import type { ManifestStore } from '../commit/manifest-store.ts';
import { checkFileIndex, indexBytes, type IndexSource } from '../format/file-index/file-index.ts';
import { readDataFile } from '../lsm/data-file-reader.ts';
import { filePaths } from '../lsm/file-paths.ts';
import { tableLayout } from '../lsm/key-value-file.ts';
import { bucketKey } from '../lsm/live-files.ts';
import { writtenSchema } from '../lsm/written-columns.ts';
import {
  DELETION_VECTORS,
  FILE_ADD,
  type IndexManifestEntry,
  type ManifestEntry,
  type ManifestFileMeta,
} from '../meta/manifest-entry.ts';
import { fileIdentity, liveEntries } from '../meta/merge-entries.ts';
import type { Snapshot } from '../meta/snapshot.ts';
import type { TablePaths } from '../meta/table-paths.ts';
import type { SchemaStore } from '../schema/schema-store.ts';
import type { TableSchema } from '../schema/table-schema.ts';
import { deletionVectorProblems } from './check-deletion-vectors.ts';
import { FileCheck } from './check-file.ts';
import { keyRowOrder } from '../lsm/key-values.ts';

/** Failures that say nothing of the table. */
const STORAGE_FAILURES: ReadonlySet<string> = new Set(['E3002', 'E3003', 'E3004']);

/** The table or branch whose snapshots are checked. */
export interface CheckSource {
  readonly store: FileStore;
  readonly paths: TablePaths;
  readonly schemas: SchemaStore;
  readonly manifests: ManifestStore;
}

/** What has been looked at and found, of all branches of a table: files that they share are looked at once. */
export class Findings {
  readonly problems: string[] = [];
  readonly manifests = new Map<string, readonly ManifestEntry[]>();
  /** Data files by what identifies them; and by their names, which stay when a file moves to another level. */
  readonly dataFiles = new Set<string>();
  readonly dataFileNames = new Set<string>();
  readonly changelogFiles = new Set<string>();
  /** Index files by name; and how many the snapshots name, each for itself. */
  readonly indexFiles = new Set<string>();
  indexFileCount = 0;
  snapshotCount = 0;
  changelogCount = 0;
  missingHints = 0;
  /** Bounds of columns with values that the statistics do not tell. */
  unknownBounds = 0;
  unreadCount = 0;

  /** Turns damage that a reader throws into a problem. Failures of the storage (`E3002` to `E3004`) stay thrown. */
  async guard(place: string, action: () => Promise<void>): Promise<void> {
    try {
      await action();
    } catch (error) {
      if (!(error instanceof TributaryError) || STORAGE_FAILURES.has(error.code)) throw error;
      this.problems.push(`${place}: ${error.code} ${error.message}`);
    }
  }
}

/** Checks the snapshots, tags and changelogs of one branch. */
export class SnapshotCheck {
  private readonly source: CheckSource;
  private readonly findings: Findings;
  private readonly seen = new Set<bigint>();

  constructor(source: CheckSource, findings: Findings) {
    this.source = source;
    this.findings = findings;
  }

  /**
   * Checks all that a snapshot names; `place` begins the problems. The changelog files of one that only a tag keeps may
   * have expired.
   */
  async snapshot(snapshot: Snapshot, place: string, isLive: boolean): Promise<void> {
    const isFirst = !this.seen.has(snapshot.id);
    this.seen.add(snapshot.id);
    if (isFirst) this.findings.snapshotCount++;
    const schema = await this.source.schemas.read(snapshot.schemaId);
    const base = await this.list(place, snapshot.baseManifestList, snapshot.baseManifestListSize);
    const delta = await this.list(place, snapshot.deltaManifestList, snapshot.deltaManifestListSize);
    const live = liveEntries([...base, ...delta]);
    this.count(place, 'totalRecordCount', snapshot.totalRecordCount, rowSum(live));
    this.count(place, 'deltaRecordCount', snapshot.deltaRecordCount, rowSum(delta));
    this.checkLevels(place, live, schema);
    for (const entry of live) await this.dataFile(place, entry);
    if (isLive) await this.changelog(place, snapshot);
    await this.indexes(place, snapshot, { live, schema, isCounted: isFirst });
  }

  /** Checks the changelog files that a snapshot, or what is left of it as a changelog, names. */
  async changelog(place: string, snapshot: Snapshot): Promise<void> {
    if (snapshot.changelogManifestList === null) return;
    const entries = await this.list(place, snapshot.changelogManifestList, snapshot.changelogManifestListSize);
    if (snapshot.changelogRecordCount !== null) {
      this.count(place, 'changelogRecordCount', snapshot.changelogRecordCount, rowSum(entries));
    }
    for (const entry of entries) {
      this.findings.changelogFiles.add(fileIdentity(entry));
      await this.rows(place, entry, true);
    }
  }

  private count(place: string, what: string, recorded: bigint, actual: bigint): void {
    if (recorded !== actual) this.findings.problems.push(`${place}: ${what} recorded ${recorded}, actual ${actual}`);
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
    const known = this.findings.manifests.get(meta.fileName);
    if (known !== undefined) return known;
    await this.size(place, this.source.paths.manifest(meta.fileName), meta.fileSize);
    const entries = await this.source.manifests.readManifest(meta.fileName);
    const added = entries.filter((entry) => entry.kind === FILE_ADD).length;
    if (added !== meta.numAddedFiles || entries.length - added !== meta.numDeletedFiles) {
      this.findings.problems.push(`${place}: manifest ${meta.fileName} has other numbers of files than its list says`);
    }
    this.findings.manifests.set(meta.fileName, entries);
    return entries;
  }

  /** Above level 0, files of a bucket's level must not touch. */
  private checkLevels(place: string, live: readonly ManifestEntry[], schema: TableSchema): void {
    const layout = tableLayout(schema);
    if (layout.keyIndexes.length === 0) return;
    const order = keyRowOrder(layout);
    const leveled = live.filter(({ file, bucket }) => file.level > 0 && bucket >= 0);
    const levels = Map.groupBy(leveled, (entry) => `${entry.file.level}/${bucketKey(entry.partition, entry.bucket)}`);
    for (const entries of levels.values()) {
      const files = entries.map((entry) => entry.file);
      files.sort((a, b) => order(a.minKey, b.minKey));
      for (const [index, file] of files.slice(1).entries()) {
        const before = files[index];
        if (order(before.maxKey, file.minKey) < 0) continue;
        this.findings.problems.push(`${place}: level ${file.level} overlaps: ${before.fileName} and ${file.fileName}`);
      }
    }
  }

  private async dataFile(place: string, entry: ManifestEntry): Promise<void> {
    const identity = fileIdentity(entry);
    if (this.findings.dataFiles.has(identity)) return;
    this.findings.dataFiles.add(identity);
    this.findings.dataFileNames.add(entry.file.fileName);
    await this.rows(place, entry, false);
  }

  private async rows(place: string, entry: ManifestEntry, isChangelog: boolean): Promise<void> {
    const { file } = entry;
    await this.findings.guard(`${place}: ${file.fileName}`, async () => {
      const version = await this.source.schemas.read(file.schemaId);
      const fileSchema = writtenSchema(version, file);
      const path = filePaths(this.source.paths.root, version).file(entry.partition, entry.bucket, file);
      if (!(await this.size(place, path, file.fileSize))) return;
      await this.fileIndexes(place, entry, version);
      const check = new FileCheck(entry, fileSchema, isChangelog);
      try {
        const request = { path, file, fileSchema: version, fields: fileSchema.fields };
        for await (const batch of readDataFile(this.source.store, request)) check.add(batch);
      } catch (error) {
        if (!isTributaryError(error, 'E3351')) throw error;
        this.findings.unreadCount++;
        return;
      }
      for (const problem of check.problems()) this.findings.problems.push(`${place}: ${file.fileName} ${problem}`);
      this.findings.unknownBounds += check.unknownBounds();
    });
  }

  /** That the indexes of a data file are there and can be opened. */
  private async fileIndexes(place: string, { partition, bucket, file }: ManifestEntry, schema: TableSchema) {
    const { store, paths } = this.source;
    const { rowCount, fileName, embeddedFileIndex } = file;
    const typeOf = (column: string) => schema.fields.find((field) => field.name === column)?.type;
    const check = (source: IndexSource): Promise<void> =>
      this.findings.guard(place, () => checkFileIndex(source, { rowCount, typeOf }));
    if (embeddedFileIndex !== null) await check(indexBytes(fileName, embeddedFileIndex));
    for (const path of filePaths(paths.root, schema).ownFiles(partition, bucket, file).slice(1)) {
      const bytes = (await store.stat(path)) === null ? null : await store.read(path);
      if (bytes === null) this.findings.problems.push(`${place}: ${path} the file is not there`);
      else await check(indexBytes(path, bytes));
    }
  }

  private async indexes(
    place: string,
    snapshot: Snapshot,
    by: { readonly live: readonly ManifestEntry[]; readonly schema: TableSchema; readonly isCounted: boolean },
  ): Promise<void> {
    const { indexFiles } = this.findings;
    const paths = filePaths(this.source.paths.root, by.schema);
    for (const entry of await this.source.manifests.indexEntriesOf(snapshot)) {
      if (by.isCounted) this.findings.indexFileCount++;
      if (indexFiles.has(entry.fileName)) continue;
      indexFiles.add(entry.fileName);
      const path = paths.index(entry);
      const isWhole = await this.size(place, path, entry.fileSize);
      if (isWhole && entry.indexType === DELETION_VECTORS)
        await this.deletionVectors(place, path, { entry, live: by.live });
    }
  }

  private async deletionVectors(
    place: string,
    path: string,
    { entry, live }: { readonly entry: IndexManifestEntry; readonly live: readonly ManifestEntry[] },
  ): Promise<void> {
    const bucket = bucketKey(entry.partition, entry.bucket);
    const files = live.filter(({ partition, bucket: number }) => bucketKey(partition, number) === bucket);
    const byName = new Map(files.map(({ file }) => [file.fileName, file]));
    await this.findings.guard(place, async () => {
      const problems = await deletionVectorProblems(this.source.store, path, { entry, live: byName });
      for (const problem of problems) this.findings.problems.push(`${place}: ${path} ${problem}`);
    });
  }

  private async size(place: string, path: string, sizeBytes: number): Promise<boolean> {
    const entry = await this.source.store.stat(path);
    if (entry?.sizeBytes === sizeBytes) return true;
    const actual = entry === null ? 'the file is not there' : `size recorded ${sizeBytes}, actual ${entry.sizeBytes}`;
    this.findings.problems.push(`${place}: ${path} ${actual}`);
    return false;
  }
}

/** Rows added less rows taken away. */
function rowSum(entries: readonly ManifestEntry[]): bigint {
  const rows = entries.reduce((sum, { kind, file }) => sum + (kind === FILE_ADD ? file.rowCount : -file.rowCount), 0);
  return BigInt(rows);
}
