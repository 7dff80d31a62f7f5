// The snapshot that a commit publishes, from the one before it. Source: format notes 01 section 4, 02 section 8.
import type { ManifestEntry } from '../meta/manifest-entry.ts';
import type { CommitKind, Snapshot, SnapshotId } from '../meta/snapshot.ts';
import type { WrittenFile } from './manifest-store.ts';

/** What a snapshot is made of. */
export interface SnapshotParts {
  readonly previous: Snapshot | null;
  readonly kind: CommitKind;
  readonly added: readonly ManifestEntry[];
  readonly deleted: readonly ManifestEntry[];
  readonly changelog: readonly ManifestEntry[];
  readonly commitUser: string;
  readonly commitIdentifier: bigint;
  readonly properties: Readonly<Record<string, string>>;
  readonly watermark: bigint | null;
  /** A new statistics file; null to keep the one before. */
  readonly statistics: string | null;
  readonly schemaId: number;
  readonly nowMs: number;
  readonly baseList: WrittenFile;
  readonly deltaList: WrittenFile;
  readonly changelogList: WrittenFile | null;
  readonly indexManifest: string | null;
  /** After the commit, of a table with row tracking; null to keep the one before. */
  readonly nextRowId: bigint | null;
}

/** The snapshot after `previous`: its time never goes back, and what a commit does not set is carried over. */
export function nextSnapshot(parts: SnapshotParts): Snapshot {
  const { previous } = parts;
  const deltaRecordCount = rowCount(parts.added) - rowCount(parts.deleted);
  const hasProperties = Object.keys(parts.properties).length > 0;
  return {
    id: ((previous?.id ?? 0n) + 1n) as SnapshotId,
    schemaId: parts.schemaId,
    baseManifestList: parts.baseList.fileName,
    baseManifestListSize: parts.baseList.fileSize,
    deltaManifestList: parts.deltaList.fileName,
    deltaManifestListSize: parts.deltaList.fileSize,
    changelogManifestList: parts.changelogList?.fileName ?? null,
    changelogManifestListSize: parts.changelogList?.fileSize ?? null,
    indexManifest: parts.indexManifest,
    commitUser: parts.commitUser,
    commitIdentifier: parts.commitIdentifier,
    commitKind: parts.kind,
    timeMillis: Math.max(Math.floor(parts.nowMs), previous?.timeMillis ?? 0),
    totalRecordCount: (previous?.totalRecordCount ?? 0n) + deltaRecordCount,
    deltaRecordCount,
    changelogRecordCount: parts.changelogList === null ? null : rowCount(parts.changelog),
    watermark: latestWatermark(parts.watermark, previous?.watermark ?? null),
    // Statistics hold for one schema.
    statistics: parts.statistics ?? (previous?.schemaId === parts.schemaId ? previous.statistics : null),
    properties: hasProperties ? parts.properties : null,
    nextRowId: parts.nextRowId ?? previous?.nextRowId ?? 0n,
  };
}

function rowCount(entries: readonly ManifestEntry[]): bigint {
  return entries.reduce((sum, entry) => sum + BigInt(entry.file.rowCount), 0n);
}

function latestWatermark(given: bigint | null, before: bigint | null): bigint | null {
  if (given === null || before === null) return given ?? before;
  return given > before ? given : before;
}
