// Consumers: how far a reader of a table's changes has come, in `consumer/consumer-<id>`; what it still has to read does
// not expire. Source: ConsumerManager (format notes 01 section 7).
import { TributaryError } from '../../base/errors.ts';
import type { FileStore } from '../../storage/file-store.ts';
import { prefixedFiles } from '../../storage/prefixed-entries.ts';
import { isFileName } from '../meta/file-name.ts';
import type { TablePaths } from '../meta/table-paths.ts';

/** Where the consumers of a table (or branch) are. */
export interface ConsumerPlace {
  readonly store: FileStore;
  readonly paths: TablePaths;
}

const PREFIX = 'consumer-';

/** Lets a consumer go on with that snapshot; it is made where there is none. Throws `E3241` for an id that is no name. */
export async function resetConsumer({ store, paths }: ConsumerPlace, id: string, nextSnapshot: bigint): Promise<void> {
  const text = `{\n  "nextSnapshot" : ${nextSnapshot}\n}`;
  await store.replace(paths.consumer(checkedId(id)), new TextEncoder().encode(text));
}

/** Removes a consumer; no error where there is none. Throws `E3241`. */
export async function deleteConsumer({ store, paths }: ConsumerPlace, id: string): Promise<void> {
  await store.delete(paths.consumer(checkedId(id)));
}

/** Removes the consumers that have not moved since a time, in milliseconds since the epoch; gives their ids. */
export async function expireConsumers(
  { store, paths }: ConsumerPlace,
  olderThanMs: number,
): Promise<readonly string[]> {
  const expired: string[] = [];
  for (const { name, path, modifiedMs } of await prefixedFiles(store, paths.consumerDirectory, PREFIX)) {
    if (modifiedMs >= olderThanMs) continue;
    await store.delete(path);
    expired.push(name);
  }
  return expired;
}

function checkedId(id: string): string {
  if (id.trim() !== '' && isFileName(id)) return id;
  throw new TributaryError('E3241', `consumer id is refused: id=${JSON.stringify(id)}`);
}
