// `sum` and `product`.
import type { VectorBuilder } from '../../../column/builder.ts';
import type { Vector } from '../../../column/vector.ts';
import { type Arithmetic, type NumberColumn, withArithmetic } from './arithmetic.ts';
import {
  ADD,
  ADD_BEFORE,
  CLEAR,
  type ColumnFold,
  computedAt,
  type FoldInput,
  isPresent,
  KEEP,
  NO_VALUE,
  RETRACT,
  SET,
  SET_RETRACT,
} from './column-fold.ts';

abstract class NumberFold<N> implements ColumnFold {
  protected readonly numbers: Arithmetic<N>;
  private readonly input: FoldInput;
  private readonly builder: VectorBuilder;
  private count = 0;

  constructor(input: FoldInput, { numbers, builder }: NumberColumn<N>) {
    this.input = input;
    this.numbers = numbers;
    this.builder = builder;
  }

  protected abstract add(value: N, added: N): N | null;
  protected abstract retract(value: N | null, retracted: N): N | null;

  fold(start: number, end: number): number {
    const { steps } = this.input;
    let value: N | null = null;
    for (let entry = start; entry < end; entry++) {
      const step = steps[entry];
      if (step === KEEP) continue;
      if (step === ADD || step === ADD_BEFORE) {
        // Both functions are commutative. A NULL counts as nothing.
        const added: N | null = this.read(entry);
        if (added !== null) value = value === null ? added : this.add(value, added);
      } else value = this.rareStep(value, entry);
    }
    if (value === null) return NO_VALUE;
    this.builder.reserve(this.count);
    this.numbers.write(this.builder, this.count, value);
    return computedAt(this.count++);
  }

  computed(): Vector | null {
    return this.count === 0 ? null : this.builder.finish(this.count);
  }

  private rareStep(value: N | null, entry: number): N | null {
    const own = this.read(entry);
    switch (this.input.steps[entry]) {
      case SET:
        return own;
      case RETRACT:
        return own === null ? value : this.retract(value, own);
      case SET_RETRACT:
        return own === null ? null : this.retract(own, own);
      case CLEAR:
        return null;
      default:
        return value;
    }
  }

  private read(entry: number): N | null {
    const { input } = this;
    if (!isPresent(input, entry)) return null;
    return this.numbers.read(input.vectors[input.sources[entry]], input.rows[entry]);
  }
}

class Sum<N> extends NumberFold<N> {
  protected add(value: N, added: N): N | null {
    return this.numbers.add(value, added);
  }

  protected retract(value: N | null, retracted: N): N | null {
    return value === null ? this.numbers.negate(retracted) : this.numbers.subtract(value, retracted);
  }
}

class Product<N> extends NumberFold<N> {
  protected add(value: N, added: N): N | null {
    return this.numbers.multiply(value, added);
  }

  protected retract(value: N | null, retracted: N): N | null {
    return value === null ? null : this.numbers.divide(value, retracted);
  }
}

/** The fold of `sum`; the column is of numbers. */
export function sumFold(input: FoldInput): ColumnFold {
  return withArithmetic<ColumnFold>(input.field, (column) => new Sum(input, column));
}

/** The fold of `product`; the column is of numbers. */
export function productFold(input: FoldInput): ColumnFold {
  return withArithmetic<ColumnFold>(input.field, (column) => new Product(input, column));
}
