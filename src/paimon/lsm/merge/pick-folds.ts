// The folds that choose one of the values: the first, the last, the largest.
import { type RowComparator, vectorComparator } from '../../../column/compare.ts';
import type { AggregateFunction } from '../../schema/aggregate.ts';
import {
  ADD,
  ADD_BEFORE,
  CLEAR,
  type ColumnFold,
  type FoldFactory,
  type FoldInput,
  KEEP,
  NO_VALUE,
  RETRACT,
  SET,
  SET_RETRACT,
  valueOf,
} from './column-fold.ts';
import { cannotRetract } from './merge-faults.ts';
import { columnOrder } from '../../schema/data-type.ts';

/** Values are entries, or NO_VALUE for NULL. */
abstract class PickFold implements ColumnFold {
  protected readonly input: FoldInput;

  constructor(input: FoldInput) {
    this.input = input;
  }

  /** The value of the two; `value` was there before `added`. */
  protected abstract add(value: number, added: number): number;

  protected retract(_value: number, _retracted: number): number {
    throw cannotRetract(this.input.field);
  }

  /** Called before each key. */
  protected reset(): void {}

  fold(start: number, end: number): number {
    const { input } = this;
    const { steps } = input;
    let value = NO_VALUE;
    this.reset();
    for (let entry = start; entry < end; entry++) {
      const step = steps[entry];
      if (step === ADD) value = this.add(value, valueOf(input, entry));
      else if (step === SET) value = valueOf(input, entry);
      else if (step !== KEEP) value = this.rareStep(value, entry);
    }
    return value;
  }

  computed(): null {
    return null;
  }

  private rareStep(value: number, entry: number): number {
    const own = valueOf(this.input, entry);
    switch (this.input.steps[entry]) {
      case ADD_BEFORE:
        return this.add(own, value);
      case RETRACT:
        return this.retract(value, own);
      case SET_RETRACT:
        return this.retract(own, own);
      case CLEAR:
        return NO_VALUE;
      default:
        return value;
    }
  }
}

class LastValue extends PickFold {
  protected add(_value: number, added: number): number {
    return added;
  }

  protected override retract(): number {
    return NO_VALUE;
  }
}

/** The fold of `last_non_null_value`. */
export class LastNonNullValue extends PickFold {
  protected add(value: number, added: number): number {
    return added === NO_VALUE ? value : added;
  }

  protected override retract(value: number, retracted: number): number {
    return retracted === NO_VALUE ? value : NO_VALUE;
  }
}

/** The first value that was added stays, whatever was there when the key began. */
class FirstValue extends PickFold {
  private hasFirst = false;

  protected override reset(): void {
    this.hasFirst = false;
  }

  protected add(value: number, added: number): number {
    if (this.hasFirst || !this.counts(added)) return value;
    this.hasFirst = true;
    return added;
  }

  protected counts(_added: number): boolean {
    return true;
  }
}

class FirstNonNullValue extends FirstValue {
  protected override counts(added: number): boolean {
    return added !== NO_VALUE;
  }
}

/** Folds that take the other value where one is NULL. */
abstract class Choice extends PickFold {
  protected add(value: number, added: number): number {
    if (added === NO_VALUE) return value;
    return value === NO_VALUE || this.prefersAdded(value, added) ? added : value;
  }

  protected abstract prefersAdded(value: number, added: number): boolean;
}

class Extreme extends Choice {
  private readonly sign: number;
  private readonly comparators: RowComparator[][];

  constructor(input: FoldInput, sign: 1 | -1) {
    super(input);
    this.sign = sign;
    this.comparators = input.vectors.map(() => []);
  }

  protected prefersAdded(value: number, added: number): boolean {
    const { sources, rows } = this.input;
    return this.sign * this.comparator(sources[added], sources[value])(rows[added], rows[value]) > 0;
  }

  private comparator(source: number, other: number): RowComparator {
    const { vectors, field } = this.input;
    const known = this.comparators[source][other];
    if (known !== undefined) return known;
    const made = vectorComparator(vectors[source], vectors[other], columnOrder(field.type));
    this.comparators[source][other] = made;
    return made;
  }
}

/** `bool_and` and `bool_or`: a value that decides stays. */
class Decisive extends Choice {
  private readonly decisive: number;

  constructor(input: FoldInput, decisive: boolean) {
    super(input);
    this.decisive = Number(decisive);
  }

  protected prefersAdded(value: number): boolean {
    const vector = this.input.vectors[this.input.sources[value]];
    return vector.kind !== 'i32' || vector.values[this.input.rows[value]] !== this.decisive;
  }
}

/** The folds of the functions that choose a value, by name. */
export const PICKS = {
  last_value: (input) => new LastValue(input),
  last_non_null_value: (input) => new LastNonNullValue(input),
  first_value: (input) => new FirstValue(input),
  first_non_null_value: (input) => new FirstNonNullValue(input),
  max: (input) => new Extreme(input, 1),
  min: (input) => new Extreme(input, -1),
  bool_and: (input) => new Decisive(input, false),
  bool_or: (input) => new Decisive(input, true),
} satisfies Readonly<Partial<Record<AggregateFunction, FoldFactory>>>;
