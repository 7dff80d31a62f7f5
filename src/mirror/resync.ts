// Copying a table anew that is mirrored already: whether it can be done in place, and how it begins
// (docs/design/0003-first-copies.md).
import { TributaryError } from '../base/errors.ts';
import type { Logger } from '../base/log.ts';
import type { TableKey } from '../change/table-key.ts';
import { tableOptions } from '../paimon/schema/table-options.ts';
import type { TableSchema } from '../paimon/schema/table-schema.ts';
import type { CheckpointPlace, Checkpoints } from './checkpoints.ts';
import type { Wish } from './control.ts';
import type { MirroredTable } from './mirrored-table.ts';
import { COPY_BEGINS, type CopyMark, type CopyProgress } from './table-copy.ts';

/**
 * Whether what is written last is what a table shows: then a copy may go over the rows that are there, and these can be
 * read all the time. Others are emptied first.
 */
export function isCopiedInPlace(schema: TableSchema): boolean {
  const { mergeEngine, sequenceFields } = tableOptions(schema);
  return mergeEngine === 'deduplicate' && sequenceFields.length === 0;
}

/**
 * Records that the tables are copied anew, from this place on, where nothing but a complete checkpoint is; the next run of the
 * pipeline does it. False where there is nothing to do: all was refused.
 */
export async function recordResyncs(
  wishes: readonly Wish[],
  of: {
    readonly place: CheckpointPlace;
    readonly tables: ReadonlyMap<TableKey, MirroredTable>;
    readonly checkpoints: Checkpoints;
    readonly log: Logger;
  },
): Promise<boolean> {
  const marks = new Map<MirroredTable, CopyMark>();
  const begun: Wish[] = [];
  for (const wish of wishes) {
    try {
      const table = of.tables.get(wish.table);
      if (table === undefined) throw new TributaryError('E6023', `no such table is mirrored: table=${wish.table}`);
      marks.set(table, { ...(await resyncProgress(table)), place: of.place.position });
      begun.push(wish);
    } catch (error) {
      wish.refused(error);
    }
  }
  if (begun.length === 0) return false;
  try {
    await of.checkpoints.recordCopies(of.place, marks);
  } catch (error) {
    for (const wish of begun) wish.refused(error);
    throw error;
  }
  for (const wish of begun) {
    of.log.info('table is copied anew', { table: wish.table });
    wish.granted();
  }
  return true;
}

/**
 * Where a copy of the table begins that is to replace what the lake has, with everything so far committed. Throws `E1303`
 * for tables of which others write columns.
 */
async function resyncProgress(table: MirroredTable): Promise<CopyProgress> {
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
