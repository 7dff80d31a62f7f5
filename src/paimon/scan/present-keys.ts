// The rows that a table holds and where they are: what an index of its keys is made from (IndexBootstrap), and what is
// written anew when its buckets change.
import type { PartitionTest } from '../format/partition-spec.ts';
import type { KeysAt } from '../lsm/cross-partition-buckets.ts';
import { tableLayout } from '../lsm/key-value-file.ts';
import { keyRowOrder } from '../lsm/key-values.ts';
import { bucketKey } from '../lsm/live-files.ts';
import type { BinaryRowBytes } from '../meta/data-file-meta.ts';
import type { DataField } from '../schema/data-type.ts';
import { deletionFilesByBucket, type PlanSource } from './plan.ts';
import { fieldOf } from './predicate.ts';
import { readSplit, type ReadSource } from './read.ts';
import type { ReadBatch } from './scan.ts';
import { type SplitFiles, type SplitRule, splitFiles } from './split-files.ts';

/** Which rows to give; all unless given. */
export interface PresentRowsOptions {
  /** Leaves files out that are read together where all of them are older, in the time of `DataFileMeta.creationTimeMs`. */
  readonly createdFromMs?: number | undefined;
  readonly inPartition?: PartitionTest;
}

/** A batch of rows with the bucket that they are in. */
export interface RowsAt extends ReadBatch {
  readonly partition: BinaryRowBytes;
  readonly bucket: number;
}

/**
 * The keys of the rows of a state, level 0 included also where reads pass it by, bucket by bucket, in batches of bounded
 * size. Throws what a read throws.
 */
export function readPresentKeys(source: PlanSource & ReadSource, options: PresentRowsOptions): AsyncGenerator<KeysAt> {
  const { schema } = source;
  const fields = schema.primaryKeys.map((name) => fieldOf(name, schema.fields));
  return readPresentRows(source, fields, options);
}

/** The rows of a state as `readPresentKeys` finds them: those of postponed buckets are not present yet. */
export async function* readPresentRows(
  source: PlanSource & ReadSource,
  fields: readonly DataField[],
  options: PresentRowsOptions,
): AsyncGenerator<RowsAt> {
  const { schema, snapshot, manifests } = source;
  if (snapshot === null) return;
  const isKeyed = schema.primaryKeys.length > 0;
  const rule: SplitRule = isKeyed ? { kind: 'merge', order: keyRowOrder(tableLayout(schema)) } : { kind: 'append' };
  const indexEntries = await manifests.indexEntriesOf(snapshot);
  const deletionFilesOf = deletionFilesByBucket(source, indexEntries);
  const live = (await manifests.liveEntriesOf(snapshot)).filter(
    (entry) => entry.bucket >= 0 && options.inPartition?.(entry.partition) !== false,
  );
  for (const entries of Map.groupBy(live, (entry) => bucketKey(entry.partition, entry.bucket)).values()) {
    const [{ partition, bucket }] = entries;
    const files = entries.map((entry) => entry.file);
    const deletionFiles = deletionFilesOf(entries[0]);
    for (const group of splitFiles(files, rule)) {
      if (!isYoung(group, options)) continue;
      const split = { partition, bucket, ...group, deletionFiles };
      const scan = { plan: { snapshot, schema, fields, splits: [split] }, options: {} };
      for await (const batch of readSplit(source, split, scan)) yield { partition, bucket, ...batch };
    }
  }
}

function isYoung({ files }: SplitFiles, { createdFromMs }: PresentRowsOptions): boolean {
  if (createdFromMs === undefined) return true;
  return files.some(({ creationTimeMs }) => (creationTimeMs ?? Number.POSITIVE_INFINITY) >= createdFromMs);
}
