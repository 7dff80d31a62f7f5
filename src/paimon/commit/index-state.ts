// The index files of a snapshot after a commit. Source: IndexManifestFileHandler.BucketedCombiner (format notes 02
// section 7): one file of each type in a bucket.
import { bucketKey } from '../lsm/live-files.ts';
import { FILE_ADD, type IndexManifestEntry } from '../meta/manifest-entry.ts';

/** The complete state after the changes: a DELETE takes the bucket's file of that type away, an ADD takes its place. */
export function combineIndexEntries(
  before: readonly IndexManifestEntry[],
  changes: readonly IndexManifestEntry[],
): readonly IndexManifestEntry[] {
  const state = new Map(before.map((entry) => [indexKey(entry), entry]));
  for (const change of changes) state.delete(indexKey(change));
  for (const change of changes) if (change.kind === FILE_ADD) state.set(indexKey(change), change);
  return [...state.values()];
}

function indexKey(entry: IndexManifestEntry): string {
  return `${entry.indexType}/${bucketKey(entry.partition, entry.bucket)}`;
}
