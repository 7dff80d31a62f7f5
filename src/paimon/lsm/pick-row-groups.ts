// Which files of a table with data evolution are to be written together: files of the same rows, and neighbours, become
// one that holds all columns. Source: DataEvolutionCompactCoordinator.CompactPlanner.
import type { DataFileMeta } from '../meta/data-file-meta.ts';
import type { AppendPickOptions, FileGroup } from './pick-append-files.ts';
import { type RowGroup, rowGroups } from './row-id-groups.ts';

/**
 * Runs of groups whose rows follow one another, each up to about the size of a file, where they are files enough. Groups
 * with deleted rows stay: their rows are counted by their places. Throws as `rowGroups`.
 */
export function packRowGroups(
  files: readonly DataFileMeta[],
  options: AppendPickOptions,
  hasDeletedRows: (file: DataFileMeta) => boolean,
): readonly FileGroup[] {
  const packs: FileGroup[] = [];
  let waiting: DataFileMeta[] = [];
  let waitingBytes = 0;
  let end: bigint | null = null;
  const take = (group: FileGroup): void => {
    if (group.length >= options.appendFileCountMin) packs.push(group);
  };
  const takeWaiting = (): void => {
    take(waiting);
    waiting = [];
    waitingBytes = 0;
  };
  for (const group of rowGroups(files)) {
    const [{ firstRowId, rowCount }] = group;
    if (firstRowId !== end) takeWaiting();
    end = (firstRowId ?? 0n) + BigInt(rowCount);
    const bytes = weightOf(group, options);
    if (group.some(hasDeletedRows)) takeWaiting();
    else if (bytes > options.targetFileSizeBytes) {
      take(group);
      takeWaiting();
    } else {
      waiting.push(...group);
      waitingBytes += bytes;
      if (waitingBytes > options.targetFileSizeBytes) takeWaiting();
    }
  }
  takeWaiting();
  return packs;
}

function weightOf(group: RowGroup, { openFileCostBytes }: AppendPickOptions): number {
  return group.reduce((sum, file) => sum + Math.max(file.fileSize, openFileCostBytes), 0);
}
