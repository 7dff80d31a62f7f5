// What a directory holds under names that begin alike, as `tag-…` and `consumer-…`.
import type { FileStore } from './file-store.ts';

/** A file or directory with such a name. */
export interface PrefixedEntry {
  /** The name without its prefix. */
  readonly name: string;
  readonly path: string;
  readonly modifiedMs: number;
}

/** The files of a directory whose names have the prefix, by name; none where there is no directory. */
export function prefixedFiles(store: FileStore, directory: string, prefix: string): Promise<readonly PrefixedEntry[]> {
  return prefixed(store, directory, { prefix, directories: false });
}

/** The same for the directories in it. */
export function prefixedDirectories(
  store: FileStore,
  directory: string,
  prefix: string,
): Promise<readonly PrefixedEntry[]> {
  return prefixed(store, directory, { prefix, directories: true });
}

async function prefixed(
  store: FileStore,
  directory: string,
  { prefix, directories }: { readonly prefix: string; readonly directories: boolean },
): Promise<readonly PrefixedEntry[]> {
  const entries = await store.list(directory);
  return entries
    .filter(({ name, isDirectory }) => isDirectory === directories && name.startsWith(prefix))
    .map(({ name, modifiedMs }) => ({ name: name.slice(prefix.length), path: `${directory}/${name}`, modifiedMs }));
}
