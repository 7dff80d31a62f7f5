// From the aggregate function of a column to the fold that carries it out.
import type { Aggregate, AggregateFunction } from '../../schema/aggregate.ts';
import { collectFold, mergeMapFold, mergeTimedMapFold } from './collection-folds.ts';
import { type ColumnFold, type FoldFactory, type FoldInput, KEEP, RETRACT, SET, SET_RETRACT } from './column-fold.ts';
import { nestedPartialUpdateFold, nestedUpdateFold } from './nested-folds.ts';
import { productFold, sumFold } from './number-folds.ts';
import { PICKS } from './pick-folds.ts';
import { textListFold } from './text-folds.ts';
import { bitmap32Fold, bitmap64Fold, hllSketchFold, thetaSketchFold } from './union-folds.ts';

/** Makes the fold of a column that has the aggregate. */
type AggregateFold = (input: FoldInput, aggregate: Aggregate) => ColumnFold;

const FOLDS: Readonly<Record<AggregateFunction, AggregateFold>> = {
  ...PICKS,
  sum: sumFold,
  product: productFold,
  listagg: textListFold,
  collect: collectFold,
  merge_map: mergeMapFold,
  merge_map_with_keytime: mergeTimedMapFold,
  nested_update: nestedUpdateFold,
  nested_partial_update: nestedPartialUpdateFold,
  rbm32: bitmap32Fold,
  rbm64: bitmap64Fold,
  hll_sketch: hllSketchFold,
  theta_sketch: thetaSketchFold,
};

/** The fold of a column's aggregate function. */
export function aggregateFold(aggregate: Aggregate): FoldFactory {
  const fold = FOLDS[aggregate.function];
  if (!aggregate.ignoreRetract) return (input) => fold(input, aggregate);
  return (input) => fold({ ...input, steps: withoutRetracts(input.steps) }, aggregate);
}

/** `ignore-retract` */
function withoutRetracts(steps: Uint8Array): Uint8Array {
  return steps.map((step) => (step === RETRACT ? KEEP : step === SET_RETRACT ? SET : step));
}
