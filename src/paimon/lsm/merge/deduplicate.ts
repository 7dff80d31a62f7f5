// The deduplicate merge engine: the last row of a key is left. Source: format notes 05 section 6.
import { isRetract } from '../../../column/row-kind.ts';
import { groupEnd, isMerged, type MergeFunction, type SortedGroups } from './merge-function.ts';

/** How deduplicate treats retracts. */
export interface DeduplicateSettings {
  /** `ignore-delete`: retracts lose against every other row; a row alone in its key stays as it is. */
  readonly ignoreDelete: boolean;
  /** Keys whose row that is left is a retract are dropped: reads, and compactions that reach the oldest data. */
  readonly dropRetracts: boolean;
}

/** The deduplicate engine. A retract that wins is left as it is unless it is to be dropped. */
export function deduplicate(settings: DeduplicateSettings): MergeFunction {
  const merge: MergeFunction = (groups) => {
    const left = new Uint32Array(groups.groupCount);
    const sources = new Uint32Array(groups.groupCount);
    const rows = new Uint32Array(groups.groupCount);
    let count = 0;
    for (let group = 0; group < groups.groupCount; group++) {
      const start = groups.groupStarts[group];
      const end = groupEnd(groups, group);
      const last = settings.ignoreDelete && isMerged(groups, start, end) ? lastAdd(groups, start, end) : end - 1;
      if (last < 0 || (settings.dropRetracts && retractAt(groups, last))) continue;
      left[count] = group;
      sources[count] = groups.sources[last];
      rows[count++] = groups.rows[last];
    }
    const selection = { sources: sources.subarray(0, count), rows: rows.subarray(0, count) };
    return { groups: left.subarray(0, count), selection, kinds: null, columns: null };
  };
  return Object.assign(merge, { picksRows: true });
}

function retractAt(groups: SortedGroups, index: number): boolean {
  return isRetract(groups.kinds[groups.sources[index]][groups.rows[index]]);
}

/** The last row that is not a retract; -1 if all are. */
function lastAdd(groups: SortedGroups, start: number, end: number): number {
  for (let index = end - 1; index >= start; index--) {
    if (!retractAt(groups, index)) return index;
  }
  return -1;
}
