// The sorted runs of a bucket. Source: format notes 05 section 2 (Levels).
import type { DataFileMeta } from '../meta/data-file-meta.ts';

/** Files of one level without overlap of keys; each file of level 0 is a run of its own. */
export interface SortedRun {
  readonly level: number;
  /** In key order if there is more than one. */
  readonly files: readonly DataFileMeta[];
}

/** Bytes of a run's files. */
export function runSizeBytes(run: SortedRun): number {
  return run.files.reduce((sum, file) => sum + file.fileSize, 0);
}

/**
 * The runs of a bucket, newest first: the files of level 0 from the newest to the oldest, then levels 1, 2 … that hold
 * files. `compareMinKeys` orders the files of one level.
 */
export function sortedRuns(
  files: readonly DataFileMeta[],
  compareMinKeys: (a: DataFileMeta, b: DataFileMeta) => number,
): readonly SortedRun[] {
  const level0 = files.filter((file) => file.level === 0).sort(compareNewestFirst);
  const runs: SortedRun[] = level0.map((file) => ({ level: 0, files: [file] }));
  const levels = new Set(files.map((file) => file.level).filter((level) => level > 0));
  for (const level of [...levels].sort((a, b) => a - b)) {
    runs.push({ level, files: files.filter((file) => file.level === level).sort(compareMinKeys) });
  }
  return runs;
}

/** Level 0, newest first: largest sequence number descending, smallest ascending, creation time, name. */
function compareNewestFirst(a: DataFileMeta, b: DataFileMeta): number {
  if (a.maxSequenceNumber !== b.maxSequenceNumber) return a.maxSequenceNumber > b.maxSequenceNumber ? -1 : 1;
  if (a.minSequenceNumber !== b.minSequenceNumber) return a.minSequenceNumber < b.minSequenceNumber ? -1 : 1;
  const byTime = (a.creationTimeMs ?? 0) - (b.creationTimeMs ?? 0);
  if (byTime !== 0) return byTime;
  if (a.fileName === b.fileName) return 0;
  return a.fileName < b.fileName ? -1 : 1;
}
