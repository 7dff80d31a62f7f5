// Merging where compactions look keys up: a row above level 0 is the merge of all that was before it, so that of a key's
// rows only those of level 0 and the one on the lowest other level count. Source: LookupMergeFunction.
import { groupEnd, type MergeFunction, type SortedGroups } from './merge-function.ts';

/** No entry of a group. */
export const NO_ENTRY = -1;

/** Merges only the rows that count. */
export function newestLevelOnly(merge: MergeFunction): MergeFunction {
  const counting: MergeFunction = (groups) => {
    const levels = new Set(groups.levels.filter((level) => level > 0));
    const areCounting = groups.mergesAlone === true || levels.size <= 1;
    return merge(areCounting ? groups : countingEntries(groups, highLevelEntries(groups)));
  };
  return Object.assign(counting, { picksRows: merge.picksRows ?? false });
}

/** For each group its entry on the lowest level above 0, or NO_ENTRY. */
export function highLevelEntries(groups: SortedGroups): Int32Array {
  const { groupCount, groupStarts, sources, levels } = groups;
  const found = new Int32Array(groupCount).fill(NO_ENTRY);
  for (let group = 0; group < groupCount; group++) {
    const end = groupEnd(groups, group);
    let lowest = Number.POSITIVE_INFINITY;
    for (let entry = groupStarts[group]; entry < end; entry++) {
      const level = levels[sources[entry]];
      if (level === 0 || level >= lowest) continue;
      lowest = level;
      found[group] = entry;
    }
  }
  return found;
}

/** The groups without the entries above level 0 that are not the given ones; none gets empty. */
export function countingEntries(groups: SortedGroups, highLevel: Int32Array): SortedGroups {
  const { groupCount, rowCount, levels } = groups;
  const groupStarts = new Uint32Array(groupCount);
  const sources = new Uint32Array(rowCount);
  const rows = new Uint32Array(rowCount);
  let count = 0;
  for (let group = 0; group < groupCount; group++) {
    groupStarts[group] = count;
    const end = groupEnd(groups, group);
    for (let entry = groups.groupStarts[group]; entry < end; entry++) {
      const source = groups.sources[entry];
      if (levels[source] > 0 && entry !== highLevel[group]) continue;
      sources[count] = source;
      rows[count++] = groups.rows[entry];
    }
  }
  return { ...groups, rowCount: count, groupStarts, sources, rows };
}
