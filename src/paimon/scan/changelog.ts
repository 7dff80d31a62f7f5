// The changes that one snapshot brought, as the table's changelog producer promises them. Source: format notes 05
// sections 7 and 10 (streaming follow-up), 12 (changelogs that outlive their snapshots).
import { isTributaryError, TributaryError } from '../../base/errors.ts';
import type { ManifestStore } from '../commit/manifest-store.ts';
import type { SnapshotStore } from '../commit/snapshot-store.ts';
import { bucketKey } from '../lsm/live-files.ts';
import { readRowGroup } from '../lsm/column-reader.ts';
import { type RowGroup, rowGroups } from '../lsm/row-id-groups.ts';
import { FILE_ADD, type ManifestEntry } from '../meta/manifest-entry.ts';
import type { Snapshot, SnapshotId } from '../meta/snapshot.ts';
import { parseSnapshot } from '../meta/snapshot-json.ts';
import type { TablePaths } from '../meta/table-paths.ts';
import type { DataField } from '../schema/data-type.ts';
import { tableOptions } from '../schema/table-options.ts';
import type { TableSchema } from '../schema/table-schema.ts';
import { bucketReader, type ReadSource } from './read.ts';
import type { SnapshotChanges } from './scan.ts';
import type { FileStore } from '../../storage/file-store.ts';

/** What changes are read from. */
export interface ChangelogSource extends ReadSource {
  readonly paths: TablePaths;
  readonly snapshots: SnapshotStore;
  readonly manifests: ManifestStore;
}

/** Which columns of the changes to give, and the schema to read with: the latest, whatever the snapshot's. */
export interface ChangeColumns {
  readonly schema: TableSchema;
  readonly fields: readonly DataField[];
}

/** Where the changes of a snapshot stand: in changelog files, or in the data files that it added. */
export type ChangesIn = 'changelog' | 'delta';

/** Where the changes of a table's snapshots stand. */
export function changesIn(schema: TableSchema): ChangesIn {
  return schema.primaryKeys.length === 0 || tableOptions(schema).changelogProducer === 'none' ? 'delta' : 'changelog';
}

/** The snapshot of that id, or the long-lived changelog that is left of it. Throws `E3401` if neither is there. */
export async function changelogSnapshot(source: ChangelogSource, id: SnapshotId): Promise<Snapshot> {
  const stored = await source.snapshots.readStored(id);
  if (stored !== null) return stored.snapshot;
  try {
    return parseSnapshot(new TextDecoder().decode(await source.store.read(source.paths.changelog(id))));
  } catch (error) {
    if (!isTributaryError(error, 'E3001')) throw error;
    throw new TributaryError('E3401', `changes are not there: table=${source.tablePath} snapshot=${id}`, {
      cause: error,
    });
  }
}

/** The oldest snapshot whose changes are left: a long-lived changelog or a snapshot; null if there is neither. */
export async function earliestChangesId(source: ChangelogSource): Promise<SnapshotId | null> {
  const [changelog] = await changelogIds(source.store, source.paths);
  const snapshot = await source.snapshots.earliestId();
  if (changelog === undefined || snapshot === null) return changelog ?? snapshot;
  return changelog < snapshot ? changelog : snapshot;
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

/**
 * The changes of one snapshot: with a changelog producer its changelog files, without one the rows of an APPEND as they
 * were written (+I and +U are upserts, -D deletes). COMPACT snapshots without changelog files, and OVERWRITE snapshots,
 * bring none. Rows of one key are in order.
 */
export async function* readChanges(
  source: ChangelogSource,
  snapshot: Snapshot,
  columns: ChangeColumns,
): AsyncGenerator<SnapshotChanges> {
  const entries = await changeEntries(source, snapshot, columns.schema);
  const isEvolving = tableOptions(columns.schema).dataEvolution;
  const layout = { fields: columns.fields, keyIndexes: [], sequenceIndexes: [], sequenceDescending: false };
  for (const group of byBucket(entries)) {
    const { partition, bucket } = group[0];
    const files = group.map((entry) => entry.file);
    const reader = await bucketReader(source, columns.schema, { split: { partition, bucket, files }, layout });
    const parts: readonly RowGroup[] = isEvolving ? rowGroups(files) : files.map((file) => [file]);
    for (const part of parts) {
      for await (const batch of readRowGroup(reader, part)) {
        const { rowCount, kinds, columns: vectors } = batch;
        if (rowCount > 0) yield { snapshotId: snapshot.id, fields: columns.fields, rowCount, kinds, columns: vectors };
      }
    }
  }
}

async function changeEntries(
  source: ChangelogSource,
  snapshot: Snapshot,
  schema: TableSchema,
): Promise<readonly ManifestEntry[]> {
  return writtenEntries(source.manifests, snapshot, changesIn(schema));
}

/**
 * The files that tell what a snapshot changed: those that an APPEND added, or its changelog files. An OVERWRITE tells
 * nothing. Throws `E3353` for an APPEND that takes files away.
 */
export async function writtenEntries(
  manifests: ManifestStore,
  snapshot: Snapshot,
  from: ChangesIn,
): Promise<readonly ManifestEntry[]> {
  const { commitKind } = snapshot;
  if (commitKind === 'OVERWRITE' || (from === 'delta' && commitKind !== 'APPEND')) return [];
  const entries =
    from === 'delta' ? await manifests.deltaEntriesOf(snapshot) : await manifests.changelogEntriesOf(snapshot);
  const removed = entries.find((entry) => entry.kind !== FILE_ADD);
  if (removed !== undefined) {
    throw new TributaryError(
      'E3353',
      `changes take a file away: snapshot=${snapshot.id} file=${removed.file.fileName}`,
    );
  }
  return entries;
}

/** The entries of each bucket, in the order of the manifests. */
function byBucket(entries: readonly ManifestEntry[]): Iterable<readonly ManifestEntry[]> {
  return Map.groupBy(entries, (entry) => bucketKey(entry.partition, entry.bucket)).values();
}
