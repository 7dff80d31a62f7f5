// The first-row merge engine: the first row of a key stays. Source: FirstRowMergeFunction (format notes 05 section 6).
import { TributaryError } from '../../../base/errors.ts';
import { isRetract } from '../../../column/row-kind.ts';
import { kindAt } from './computed-rows.ts';
import { groupEnd, isMerged, type MergeFunction, type SortedGroups } from './merge-function.ts';

const NOTHING = -1;

/** How first-row treats retracts. */
export interface FirstRowSettings {
  /** `ignore-delete`: retracts are passed over; without it they are refused. */
  readonly ignoreDelete: boolean;
  readonly dropRetracts: boolean;
}

/** The first-row engine. It throws `E3363` where a key has several rows and one of them is a retract. */
export function firstRow({ ignoreDelete, dropRetracts }: FirstRowSettings): MergeFunction {
  const merge: MergeFunction = (groups) => {
    const first = new Int32Array(groups.groupCount);
    for (let group = 0; group < groups.groupCount; group++) {
      const start = groups.groupStarts[group];
      const end = groupEnd(groups, group);
      if (isMerged(groups, start, end)) first[group] = firstAdd(groups, { start, end, ignoreDelete });
      else first[group] = dropRetracts && isRetract(kindAt(groups, start)) ? NOTHING : start;
    }
    const left = Uint32Array.from(first.keys()).filter((group) => first[group] >= 0);
    const selection = {
      sources: left.map((group) => groups.sources[first[group]]),
      rows: left.map((group) => groups.rows[first[group]]),
    };
    return { groups: left, selection, kinds: null, columns: null };
  };
  return Object.assign(merge, { picksRows: true });
}

/** The first entry that is not a retract, or NOTHING. */
function firstAdd(
  groups: SortedGroups,
  { start, end, ignoreDelete }: { readonly start: number; readonly end: number; readonly ignoreDelete: boolean },
): number {
  let first = NOTHING;
  for (let entry = start; entry < end; entry++) {
    if (!isRetract(kindAt(groups, entry))) first = first === NOTHING ? entry : first;
    else if (!ignoreDelete) throw cannotDelete();
  }
  return first;
}

function cannotDelete(): TributaryError {
  return new TributaryError(
    'E3363',
    'first-row table holds a -U or -D for a key that has rows: set ignore-delete=true to pass over it',
  );
}
