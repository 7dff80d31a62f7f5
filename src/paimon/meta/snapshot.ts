// A snapshot as in `snapshot/snapshot-<id>`. Source: format notes 01 section 4 (Paimon specification, "Snapshot").

/** The id of a snapshot of a table: 1, 2, 3 … */
export type SnapshotId = bigint & { readonly brand: 'SnapshotId' };

export type CommitKind = 'APPEND' | 'COMPACT' | 'OVERWRITE' | 'ANALYZE';

/** The identifier of batch commits. */
export const BATCH_COMMIT_IDENTIFIER = 9223372036854775807n;

/** Paimon's Snapshot, version 3. Keys that are absent in the JSON are null. */
export interface Snapshot {
  readonly id: SnapshotId;
  readonly schemaId: number;
  readonly baseManifestList: string;
  readonly baseManifestListSize: number | null;
  readonly deltaManifestList: string;
  readonly deltaManifestListSize: number | null;
  readonly changelogManifestList: string | null;
  readonly changelogManifestListSize: number | null;
  readonly indexManifest: string | null;
  readonly commitUser: string;
  readonly commitIdentifier: bigint;
  readonly commitKind: CommitKind;
  /** Wall clock of the commit; never less than that of the snapshot before. */
  readonly timeMillis: number;
  readonly totalRecordCount: bigint;
  readonly deltaRecordCount: bigint;
  readonly changelogRecordCount: bigint | null;
  readonly watermark: bigint | null;
  readonly statistics: string | null;
  readonly properties: Readonly<Record<string, string>> | null;
  readonly nextRowId: bigint | null;
}
