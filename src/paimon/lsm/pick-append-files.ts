// Which files of an append table are to be written together as larger ones. Source: AppendCompactCoordinator (tables
// without buckets), BucketedAppendCompactManager (format notes 05); for what a commit waits for, docs/layout.md.
import type { DataFileMeta } from '../meta/data-file-meta.ts';
import type { TableOptions } from '../schema/table-options.ts';

/** Files of one partition's bucket that become one row of files. */
export type FileGroup = readonly DataFileMeta[];

/** The options that decide. */
export type AppendPickOptions = Pick<
  TableOptions,
  | 'targetFileSizeBytes'
  | 'openFileCostBytes'
  | 'appendFileCountMin'
  | 'deletedShareMax'
  | 'compactionForceRewriteAllFiles'
>;

/** How many rows of a file are deleted; null where that is not known. */
export type DeletedCount = (file: DataFileMeta) => number | null;

/** Below this number of files, all of a bucket are left as they are. */
const FULL_FILE_COUNT_MIN = 3;

/** The size from which on a file is large enough. */
function largeFileBytes({ targetFileSizeBytes }: AppendPickOptions): number {
  return Math.floor(targetFileSizeBytes / 10) * 7;
}

/**
 * Groups of a partition without buckets, where the order of rows means nothing: the small files, smallest first, in
 * groups of about two full files, and what is left if it is enough files. Small files with deleted rows are always
 * rewritten, large ones if too many of their rows are deleted.
 */
export function packFiles(
  files: readonly DataFileMeta[],
  options: AppendPickOptions,
  deletedCount: DeletedCount,
): readonly FileGroup[] {
  const groups: DataFileMeta[][] = [];
  let group: DataFileMeta[] = [];
  let groupBytes = 0;
  const pack = (candidates: readonly DataFileMeta[]): void => {
    for (const file of bySize(candidates)) {
      group.push(file);
      groupBytes += weightOf(file, options);
      if (group.length > 1 && groupBytes >= groupBytesMax(options)) take();
    }
  };
  const take = (): void => {
    groups.push(group);
    group = [];
    groupBytes = 0;
  };
  const candidates = files.filter((file) => isSmall(file, options) || isWorn(file, options, deletedCount));
  pack(candidates.filter((file) => deletedCount(file) !== 0));
  if (group.length > 0) take();
  pack(candidates.filter((file) => deletedCount(file) === 0));
  if (group.length >= options.appendFileCountMin) take();
  return groups;
}

/**
 * The one group of a partition without buckets that a commit is worth waiting for, about two full files at most: files
 * with too many deleted rows, or else the smallest files that are enough and of like sizes. A file is taken while it is
 * not larger than those before it together, by `sizeRatioPercent`; so a row is written again with each doubling of its
 * file, and not with every few commits until the file is full. Null for none.
 */
export function packTier(
  files: readonly DataFileMeta[],
  options: AppendPickOptions,
  how: { readonly deletedCount: DeletedCount; readonly sizeRatioPercent: number },
): FileGroup | null {
  const worn = files.filter((file) => isWorn(file, options, how.deletedCount));
  let group: DataFileMeta[] = [];
  let groupBytes = 0;
  let likeBytes = 0;
  for (const file of bySize(worn.length > 0 ? worn : files.filter((one) => isSmall(one, options)))) {
    const isLike = worn.length > 0 || 100 * file.fileSize <= likeBytes * (100 + how.sizeRatioPercent);
    if (group.length > 0 && !isLike) {
      if (group.length >= options.appendFileCountMin) return group;
      group = [];
      groupBytes = 0;
      likeBytes = 0;
    }
    group.push(file);
    groupBytes += weightOf(file, options);
    likeBytes += file.fileSize;
    if (group.length > 1 && groupBytes >= groupBytesMax(options)) return group;
  }
  return worn.length > 0 || group.length >= options.appendFileCountMin ? group : null;
}

function bySize(files: readonly DataFileMeta[]): readonly DataFileMeta[] {
  return files.toSorted((a, b) => a.fileSize - b.fileSize);
}

/** What reading a file costs. */
function weightOf({ fileSize }: DataFileMeta, { openFileCostBytes }: AppendPickOptions): number {
  return fileSize + openFileCostBytes;
}

function groupBytesMax({ targetFileSizeBytes }: AppendPickOptions): number {
  return 2 * targetFileSizeBytes;
}

function isSmall({ fileSize }: DataFileMeta, options: AppendPickOptions): boolean {
  return fileSize < largeFileBytes(options);
}

/** Whether so many rows are deleted that the file is written again, large or not. */
function isWorn(file: DataFileMeta, { deletedShareMax }: AppendPickOptions, deletedCount: DeletedCount): boolean {
  const count = deletedCount(file);
  return count === null || count > file.rowCount * deletedShareMax;
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
