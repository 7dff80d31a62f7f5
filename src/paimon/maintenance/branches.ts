// Branches of a table: schemas, snapshots and tags of their own over files that they share. Source:
// FileSystemBranchManager (format notes 06 section 5), with an order of writes and deletes that leaves a table and a
// branch that can be read, wherever the process ends; each operation can be done again.
import { TributaryError } from '../../base/errors.ts';
import { SnapshotStore } from '../commit/snapshot-store.ts';
import type { Snapshot, SnapshotId } from '../meta/snapshot.ts';
import { snapshotToJson } from '../meta/snapshot-json.ts';
import { MAIN_BRANCH, TablePaths } from '../meta/table-paths.ts';
import { SchemaStore } from '../schema/schema-store.ts';
import { type History, readTags } from './references.ts';
import { requireTag } from './tags.ts';
import { branchDirectories } from '../meta/branch-directories.ts';

/** The names of a table's branches, sorted; `main` is not one of them, nor is one that is being made. */
export async function branchNames({ store, paths }: Pick<History, 'store' | 'paths'>): Promise<readonly string[]> {
  const names: string[] = [];
  for (const { name } of await branchDirectories(store, paths)) {
    if ((await store.stat(new TablePaths(paths.root, name).schema(0))) !== null) names.push(name);
  }
  return names.sort();
}

/**
 * Makes a branch: an empty one, or one that starts with the state that a tag keeps. Throws `E3404` (no such tag),
 * `E3409` (there is such a branch), `E3410` (its name).
 */
export async function createBranch(history: History, name: string, fromTag: string | null): Promise<void> {
  const branch = await newBranchPaths(history, name);
  const { store } = history;
  let schemaId = history.schema.id;
  if (fromTag !== null) {
    const { snapshot } = await requireTag(history, fromTag);
    schemaId = snapshot.schemaId;
    await store.replace(branch.tag(fromTag), await store.read(history.paths.tag(fromTag)));
    await store.replace(branch.snapshot(snapshot.id), new TextEncoder().encode(snapshotToJson(snapshot)));
  }
  // The first schema comes last: without it the branch is not there yet.
  for (const { id } of (await history.schemas.all()).toReversed()) {
    if (id <= schemaId) await store.replace(branch.schema(id), await store.read(history.paths.schema(id)));
  }
}

/** Removes a branch; the files that only it names are orphans then. Throws `E3411` if there is no such branch. */
export async function deleteBranch(history: History, name: string): Promise<void> {
  await history.store.deleteDirectory((await branchPaths(history, name)).metaRoot);
}

/**
 * Puts the branch's history in the place of the table's from where the branch begins. Throws `E3411` (no such branch),
 * `E3412` (it has no snapshot).
 */
export async function fastForward(history: History, name: string): Promise<void> {
  const { store, paths } = history;
  const from = await branchPaths(history, name);
  if (from.metaRoot === paths.metaRoot) {
    throw new TributaryError('E3410', `branch cannot be moved to itself: branch=${name}`);
  }
  const snapshots = new SnapshotStore(store, from.metaRoot);
  const first = await snapshots.earliest();
  if (first === null) {
    throw new TributaryError('E3412', `branch has no snapshot: table=${paths.root} branch=${name}`);
  }
  await cutOff(history, first.id);
  // The state that both have in common, or the branch's first: from here on it is the latest of the table.
  await store.replace(paths.snapshot(first.id), await store.read(from.snapshot(first.id)));
  await history.snapshots.hint('LATEST', first.id);
  await takeSchemas(history, from, first);
  for (const tag of await readTags(store, from.tagDirectory)) {
    await store.replace(paths.tag(tag.name), await store.read(from.tag(tag.name)));
  }
  for (const id of (await snapshots.ids()).filter((candidate) => candidate > first.id)) {
    await store.replace(paths.snapshot(id), await store.read(from.snapshot(id)));
    await history.snapshots.hint('LATEST', id);
  }
}

/** Removes the table's snapshots after that id, the newest first, and the tags from it on. */
async function cutOff({ store, paths, snapshots }: History, firstId: SnapshotId): Promise<void> {
  await store.delete(paths.latestSnapshotHint);
  for (const { name, snapshot } of await readTags(store, paths.tagDirectory)) {
    if (snapshot.id >= firstId) await store.delete(paths.tag(name));
  }
  const later = (await snapshots.ids()).filter((id) => id > firstId);
  for (const id of later.toReversed()) await store.delete(paths.snapshot(id));
}

/** The table's schemas from that of the branch's first snapshot on become those of the branch. */
async function takeSchemas(history: History, from: TablePaths, first: Snapshot): Promise<void> {
  const { store, paths } = history;
  const own = (await history.schemas.all()).map(({ id }) => id);
  const taken = (await new SchemaStore(store, from.metaRoot).all()).map(({ id }) => id);
  const last = taken.at(-1) ?? first.schemaId;
  for (const id of own.toReversed()) if (id > last) await store.delete(paths.schema(id));
  for (const id of taken) {
    if (id >= first.schemaId) await store.replace(paths.schema(id), await store.read(from.schema(id)));
  }
  history.schemas.forget();
}

/** Throws `E3411`, `E3410`. */
async function branchPaths({ store, paths }: History, name: string): Promise<TablePaths> {
  const branch = new TablePaths(paths.root, checkedName(name));
  if ((await store.list(branch.metaRoot)).length > 0) return branch;
  throw new TributaryError('E3411', `no such branch: table=${paths.root} branch=${name}`);
}

async function newBranchPaths({ store, paths }: History, name: string): Promise<TablePaths> {
  const branch = new TablePaths(paths.root, checkedName(name));
  if ((await store.stat(branch.schema(0))) === null) return branch;
  throw new TributaryError('E3409', `branch exists: table=${paths.root} branch=${name}`);
}

/** A name becomes part of a directory's name; one of digits alone could not be told from a number. */
function checkedName(name: string): string {
  const isRefused = name.trim() === '' || name === MAIN_BRANCH || /^\p{Nd}+$|[/\\\p{Cc}]/u.test(name);
  if (!isRefused && name.isWellFormed()) return name;
  throw new TributaryError('E3410', `branch name is refused: branch=${JSON.stringify(name)}`);
}
