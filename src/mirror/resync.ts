// Copying a table anew that is mirrored already: whether it can be done in place, and how it begins
// (docs/design/0003-first-copies.md).
import { TributaryError } from '../base/errors.ts';
import { tableOptions } from '../paimon/schema/table-options.ts';
import type { TableSchema } from '../paimon/schema/table-schema.ts';
import type { MirroredTable } from './mirrored-table.ts';
import { COPY_BEGINS, type CopyProgress } from './table-copy.ts';

/**
 * Whether what is written last is what a table shows: then a copy may go over the rows that are there, and these can be
 * read all the time. Others are emptied first.
 */
export function isCopiedInPlace(schema: TableSchema): boolean {
  const { mergeEngine, sequenceFields } = tableOptions(schema);
  return mergeEngine === 'deduplicate' && sequenceFields.length === 0;
}

/**
 * Where a copy of the table begins that is to replace what the lake has, with everything so far committed. Throws `E1303`
 * for tables of which others write columns.
 */
export async function resyncProgress(table: MirroredTable): Promise<CopyProgress> {
  const { schema, committer, tablePath } = table;
  if (tableOptions(schema).mergeEngine === 'partial-update') {
    throw new TributaryError(
      'E1303',
      `table with merge-engine=partial-update cannot be copied anew: table=${tablePath}`,
    );
  }
  // Others may have written to it.
  await committer.refresh();
  const stale = committer.liveEntries().reduce((most, { file }) => {
    return file.maxSequenceNumber > most ? file.maxSequenceNumber : most;
  }, 0n);
  return { ...COPY_BEGINS, stale };
}
