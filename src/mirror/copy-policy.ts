// Which lake tables can be copied anew, and how (docs/design/0003-first-copies.md).
import { tableOptions } from '../paimon/schema/table-options.ts';
import type { TableSchema } from '../paimon/schema/table-schema.ts';

/**
 * Whether what is written last is what a table shows: then a copy may go over the rows that are there, and these can be
 * read all the time. Others are emptied first.
 */
export function isCopiedInPlace(schema: TableSchema): boolean {
  const { mergeEngine, sequenceFields } = tableOptions(schema);
  return mergeEngine === 'deduplicate' && sequenceFields.length === 0;
}

/** Whether others write columns of its rows: no copy of ours would bring these back. */
export function isWrittenByOthers(schema: TableSchema): boolean {
  return tableOptions(schema).mergeEngine === 'partial-update';
}
