// Groups as texts: entries are their levels, oldest first; what counts are those of level 0 and the lowest other level.
import { describe, expect, it } from 'vitest';
import type { MergeFunction, SortedGroups } from '../../../../src/paimon/lsm/merge/merge-function.ts';
import { highLevelEntries, newestLevelOnly } from '../../../../src/paimon/lsm/merge/newest-level.ts';

/** One source a level. */
function groupsOf(texts: readonly string[]): SortedGroups {
  const entries = texts.map((text) => text.split(' ').map(Number));
  const starts: number[] = [];
  let count = 0;
  for (const group of entries) {
    starts.push(count);
    count += group.length;
  }
  return {
    rowCount: count,
    groupCount: texts.length,
    groupStarts: Uint32Array.from(starts),
    sources: Uint32Array.from(entries.flat()),
    rows: Uint32Array.from({ length: count }, (_, row) => row),
    kinds: [0, 1, 2, 3, 4, 5].map(() => new Uint8Array(count)),
    columns: [0, 1, 2, 3, 4, 5].map(() => []),
    levels: [0, 1, 2, 3, 4, 5],
  };
}

function mergedOf(texts: readonly string[]): readonly string[] {
  let seen: string[] = [];
  const spy: MergeFunction = (groups) => {
    const starts = [...groups.groupStarts.subarray(0, groups.groupCount), groups.rowCount];
    seen = starts.slice(0, -1).map((start, group) => groups.sources.slice(start, starts[group + 1]).join(' '));
    const none = new Uint32Array(0);
    return { groups: none, selection: { sources: none, rows: none }, kinds: null, columns: null };
  };
  newestLevelOnly(spy)(groupsOf(texts));
  return seen;
}

describe('newestLevelOnly', () => {
  it.each([
    [['5 3 0 0'], ['3 0 0']],
    [['3 5'], ['3']],
    [['0 4 0 2'], ['0 0 2']],
    [
      ['5', '0', '4 5 1', '0 0'],
      ['5', '0', '1', '0 0'],
    ],
    [
      ['5 0', '0'],
      ['5 0', '0'],
    ],
  ])('%j', (groups, expected) => {
    expect(mergedOf(groups)).toEqual(expected);
  });

  it('finds the entry of the lowest level above 0', () => {
    expect([...highLevelEntries(groupsOf(['5 3 0', '0 0', '2']))]).toEqual([1, -1, 5]);
  });
});
