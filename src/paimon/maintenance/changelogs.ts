// Long-lived changelogs: what is left of snapshots that have expired before their changes did. Source: ChangelogManager,
// ExpireChangelogImpl (format notes 05 section 12, 06 section 1).
import type { ManifestStore } from '../commit/manifest-store.ts';
import type { Snapshot } from '../meta/snapshot.ts';
import type { MetadataNames } from './references.ts';
import type { ChangesIn } from '../scan/changelog.ts';

/** The lists and manifests that the changes of a snapshot are found by. Throws E3001 if they are gone. */
export async function changeNamesOf(
  snapshot: Snapshot,
  where: ChangesIn,
  manifests: ManifestStore,
): Promise<MetadataNames> {
  const list = where === 'delta' ? snapshot.deltaManifestList : snapshot.changelogManifestList;
  const named = list === null ? [] : await manifests.readList(list);
  const names = list === null ? [] : [list, ...named.map(({ fileName }) => fileName)];
  return { manifests: new Set(names), indexes: new Set(), statistics: new Set() };
}
