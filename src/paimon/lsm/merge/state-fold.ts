// What the folds have in common that build a value up: texts, collections, bitmaps.
import { builderFor, type VectorBuilder } from '../../../column/builder.ts';
import type { Vector } from '../../../column/vector.ts';
import { type Cell, cellAt } from '../../format/cell.ts';
import { shapeOf } from '../../schema/data-type.ts';
import {
  ADD,
  ADD_BEFORE,
  CLEAR,
  type ColumnFold,
  computedAt,
  type FoldInput,
  NO_VALUE,
  RETRACT,
  SET,
  SET_RETRACT,
  valueOf,
} from './column-fold.ts';
import { cannotRetract } from './merge-faults.ts';

/**
 * Builds a value up in a state `S`. A value that came whole from one row stays that entry until something is added to it,
 * and comes out as it was stored.
 */
export abstract class StateFold<S> implements ColumnFold {
  protected readonly input: FoldInput;
  private readonly builder: VectorBuilder;
  private count = 0;
  /** The value is that of this entry, if it is not NO_VALUE. */
  private whole = NO_VALUE;
  /** The value is this, if it is not null. */
  private state: S | null = null;

  constructor(input: FoldInput) {
    this.input = input;
    this.builder = builderFor(shapeOf(input.field.type));
  }

  /** The state of an entry's value. */
  protected abstract open(entry: number): S;
  /** The state with the entry's value added, behind it or before it. */
  protected abstract add(state: S, entry: number, isBefore: boolean): S;
  /** Writes the value to the builder's next row. */
  protected abstract write(builder: VectorBuilder, row: number, state: S): void;

  /** Whether values can be taken back. */
  protected get takesBack(): boolean {
    return false;
  }

  /** The state without the entry's value; only called where `takesBack`. */
  protected retract(state: S, _entry: number): S {
    return state;
  }

  /** The state when a value meets NULL; null leaves the value as it is. */
  protected meetNull(_open: () => S): S | null {
    return null;
  }

  fold(start: number, end: number): number {
    this.whole = NO_VALUE;
    this.state = null;
    for (let entry = start; entry < end; entry++) this.step(entry);
    if (this.state === null) return this.whole;
    this.builder.reserve(this.count);
    this.write(this.builder, this.count, this.state);
    return computedAt(this.count++);
  }

  computed(): Vector | null {
    return this.count === 0 ? null : this.builder.finish(this.count);
  }

  /** The value of an entry, which is not NULL. */
  protected cell(entry: number): Cell {
    const { field, vectors, sources, rows } = this.input;
    return cellAt(field.type, vectors[sources[entry]], rows[entry]);
  }

  private step(entry: number): void {
    const own = valueOf(this.input, entry);
    switch (this.input.steps[entry]) {
      case ADD:
        return this.addEntry(own, false);
      case ADD_BEFORE:
        return this.addEntry(own, true);
      case RETRACT:
        return this.retractEntry(own);
      case SET:
        return this.set(own);
      case SET_RETRACT:
        this.set(own);
        return this.retractEntry(own);
      case CLEAR:
        return this.set(NO_VALUE);
    }
  }

  private set(entry: number): void {
    this.whole = entry;
    this.state = null;
  }

  private addEntry(entry: number, isBefore: boolean): void {
    const isEmpty = this.state === null && this.whole === NO_VALUE;
    if (isEmpty && entry === NO_VALUE) return;
    if (isEmpty) {
      this.whole = entry;
      this.state = this.meetNull(() => this.open(entry));
    } else if (entry === NO_VALUE) this.state = this.meetNull(() => this.opened()) ?? this.state;
    else this.state = this.add(this.opened(), entry, isBefore);
  }

  private retractEntry(entry: number): void {
    // Refused even where there is nothing to take back.
    if (!this.takesBack) throw cannotRetract(this.input.field);
    const isEmpty = this.state === null && this.whole === NO_VALUE;
    if (!isEmpty && entry !== NO_VALUE) this.state = this.retract(this.opened(), entry);
  }

  private opened(): S {
    return this.state ?? this.open(this.whole);
  }
}
