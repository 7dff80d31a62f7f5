// Counts the rows of a plan: from the metadata where it tells exactly, by reading where rows have to be merged, are
// deleted, or are asked for by a condition.
import { rowGroups } from '../lsm/row-id-groups.ts';
import { readSplit, type ReadSource } from './read.ts';
import type { ReadOptions, ScanPlan, Split } from './scan.ts';

/** The number of rows that `readPlan` would give. `options` are those that the plan was made with; `limit` is kept. */
export async function countRows(source: ReadSource, plan: ScanPlan, options: ReadOptions): Promise<number> {
  const limit = options.limit ?? Number.POSITIVE_INFINITY;
  let count = 0;
  for (const split of plan.splits) {
    if (count >= limit) break;
    const known = options.where === undefined || options.where.length === 0 ? knownCount(plan, split) : null;
    count += known ?? 0;
    if (known !== null) continue;
    for await (const batch of readSplit(source, split, { plan, options })) {
      options.signal?.throwIfAborted();
      count += batch.rowCount;
      if (count >= limit) break;
    }
  }
  if (plan.next !== undefined && count < limit) {
    const { plan: next, schemas } = plan.next;
    const rest = limit === Number.POSITIVE_INFINITY ? options : { ...options, limit: limit - count };
    count += await countRows({ ...source, schemas }, next, rest);
  }
  return Math.min(count, limit);
}

/** The rows of a split by its files' metadata; null where only reading tells. */
export function knownCount({ schema }: ScanPlan, { rawConvertible, files, deletionFiles }: Split): number | null {
  const isKeyed = schema.primaryKeys.length > 0;
  const isExact =
    (rawConvertible || !isKeyed) &&
    files.every((file) => !deletionFiles.has(file.fileName) && file.deleteRowCount === 0);
  if (!isExact) return null;
  // Files that hold columns of the same rows count once.
  const counted = rawConvertible ? files : rowGroups(files).map(([newest]) => newest);
  return counted.reduce((sum, file) => sum + file.rowCount, 0);
}
