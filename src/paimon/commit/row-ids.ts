// The ids that a commit gives to the rows of a table with row tracking: each new file gets the next ones of the table and
// the number of the snapshot that brings it. Source: RowTrackingCommitUtils.
import { assert } from '../../base/errors.ts';
import { FILE_SOURCE_APPEND } from '../meta/data-file-meta.ts';
import type { ManifestEntry } from '../meta/manifest-entry.ts';
import { ROW_ID_FIELD } from '../schema/system-fields.ts';

/** What the snapshot that is to be made decides. */
export interface RowIdStart {
  readonly snapshotId: bigint;
  /** The first id that no row of the table has had. */
  readonly nextRowId: bigint;
}

/** Entries that know their ids, and the first id that is left. */
export interface AssignedRows {
  readonly added: readonly ManifestEntry[];
  readonly nextRowId: bigint;
}

/**
 * Numbers the rows of added files, in the order of the entries. Files that a compaction or an update wrote keep the ids
 * that they were given or hold.
 */
export function assignRowIds(added: readonly ManifestEntry[], { snapshotId, nextRowId }: RowIdStart): AssignedRows {
  let next = nextRowId;
  const assigned = added.map((entry): ManifestEntry => {
    const { file } = entry;
    const isNew = file.fileSource === FILE_SOURCE_APPEND && file.firstRowId === null;
    const holdsIds = file.writeCols?.includes(ROW_ID_FIELD.name) ?? false;
    const firstRowId = isNew && !holdsIds ? next : file.firstRowId;
    if (isNew && !holdsIds) next += BigInt(file.rowCount);
    assert(firstRowId !== null || holdsIds, `file of a compaction has lost its row ids: file=${file.fileName}`);
    // Zero stands for rows that this commit brings or changes.
    const { minSequenceNumber: min, maxSequenceNumber: max } = file;
    const maxSequenceNumber = min === 0n || max === 0n ? snapshotId : max;
    return { ...entry, file: { ...file, minSequenceNumber: min || snapshotId, maxSequenceNumber, firstRowId } };
  });
  return { added: assigned, nextRowId: next };
}
