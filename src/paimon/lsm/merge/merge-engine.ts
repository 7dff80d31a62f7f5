// The merge function of a table.
import type { DataField } from '../../schema/data-type.ts';
import { partialUpdateOptions } from '../../schema/merge-options.ts';
import { tableOptions } from '../../schema/table-options.ts';
import type { TableSchema } from '../../schema/table-schema.ts';
import { aggregation } from './aggregation.ts';
import { deduplicate } from './deduplicate.ts';
import { firstRow } from './first-row.ts';
import type { MergeFunction, MergePurpose } from './merge-function.ts';
import { newestLevelOnly } from './newest-level.ts';
import { partialUpdate } from './partial-update.ts';

/** The merge function of the schema's engine. Throws `E3103` and `E3105` for options it cannot have. */
export function mergeFunctionOf(schema: TableSchema, purpose: MergePurpose): MergeFunction {
  const { needsLookup, mergeEngine } = tableOptions(schema);
  const merge = engineOf(schema, purpose);
  return needsLookup && mergeEngine !== 'first-row' ? newestLevelOnly(merge) : merge;
}

function engineOf(schema: TableSchema, purpose: MergePurpose): MergeFunction {
  const { mergeEngine, ignoreDelete } = tableOptions(schema);
  const { dropRetracts } = purpose;
  switch (mergeEngine) {
    case 'deduplicate':
      return deduplicate({ ignoreDelete, dropRetracts });
    case 'first-row':
      return firstRow({ ignoreDelete, dropRetracts });
    case 'aggregation':
      return aggregation(schema, purpose);
    case 'partial-update':
      return partialUpdate(schema, purpose);
  }
}

/**
 * The columns that a merge needs beside the key, the sequence fields of the table, and those wanted: the sequence fields
 * of their groups, and those that decide whether there is a row at all.
 */
export function mergeFields(schema: TableSchema, wanted: readonly DataField[]): readonly DataField[] {
  if (tableOptions(schema).mergeEngine !== 'partial-update') return [];
  const { groups, removeRecordOn } = partialUpdateOptions(schema);
  const names = groups.flatMap(({ sequenceFields, fields }) => {
    const isWanted = wanted.some(({ name }) => fields.includes(name) || sequenceFields.includes(name));
    return isWanted || sequenceFields.some((name) => removeRecordOn.includes(name)) ? sequenceFields : [];
  });
  return schema.fields.filter((field) => names.includes(field.name));
}
