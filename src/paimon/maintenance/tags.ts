// Tags: names for snapshots, which keep their files when they expire. Source: TagManager, TagDeletion, TagTimeExpire
// (format notes 01 section 7, 06 sections 2 and 5).
import { TributaryError } from '../../base/errors.ts';
import type { ManifestEntry } from '../meta/manifest-entry.ts';
import type { Snapshot } from '../meta/snapshot.ts';
import { bucketPathsOf } from '../meta/table-paths.ts';
import { parseTag, tagToJson, type TagLife } from '../meta/tag-json.ts';
import { changeNamesOf } from './changelogs.ts';
import { deleteFiles } from './delete-files.ts';
import {
  type History,
  type MetadataNames,
  metadataNamesOf,
  readTags,
  type Tag,
  unlessGone,
  ownFiles,
} from './references.ts';
import { namesOfOtherBranches } from './used-names.ts';
import { changesIn } from '../scan/changelog.ts';

/** What a tag is made of. */
export interface NewTag {
  readonly name: string;
  readonly snapshot: Snapshot;
  /** Null for a tag that stays until it is deleted. */
  readonly life: TagLife | null;
}

/** The tag of that name, or null. Throws `E3102`, `E3408` for a name that is not allowed. */
async function readTag({ store, paths }: Pick<History, 'store' | 'paths'>, name: string): Promise<Tag | null> {
  const bytes = await unlessGone(() => store.read(paths.tag(checkedName(name))));
  return bytes === null ? null : { name, ...parseTag(new TextDecoder().decode(bytes)) };
}

/** Throws `E3407` if there is a tag of that name, `E3408` for a name that is not allowed. */
export async function createTag({ store, paths }: History, tag: NewTag): Promise<void> {
  const created = await store.create(paths.tag(checkedName(tag.name)), bytesOf(tag));
  if (!created) throw new TributaryError('E3407', `tag exists: table=${paths.metaRoot} tag=${tag.name}`);
}

/** Makes a tag unless there is one of that name. Throws `E3408` for a name that is not allowed. */
export async function createTagUnlessThere({ store, paths }: History, tag: NewTag): Promise<void> {
  await store.create(paths.tag(checkedName(tag.name)), bytesOf(tag));
}

/** Lets a tag keep another snapshot. Throws `E3404` if there is no such tag. The files that it kept stay. */
export async function replaceTag(history: History, tag: NewTag): Promise<void> {
  await requireTag(history, tag.name);
  await history.store.replace(history.paths.tag(tag.name), bytesOf(tag));
}

/** Throws `E3404` if there is no such tag, `E3407` if there is one of the new name, `E3408`. */
export async function renameTag(history: History, from: string, to: string): Promise<void> {
  const { store, paths } = history;
  const tag = await requireTag(history, from);
  // Under both names for a moment, so that at no time nothing keeps the files.
  const created = await store.create(paths.tag(checkedName(to)), bytesOf(tag));
  if (!created) throw new TributaryError('E3407', `tag exists: table=${paths.metaRoot} tag=${to}`);
  await store.delete(paths.tag(from));
}

/**
 * Deletes a tag; false if there is none of that name. Where its snapshot has expired, the files that only the tag has
 * kept go with it; after an error some of them may be left (see `removeOrphans`).
 */
export async function deleteTag(history: History, name: string): Promise<boolean> {
  const tag = await readTag(history, name);
  if (tag === null) return false;
  const { store, paths, snapshots } = history;
  const { id } = tag.snapshot;
  const others = (await readTags(store, paths.tagDirectory)).filter((other) => other.name !== name);
  const isKept = (await snapshots.exists(id)) || others.some((other) => other.snapshot.id === id);
  // What is to go is looked up while the tag is still there.
  const files = isKept ? [] : await filesOnlyOf(history, tag.snapshot, others);
  await store.delete(paths.tag(name));
  await deleteFiles(store, files);
  return true;
}

/** Deletes the tags whose time is over; gives their names. */
export async function expireTags(history: History, nowMs: number): Promise<readonly string[]> {
  const tags = await readTags(history.store, history.paths.tagDirectory);
  const over = tags.filter(({ life }) => life !== null && nowMs > life.createdMs + life.retainedMs);
  for (const { name } of over) await deleteTag(history, name);
  return over.map(({ name }) => name);
}

/** The files of an expired snapshot that its nearest neighbours do not have: those live through neighbours. */
async function filesOnlyOf(history: History, snapshot: Snapshot, tags: readonly Tag[]): Promise<readonly string[]> {
  const { manifests, paths } = history;
  const keepers = await neighboursOf(history, snapshot, tags);
  const elsewhere = await namesOfOtherBranches(history, paths);
  const buckets = bucketPathsOf(paths.root, history.schema);
  const pathsOf = (entry: ManifestEntry): readonly string[] => ownFiles(buckets, entry);
  const kept = new Set<string>();
  const keptNames: MetadataNames[] = [];
  if ((await history.store.stat(paths.changelog(snapshot.id))) !== null) {
    keptNames.push(await changeNamesOf(snapshot, changesIn(history.schema), manifests));
  }
  for (const keeper of keepers) {
    for (const entry of await manifests.liveEntriesOf(keeper)) for (const path of pathsOf(entry)) kept.add(path);
    keptNames.push(await metadataNamesOf(keeper, manifests));
  }
  const names = await unlessGone(() => metadataNamesOf(snapshot, manifests));
  const entries = await unlessGone(() => manifests.liveEntriesOf(snapshot));
  // Without its lists nobody knows what it named: better left over than lost.
  if (names === null || entries === null) return [];
  const only = (kind: keyof MetadataNames): readonly string[] =>
    [...names[kind]].filter((name) => !elsewhere.has(name) && !keptNames.some((keeper) => keeper[kind].has(name)));
  return [
    ...entries
      .filter(({ file }) => !elsewhere.has(file.fileName))
      .flatMap(pathsOf)
      .filter((path) => !kept.has(path)),
    ...only('manifests').map((name) => paths.manifest(name)),
    ...only('indexes').map((name) => paths.index(name)),
    ...only('statistics').map((name) => paths.statistics(name)),
  ];
}

/** The next older tag, and the next younger of tags and snapshots. */
async function neighboursOf(
  { snapshots }: History,
  { id }: Snapshot,
  tags: readonly Tag[],
): Promise<readonly Snapshot[]> {
  const older = tags.findLast((tag) => tag.snapshot.id < id)?.snapshot;
  const tagAfter = tags.find((tag) => tag.snapshot.id > id)?.snapshot;
  const earliest = (await snapshots.earliest()) ?? undefined;
  const younger = earliest !== undefined && tagAfter !== undefined && tagAfter.id < earliest.id ? tagAfter : earliest;
  return [older, younger ?? tagAfter].filter((snapshot) => snapshot !== undefined);
}

/** The tag of that name. Throws `E3404` if there is none, `E3408` for a name that is not allowed. */
export async function requireTag(history: History, name: string): Promise<Tag> {
  const tag = await readTag(history, name);
  if (tag !== null) return tag;
  throw new TributaryError('E3404', `no such tag: table=${history.paths.metaRoot} tag=${name}`);
}

function bytesOf(tag: Pick<NewTag, 'snapshot' | 'life'>): Uint8Array {
  return new TextEncoder().encode(tagToJson(tag));
}

/** A name becomes part of a file's name. */
function checkedName(name: string): string {
  if (name.trim() !== '' && !/[/\\\p{Cc}]/u.test(name) && name.isWellFormed()) return name;
  throw new TributaryError('E3408', `tag name is refused: tag=${JSON.stringify(name)}`);
}
