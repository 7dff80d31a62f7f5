// The index files of a snapshot after a commit. Source: IndexManifestFileHandler.BucketedCombiner (format notes 02
// section 7): one file of hashes in a bucket, and as many of deletion vectors as a table without buckets has.
import { HASH_INDEX } from '../lsm/hash-index-file.ts';
import { bucketKey } from '../lsm/live-files.ts';
import { FILE_ADD, type IndexManifestEntry } from '../meta/manifest-entry.ts';

/**
 * The complete state after the changes. A file of hashes takes the place of its bucket's; a file of deletion vectors is
 * one more, and those that it replaces are deleted by their names.
 */
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
  const name = entry.indexType === HASH_INDEX ? '' : entry.fileName;
  return `${entry.indexType}/${bucketKey(entry.partition, entry.bucket)}/${name}`;
}
