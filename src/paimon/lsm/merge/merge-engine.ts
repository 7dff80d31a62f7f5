// The merge function of a table.
import { TributaryError } from '../../../base/errors.ts';
import { tableOptions } from '../../schema/table-options.ts';
import type { TableSchema } from '../../schema/table-schema.ts';
import type { KeyValueLayout } from '../key-values.ts';
import { deduplicate } from './deduplicate.ts';
import type { MergeFunction } from './merge-function.ts';
import { newestLevelOnly } from './newest-level.ts';

/** What a merge function is made for. */
export interface MergePurpose {
  /** The columns of the rows to merge. */
  readonly layout: KeyValueLayout;
  /** Keys whose row that is left is a retract are dropped: reads, and compactions that reach the oldest data. */
  readonly dropRetracts: boolean;
}

/** The merge function of the schema's engine. Throws `E3350` for engines that are not supported yet. */
export function mergeFunctionOf(schema: TableSchema, options: MergePurpose): MergeFunction {
  requireSupportedEngine(schema);
  const { ignoreDelete, needsLookup, mergeEngine } = tableOptions(schema);
  const merge = deduplicate({ ignoreDelete, dropRetracts: options.dropRetracts });
  return needsLookup && mergeEngine !== 'first-row' ? newestLevelOnly(merge) : merge;
}

/** Throws `E3350` unless rows of the table can be merged. */
export function requireSupportedEngine(schema: TableSchema): void {
  const { mergeEngine } = tableOptions(schema);
  if (mergeEngine === 'deduplicate') return;
  throw new TributaryError('E3350', `merge engine is not supported yet: merge-engine=${mergeEngine}`);
}
