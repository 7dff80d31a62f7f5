// What an overwrite takes away, and how its files come in. Source: FileStoreCommitImpl.overwritePartition, CommitScanner.
import { TributaryError } from '../../base/errors.ts';
import { type PartitionSpec, type PartitionTest, partitionTest } from '../format/partition-spec.ts';
import { bucketKey, partitionKey } from '../lsm/live-files.ts';
import { FILE_DELETE, type ManifestEntry } from '../meta/manifest-entry.ts';
import { BUCKET_POSTPONE, tableOptions } from '../schema/table-options.ts';
import type { TableSchema } from '../schema/table-schema.ts';
import { keyOrderOf } from './conflicts.ts';

/** DELETE entries of the live files of the partitions. Postponed files go only where all buckets are postponed. */
export function replacedFiles(
  live: readonly ManifestEntry[],
  replaces: PartitionTest,
  schema: TableSchema,
): readonly ManifestEntry[] {
  const isPostponeTable = tableOptions(schema).bucket === BUCKET_POSTPONE;
  const verdicts = new Map<string, boolean>();
  const goes = ({ partition, bucket }: ManifestEntry): boolean => {
    if (bucket < 0 && !isPostponeTable) return false;
    const key = partitionKey(partition);
    const verdict = verdicts.get(key) ?? replaces(partition);
    verdicts.set(key, verdict);
    return verdict;
  };
  return live.filter(goes).map((entry) => ({ ...entry, kind: FILE_DELETE }));
}

/**
 * The partitions that an overwrite with new files and a spec replaces: by default those that get files, whatever the
 * spec says; null for none. Throws `E3313` for files outside of the spec where that counts.
 */
export function replacedPartitions(
  schema: TableSchema,
  added: readonly ManifestEntry[],
  spec: PartitionSpec,
): PartitionTest | null {
  if (schema.partitionKeys.length > 0 && tableOptions(schema).dynamicPartitionOverwrite) {
    const written = new Set(added.map((entry) => partitionKey(entry.partition)));
    return written.size === 0 ? null : (partition) => written.has(partitionKey(partition));
  }
  const isMeant = partitionTest(schema, [spec]);
  const outside = added.find((entry) => !isMeant(entry.partition));
  if (outside === undefined) return isMeant;
  const { fileName } = outside.file;
  throw new TributaryError('E3313', `rows are outside of the partition that is overwritten: file=${fileName}`);
}

/**
 * New files of an overwrite as files of the highest level, bucket by bucket, where their keys do not overlap: nothing is
 * below them. Append tables have no levels.
 */
export function liftedFiles(added: readonly ManifestEntry[], schema: TableSchema): readonly ManifestEntry[] {
  const { overwriteUpgrade, levelCount } = tableOptions(schema);
  const order = keyOrderOf(schema);
  if (order === null || !overwriteUpgrade || added.some(({ bucket, file }) => bucket < 0 || file.level > 0))
    return added;
  const buckets = Map.groupBy(added, (entry) => bucketKey(entry.partition, entry.bucket));
  return [...buckets.values()].flatMap((entries) => {
    const files = entries.map((entry) => entry.file).sort((a, b) => order(a.minKey, b.minKey));
    const overlaps = files.some((file, index) => index > 0 && order(files[index - 1].maxKey, file.minKey) >= 0);
    return overlaps ? entries : entries.map((entry) => ({ ...entry, file: { ...entry.file, level: levelCount - 1 } }));
  });
}
