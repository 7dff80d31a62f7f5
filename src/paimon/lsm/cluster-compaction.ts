// The compaction of one partition of an append table whose rows are sorted a few files at a time: what is sorted stands
// on levels, as sorted runs of a key do, and each row moves up a few times only. Source: IncrementalClusterCompact.
import { ScratchStore } from '../../storage/scratch-store.ts';
import { SpillSpace } from '../../storage/spill-space.ts';
import type { DataFileMeta } from '../meta/data-file-meta.ts';
import { tableOptions } from '../schema/table-options.ts';
import type { TableSchema } from '../schema/table-schema.ts';
import {
  type BucketCompactionParts,
  type BucketState,
  type BucketWork,
  type CompactionWish,
  discardFiles,
} from './bucket-compaction.ts';
import { type ClusterPick, clusteringOf, pickClustering, pickFullClustering, sortKeysOf } from './clustering.ts';
import type { CompactResult } from './compaction-result.ts';
import { readDeletionVectors } from './deletion-vector.ts';
import type { Place } from './row-places.ts';
import { sortFiles } from './sort-files.ts';

/** Rows that are sorted at a time; what is more goes to temporary files. */
const MEMORY_BYTES_MAX = 256 * 1024 * 1024;

/** Sorts partitions; remembers nothing. */
export class ClusterCompaction implements BucketWork {
  private readonly parts: BucketCompactionParts;

  constructor(parts: BucketCompactionParts) {
    this.parts = parts;
  }

  /** Does what is due; null if nothing is. Removes what it has written if it fails. Throws `E3392`, too. */
  async compact(schema: TableSchema, bucket: BucketState, wish: CompactionWish): Promise<CompactResult | null> {
    const keysOf = sortKeysOf(schema, clusteringOf(schema));
    const pick = await this.pick(schema, bucket, wish);
    if (pick === null) return null;
    const deletedRows = await readDeletionVectors(this.parts.store, bucket.deletionVectors);
    const hadDeletions = pick.files.some(({ fileName }) => deletedRows.has(fileName));
    const spill = new ScratchStore(this.parts.spill ?? new SpillSpace());
    try {
      const what = { schema, place: bucket.place, files: pick.files, deletedRows, keysOf };
      const sorted = await sortFiles({ ...this.parts, spill, memoryBytesMax: MEMORY_BYTES_MAX }, what);
      const written = sorted.map((file) => ({ ...file, level: pick.outputLevel }));
      for (const { fileName } of pick.files) deletedRows.delete(fileName);
      const deletionVectors = hadDeletions ? deletedRows : null;
      return { before: pick.files, after: written, written, changelog: [], deletionVectors };
    } finally {
      await spill.close();
    }
  }

  discard(schema: TableSchema, place: Place, files: readonly DataFileMeta[]): Promise<void> {
    return discardFiles(this.parts, { schema, place, files });
  }

  private async pick(schema: TableSchema, { files }: BucketState, wish: CompactionWish): Promise<ClusterPick | null> {
    const options = tableOptions(schema);
    if (!wish.full) return pickClustering(files, options);
    const versions = await this.parts.schemas.readAll(
      files.map((file) => file.schemaId),
      [schema],
    );
    const columnsOf = (version: TableSchema): string => tableOptions(version).clusteringColumns.join();
    return pickFullClustering(files, options, ({ schemaId }) => {
      const version = versions.get(schemaId);
      return version !== undefined && columnsOf(version) === columnsOf(schema);
    });
  }
}
