// What keeps files and snapshots of a table from being removed: tags, consumers, and the names that snapshots use.
// Source: TagManager, ConsumerManager, FileDeletionBase (format notes 01 section 7, 06 sections 1 and 2).
import { isJsonObject, parseJson } from '../../base/json-text.ts';
import { isTributaryError, TributaryError } from '../../base/errors.ts';
import type { FileStore } from '../../storage/file-store.ts';
import { prefixedFiles } from '../../storage/prefixed-entries.ts';
import type { ManifestStore } from '../commit/manifest-store.ts';
import type { SnapshotStore } from '../commit/snapshot-store.ts';
import type { Snapshot } from '../meta/snapshot.ts';
import type { TablePaths, BucketPaths } from '../meta/table-paths.ts';
import { parseTag, type StoredTag } from '../meta/tag-json.ts';
import type { SchemaStore } from '../schema/schema-store.ts';
import type { TableSchema } from '../schema/table-schema.ts';
import type { ManifestEntry, ManifestFileMeta } from '../meta/manifest-entry.ts';

const TAG_PREFIX = 'tag-';
const CONSUMER_PREFIX = 'consumer-';

/** A table or branch, with what its history is kept in. */
export interface History {
  readonly store: FileStore;
  readonly paths: TablePaths;
  readonly schemas: SchemaStore;
  readonly snapshots: SnapshotStore;
  readonly manifests: ManifestStore;
  /** The latest. */
  readonly schema: TableSchema;
}

/** A tag and the snapshot that it keeps. */
export interface Tag extends StoredTag {
  readonly name: string;
}

/** The names of the tags below a directory `tag`, in no particular order. */
export async function tagNames(store: FileStore, tagDirectory: string): Promise<readonly string[]> {
  return (await prefixedFiles(store, tagDirectory, TAG_PREFIX)).map(({ name }) => name);
}

/** The tags below a directory `tag`, by snapshot id, oldest first. Throws E3102 for one that cannot be read. */
export async function readTags(store: FileStore, tagDirectory: string): Promise<readonly Tag[]> {
  const tags: Tag[] = [];
  for (const name of await tagNames(store, tagDirectory)) {
    const bytes = await unlessGone(() => store.read(`${tagDirectory}/${TAG_PREFIX}${name}`));
    if (bytes !== null) tags.push({ name, ...parseTag(new TextDecoder().decode(bytes)) });
  }
  return tags.sort((a, b) => (a.snapshot.id < b.snapshot.id ? -1 : 1));
}

/** The snapshots that consumers below a directory `consumer` read next. Throws E3102 for one that cannot be read. */
export async function readConsumers(store: FileStore, consumerDirectory: string): Promise<ReadonlyMap<string, bigint>> {
  const consumers = new Map<string, bigint>();
  for (const { name, path } of await prefixedFiles(store, consumerDirectory, CONSUMER_PREFIX)) {
    const bytes = await unlessGone(() => store.read(path));
    if (bytes !== null) consumers.set(name, nextSnapshotOf(bytes, path));
  }
  return consumers;
}

/** Paths of an entry's data file and what belongs to it; none for a file outside the store. */
export function ownFiles(buckets: BucketPaths, { partition, bucket, file }: ManifestEntry): readonly string[] {
  return file.externalPath === null ? buckets.filesOf(partition, bucket, file) : [];
}

/** Calls `read`; null if what it reads is gone. */
export async function unlessGone<T>(read: () => Promise<T>): Promise<T | null> {
  try {
    return await read();
  } catch (error) {
    if (isTributaryError(error, 'E3001')) return null;
    throw error;
  }
}

/** Names of files beside the data files, by where they are. */
export interface MetadataNames {
  /** Below `manifest/`: manifests, manifest lists, index manifests. */
  readonly manifests: ReadonlySet<string>;
  /** Index files. */
  readonly indexes: ReadonlySet<string>;
  /** Below `statistics/`. */
  readonly statistics: ReadonlySet<string>;
}

/**
 * Everything beside data and changelog files that a snapshot names. Throws E3001 if a list of its state is gone; that of
 * its changes may be, as a tag does not keep them.
 */
export async function metadataNamesOf(snapshot: Snapshot, manifests: ManifestStore): Promise<MetadataNames> {
  const names = new Set<string>();
  for (const list of listsOf(snapshot)) {
    names.add(list);
    const read = (): Promise<readonly ManifestFileMeta[]> => manifests.readList(list);
    const named = list === snapshot.changelogManifestList ? ((await unlessGone(read)) ?? []) : await read();
    for (const manifest of named) names.add(manifest.fileName);
  }
  if (snapshot.indexManifest !== null) names.add(snapshot.indexManifest);
  const indexes = new Set((await manifests.indexEntriesOf(snapshot)).map((entry) => entry.fileName));
  return { manifests: names, indexes, statistics: new Set(snapshot.statistics === null ? [] : [snapshot.statistics]) };
}

/** The manifest lists that a snapshot names. */
export function listsOf(snapshot: Snapshot): readonly string[] {
  const { baseManifestList, deltaManifestList, changelogManifestList } = snapshot;
  return [baseManifestList, deltaManifestList, ...(changelogManifestList === null ? [] : [changelogManifestList])];
}

function nextSnapshotOf(bytes: Uint8Array, path: string): bigint {
  try {
    const json = parseJson(new TextDecoder().decode(bytes));
    const next = isJsonObject(json) ? json['nextSnapshot'] : undefined;
    if (typeof next === 'number' || typeof next === 'bigint') return BigInt(next);
  } catch (error) {
    throw new TributaryError('E3102', `consumer is not JSON: path=${path}`, { cause: error });
  }
  throw new TributaryError('E3102', `consumer has no next snapshot: path=${path}`);
}
