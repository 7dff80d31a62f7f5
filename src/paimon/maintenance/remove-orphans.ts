// Removes files of a table that no snapshot, tag or changelog of any branch names and that are old enough not to belong
// to a write under way. Source: OrphanFilesClean (format notes 06 section 3).
import { isTributaryError } from '../../base/errors.ts';
import type { FileEntry, FileStore } from '../../storage/file-store.ts';
import { ManifestStore } from '../commit/manifest-store.ts';
import type { ManifestEntry } from '../meta/manifest-entry.ts';
import type { Snapshot } from '../meta/snapshot.ts';
import { parseSnapshot } from '../meta/snapshot-json.ts';
import { TablePaths } from '../meta/table-paths.ts';
import { tableOptions } from '../schema/table-options.ts';
import type { MaintainedTable } from './expire-snapshots.ts';
import { listsOf, unlessGone } from './references.ts';

/** Which orphans to remove. */
export interface OrphanSettings {
  /** Only files that were last changed before this time, in milliseconds since the epoch: at least a day ago, or a
   * file of a commit under way may be taken. */
  readonly olderThanMs: number;
  /** Removes nothing, and tells what would go. Default false. */
  readonly dryRun?: boolean;
}

/** A file that nothing names. */
export interface OrphanFile {
  readonly path: string;
  readonly sizeBytes: number;
}

/**
 * Removes the orphans of a table and all its branches, and gives them in the order of their paths. Throws, and removes
 * nothing, if anything that may name files cannot be read.
 */
export async function removeOrphans(table: MaintainedTable, settings: OrphanSettings): Promise<readonly OrphanFile[]> {
  // Candidates first: what is committed after the look at them is seen by the look at the snapshots.
  const candidates = (await listCandidates(table)).filter((file) => file.entry.modifiedMs < settings.olderThanMs);
  if (candidates.length === 0) return [];
  const used = await usedNames(table);
  const orphans = candidates.filter(({ entry, isTemporary }) => isTemporary || !used.has(entry.name));
  orphans.sort((a, b) => (a.path < b.path ? -1 : 1));
  if (settings.dryRun !== true) for (const { path } of orphans) await table.store.delete(path);
  return orphans.map(({ path, entry }) => ({ path, sizeBytes: entry.sizeBytes }));
}

interface Candidate {
  readonly path: string;
  readonly entry: FileEntry;
  /** The hidden name of a file that was not finished. */
  readonly isTemporary: boolean;
}

/** The directories of the table and its branches that hold snapshots, tags and the like. */
async function metaRoots(table: MaintainedTable): Promise<readonly TablePaths[]> {
  const main = new TablePaths(table.tablePath);
  const branches = (await table.store.list(main.branchDirectory))
    .filter((entry) => entry.isDirectory && entry.name.startsWith('branch-'))
    .map((entry) => new TablePaths(table.tablePath, entry.name.slice('branch-'.length)));
  return [main, ...branches];
}

async function listCandidates(table: MaintainedTable): Promise<readonly Candidate[]> {
  const { store } = table;
  const main = new TablePaths(table.tablePath);
  const { dataFileDirectory } = tableOptions(table.schema);
  const dataRoot = dataFileDirectory === null ? main.root : `${main.root}/${dataFileDirectory}`;
  const directories = [main.manifestDirectory, main.indexDirectory, main.statisticsDirectory];
  directories.push(...(await bucketDirectories(store, dataRoot, table.schema.partitionKeys.length)));
  const candidates: Candidate[] = [];
  for (const directory of directories) candidates.push(...(await filesIn(store, directory)));
  for (const paths of await metaRoots(table)) {
    const { schemaDirectory, snapshotDirectory, changelogDirectory, tagDirectory, consumerDirectory } = paths;
    for (const directory of [schemaDirectory, snapshotDirectory, changelogDirectory, tagDirectory, consumerDirectory]) {
      candidates.push(...(await filesIn(store, directory)).filter((file) => file.isTemporary));
    }
  }
  return candidates;
}

async function filesIn(store: FileStore, directory: string): Promise<readonly Candidate[]> {
  return (await store.list(directory))
    .filter((entry) => !entry.isDirectory)
    .map((entry) => ({ path: `${directory}/${entry.name}`, entry, isTemporary: /^\..+\.tmp$/.test(entry.name) }));
}

/** Directories of buckets, below as many levels of `key=value` as the table has partition keys. */
async function bucketDirectories(store: FileStore, directory: string, depth: number): Promise<readonly string[]> {
  const below = (await store.list(directory)).filter((entry) => entry.isDirectory).map((entry) => entry.name);
  if (depth === 0) return below.filter((name) => name.startsWith('bucket-')).map((name) => `${directory}/${name}`);
  const found: string[] = [];
  for (const name of below.filter((candidate) => candidate.includes('='))) {
    found.push(...(await bucketDirectories(store, `${directory}/${name}`, depth - 1)));
  }
  return found;
}

/** The names of all files that any snapshot, tag or changelog names. */
async function usedNames(table: MaintainedTable): Promise<ReadonlySet<string>> {
  const collector = new NameCollector(table);
  for (const paths of await metaRoots(table)) {
    const { snapshotDirectory, changelogDirectory, tagDirectory } = paths;
    // A tag of a snapshot that expires meanwhile is found, as tags are looked at last.
    await collector.addAll(snapshotDirectory, { pattern: /^snapshot-\d+$/, isOutlived: false });
    await collector.addAll(changelogDirectory, { pattern: /^changelog-\d+$/, isOutlived: true });
    await collector.addAll(tagDirectory, { pattern: /^tag-/, isOutlived: false });
  }
  return collector.names;
}

class NameCollector {
  readonly names = new Set<string>();
  readonly #store: FileStore;
  readonly #manifests: ManifestStore;

  constructor(table: MaintainedTable) {
    this.#store = table.store;
    this.#manifests = new ManifestStore(table);
  }

  /**
   * Adds what the snapshots in the directory name; one that expires meanwhile names nothing any more. Of a changelog that
   * has outlived its snapshot, the snapshot's other lists may be gone.
   */
  async addAll(
    directory: string,
    { pattern, isOutlived }: { readonly pattern: RegExp; readonly isOutlived: boolean },
  ): Promise<void> {
    for (const { name, isDirectory } of await this.#store.list(directory)) {
      if (isDirectory || !pattern.test(name)) continue;
      const path = `${directory}/${name}`;
      const bytes = await unlessGone(() => this.#store.read(path));
      if (bytes === null) continue;
      try {
        await this.#add(parseSnapshot(new TextDecoder().decode(bytes)), isOutlived);
      } catch (error) {
        if (!isTributaryError(error, 'E3001') || (await this.#store.stat(path)) !== null) throw error;
      }
    }
  }

  async #add(snapshot: Snapshot, isOutlived: boolean): Promise<void> {
    for (const list of listsOf(snapshot)) {
      // A list that was seen has been read whole, and files never change.
      if (this.names.has(list)) continue;
      const mayBeGone = isOutlived && list !== snapshot.changelogManifestList;
      if (mayBeGone && (await this.#store.stat(this.#manifests.path(list))) === null) continue;
      for (const { fileName } of await this.#manifests.readList(list)) await this.#addManifest(fileName);
      this.names.add(list);
    }
    if (snapshot.statistics !== null) this.names.add(snapshot.statistics);
    const { indexManifest } = snapshot;
    if (indexManifest === null || this.names.has(indexManifest)) return;
    if (isOutlived && (await this.#store.stat(this.#manifests.path(indexManifest))) === null) return;
    for (const entry of await this.#manifests.readIndex(indexManifest)) this.names.add(entry.fileName);
    this.names.add(indexManifest);
  }

  async #addManifest(fileName: string): Promise<void> {
    if (this.names.has(fileName)) return;
    const entries: readonly ManifestEntry[] = await this.#manifests.readManifest(fileName);
    for (const { file } of entries) {
      this.names.add(file.fileName);
      for (const extra of file.extraFiles) this.names.add(extra);
    }
    this.names.add(fileName);
  }
}
