// What a compaction takes away and puts in its place, and how two compactions of a bucket become one change.
import type { DataFileMeta } from '../meta/data-file-meta.ts';
import type { DeletedRows } from './deletion-vector.ts';

/** What a compaction did; durable files that no snapshot names yet. */
export interface CompactResult {
  readonly before: readonly DataFileMeta[];
  readonly after: readonly DataFileMeta[];
  /** The files of `after` that were written anew (the others only changed their level). */
  readonly written: readonly DataFileMeta[];
  readonly changelog: readonly DataFileMeta[];
  /** The bucket's deletion vectors afterwards, by data file name; null if they have not changed. */
  readonly deletionVectors: ReadonlyMap<string, DeletedRows> | null;
}

/** Two compactions of a bucket, the second of what the first left, as one change. */
export interface CombinedResult {
  readonly result: CompactResult;
  /** Files that the first wrote and the second took away: no snapshot will name them. */
  readonly obsolete: readonly DataFileMeta[];
}

/** One change of two. Files that are written and taken away in between are in neither of its lists. */
export function combineResults(first: CompactResult, second: CompactResult): CombinedResult {
  const before = new Map(first.before.map((file) => [file.fileName, file]));
  const after = new Map(first.after.map((file) => [file.fileName, file]));
  const staying = new Set(second.after.map((file) => file.fileName));
  const obsolete: DataFileMeta[] = [];
  for (const file of second.before) {
    if (!after.delete(file.fileName)) before.set(file.fileName, file);
    else if (!before.has(file.fileName) && !staying.has(file.fileName)) obsolete.push(file);
  }
  const gone = new Set(obsolete.map((file) => file.fileName));
  const result = {
    before: [...before.values()],
    after: [...after.values(), ...second.after],
    written: [...first.written.filter((file) => !gone.has(file.fileName)), ...second.written],
    changelog: [...first.changelog, ...second.changelog],
    deletionVectors: second.deletionVectors ?? first.deletionVectors,
  };
  return { result, obsolete };
}
