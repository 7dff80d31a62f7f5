// Gives partitions another number of buckets: their rows are written anew, as one OVERWRITE snapshot.
// Source: RescaleAction, which leaves the table's option to who runs it.
import type { Clock } from '../../base/clock.ts';
import { TributaryError } from '../../base/errors.ts';
import type { Random } from '../../base/random.ts';
import { INSERT } from '../../column/row-kind.ts';
import { vectorSizeBytes } from '../../column/vector.ts';
import type { FileStore } from '../../storage/file-store.ts';
import type { ManifestStore } from '../commit/manifest-store.ts';
import { liftedFiles } from '../commit/overwrite.ts';
import { TableCommitter } from '../commit/table-commit.ts';
import { checkDefaultValue } from '../format/default-value.ts';
import { type PartitionSpec, partitionTest } from '../format/partition-spec.ts';
import { mayBePublished } from '../lsm/commit-outcome.ts';
import { LiveFiles } from '../lsm/live-files.ts';
import { TableWriter } from '../lsm/table-writer.ts';
import type { TaskRunner } from '../lsm/task-runner.ts';
import type { CommitMessage, WriteBatch } from '../lsm/write-batch.ts';
import type { TablePaths } from '../meta/table-paths.ts';
import { readPresentRows, type RowsAt } from '../scan/present-keys.ts';
import { applySchemaChanges } from '../schema/apply-schema-changes.ts';
import type { SchemaStore } from '../schema/schema-store.ts';
import { BUCKET_POSTPONE, tableOptions } from '../schema/table-options.ts';
import type { TableSchema } from '../schema/table-schema.ts';

/** Rows are flushed to files from this size on. */
const FLUSH_BYTES = 64 * 1024 * 1024;

/** The table that is rescaled. */
export interface RescaledTable {
  readonly store: FileStore;
  readonly paths: TablePaths;
  readonly schema: TableSchema;
  readonly schemas: SchemaStore;
  readonly manifests: ManifestStore;
}

/** What the work is done with. */
export interface RescaleParts {
  readonly runner: TaskRunner;
  readonly random: Random;
  readonly clock: Clock;
  readonly commitUser: string;
  readonly commitIdentifier: bigint;
}

/** What is to be done. */
export interface RescaleOrder {
  /** The number of buckets; null for that of the table's options. */
  readonly buckets: number | null;
  /** The partitions; all with an empty spec. */
  readonly spec: PartitionSpec;
}

/** What was done. */
export interface Rescaling {
  readonly buckets: number;
  readonly rows: number;
  readonly filesBefore: number;
  readonly filesAfter: number;
}

/**
 * Writes all rows of some partitions anew, into so many buckets; those that wait in postponed buckets go on waiting. Null
 * where there are no files. Where the whole table gets another number than its option `bucket` says, the option is set
 * afterwards, or nobody could write to it any more. Nothing is published if others commit meanwhile (`E3320`). Throws `E3319` for tables without
 * a number of buckets, `E3103` for one that the table cannot have.
 */
export async function rescale(
  table: RescaledTable,
  parts: RescaleParts,
  order: RescaleOrder,
): Promise<Rescaling | null> {
  const { store, schemas, manifests } = table;
  const tablePath = table.paths.root;
  const buckets = bucketCount(table.schema, order);
  const schema = rescaledSchema(table.schema, buckets);
  const branchPath = table.paths.metaRoot;
  const committer = await TableCommitter.open({ ...parts, store, tablePath, branchPath, schema });
  const snapshot = committer.latest;
  const replaces = partitionTest(schema, [order.spec]);
  const before = committer.liveEntries().filter(({ partition, bucket }) => bucket >= 0 && replaces(partition));
  if (snapshot === null || before.length === 0) return null;
  const writer = TableWriter.open({ ...parts, store, tablePath, schema, liveFiles: new LiveFiles() });
  let message: CommitMessage | null = null;
  try {
    const source = { store, schemas, manifests, tablePath, schema, snapshot };
    const rows = readPresentRows(source, schema.fields, { inPartition: replaces });
    const rowCount = await writeRows(writer, rows);
    message = await writer.prepareCommit();
    const added = liftedFiles(message?.added ?? [], schema);
    const { commitUser, commitIdentifier } = parts;
    const by = { commitUser, commitIdentifier, follows: snapshot.id };
    await committer.commit({ kind: 'OVERWRITE', added, deleted: [], changelog: [], replaces, ...by });
    if (order.spec.size === 0) await setBucketOption(table, buckets, parts.clock);
    return { buckets, rows: rowCount, filesBefore: before.length, filesAfter: added.length };
  } catch (error) {
    // Where the outcome of the commit is not certain, a snapshot may name the files.
    if (message !== null && !mayBePublished(error)) await writer.discard(message);
    throw error;
  } finally {
    await writer.abort();
  }
}

function bucketCount(schema: TableSchema, { buckets }: RescaleOrder): number {
  const { bucket } = tableOptions(schema);
  const isRescaled = bucket > 0 || bucket === BUCKET_POSTPONE;
  const wanted = buckets ?? bucket;
  if (isRescaled && wanted > 0) return wanted;
  throw new TributaryError('E3319', `table is not rescaled: bucket=${bucket} wanted=${buckets ?? 'none'}`);
}

/** The table as one of so many buckets, without a changelog: readers of changes pass overwrites by. */
function rescaledSchema(schema: TableSchema, buckets: number): TableSchema {
  return { ...schema, options: { ...schema.options, bucket: String(buckets), 'changelog-producer': 'none' } };
}

/** Rows that wait keep waiting, so that the option of their tables stays as it is. */
async function setBucketOption({ schemas }: RescaledTable, buckets: number, clock: Clock): Promise<void> {
  const context = { hasSnapshots: true, timeMillis: clock.nowMs(), checkDefaultValue };
  const change = { kind: 'setOption', key: 'bucket', value: String(buckets) } as const;
  await schemas.update((latest) => {
    const { bucket } = tableOptions(latest);
    return bucket === buckets || bucket <= 0 ? null : applySchemaChanges(latest, [change], context);
  });
}

async function writeRows(writer: TableWriter, rows: AsyncIterable<RowsAt>): Promise<number> {
  let rowCount = 0;
  for await (const batch of rows) {
    writer.write(insertsOf(batch));
    rowCount += batch.rowCount;
    if (writer.bufferedBytes >= FLUSH_BYTES) await writer.flush();
  }
  return rowCount;
}

function insertsOf({ rowCount, columns }: RowsAt): WriteBatch {
  const kinds = new Uint8Array(rowCount).fill(INSERT);
  const sizeBytes = columns.reduce((sum, vector) => sum + vectorSizeBytes(vector), rowCount);
  return { rowCount, columns, kinds, beforeImages: true, hasMissing: false, sizeBytes };
}
