// Reads what a snapshot's manifest lists name: live files, the files of one commit, index files.
// Source: format notes 02 (lists, merging of entries) and 01 section 4.
import { partitionMayMeet } from './prune.ts';
import type { FileStore } from '../../storage/file-store.ts';
import { decodeIndexManifest } from '../meta/index-manifest.ts';
import type { IndexManifestEntry, ManifestEntry, ManifestFileMeta } from '../meta/manifest-entry.ts';
import { decodeManifest } from '../meta/manifest-file.ts';
import { decodeManifestList } from '../meta/manifest-list.ts';
import { liveEntries } from '../meta/merge-entries.ts';
import type { Snapshot } from '../meta/snapshot.ts';
import type { TableSchema } from '../schema/table-schema.ts';
import type { Condition } from './scan.ts';

/** Manifests read at the same time. */
const PARALLEL_READS = 8;

/** Where a table's metadata is. */
export interface ManifestPlace {
  readonly store: FileStore;
  /** The table's directory (a branch shares that of its table). */
  readonly tablePath: string;
}

/** The rows of a manifest list by its file name, in order. */
export async function readManifestList(place: ManifestPlace, name: string): Promise<readonly ManifestFileMeta[]> {
  return decodeManifestList(await place.store.read(`${place.tablePath}/manifest/${name}`));
}

/** The entries of manifests, in order. */
export async function readEntries(
  place: ManifestPlace,
  manifests: readonly ManifestFileMeta[],
): Promise<ManifestEntry[]> {
  const entries: ManifestEntry[] = [];
  for (let from = 0; from < manifests.length; from += PARALLEL_READS) {
    const reads = manifests.slice(from, from + PARALLEL_READS).map(async (manifest) => {
      return decodeManifest(await place.store.read(`${place.tablePath}/manifest/${manifest.fileName}`));
    });
    for (const read of await Promise.all(reads)) for (const entry of read) entries.push(entry);
  }
  return entries;
}

/** The live files of a snapshot: base and delta together. */
export async function readLiveEntries(place: ManifestPlace, snapshot: Snapshot): Promise<readonly ManifestEntry[]> {
  const base = await readManifestList(place, snapshot.baseManifestList);
  const delta = await readManifestList(place, snapshot.deltaManifestList);
  return liveEntries(await readEntries(place, [...base, ...delta]));
}

/** The live files of the partitions that may hold rows that meet the conditions. */
export async function readMatchingEntries(
  place: ManifestPlace,
  snapshot: Snapshot,
  filter: { readonly where: readonly Condition[]; readonly schema: TableSchema },
): Promise<readonly ManifestEntry[]> {
  const verdicts = new Map<string, boolean>();
  const live = await readLiveEntries(place, snapshot);
  return live.filter(({ partition }) => {
    const key = Buffer.from(partition.buffer, partition.byteOffset, partition.length).toString('latin1');
    const known = verdicts.get(key);
    if (known !== undefined) return known;
    const verdict = partitionMayMeet(partition, filter.where, filter.schema);
    verdicts.set(key, verdict);
    return verdict;
  });
}

/** The entries of the commit's own manifests. */
export async function readDeltaEntries(place: ManifestPlace, snapshot: Snapshot): Promise<readonly ManifestEntry[]> {
  return readEntries(place, await readManifestList(place, snapshot.deltaManifestList));
}

/** The entries of the commit's changelog files; none where it has no changelog. */
export async function readChangelogEntries(
  place: ManifestPlace,
  snapshot: Snapshot,
): Promise<readonly ManifestEntry[]> {
  if (snapshot.changelogManifestList === null) return [];
  return readEntries(place, await readManifestList(place, snapshot.changelogManifestList));
}

/** The index files of a snapshot. */
export async function readIndexEntries(
  place: ManifestPlace,
  snapshot: Snapshot,
): Promise<readonly IndexManifestEntry[]> {
  if (snapshot.indexManifest === null) return [];
  return decodeIndexManifest(await place.store.read(`${place.tablePath}/manifest/${snapshot.indexManifest}`));
}
