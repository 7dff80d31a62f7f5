// What operators ask of tables is granted by a record of a checkpoint, with which the pipeline starts anew: copying a table
// in place (docs/design/0003-first-copies.md), pausing it, and following it again.
import { TributaryError } from '../base/errors.ts';
import type { Logger } from '../base/log.ts';
import type { TableKey } from '../change/table-key.ts';
import type { PausedTable } from '../checkpoint/checkpoint-record.ts';
import type { CheckpointPlace, Checkpoints, RecordChange } from './checkpoints.ts';
import type { Wish, WishKind } from './control.ts';
import { isWrittenByOthers } from './copy-policy.ts';
import type { MirroredTable } from './mirrored-table.ts';
import { COPY_BEGINS, type CopyMark, type CopyProgress } from './table-copy.ts';

/** What wishes are granted by. */
interface Granting {
  /** A complete checkpoint is there, and nothing but it. */
  readonly place: CheckpointPlace;
  readonly tables: ReadonlyMap<TableKey, MirroredTable>;
  readonly paused: readonly PausedTable[];
  readonly checkpoints: Checkpoints;
  readonly log: Logger;
}

interface Change extends RecordChange {
  readonly begun: Map<MirroredTable, CopyMark>;
  readonly paused: Set<MirroredTable>;
  readonly resumed: Set<PausedTable>;
}

/** Records what is asked for; the next run of the pipeline does it. False where there is nothing to do. */
export async function grantWishes(wishes: readonly Wish[], of: Granting): Promise<boolean> {
  const change: Change = { begun: new Map(), paused: new Set(), resumed: new Set() };
  const granted: Wish[] = [];
  for (const wish of wishes) {
    try {
      if (await addWish(wish, of, change)) granted.push(wish);
      else wish.granted();
    } catch (error) {
      wish.refused(error);
    }
  }
  if (granted.length === 0) return false;
  try {
    await of.checkpoints.recordChange(of.place, change);
  } catch (error) {
    for (const wish of granted) wish.refused(error);
    throw error;
  }
  for (const wish of granted) {
    of.log.info(TOLD[wish.kind], { table: wish.table });
    wish.granted();
  }
  return true;
}

const TOLD: Readonly<Record<WishKind, string>> = {
  resync: 'table is copied anew',
  pause: 'table is paused',
  resume: 'table is followed again',
};

/** False where it is so already. Throws `E6023` for a table that is not mirrored, and `E6024` where its state does not allow it. */
async function addWish({ kind, table: key }: Wish, of: Granting, change: Change): Promise<boolean> {
  const paused = of.paused.find(({ source }) => source === key);
  if (paused !== undefined) {
    if (kind === 'resync') throw new TributaryError('E6024', `the table is paused: resync table=${key}`);
    if (kind === 'resume') change.resumed.add(paused);
    return kind === 'resume';
  }
  const table = of.tables.get(key);
  if (table === undefined) throw new TributaryError('E6023', `no such table is mirrored: table=${key}`);
  // The next run tries a table again that has stopped.
  if (kind === 'resume') return table.error !== null;
  if (kind === 'resync') {
    change.begun.set(table, { ...(await resyncProgress(table)), place: of.place.position });
    return true;
  }
  if (!of.checkpoints.knowsCopy(table)) {
    throw new TributaryError('E6024', `the table has stopped within its copy: pause table=${key}`);
  }
  change.paused.add(table);
  return true;
}

/**
 * Where a copy of the table begins that is to replace what the lake has, with everything so far committed. Throws `E1303`
 * for tables of which others write columns.
 */
async function resyncProgress(table: MirroredTable): Promise<CopyProgress> {
  const { schema, committer, tablePath } = table;
  if (isWrittenByOthers(schema)) {
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
