// Compares deletion vectors with what the index manifest says of them and with the data files that they are of.
import type { FileStore } from '../../storage/file-store.ts';
import { readDeletionVector } from '../lsm/deletion-vector.ts';
import type { DataFileMeta } from '../meta/data-file-meta.ts';
import type { IndexManifestEntry } from '../meta/manifest-entry.ts';

/** What is wrong with the vectors of an index file, in words; `live` are the data files of its bucket, by name. */
export async function deletionVectorProblems(
  store: FileStore,
  path: string,
  of: { readonly entry: IndexManifestEntry; readonly live: ReadonlyMap<string, DataFileMeta> },
): Promise<readonly string[]> {
  const problems: string[] = [];
  const { deletionVectorRanges, rowCount } = of.entry;
  const ranges = deletionVectorRanges ?? [];
  if (ranges.length !== rowCount) problems.push(`vectors recorded ${rowCount}, actual ${ranges.length}`);
  for (const { dataFileName, offset, length, cardinality } of ranges) {
    const rows = await readDeletionVector(store, { path, offset, length });
    if (cardinality !== null && cardinality !== BigInt(rows.length)) {
      problems.push(`deleted rows of ${dataFileName} recorded ${cardinality}, actual ${rows.length}`);
    }
    const file = of.live.get(dataFileName);
    // Full compactions of the reference leave vectors behind of files that they have written again: they delete nothing.
    if (file !== undefined && rows.length > 0 && rows[rows.length - 1] >= file.rowCount) {
      problems.push(`deletes row ${rows[rows.length - 1]} of ${dataFileName}, which has ${file.rowCount}`);
    }
  }
  return problems;
}
