// Removes long-lived changelogs whose time is over, with the files that only they name. Source: ExpireChangelogImpl,
// ChangelogDeletion (format notes 05 section 12, 06 section 1). A changelog's own file goes first, as a snapshot's does.
import type { FileStore } from '../../storage/file-store.ts';
import type { ManifestEntry } from '../meta/manifest-entry.ts';
import type { Snapshot, SnapshotId } from '../meta/snapshot.ts';
import { parseSnapshot } from '../meta/snapshot-json.ts';
import { bucketPathsOf } from '../meta/table-paths.ts';
import type { Retention } from '../schema/table-options.ts';
import { changeNamesOf } from './changelogs.ts';
import { deleteFiles } from './delete-files.ts';
import { type History, metadataNamesOf, readConsumers, readTags, unlessGone, ownFiles } from './references.ts';
import { changelogIds, changesIn } from '../scan/changelog.ts';

/** What may go. Counts are of changelogs and snapshots together. */
export interface ChangelogExpiry {
  readonly retention: Retention;
  readonly nowMs: number;
  /** Removes nothing, and tells what would go. Default false. */
  readonly dryRun?: boolean;
}

/** Removes what the settings let go, oldest first; gives the ids. After an error some files may be left as orphans. */
export async function expireChangelogs(history: History, expiry: ChangelogExpiry): Promise<readonly SnapshotId[]> {
  const { store, paths, snapshots } = history;
  const latest = await snapshots.latestId();
  if (latest === null) return [];
  const { countMin, countMax, timeMs } = expiry.retention;
  const consumers = [...(await readConsumers(store, paths.consumerDirectory)).values()];
  const end = [latest - BigInt(Math.max(1, countMin)) + 1n, ...consumers].reduce((a, b) => (a < b ? a : b));
  const over: { readonly id: SnapshotId; readonly changelog: Snapshot }[] = [];
  for (const id of await changelogIds(store, paths)) {
    const changelog = await readChangelog(store, paths.changelog(id));
    if (id >= end || changelog === null) break;
    if (id > latest - BigInt(countMax) && changelog.timeMillis >= expiry.nowMs - timeMs) break;
    over.push({ id, changelog });
  }
  if (expiry.dryRun !== true && over.length > 0) await removeAll(history, over);
  return over.map(({ id }) => id);
}

async function readChangelog(store: FileStore, path: string): Promise<Snapshot | null> {
  const bytes = await unlessGone(() => store.read(path));
  return bytes === null ? null : parseSnapshot(new TextDecoder().decode(bytes));
}

async function removeAll(
  history: History,
  over: readonly { readonly id: SnapshotId; readonly changelog: Snapshot }[],
): Promise<void> {
  const { store, paths } = history;
  const last = over.at(-1)?.id ?? 0n;
  await store.replace(paths.earliestChangelogHint, new TextEncoder().encode(String(last + 1n)));
  const kept = await keptPaths(history);
  for (const { id, changelog } of over) {
    const files = await filesOf(history, changelog);
    await store.delete(paths.changelog(id));
    await deleteFiles(
      store,
      files.filter((path) => !kept.has(path)),
    );
  }
}

/** The files that a changelog is read from. */
async function filesOf({ manifests, paths, schema }: History, changelog: Snapshot): Promise<readonly string[]> {
  const where = changesIn(schema);
  const names = await unlessGone(() => changeNamesOf(changelog, where, manifests));
  const entries = await unlessGone(() =>
    where === 'delta' ? manifests.deltaEntriesOf(changelog) : manifests.changelogEntriesOf(changelog),
  );
  // Without its lists nobody knows what it named: better left over than lost.
  if (names === null || entries === null) return [];
  return [...dataPaths({ paths, schema }, entries), ...[...names.manifests].map((name) => paths.manifest(name))];
}

/** What the oldest snapshot and the tags have: of what changelogs name, no other state has more. */
async function keptPaths(history: History): Promise<ReadonlySet<string>> {
  const { store, paths, snapshots, manifests } = history;
  const earliest = await snapshots.earliest();
  const tags = (await readTags(store, paths.tagDirectory)).map((tag) => tag.snapshot);
  const kept = new Set<string>();
  for (const snapshot of earliest === null ? tags : [earliest, ...tags]) {
    for (const path of dataPaths(history, await manifests.liveEntriesOf(snapshot))) kept.add(path);
    const names = await metadataNamesOf(snapshot, manifests);
    for (const name of names.manifests) kept.add(paths.manifest(name));
  }
  return kept;
}

function dataPaths(
  { paths, schema }: Pick<History, 'paths' | 'schema'>,
  entries: readonly ManifestEntry[],
): readonly string[] {
  const buckets = bucketPathsOf(paths.root, schema);
  return entries.flatMap((entry) => ownFiles(buckets, entry));
}
