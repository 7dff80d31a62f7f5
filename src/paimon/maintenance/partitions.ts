// Work on whole partitions: drops those that are named or have grown old, and marks them as done. Source:
// FileStoreCommitImpl.dropPartitions, PartitionExpire, SuccessFileMarkDoneAction (format notes 06 section 4).
import { TributaryError } from '../../base/errors.ts';
import type { FileStore } from '../../storage/file-store.ts';
import type { CommitRequest, TableCommitter } from '../commit/table-commit.ts';
import { decodeCells, encodeCells } from '../format/binary-row.ts';
import { partitionPathOf, partitionTypes, valueText } from '../format/partition-path.ts';
import { type PartitionSpec, partitionTest } from '../format/partition-spec.ts';
import { partitionKey } from '../lsm/live-files.ts';
import type { BinaryRowBytes } from '../meta/data-file-meta.ts';
import type { ManifestEntry } from '../meta/manifest-entry.ts';
import { tableOptions } from '../schema/table-options.ts';
import type { TableSchema } from '../schema/table-schema.ts';
import { partitionTimeOf } from './partition-time.ts';

/** A table whose partitions are dropped. */
export interface PartitionedTable {
  readonly schema: TableSchema;
  readonly committer: TableCommitter;
  readonly commitUser: string;
  readonly commitIdentifier: bigint;
}

/** The partitions that have files and are named by one of the specs, in the order of their directories. */
export function livePartitions(table: PartitionedTable, specs: readonly PartitionSpec[]): readonly BinaryRowBytes[] {
  const isMeant = partitionTest(table.schema, specs);
  return byPartition(table).flatMap(([entry]) => (isMeant(entry.partition) ? [entry.partition] : []));
}

/**
 * Drops partitions with all their files, as one snapshot of kind OVERWRITE; none where there is nothing to drop. Files
 * that are added to the partitions until then go too.
 */
export async function dropPartitions(table: PartitionedTable, partitions: readonly BinaryRowBytes[]): Promise<void> {
  if (partitions.length === 0) return;
  const { committer, commitUser, commitIdentifier } = table;
  const keys = new Set(partitions.map(partitionKey));
  const request: CommitRequest = {
    kind: 'OVERWRITE',
    added: [],
    deleted: [],
    changelog: [],
    replaces: (partition) => keys.has(partitionKey(partition)),
    commitUser,
    commitIdentifier,
  };
  await committer.commit(request);
}

/** When partitions are too old. */
export interface PartitionExpiry {
  /** The time now on the wall clock as if it were UTC, which is how Paimon stores times of files. */
  readonly localNowMs: number;
  /** Removes nothing, and tells what would go. Default false. */
  readonly dryRun?: boolean;
}

/** What has expired. */
export interface ExpiredPartitions {
  readonly partitions: readonly BinaryRowBytes[];
  /** Partitions whose values are no times by the table's options; they never expire. */
  readonly undatedCount: number;
}

/**
 * Drops the partitions that `partition.expiration-time` makes too old, at most `partition.expiration-max-num` of them.
 * Throws `E3314` where the options do not say when partitions expire.
 */
export async function expirePartitions(table: PartitionedTable, expiry: PartitionExpiry): Promise<ExpiredPartitions> {
  const { partitionExpirationBatchCount } = tableOptions(table.schema);
  const expired = expiredPartitions(table.schema, byPartition(table), expiry.localNowMs);
  if (expiry.dryRun === true) return expired;
  const { partitions } = expired;
  const batchCount = Math.max(1, partitionExpirationBatchCount ?? partitions.length);
  for (let at = 0; at < partitions.length; at += batchCount) {
    const commitIdentifier = table.commitIdentifier + BigInt(at / batchCount);
    await dropPartitions({ ...table, commitIdentifier }, partitions.slice(at, at + batchCount));
  }
  return expired;
}

/** Which of the partitions, each with its files, are too old. */
export function expiredPartitions(
  schema: TableSchema,
  partitions: readonly (readonly ManifestEntry[])[],
  localNowMs: number,
): ExpiredPartitions {
  const options = tableOptions(schema);
  if (options.partitionExpirationMs === null || schema.partitionKeys.length === 0) {
    throw new TributaryError('E3314', 'partitions of the table do not expire: partition.expiration-time is not set');
  }
  const before = localNowMs - options.partitionExpirationMs;
  const valuesOf = partitionValues(schema);
  const timeOf = partitionTimeOf(schema.partitionKeys, {
    pattern: options.partitionTimestampPattern,
    formatter: options.partitionTimestampFormatter,
  });
  const timed = partitions.map((entries) => {
    const [{ partition }] = entries;
    const values = valuesOf(partition);
    const byFiles = options.partitionExpirationStrategy === 'update-time';
    const timeMs = byFiles ? newestFileMs(entries) : timeOf(values);
    return { partition, timeMs, order: values.map((value) => value ?? options.partitionDefaultName).join(',') };
  });
  const expired = timed.filter(({ timeMs }) => timeMs !== null && timeMs < before);
  expired.sort((a, b) => Number(a.order > b.order) - Number(a.order < b.order));
  return {
    partitions: expired.slice(0, options.partitionExpirationCountMax).map(({ partition }) => partition),
    undatedCount: timed.filter(({ timeMs }) => timeMs === null).length,
  };
}

/**
 * Writes a `_SUCCESS` file into the directory of each partition; one that is there keeps its creation time. Gives the
 * paths. Throws `E3315` where the table asks for another way of marking.
 */
export async function markPartitionsDone(
  table: { readonly store: FileStore; readonly tablePath: string; readonly schema: TableSchema },
  partitions: readonly BinaryRowBytes[],
  nowMs: number,
): Promise<readonly string[]> {
  const other = tableOptions(table.schema).partitionMarkDoneActions.find((action) => action !== 'success-file');
  if (other !== undefined) {
    throw new TributaryError('E3315', `partitions cannot be marked in this way: partition.mark-done-action=${other}`);
  }
  const directoryOf = partitionPathOf(table.schema);
  const paths = partitions.map((partition) => `${table.tablePath}/${directoryOf(partition)}_SUCCESS`);
  for (const path of paths) {
    const creationTime = (await creationTimeOf(table.store, path)) ?? nowMs;
    const text = JSON.stringify({ creationTime, modificationTime: nowMs });
    await table.store.replace(path, new TextEncoder().encode(text));
  }
  return paths;
}

/** The partition of a spec that gives every value; null where it does not. */
export function wholePartition(schema: TableSchema, spec: PartitionSpec): BinaryRowBytes | null {
  if (spec.size < schema.partitionKeys.length) return null;
  return encodeCells(
    partitionTypes(schema),
    schema.partitionKeys.map((key) => spec.get(key) ?? null),
  );
}

async function creationTimeOf(store: FileStore, path: string): Promise<number | null> {
  if ((await store.stat(path)) === null) return null;
  try {
    const { creationTime } = JSON.parse(new TextDecoder().decode(await store.read(path))) as { creationTime?: unknown };
    return typeof creationTime === 'number' ? creationTime : null;
  } catch (error) {
    // What somebody else left there is replaced.
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

/** The live files of each partition, in the order of their directories. */
function byPartition({ schema, committer }: PartitionedTable): readonly (readonly ManifestEntry[])[] {
  const directoryOf = partitionPathOf(schema);
  const groups = Map.groupBy(committer.liveEntries(), (entry) => partitionKey(entry.partition));
  const named = [...groups.values()].map((entries) => ({ entries, name: directoryOf(entries[0].partition) }));
  named.sort((a, b) => Number(a.name > b.name) - Number(a.name < b.name));
  return named.map(({ entries }) => entries);
}

/** The texts of a partition's values as Java prints them; null for NULL. */
function partitionValues(schema: TableSchema): (partition: BinaryRowBytes) => readonly (string | null)[] {
  const types = partitionTypes(schema);
  return (partition) =>
    decodeCells(types, partition).map((cell, index) => (cell === null ? null : valueText(types[index], cell, true)));
}

function newestFileMs(entries: readonly ManifestEntry[]): number {
  return entries.reduce((newest, { file }) => Math.max(newest, file.creationTimeMs ?? 0), 0);
}
