// Hash index files: the hashes of the keys of one dynamic bucket, 32-bit big-endian, nothing else. Source: HashIndexFile,
// IntFileUtils (format notes 03 section 7).
import { TributaryError } from '../../base/errors.ts';
import type { FileStore } from '../../storage/file-store.ts';
import type { IndexManifestEntry } from '../meta/manifest-entry.ts';

/** The type of these files in index manifests. */
export const HASH_INDEX = 'HASH';

const HASH_SIZE = 4;

/** The bytes of an index file. */
export function encodeHashes(hashes: Int32Array): Uint8Array {
  const bytes = new Uint8Array(HASH_SIZE * hashes.length);
  const view = new DataView(bytes.buffer);
  for (const [index, hash] of hashes.entries()) view.setInt32(HASH_SIZE * index, hash);
  return bytes;
}

/** The hashes of an index file. Throws `E3311` if it is not what its entry says. */
export async function readHashes(
  store: FileStore,
  path: string,
  entry: Pick<IndexManifestEntry, 'rowCount'>,
): Promise<Int32Array> {
  const bytes = await store.read(path);
  if (bytes.length !== HASH_SIZE * entry.rowCount) {
    throw new TributaryError(
      'E3311',
      `hash index has another size than its entry says: path=${path} keys=${entry.rowCount} size=${bytes.length}`,
    );
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Int32Array.from({ length: entry.rowCount }, (_, index) => view.getInt32(HASH_SIZE * index));
}
