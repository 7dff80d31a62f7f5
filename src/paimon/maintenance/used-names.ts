// The names of all files that a table or some of its branches need: what orphans, and files to be deleted, are held
// against. Source: OrphanFilesClean (format notes 06 section 3).
import { isTributaryError } from '../../base/errors.ts';
import type { FileStore } from '../../storage/file-store.ts';
import type { ManifestStore } from '../commit/manifest-store.ts';
import type { ManifestEntry } from '../meta/manifest-entry.ts';
import type { Snapshot } from '../meta/snapshot.ts';
import { parseSnapshot } from '../meta/snapshot-json.ts';
import { TablePaths } from '../meta/table-paths.ts';
import { listsOf, unlessGone } from './references.ts';
import { branchDirectories } from '../meta/branch-directories.ts';

/** What names are read from. */
export interface NameSource {
  readonly store: FileStore;
  readonly manifests: ManifestStore;
}

/** The table and its branches: where each has its snapshots, tags and the like. */
export async function metaRoots(store: FileStore, tablePath: string): Promise<readonly TablePaths[]> {
  const main = new TablePaths(tablePath);
  const branches = await branchDirectories(store, main);
  return [main, ...branches.map(({ name }) => new TablePaths(tablePath, name))];
}

/** The names of all files that any snapshot, tag or changelog of these names. */
export async function usedNames(source: NameSource, roots: readonly TablePaths[]): Promise<ReadonlySet<string>> {
  const collector = new NameCollector(source);
  for (const { snapshotDirectory, changelogDirectory, tagDirectory } of roots) {
    // A tag of a snapshot that expires meanwhile is found, as tags are looked at last.
    await collector.addAll(snapshotDirectory, { pattern: /^snapshot-\d+$/, holds: 'all' });
    await collector.addAll(changelogDirectory, { pattern: /^changelog-\d+$/, holds: 'changes' });
    await collector.addAll(tagDirectory, { pattern: /^tag-/, holds: 'state' });
  }
  return collector.names;
}

/** The names that branches other than this one need: the table shares its files with all of them. */
export async function namesOfOtherBranches(source: NameSource, paths: TablePaths): Promise<ReadonlySet<string>> {
  const others = (await metaRoots(source.store, paths.root)).filter(({ metaRoot }) => metaRoot !== paths.metaRoot);
  return usedNames(source, others);
}

/** What of a snapshot must be there: a tag keeps its state, a changelog that has outlived it its changes. */
type Held = 'all' | 'state' | 'changes';

class NameCollector {
  readonly names = new Set<string>();
  readonly #store: FileStore;
  readonly #manifests: ManifestStore;

  constructor({ store, manifests }: NameSource) {
    this.#store = store;
    this.#manifests = manifests;
  }

  /**
   * Adds what the snapshots in the directory name; one that expires meanwhile names nothing any more. What they do not
   * hold may be gone.
   */
  async addAll(
    directory: string,
    { pattern, holds }: { readonly pattern: RegExp; readonly holds: Held },
  ): Promise<void> {
    for (const { name, isDirectory } of await this.#store.list(directory)) {
      if (isDirectory || !pattern.test(name)) continue;
      const path = `${directory}/${name}`;
      const bytes = await unlessGone(() => this.#store.read(path));
      if (bytes === null) continue;
      try {
        await this.#add(parseSnapshot(new TextDecoder().decode(bytes)), holds);
      } catch (error) {
        if (!isTributaryError(error, 'E3001') || (await this.#store.stat(path)) !== null) throw error;
      }
    }
  }

  async #add(snapshot: Snapshot, holds: Held): Promise<void> {
    for (const list of listsOf(snapshot)) {
      // A list that was seen has been read whole, and files never change.
      if (this.names.has(list)) continue;
      const part: Held = list === snapshot.changelogManifestList ? 'changes' : 'state';
      const mayBeGone = holds !== 'all' && holds !== part;
      if (mayBeGone && (await this.#store.stat(this.#manifests.path(list))) === null) continue;
      for (const { fileName } of await this.#manifests.readList(list)) await this.#addManifest(fileName);
      this.names.add(list);
    }
    if (snapshot.statistics !== null) this.names.add(snapshot.statistics);
    const { indexManifest } = snapshot;
    if (indexManifest === null || this.names.has(indexManifest)) return;
    if (holds === 'changes' && (await this.#store.stat(this.#manifests.path(indexManifest))) === null) return;
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
