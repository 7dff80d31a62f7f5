// The index files of a snapshot after a commit. Source: IndexManifestFileHandler.BucketedCombiner (format notes 02
// section 7): one file of hashes in a bucket, and as many of deletion vectors as a table without buckets has.
import { TributaryError } from '../../base/errors.ts';
import { HASH_INDEX } from '../lsm/hash-index-file.ts';
import { bucketKey } from '../lsm/live-files.ts';
import {
  DELETION_VECTORS,
  FILE_ADD,
  FILE_DELETE,
  type IndexManifestEntry,
  type ManifestEntry,
} from '../meta/manifest-entry.ts';
import type { FileChanges } from './conflicts.ts';
import type { LiveIndex } from './live-index.ts';

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

/**
 * Throws E3450 where deletion vectors and files do not fit one another any more: another compaction has changed the
 * vectors of a file that goes, or has taken away a file that gets some, or has written the bucket's vectors anew. What
 * was wrong before the commit is none of its concern.
 */
export function checkDeletionVectors(
  before: readonly IndexManifestEntry[],
  change: FileChanges & { readonly index: readonly IndexManifestEntry[] },
  live: LiveIndex,
): void {
  const vectors = (entries: readonly IndexManifestEntry[]): readonly IndexManifestEntry[] =>
    entries.filter((entry) => entry.indexType === DELETION_VECTORS);
  const place = (entry: IndexManifestEntry | ManifestEntry): string => bucketKey(entry.partition, entry.bucket);
  const formerOf = Map.groupBy(vectors(before), place);
  const replaced = new Set(
    vectors(change.index).flatMap(({ kind, fileName }) => (kind === FILE_DELETE ? [fileName] : [])),
  );
  const staying = vectors(before).filter(({ fileName }) => !replaced.has(fileName));
  const added = vectors(change.index).filter(({ kind }) => kind === FILE_ADD);
  for (const entry of added) {
    const unknown = staying.find((former) => place(former) === place(entry));
    if (unknown !== undefined) throw changed(unknown, unknown.fileName);
    const present = new Set([...live.partition(entry.partition), ...change.added].map(({ file }) => file.fileName));
    for (const former of formerOf.get(place(entry)) ?? []) for (const name of namesOf(former)) present.add(name);
    const missing = namesOf(entry).find((name) => !present.has(name));
    if (missing !== undefined) throw changed(entry, missing);
  }
  const raised = new Set(change.added.map(({ file }) => file.fileName));
  const vectorsAfter = new Map([...staying, ...added].flatMap((entry) => namesOf(entry).map((name) => [name, entry])));
  for (const { file } of change.deleted) {
    const entry = vectorsAfter.get(file.fileName);
    if (entry !== undefined && !raised.has(file.fileName)) throw changed(entry, file.fileName);
  }
}

/** The data files that the vectors of an index file are of. */
function namesOf(entry: IndexManifestEntry): readonly string[] {
  return entry.deletionVectorRanges?.map(({ dataFileName }) => dataFileName) ?? [];
}

function changed({ bucket }: IndexManifestEntry, fileName: string): TributaryError {
  return new TributaryError('E3450', `deletion vectors have changed meanwhile: file=${fileName} bucket=${bucket}`);
}

function indexKey(entry: IndexManifestEntry): string {
  const name = entry.indexType === HASH_INDEX ? '' : entry.fileName;
  return `${entry.indexType}/${bucketKey(entry.partition, entry.bucket)}/${name}`;
}
