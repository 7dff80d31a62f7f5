// Long-lived changelogs: what is left of snapshots that have expired before their changes did. Source: ChangelogManager,
// ExpireChangelogImpl (format notes 05 section 12, 06 section 1).
import type { FileStore } from '../../storage/file-store.ts';
import type { ManifestStore } from '../commit/manifest-store.ts';
import type { Snapshot, SnapshotId } from '../meta/snapshot.ts';
import type { TablePaths } from '../meta/table-paths.ts';
import { tableOptions } from '../schema/table-options.ts';
import type { TableSchema } from '../schema/table-schema.ts';
import type { MetadataNames } from './references.ts';

/** Where the changes of a snapshot stand: in changelog files, or in the data files that it added. */
export type ChangesIn = 'changelog' | 'delta';

/** Where the changes of a table's snapshots stand. */
export function changesIn(schema: TableSchema): ChangesIn {
  return schema.primaryKeys.length === 0 || tableOptions(schema).changelogProducer === 'none' ? 'delta' : 'changelog';
}

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

/** The ids of the changelogs that are there, ascending. */
export async function changelogIds(store: FileStore, paths: TablePaths): Promise<readonly SnapshotId[]> {
  const ids: SnapshotId[] = [];
  for (const { name, isDirectory } of await store.list(paths.changelogDirectory)) {
    const id = /^changelog-([1-9]\d*)$/.exec(name)?.[1];
    if (id !== undefined && !isDirectory) ids.push(BigInt(id) as SnapshotId);
  }
  return ids.sort((a, b) => (a < b ? -1 : 1));
}
