// From the aggregate function of a column to the fold that carries it out.
import { TributaryError } from '../../../base/errors.ts';
import type { Aggregate, AggregateFunction } from '../../schema/aggregate.ts';
import type { DataField } from '../../schema/data-type.ts';
import { type FoldFactory, KEEP, RETRACT, SET, SET_RETRACT } from './column-fold.ts';
import { productFold, sumFold } from './number-folds.ts';
import { PICKS } from './pick-folds.ts';

const FOLDS: ReadonlyMap<AggregateFunction, FoldFactory> = new Map<AggregateFunction, FoldFactory>([
  ...PICKS,
  ['sum', sumFold],
  ['product', productFold],
]);

/** The fold of a column's aggregate function. Throws `E3360` for functions that are not supported. */
export function aggregateFold(field: DataField, aggregate: Aggregate): FoldFactory {
  const factory = factoryOf(field, aggregate);
  return aggregate.ignoreRetract ? (input) => factory({ ...input, steps: withoutRetracts(input.steps) }) : factory;
}

function factoryOf(field: DataField, { function: name }: Aggregate): FoldFactory {
  const factory = FOLDS.get(name);
  if (factory !== undefined) return factory;
  throw new TributaryError('E3360', `aggregate function is not supported: column=${field.name} function=${name}`);
}

/** `ignore-retract` */
function withoutRetracts(steps: Uint8Array): Uint8Array {
  return steps.map((step) => (step === RETRACT ? KEEP : step === SET_RETRACT ? SET : step));
}
