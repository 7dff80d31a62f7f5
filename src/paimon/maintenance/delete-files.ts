// Deletes many files, some at a time.
import type { FileStore } from '../../storage/file-store.ts';

/** Files that are deleted at a time. */
const DELETES_MAX = 16;

/** Deletes the files; one that is not there is no error. After an error some are left. */
export async function deleteFiles(store: FileStore, paths: readonly string[]): Promise<void> {
  for (let index = 0; index < paths.length; index += DELETES_MAX) {
    await Promise.all(paths.slice(index, index + DELETES_MAX).map((path) => store.delete(path)));
  }
}
