// Which entries of manifests a scan wants: by partition, bucket and level, and by what is known of single files where
// these may be left out one by one. Source: AbstractFileStoreScan, KeyValueFileStoreScan (format notes 04 section 4).
import type { EntrySelection } from '../commit/manifest-store.ts';
import { mayMeet, mayMeetAll, type PlainCondition } from '../format/condition.ts';
import { partitionTypes } from '../format/partition-path.ts';
import { bucketKey, partitionKey } from '../lsm/live-files.ts';
import type { BlockSpan } from '../meta/manifest-blocks.ts';
import type { ManifestFileMeta } from '../meta/manifest-entry.ts';
import type { ManifestRow } from '../meta/manifest-row.ts';
import { boundsOfStats } from '../meta/stats.ts';
import { writtenSchema } from '../lsm/written-columns.ts';
import { readableSchema, ROW_ID_FIELD } from '../schema/system-fields.ts';
import type { TableSchema } from '../schema/table-schema.ts';
import { type BucketTest, bucketTest } from './bucket-test.ts';
import { keysMayMeet, partitionMayMeet, valuesMayMeet } from './prune.ts';

/** Of a block that spans more buckets, each may be there. */
const BUCKETS_TRIED_MAX = 256;

/** What is wanted of a table. */
export interface WantedFiles {
  readonly schema: TableSchema;
  readonly where: readonly PlainCondition[];
  /** Buckets and levels that are visible. */
  readonly isVisible: (place: { readonly bucket: number; readonly level: number }) => boolean;
  /** Whether a file may be left out for its values, whatever else its bucket holds. */
  readonly standAlone: boolean;
  /** Versions of the schema by id: what files of others hold is not judged. */
  readonly fileSchemas: ReadonlyMap<number, TableSchema>;
  /** The only buckets that are wanted, by `bucketKey`; all unless given. */
  readonly buckets?: ReadonlySet<string>;
}

/** The selection of a scan. It keeps what it has found of partitions, so one serves one scan. */
export class ScanSelection implements EntrySelection {
  readonly #wanted: WantedFiles;
  readonly #readable: TableSchema;
  readonly #hasBucket: BucketTest;
  readonly #partitions = new Map<string, boolean>();
  #last: { readonly partition: Uint8Array; readonly verdict: boolean } | null = null;

  constructor(wanted: WantedFiles) {
    this.#wanted = wanted;
    this.#readable = readableSchema(wanted.schema);
    this.#hasBucket = bucketTest(wanted.schema, wanted.where);
  }

  hasBlock({ partitions, minBucket, maxBucket, totalBuckets }: BlockSpan): boolean {
    if (this.#wanted.where.length === 0) return true;
    if (partitions !== null && !partitions.some((partition) => this.#hasPartition(partition))) return false;
    if (totalBuckets === null || maxBucket - minBucket >= BUCKETS_TRIED_MAX) return true;
    for (let bucket = minBucket; bucket <= maxBucket; bucket++) {
      if (this.#hasBucket(bucket, totalBuckets)) return true;
    }
    return false;
  }

  hasPlace(row: ManifestRow): boolean {
    const { where, isVisible, buckets } = this.#wanted;
    const { bucket, level } = row;
    if (!isVisible({ bucket, level })) return false;
    if (where.length === 0) return true;
    if (!this.#hasBucket(bucket, row.totalBuckets)) return false;
    const { partition } = row;
    return this.#hasPartition(partition) && buckets?.has(bucketKey(partition, bucket)) !== false;
  }

  hasFile(row: ManifestRow): boolean {
    const { schema, where, standAlone, fileSchemas } = this.#wanted;
    if (where.length === 0) return true;
    if (!keysMayMeet(row, where, schema)) return false;
    const file = standAlone ? fileSchemas.get(row.schemaId) : undefined;
    return file === undefined || valuesMayMeet(row, where, { read: this.#readable, file: writtenSchema(file, row) });
  }

  #hasPartition(partition: Uint8Array): boolean {
    const { schema, where } = this.#wanted;
    if (schema.partitionKeys.length === 0) return true;
    if (this.#last?.partition === partition) return this.#last.verdict;
    const key = partitionKey(partition);
    const verdict = this.#partitions.get(key) ?? partitionMayMeet(partition, where, schema);
    this.#partitions.set(key, verdict);
    this.#last = { partition, verdict };
    return verdict;
  }
}

/** Whether partitions and ids of rows within the bounds of a manifest's may meet the conditions. */
export function manifestMayMeet(
  { partitionStats, numAddedFiles, numDeletedFiles, minRowId, maxRowId }: ManifestFileMeta,
  where: readonly PlainCondition[],
  schema: TableSchema,
): boolean {
  const { partitionKeys } = schema;
  if (minRowId !== null && maxRowId !== null && !rowIdsMayMeet(minRowId, maxRowId, where)) return false;
  if (where.length === 0 || partitionKeys.length === 0) return true;
  const bounds = boundsOfStats(partitionTypes(schema), partitionStats, numAddedFiles + numDeletedFiles);
  return mayMeetAll(where, (condition) => {
    const place = partitionKeys.indexOf(condition.column);
    return place < 0 || mayMeet(condition, bounds[place]);
  });
}

function rowIdsMayMeet(min: bigint, max: bigint, where: readonly PlainCondition[]): boolean {
  const bounds = { min, max, nullCount: 0n, rowCount: Number(max - min) + 1 };
  return mayMeetAll(where, (condition) => condition.column !== ROW_ID_FIELD.name || mayMeet(condition, bounds));
}
