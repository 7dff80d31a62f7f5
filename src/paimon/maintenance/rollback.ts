// Takes a table back to one of its snapshots or tags. Source: RollbackHelper (format notes 06 section 5); the snapshot of
// a tag is written first, so that the table has a state at every moment.
import { TributaryError } from '../../base/errors.ts';
import type { Snapshot } from '../meta/snapshot.ts';
import { snapshotToJson } from '../meta/snapshot-json.ts';
import { type History, readTags } from './references.ts';
import { requireTag } from './tags.ts';
import { changelogIds } from '../scan/changelog.ts';

/** The state that a table goes back to. */
export type RollbackTarget = { readonly snapshot: bigint } | { readonly tag: string };

/**
 * Removes the snapshots, long-lived changelogs and tags that are younger than the target; the files that only they name
 * are orphans then. Throws `E3404` (no such tag), `E3455` (no such snapshot, nor a tag of it).
 */
export async function rollback(history: History, target: RollbackTarget): Promise<void> {
  const { store, paths, snapshots } = history;
  const snapshot = await targetSnapshot(history, target);
  const bytes = new TextEncoder().encode(snapshotToJson(snapshot));
  const wasExpired = await store.create(paths.snapshot(snapshot.id), bytes);
  // Readers believe the hint as long as there is no snapshot after it.
  await snapshots.hint('LATEST', snapshot.id);
  const later = (await snapshots.ids()).filter((id) => id > snapshot.id);
  for (const id of later.toReversed()) await store.delete(paths.snapshot(id));
  if (wasExpired) await snapshots.hint('EARLIEST', snapshot.id);
  await removeChangelogs(history, snapshot);
  for (const tag of (await readTags(store, paths.tagDirectory)).toReversed()) {
    if (tag.snapshot.id > snapshot.id) await store.delete(paths.tag(tag.name));
  }
}

async function targetSnapshot(history: History, target: RollbackTarget): Promise<Snapshot> {
  if ('tag' in target) return (await requireTag(history, target.tag)).snapshot;
  const stored = await history.snapshots.readStored(target.snapshot);
  if (stored !== null) return stored.snapshot;
  const tags = await readTags(history.store, history.paths.tagDirectory);
  const tag = tags.find(({ snapshot }) => snapshot.id === target.snapshot);
  if (tag !== undefined) return tag.snapshot;
  throw new TributaryError('E3455', `snapshot is not there: ${history.snapshots.path(target.snapshot)}`);
}

/** Changelogs after the snapshot, which are there where it is that of a tag. */
async function removeChangelogs({ store, paths }: History, { id }: Snapshot): Promise<void> {
  const ids = await changelogIds(store, paths);
  const later = ids.filter((candidate) => candidate > id);
  if (later.length === 0) return;
  const last = ids.findLast((candidate) => candidate <= id) ?? -1n;
  await store.replace(paths.latestChangelogHint, new TextEncoder().encode(last.toString()));
  for (const candidate of later.toReversed()) await store.delete(paths.changelog(candidate));
}
