// Removes files of a table that no snapshot, tag or changelog of any branch names and that are old enough not to belong
// to a write under way. Source: OrphanFilesClean (format notes 06 section 3).
import type { FileEntry, FileStore } from '../../storage/file-store.ts';
import { ManifestStore } from '../commit/manifest-store.ts';
import { TablePaths } from '../meta/table-paths.ts';
import { tableOptions } from '../schema/table-options.ts';
import type { MaintainedTable } from './expire-snapshots.ts';
import { metaRoots, usedNames } from './used-names.ts';

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
  const used = await usedNames(
    { store: table.store, manifests: new ManifestStore(table) },
    await metaRoots(table.store, table.tablePath),
  );
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

async function listCandidates(table: MaintainedTable): Promise<readonly Candidate[]> {
  const { store } = table;
  const main = new TablePaths(table.tablePath);
  const { dataFileDirectory } = tableOptions(table.schema);
  const dataRoot = dataFileDirectory === null ? main.root : `${main.root}/${dataFileDirectory}`;
  const directories = [main.manifestDirectory, main.indexDirectory, main.statisticsDirectory];
  directories.push(...(await bucketDirectories(store, dataRoot, table.schema.partitionKeys.length)));
  const candidates: Candidate[] = [];
  for (const directory of directories) candidates.push(...(await filesIn(store, directory)));
  for (const paths of await metaRoots(table.store, table.tablePath)) {
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
