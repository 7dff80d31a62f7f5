// What mirrors do by default when the columns of a source table change.
import type { EvolutionPolicy } from '../../src/mapping/evolve.ts';

/** The defaults of `sources.NAME.schema`. */
export const EVOLVES: EvolutionPolicy = {
  onChange: 'evolve',
  addColumn: 'apply',
  dropColumn: 'keep',
  renameColumn: 'apply',
  widenType: 'apply',
  narrowType: 'new_column',
};
