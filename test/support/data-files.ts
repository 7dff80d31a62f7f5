// Data-file metadata for tests of decisions that never open the files.
import type { DataFileMeta } from '../../src/paimon/meta/data-file-meta.ts';

const EMPTY_ROW = new Uint8Array(12);
const EMPTY_STATS = { minValues: EMPTY_ROW, maxValues: EMPTY_ROW, nullCounts: [] };
let made = 0;

/** A data file with plausible metadata; every call gives another name. */
export function dataFile(given: Partial<DataFileMeta> = {}): DataFileMeta {
  return {
    fileName: `data-${made++}.parquet`,
    fileSize: 1000,
    rowCount: 10,
    minKey: EMPTY_ROW,
    maxKey: EMPTY_ROW,
    keyStats: EMPTY_STATS,
    valueStats: EMPTY_STATS,
    minSequenceNumber: 0n,
    maxSequenceNumber: 9n,
    schemaId: 0,
    level: 0,
    extraFiles: [],
    creationTimeMs: 0,
    deleteRowCount: 0,
    embeddedFileIndex: null,
    fileSource: 0,
    valueStatsCols: null,
    externalPath: null,
    firstRowId: null,
    writeCols: null,
    ...given,
  };
}
