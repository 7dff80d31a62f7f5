// The keys that a table holds and where they are: what an index of them is made from. Source: IndexBootstrap.
import type { PartitionTest } from '../format/partition-spec.ts';
import type { KeysAt } from '../lsm/cross-partition-buckets.ts';
import { tableLayout } from '../lsm/key-value-file.ts';
import { keyRowOrder } from '../lsm/key-values.ts';
import { bucketKey } from '../lsm/live-files.ts';
import type { ManifestEntry } from '../meta/manifest-entry.ts';
import { deletionFilesByBucket, type PlanSource } from './plan.ts';
import { fieldOf } from './predicate.ts';
import { readSplit, type ReadSource } from './read.ts';
import { type SplitFiles, splitFiles } from './split-files.ts';

/** Which keys to give; all unless given. */
export interface PresentKeysOptions {
  /** Leaves files out that are read together where all of them are older, in the time of `DataFileMeta.creationTimeMs`. */
  readonly createdFromMs?: number | undefined;
  readonly inPartition?: PartitionTest;
}

/**
 * The keys of the rows of a state, level 0 included also where reads pass it by, bucket by bucket, in batches of bounded
 * size. Throws what a read throws.
 */
export async function* readPresentKeys(
  source: PlanSource & ReadSource,
  options: PresentKeysOptions,
): AsyncGenerator<KeysAt> {
  const { schema, snapshot, manifests } = source;
  if (snapshot === null) return;
  const fields = schema.primaryKeys.map((name) => fieldOf(name, schema.fields));
  const order = keyRowOrder(tableLayout(schema));
  const indexEntries = snapshot.indexManifest === null ? [] : await manifests.readIndex(snapshot.indexManifest);
  const deletionFilesOf = deletionFilesByBucket(source, indexEntries);
  const live = (await manifests.liveEntriesOf(snapshot)).filter(
    (entry) => entry.bucket >= 0 && options.inPartition?.(entry.partition) !== false,
  );
  for (const entries of Map.groupBy(live, (entry) => bucketKey(entry.partition, entry.bucket)).values()) {
    const [{ partition, bucket }] = entries;
    const files = entries.map((entry: ManifestEntry) => entry.file);
    const deletionFiles = deletionFilesOf(entries[0]);
    for (const group of splitFiles(files, { kind: 'merge', order })) {
      if (!isYoung(group, options)) continue;
      const split = { partition, bucket, ...group, deletionFiles };
      const scan = { plan: { snapshot, schema, fields, splits: [split] }, options: {} };
      for await (const { rowCount, columns } of readSplit(source, split, scan)) {
        yield { partition, bucket, rowCount, columns };
      }
    }
  }
}

function isYoung({ files }: SplitFiles, { createdFromMs }: PresentKeysOptions): boolean {
  if (createdFromMs === undefined) return true;
  return files.some(({ creationTimeMs }) => (creationTimeMs ?? Number.POSITIVE_INFINITY) >= createdFromMs);
}
