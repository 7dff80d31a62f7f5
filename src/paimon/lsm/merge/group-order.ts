// Which of a key's rows is the newest of a sequence group: the order of its sequence fields, NULL first.
import type { KeyValueLayout } from '../key-values.ts';
import type { RowComparator } from '../../../column/compare.ts';
import { PRESENT, type Vector, validityAt } from '../../../column/vector.ts';
import type { SortedGroups } from './merge-function.ts';
import { nullsFirst } from './nulls-first.ts';
import { columnOrder } from '../../schema/data-type.ts';

const NOBODY = -1;

/** Follows one sequence group through the entries of a key. */
export class GroupOrder {
  private readonly groups: SortedGroups;
  private readonly layout: KeyValueLayout;
  private readonly indexes: readonly number[];
  /** The sequence fields of each batch. */
  private readonly vectors: readonly (readonly Vector[])[];
  private readonly comparators: RowComparator[][];
  /** The entry whose sequence values stand. */
  private holder = NOBODY;

  /** `indexes` are the sequence fields' places in the layout. */
  constructor(groups: SortedGroups, layout: KeyValueLayout, indexes: readonly number[]) {
    this.groups = groups;
    this.layout = layout;
    this.indexes = indexes;
    this.vectors = groups.columns.map((columns) => indexes.map((index) => columns[index]));
    this.comparators = groups.columns.map(() => []);
  }

  /** Begins a key. */
  reset(): void {
    this.holder = NOBODY;
  }

  /** The entry's sequence values are the ones that stand from here on. */
  hold(entry: number): void {
    this.holder = entry;
  }

  /** Whether the entry has no sequence value, so that it says nothing of the group. */
  isOutside(entry: number): boolean {
    const row = this.groups.rows[entry];
    for (const vector of this.vectors[this.groups.sources[entry]]) {
      if (validityAt(vector, row) === PRESENT) return false;
    }
    return true;
  }

  /** Whether no sequence values that stand are newer than the entry's. */
  isNewest(entry: number): boolean {
    const { holder } = this;
    if (holder === NOBODY) return true;
    const { sources, rows } = this.groups;
    return this.comparator(sources[entry], sources[holder])(rows[entry], rows[holder]) >= 0;
  }

  private comparator(source: number, other: number): RowComparator {
    const known = this.comparators[source][other];
    if (known !== undefined) return known;
    const orders = this.indexes.map((index) => columnOrder(this.layout.fields[index].type));
    const made = nullsFirst({ left: this.vectors[source], right: this.vectors[other], orders, descending: false });
    this.comparators[source][other] = made;
    return made;
  }
}
