// The partial-update merge engine: each row of a key changes the columns that it brings. Source:
// PartialUpdateMergeFunction (format notes 05 section 6).
import { TributaryError } from '../../../base/errors.ts';
import { DELETE, INSERT, isRetract } from '../../../column/row-kind.ts';
import { takesBack } from '../../schema/aggregate.ts';
import type { DataField } from '../../schema/data-type.ts';
import { type PartialUpdateOptions, partialUpdateOptions } from '../../schema/merge-options.ts';
import type { TableSchema } from '../../schema/table-schema.ts';
import type { KeyValueLayout } from '../key-values.ts';
import { aggregateFold } from './aggregate-fold.ts';
import { ADD, ADD_BEFORE, CLEAR, KEEP, RETRACT, SET, SET_RETRACT } from './column-fold.ts';
import { computedRows, type FoldedColumn, kindAt, type RowDecisions, undecided } from './computed-rows.ts';
import { GroupOrder } from './group-order.ts';
import { cannotRetract } from './merge-faults.ts';
import { groupEnd, isMerged, type MergeFunction, type MergePurpose, type SortedGroups } from './merge-function.ts';
import { LastNonNullValue } from './pick-folds.ts';

/** The role of columns outside of sequence groups; each group has three roles of its own. */
const FREE = 0;
const SEQUENCE = 1;
const PLAIN = 2;
const AGGREGATED = 3;
const ROLES_PER_GROUP = 3;

/** What an entry is to a sequence group, as an index of the tables below; 0 for one that says nothing of it. */
const NEWEST_INSERT = 1;
const OLDER_INSERT = 2;
const NEWEST_RETRACT = 3;
const OLDER_RETRACT = 4;
/** The row is made of the entry's values. */
const WHOLE = 5;
/** The row is made of the entry's values, which are then taken back. */
const WHOLE_RETRACT = 6;

const SEQUENCE_STEPS = [KEEP, SET, KEEP, SET, KEEP, SET, SET];
const PLAIN_STEPS = [KEEP, SET, KEEP, CLEAR, KEEP, SET, CLEAR];
const AGGREGATED_STEPS = [KEEP, ADD, ADD_BEFORE, RETRACT, RETRACT, SET, SET_RETRACT];

/** The partial-update engine. Throws `E3103` for options that the columns cannot have. */
export function partialUpdate(schema: TableSchema, { layout, dropRetracts }: MergePurpose): MergeFunction {
  const options = partialUpdateOptions(schema);
  const rules = { options, removing: removingGroups(schema, options) };
  const columns = foldedColumns(schema, options, layout);
  return (groups) => {
    const decisions = new Decider(groups, rules, layout).decide();
    return computedRows(groups, decisions, { columns, dropRetracts });
  };
}

function foldedColumns(schema: TableSchema, options: PartialUpdateOptions, layout: KeyValueLayout): FoldedColumn[] {
  return layout.fields.flatMap((field, index): FoldedColumn[] => {
    if (schema.primaryKeys.includes(field.name)) return [];
    const aggregate = options.aggregates.get(field.name);
    const role = roleOf(options, field.name);
    if (aggregate !== undefined) return [{ field, index, fold: aggregateFold(aggregate), role }];
    return [{ field, index, fold: (input) => new LastNonNullValue(input), role }];
  });
}

function roleOf(options: PartialUpdateOptions, name: string): number {
  const group = options.groups.findIndex(({ sequenceFields, fields }) => [...sequenceFields, ...fields].includes(name));
  if (group < 0) return FREE;
  const base = group * ROLES_PER_GROUP;
  if (options.groups[group].sequenceFields.includes(name)) return base + SEQUENCE;
  return base + (options.aggregates.has(name) ? AGGREGATED : PLAIN);
}

/** A sequence group whose newest -D removes the row. */
interface RemovingGroup {
  readonly group: number;
  /**
   * Columns before its sequence fields, with their groups, that take no value back: the reference goes through the columns
   * in order and so refuses the -D before it sees that the row goes.
   */
  readonly refusing: readonly { readonly field: DataField; readonly group: number }[];
}

interface Rules {
  readonly options: PartialUpdateOptions;
  readonly removing: readonly RemovingGroup[];
}

/** The groups that remove rows, in the order of their sequence fields. */
function removingGroups(
  schema: TableSchema,
  { groups, aggregates, removeRecordOn }: PartialUpdateOptions,
): RemovingGroup[] {
  const indexOf = (name: string): number => schema.fields.findIndex((field) => field.name === name);
  const found = groups.flatMap(({ sequenceFields }, group) => {
    const removes = sequenceFields.some((name) => removeRecordOn.includes(name));
    return removes ? [{ group, place: Math.min(...sequenceFields.map(indexOf)) }] : [];
  });
  return found
    .sort((a, b) => a.place - b.place)
    .map(({ group, place }) => ({
      group,
      refusing: schema.fields.slice(0, place).flatMap((field) => {
        const aggregate = aggregates.get(field.name);
        if (aggregate === undefined || takesBack(aggregate)) return [];
        return [{ field, group: groups.findIndex(({ fields }) => fields.includes(field.name)) }];
      }),
    }));
}

/** Decides, row by row, what each does to the columns of each role. */
class Decider {
  private readonly groups: SortedGroups;
  private readonly options: PartialUpdateOptions;
  private readonly decisions: RowDecisions;
  /** The sequence groups; null where none of a group's columns is read. */
  private readonly orders: readonly (GroupOrder | null)[];
  private readonly removing: readonly RemovingGroup[];

  constructor(groups: SortedGroups, rules: Rules, layout: KeyValueLayout) {
    const { options, removing } = rules;
    this.groups = groups;
    this.options = options;
    this.decisions = undecided(groups, 1 + ROLES_PER_GROUP * options.groups.length);
    this.orders = options.groups.map(({ sequenceFields }) => {
      const indexes = sequenceFields.map((name) => layout.fields.findIndex((field) => field.name === name));
      return indexes.includes(-1) ? null : new GroupOrder(groups, layout, indexes);
    });
    this.removing = removing;
  }

  decide(): RowDecisions {
    const { groups } = this;
    for (let group = 0; group < groups.groupCount; group++) {
      const start = groups.groupStarts[group];
      const end = groupEnd(groups, group);
      if (isMerged(groups, start, end)) this.decideKey(group, start, end);
    }
    return this.decisions;
  }

  private decideKey(group: number, start: number, end: number): void {
    const { decisions, groups, options } = this;
    let hasInsert = false;
    let isRemoved = false;
    for (const order of this.orders) order?.reset();
    for (let entry = start; entry < end; entry++) {
      if (isRetract(kindAt(groups, entry))) {
        isRemoved = this.retract(entry, entry === start);
        if (options.ignoreDelete) continue;
      } else {
        this.insert(entry);
        hasInsert = true;
        isRemoved = false;
      }
      decisions.newest[group] = entry;
    }
    decisions.kinds[group] = isRemoved || !hasInsert ? DELETE : INSERT;
  }

  private insert(entry: number): void {
    const { orders } = this;
    this.decisions.steps[FREE][entry] = ADD;
    for (let index = 0; index < orders.length; index++) {
      const order = orders[index];
      if (order === null || order.isOutside(entry)) continue;
      const isNewest = order.isNewest(entry);
      if (isNewest) order.hold(entry);
      this.mark(index, entry, isNewest ? NEWEST_INSERT : OLDER_INSERT);
    }
  }

  /** Whether the row is removed. The first entry of a key gives the row its values even if it is a retract. */
  private retract(entry: number, isFirst: boolean): boolean {
    const { options, groups } = this;
    const isDelete = kindAt(groups, entry) === DELETE;
    if (options.ignoreDelete) {
      if (isFirst) this.replaceRow(entry);
      return false;
    }
    if (options.groups.length > 0) return this.retractGroups(entry, { isFirst, isDelete });
    if (!options.removeRecordOnDelete) throw cannotDelete();
    if (isFirst || isDelete) this.replaceRow(entry);
    return isDelete;
  }

  private retractGroups(entry: number, is: { readonly isFirst: boolean; readonly isDelete: boolean }): boolean {
    const { orders } = this;
    if (is.isFirst) this.replaceRow(entry);
    if (is.isDelete && this.removesRow(entry)) {
      this.replaceRow(entry);
      return true;
    }
    for (let index = 0; index < orders.length; index++) {
      const order = orders[index];
      if (order === null || order.isOutside(entry)) continue;
      const isNewest = order.isNewest(entry);
      if (isNewest) order.hold(entry);
      this.mark(index, entry, is.isFirst ? WHOLE_RETRACT : isNewest ? NEWEST_RETRACT : OLDER_RETRACT);
    }
    return false;
  }

  private removesRow(entry: number): boolean {
    for (const { group, refusing } of this.removing) {
      const order = this.orders[group];
      if (order === null || order.isOutside(entry) || !order.isNewest(entry)) continue;
      const refused = refusing.find((column) => this.orders[column.group]?.isOutside(entry) === false);
      if (refused !== undefined) throw cannotRetract(refused.field);
      return true;
    }
    return false;
  }

  /** All columns take the entry's values. */
  private replaceRow(entry: number): void {
    this.decisions.steps[FREE][entry] = SET;
    for (let index = 0; index < this.orders.length; index++) {
      this.orders[index]?.hold(entry);
      this.mark(index, entry, WHOLE);
    }
  }

  private mark(group: number, entry: number, standing: number): void {
    const { steps } = this.decisions;
    const base = group * ROLES_PER_GROUP;
    steps[base + SEQUENCE][entry] = SEQUENCE_STEPS[standing];
    steps[base + PLAIN][entry] = PLAIN_STEPS[standing];
    steps[base + AGGREGATED][entry] = AGGREGATED_STEPS[standing];
  }
}

function cannotDelete(): TributaryError {
  return new TributaryError(
    'E3362',
    'partial-update table holds a -U or -D and no option says what it does: set ignore-delete, partial-update.remove-record-on-delete or a sequence-group',
  );
}
