// Tables with dynamic buckets: gives written rows their buckets, and keeps the index files that say which key is where.
// One writer at a time: a second one would put keys that it has not seen into other buckets.
import type { Random } from '../../base/random.ts';
import type { FileStore } from '../../storage/file-store.ts';
import { createRowEncoder, type RowEncoder } from '../format/binary-row.ts';
import type { BinaryRowBytes } from '../meta/data-file-meta.ts';
import { FILE_ADD, type IndexManifestEntry } from '../meta/manifest-entry.ts';
import { tableOptions } from '../schema/table-options.ts';
import type { TableSchema } from '../schema/table-schema.ts';
import type { BucketAssigner } from './bucket-assigner.ts';
import { type FilePaths, filePaths } from './file-paths.ts';
import { encodeHashes, HASH_INDEX, readHashes } from './hash-index-file.ts';
import { tableLayout } from './key-value-file.ts';
import { bucketKey, partitionKey } from './live-files.ts';
import { withDefaults } from './null-values.ts';
import { type BucketLimits, PartitionBuckets } from './partition-buckets.ts';
import { partitionRows } from './row-places.ts';
import type { WriteBatch } from './write-batch.ts';

/** The index files of the table's latest snapshot. */
export type LatestIndex = () => Promise<readonly IndexManifestEntry[]>;

/** What the buckets of a table are kept with. */
export interface DynamicBucketsParts {
  readonly store: FileStore;
  readonly tablePath: string;
  readonly schema: TableSchema;
  readonly random: Random;
  readonly latestIndex: LatestIndex;
}

interface KnownPartition {
  readonly partition: BinaryRowBytes;
  readonly buckets: PartitionBuckets;
  /** Whether rows came since the index was written last. */
  isUsed: boolean;
}

/** The buckets of one table, for its one writer. Memory: the hashes of the partitions that are being written. */
export class DynamicBuckets implements BucketAssigner {
  private readonly parts: DynamicBucketsParts;
  private readonly paths: FilePaths;
  private readonly limits: BucketLimits;
  private readonly keyIndexes: readonly number[];
  private readonly keyEncoder: RowEncoder;
  private readonly partitions = new Map<string, KnownPartition>();
  /** The index files as of everything written, by bucket; null until they are asked for. */
  private entries: Map<string, IndexManifestEntry> | null = null;

  constructor(parts: DynamicBucketsParts) {
    const { schema, tablePath } = parts;
    const options = tableOptions(schema);
    this.parts = parts;
    this.paths = filePaths(tablePath, schema);
    this.limits = { targetRowCount: options.dynamicBucketTargetRowCount, bucketsMax: options.dynamicBucketsMax };
    this.keyIndexes = tableLayout(schema).keyIndexes;
    this.keyEncoder = createRowEncoder(this.keyIndexes.map((index) => schema.fields[index].type));
  }

  /** The batch with the bucket of each row. Throws `E3310`, `E3311`. */
  async assign(batch: WriteBatch): Promise<WriteBatch> {
    const { schema } = this.parts;
    const { rowCount } = batch;
    const columns = withDefaults(schema.fields, batch.columns);
    const { partitions, groups } = partitionRows(schema, { rowCount, columns });
    const known: PartitionBuckets[] = [];
    for (const partition of partitions) known.push(await this.bucketsOf(partition));
    const keys = this.keyIndexes.map((index) => columns[index]);
    const buckets = new Int32Array(rowCount);
    for (let row = 0; row < rowCount; row++) {
      const hash = this.keyEncoder.hashRow(keys, row);
      buckets[row] = known[groups[row]].assign(hash, this.limits, this.parts.random);
    }
    return { ...batch, buckets };
  }

  /**
   * Writes the index files of all buckets that got keys since the last call, and lets go of partitions that got no rows.
   * The files are durable; no snapshot names them.
   */
  async writeIndex(): Promise<readonly IndexManifestEntry[]> {
    const written: IndexManifestEntry[] = [];
    const uuid = this.parts.random.uuid();
    for (const [key, { partition, buckets, isUsed }] of this.partitions) {
      for (const [bucket, hashes] of buckets.takeChanged()) {
        written.push(await this.writeFile(`index-${uuid}-${written.length}`, { partition, bucket }, hashes));
      }
      if (!isUsed) this.partitions.delete(key);
    }
    for (const entry of written) this.entries?.set(bucketKey(entry.partition, entry.bucket), entry);
    for (const known of this.partitions.values()) known.isUsed = false;
    return written;
  }

  /** The table is emptied: nothing of what it held counts. */
  async forget(): Promise<void> {
    this.partitions.clear();
    this.entries = new Map();
  }

  async close(): Promise<void> {
    this.partitions.clear();
  }

  /** The buckets of a partition that gets rows. */
  private async bucketsOf(partition: BinaryRowBytes): Promise<PartitionBuckets> {
    const key = partitionKey(partition);
    const known = this.partitions.get(key) ?? { partition, buckets: await this.load(partition), isUsed: true };
    known.isUsed = true;
    this.partitions.set(key, known);
    return known.buckets;
  }

  private async load(partition: BinaryRowBytes): Promise<PartitionBuckets> {
    this.entries ??= await this.latestEntries();
    const buckets = new PartitionBuckets();
    for (const entry of this.entries.values()) {
      if (Buffer.compare(entry.partition, partition) !== 0) continue;
      buckets.load(entry.bucket, await readHashes(this.parts.store, this.paths.index(entry), entry));
    }
    return buckets;
  }

  private async latestEntries(): Promise<Map<string, IndexManifestEntry>> {
    const entries = (await this.parts.latestIndex()).filter((entry) => entry.indexType === HASH_INDEX);
    return new Map(entries.map((entry) => [bucketKey(entry.partition, entry.bucket), entry]));
  }

  private async writeFile(
    fileName: string,
    place: Pick<IndexManifestEntry, 'partition' | 'bucket'>,
    hashes: Int32Array,
  ): Promise<IndexManifestEntry> {
    const bytes = encodeHashes(hashes);
    const entry = {
      ...place,
      kind: FILE_ADD,
      indexType: HASH_INDEX,
      fileName,
      fileSize: bytes.length,
      rowCount: hashes.length,
      deletionVectorRanges: null,
      externalPath: null,
    };
    await this.parts.store.create(this.paths.index(entry), bytes);
    return entry;
  }
}
