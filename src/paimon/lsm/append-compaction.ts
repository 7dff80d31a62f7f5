// The compaction of one bucket of an append table: files that are too small are written together. Source: format notes 05.
import { localTimeMs } from '../../base/clock.ts';
import type { DataFileMeta } from '../meta/data-file-meta.ts';
import { ROW_ID_FIELD } from '../schema/system-fields.ts';
import { BUCKET_DYNAMIC, tableOptions } from '../schema/table-options.ts';
import type { TableSchema } from '../schema/table-schema.ts';
import type { BucketCompactionParts, BucketState, BucketWork, CompactionWish } from './bucket-compaction.ts';
import { bucketTask, discardFiles } from './bucket-compaction.ts';
import type { CompactResult } from './compaction-result.ts';
import { type DeletedRows, readDeletionVectors } from './deletion-vector.ts';
import { packRowGroups } from './pick-row-groups.ts';
import { type FileGroup, packFiles, packTier, pickBucket, pickNeighbours } from './pick-append-files.ts';
import type { Place } from './row-places.ts';
import { sizeRatioPercent } from './size-ratio.ts';

/** Compacts buckets of append tables; remembers nothing. */
export class AppendCompaction implements BucketWork {
  private readonly parts: BucketCompactionParts;

  constructor(parts: BucketCompactionParts) {
    this.parts = parts;
  }

  /** Does what is due; null if nothing is. Removes what it has written if it fails. */
  async compact(schema: TableSchema, bucket: BucketState, wish: CompactionWish): Promise<CompactResult | null> {
    const groups = groupsOf(schema, bucket, { ...wish, nowMs: this.parts.clock.nowMs() });
    if (groups.length === 0) return null;
    const deletedRows = await readDeletionVectors(this.parts.store, bucket.deletionVectors);
    const written: DataFileMeta[] = [];
    try {
      for (const files of groups) written.push(...(await this.rewrite(schema, bucket.place, { files, deletedRows })));
    } catch (error) {
      await this.discard(schema, bucket.place, written);
      throw error;
    }
    const before = groups.flat();
    const hadDeletions = before.some(({ fileName }) => deletedRows.has(fileName));
    for (const { fileName } of before) deletedRows.delete(fileName);
    return { before, after: written, written, changelog: [], deletionVectors: hadDeletions ? deletedRows : null };
  }

  discard(schema: TableSchema, place: Place, files: readonly DataFileMeta[]): Promise<void> {
    return discardFiles(this.parts, { schema, place, files });
  }

  private async rewrite(
    schema: TableSchema,
    place: Place,
    what: { readonly files: FileGroup; readonly deletedRows: ReadonlyMap<string, DeletedRows> },
  ): Promise<readonly DataFileMeta[]> {
    const { files } = what;
    const nowMs = this.parts.clock.nowMs();
    const names = new Set(files.map((file) => file.fileName));
    const request = {
      ...(await bucketTask(this.parts, { schema, place, files, nowMs })),
      files,
      deletedRows: new Map([...what.deletedRows].filter(([name]) => names.has(name))),
    };
    return this.parts.runner.run('rewrite', request, new Set());
  }
}

function groupsOf(
  schema: TableSchema,
  state: BucketState,
  wish: CompactionWish & { readonly nowMs: number },
): readonly FileGroup[] {
  const options = tableOptions(schema);
  const hasDeletedRows = (file: DataFileMeta): boolean => state.deletionVectors.has(file.fileName);
  if (options.bucket === BUCKET_DYNAMIC) {
    if (options.dataEvolution) return packRowGroups(state.files.filter(hasRowIds), options, hasDeletedRows);
    // What a commit has not given its ids yet can wait.
    const files = options.rowTracking ? state.files.filter(hasRowIds) : state.files;
    const deletedCount = (file: DataFileMeta): number | null => deletedCountOf(state, file);
    if (!wish.isBrief) return packFiles(files, options, deletedCount);
    const ratio = sizeRatioPercent(options, localTimeMs(wish.nowMs));
    const tier = packTier(files, options, { deletedCount, sizeRatioPercent: ratio });
    return tier === null ? [] : [tier];
  }
  const files = state.files.toSorted((a, b) => Number(a.minSequenceNumber - b.minSequenceNumber));
  const group = wish.full ? pickBucket(files, options, hasDeletedRows) : pickNeighbours(files, options);
  return group === null ? [] : [group];
}

function deletedCountOf({ deletionVectors }: BucketState, { fileName }: DataFileMeta): number | null {
  const vector = deletionVectors.get(fileName);
  if (vector === undefined) return 0;
  return 'path' in vector ? vector.deletedRowCount : vector.length;
}

function hasRowIds({ firstRowId, writeCols }: DataFileMeta): boolean {
  return firstRowId !== null || (writeCols?.includes(ROW_ID_FIELD.name) ?? false);
}
