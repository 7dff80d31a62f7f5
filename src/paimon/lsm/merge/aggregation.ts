// The aggregation merge engine: each column of a key's rows is folded by its function. Source: AggregateMergeFunction
// (format notes 05 section 6).
import { DELETE, INSERT, isRetract } from '../../../column/row-kind.ts';
import { aggregationOptions } from '../../schema/merge-options.ts';
import type { TableSchema } from '../../schema/table-schema.ts';
import { aggregateFold } from './aggregate-fold.ts';
import { ADD, RETRACT, SET } from './column-fold.ts';
import { computedRows, type FoldedColumn, kindAt, type RowDecisions, undecided } from './computed-rows.ts';
import { groupEnd, isMerged, type MergeFunction, type MergePurpose, type SortedGroups } from './merge-function.ts';

/** The aggregation engine. Throws `E3103` for functions that a column cannot have. */
export function aggregation(schema: TableSchema, { layout, dropRetracts }: MergePurpose): MergeFunction {
  const { aggregates, removeRecordOnDelete } = aggregationOptions(schema);
  const columns = layout.fields.flatMap((field, index): FoldedColumn[] => {
    const aggregate = aggregates.get(field.name);
    return aggregate === undefined ? [] : [{ field, index, fold: aggregateFold(aggregate), role: 0 }];
  });
  return (groups) => computedRows(groups, decide(groups, removeRecordOnDelete), { columns, dropRetracts });
}

/** All columns take the same steps. A -D that removes the record leaves its own values, for what comes after it. */
function decide(groups: SortedGroups, removeRecordOnDelete: boolean): RowDecisions {
  const decisions = undecided(groups, 1);
  const [steps] = decisions.steps;
  for (let group = 0; group < groups.groupCount; group++) {
    const start = groups.groupStarts[group];
    const end = groupEnd(groups, group);
    if (!isMerged(groups, start, end)) continue;
    let kind = INSERT;
    for (let entry = start; entry < end; entry++) {
      const own = kindAt(groups, entry);
      const removes = removeRecordOnDelete && own === DELETE;
      kind = removes ? DELETE : INSERT;
      steps[entry] = removes ? SET : isRetract(own) ? RETRACT : ADD;
    }
    decisions.kinds[group] = kind;
  }
  return decisions;
}
