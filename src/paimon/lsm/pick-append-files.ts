// Which files of an append table are to be written together as larger ones. Source: AppendCompactCoordinator (tables
// without buckets), BucketedAppendCompactManager (format notes 05).
import type { DataFileMeta } from '../meta/data-file-meta.ts';
import type { TableOptions } from '../schema/table-options.ts';

/** Files of one partition's bucket that become one row of files. */
export type FileGroup = readonly DataFileMeta[];

/** The options that decide. */
export type AppendPickOptions = Pick<
  TableOptions,
  'targetFileSizeBytes' | 'openFileCostBytes' | 'appendFileCountMin' | 'compactionForceRewriteAllFiles'
>;

/** Below this number of files, all of a bucket are left as they are. */
const FULL_FILE_COUNT_MIN = 3;

/** The size from which on a file is large enough. */
function largeFileBytes({ targetFileSizeBytes }: AppendPickOptions): number {
  return Math.floor(targetFileSizeBytes / 10) * 7;
}

/**
 * Groups of a partition without buckets, where the order of rows means nothing: the small files, smallest first, in
 * groups of about two full files, and what is left if it is enough files. Files with deleted rows are always rewritten.
 */
export function packFiles(
  files: readonly DataFileMeta[],
  options: AppendPickOptions,
  hasDeletedRows: (file: DataFileMeta) => boolean,
): readonly FileGroup[] {
  const groups: DataFileMeta[][] = [];
  let group: DataFileMeta[] = [];
  let groupBytes = 0;
  const pack = (candidates: readonly DataFileMeta[]): void => {
    for (const file of candidates.toSorted((a, b) => a.fileSize - b.fileSize)) {
      group.push(file);
      groupBytes += file.fileSize + options.openFileCostBytes;
      if (group.length > 1 && groupBytes >= 2 * options.targetFileSizeBytes) take();
    }
  };
  const take = (): void => {
    groups.push(group);
    group = [];
    groupBytes = 0;
  };
  const small = files.filter((file) => file.fileSize < largeFileBytes(options));
  pack(files.filter(hasDeletedRows));
  if (group.length > 0) take();
  pack(small.filter((file) => !hasDeletedRows(file)));
  if (group.length >= options.appendFileCountMin) take();
  return groups;
}

/** The first files of a bucket, in the order of their rows, that are many enough and not large; null for none. */
export function pickNeighbours(files: readonly DataFileMeta[], options: AppendPickOptions): FileGroup | null {
  const candidates: DataFileMeta[] = [];
  let sizeBytes = 0;
  for (const file of files) {
    candidates.push(file);
    sizeBytes += file.fileSize;
    if (candidates.length >= options.appendFileCountMin) return candidates;
    if (sizeBytes >= 2 * options.targetFileSizeBytes) sizeBytes -= candidates.shift()?.fileSize ?? 0;
  }
  return null;
}

/**
 * All files of a bucket from the first small one on, in the order of their rows, where most of them are small; null for
 * none. Where rows are deleted they always go.
 */
export function pickBucket(
  files: readonly DataFileMeta[],
  options: AppendPickOptions,
  hasDeletedRows: (file: DataFileMeta) => boolean,
): FileGroup | null {
  if (options.compactionForceRewriteAllFiles) return files.length === 0 ? null : files;
  const isLarge = (file: DataFileMeta): boolean => file.fileSize >= largeFileBytes(options);
  const first = files.findIndex((file) => !isLarge(file) || hasDeletedRows(file));
  const rest = first < 0 ? [] : files.slice(first);
  if (rest.some(hasDeletedRows)) return rest;
  const largeCount = rest.filter(isLarge).length;
  return rest.length >= FULL_FILE_COUNT_MIN && rest.length - largeCount > largeCount ? rest : null;
}
