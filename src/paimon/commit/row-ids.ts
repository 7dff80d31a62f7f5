// The ids that a commit gives to the rows of a table with row tracking: each new file gets the next ones of the table and
// the number of the snapshot that brings it. And whether files that go on with rows that are there still fit these.
// Source: RowTrackingCommitUtils, ConflictDetection.
import { assert, TributaryError } from '../../base/errors.ts';
import { partitionKey } from '../lsm/live-files.ts';
import { type DataFileMeta, FILE_SOURCE_APPEND } from '../meta/data-file-meta.ts';
import type { ManifestEntry } from '../meta/manifest-entry.ts';
import { fileIdentity } from '../meta/merge-entries.ts';
import { ROW_ID_FIELD } from '../schema/system-fields.ts';
import type { LiveIndex } from './live-index.ts';

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

/** Changes whose files may go on with rows that are there. */
interface RowChanges {
  readonly added: readonly ManifestEntry[];
  readonly deleted: readonly ManifestEntry[];
  /** The snapshot that the added files were made from. */
  readonly rowsAsOf?: bigint;
}

/**
 * Added files that have row ids must hold all rows of the files that they stand beside, and with `rowsAsOf` stand beside
 * some, none of which has come since. Throws `E3381` where they do not.
 */
export function checkRowIds({ added, deleted, rowsAsOf }: RowChanges, live: LiveIndex): void {
  const withIds = added.filter(({ file }) => file.firstRowId !== null);
  if (withIds.length === 0) return;
  const gone = new Set(deleted.map(fileIdentity));
  for (const entries of Map.groupBy(withIds, ({ partition }) => partitionKey(partition)).values()) {
    const staying = [...live.partition(entries[0].partition)].filter((entry) => !gone.has(fileIdentity(entry)));
    const beside = new FilesByRows(staying.map(({ file }) => file));
    for (const { file } of entries) {
      const others = beside.of(file);
      const isApart = others.some((other) => other.firstRowId !== file.firstRowId || other.rowCount !== file.rowCount);
      const isChanged = rowsAsOf !== undefined && others.some(({ maxSequenceNumber }) => maxSequenceNumber > rowsAsOf);
      const isLost = rowsAsOf !== undefined && others.length === 0;
      if (!isApart && !isChanged && !isLost) continue;
      throw new TributaryError('E3381', `rows were changed by another commit: file=${file.fileName}`);
    }
  }
}

interface NumberedFile {
  readonly file: DataFileMeta;
  readonly first: bigint;
  readonly past: bigint;
}

/** Files in the order of their rows; those that share rows hold the same ones. */
class FilesByRows {
  private readonly files: readonly NumberedFile[];

  constructor(files: readonly DataFileMeta[]) {
    this.files = files.flatMap(numbered).sort((a, b) => Number(a.first > b.first) - Number(a.first < b.first));
  }

  /** Those that hold rows of the file, too. */
  of(file: DataFileMeta): readonly DataFileMeta[] {
    const found: DataFileMeta[] = [];
    for (const { first, past } of numbered(file)) {
      let [low, high] = [0, this.files.length];
      while (low < high) {
        const middle = (low + high) >> 1;
        if (this.files[middle].past <= first) low = middle + 1;
        else high = middle;
      }
      for (let at = low; at < this.files.length && this.files[at].first < past; at++) found.push(this.files[at].file);
    }
    return found;
  }
}

function numbered(file: DataFileMeta): readonly NumberedFile[] {
  const { firstRowId, rowCount } = file;
  return firstRowId === null ? [] : [{ file, first: firstRowId, past: firstRowId + BigInt(rowCount) }];
}
