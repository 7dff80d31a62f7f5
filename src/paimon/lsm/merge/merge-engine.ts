// The merge function of a table.
import { TributaryError } from '../../../base/errors.ts';
import { tableOptions } from '../../schema/table-options.ts';
import type { TableSchema } from '../../schema/table-schema.ts';
import { deduplicate } from './deduplicate.ts';
import type { MergeFunction } from './merge-function.ts';

/** The merge function of the schema's engine. Throws `E3350` for engines that are not supported yet. */
export function mergeFunctionOf(schema: TableSchema, options: { readonly dropRetracts: boolean }): MergeFunction {
  requireSupportedEngine(schema);
  return deduplicate({ ignoreDelete: tableOptions(schema).ignoreDelete, dropRetracts: options.dropRetracts });
}

/** Throws `E3350` unless rows of the table can be merged. */
export function requireSupportedEngine(schema: TableSchema): void {
  const { mergeEngine } = tableOptions(schema);
  if (mergeEngine === 'deduplicate') return;
  throw new TributaryError('E3350', `merge engine is not supported yet: merge-engine=${mergeEngine}`);
}
