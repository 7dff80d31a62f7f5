// `tributary table write`: rows of NDJSON into a table, as one commit.
import type { Command } from 'commander';
import { systemClock } from '../../base/clock.ts';
import { isTributaryError, TributaryError } from '../../base/errors.ts';
import { isJsonObject, type JsonValue, parseJson } from '../../base/json-text.ts';
import { systemRandom } from '../../base/random.ts';
import { builderFor } from '../../column/builder.ts';
import { vectorSizeBytes } from '../../column/vector.ts';
import { liftedFiles, replacedPartitions } from '../../paimon/commit/overwrite.ts';
import type { CommitRequest, TableCommitter } from '../../paimon/commit/table-commit.ts';
import { type PartitionSpec, parsePartitionSpec } from '../../paimon/format/partition-spec.ts';
import { createRowReader } from '../../paimon/format/row-json.ts';
import { bucketKey, LiveFiles } from '../../paimon/lsm/live-files.ts';
import type { TableWriter } from '../../paimon/lsm/table-writer.ts';
import { createTaskRunner } from '../../paimon/lsm/task-runner.ts';
import type { CommitMessage, WriteBatch } from '../../paimon/lsm/write-batch.ts';
import { SpillSpace } from '../../storage/spill-space.ts';
import { type SpillOptions, spillSettingsOf, withSpillOptions } from '../shared-options.ts';
import { shapeOf } from '../../paimon/schema/data-type.ts';
import { BUCKET_DYNAMIC, tableOptions } from '../../paimon/schema/table-options.ts';
import type { TableSchema } from '../../paimon/schema/table-schema.ts';
import type { Table } from '../../paimon/table.ts';
import { readInputLines } from './input-file.ts';
import { nextIdentifier, openTable, type TableOptions, tableVerb, wholeNumber } from './table-options.ts';
import { keepUp } from './upkeep.ts';
import { mayBePublished } from '../../paimon/lsm/commit-outcome.ts';

type WriteOptions = TableOptions &
  SpillOptions & {
    readonly rows: string;
    readonly branch?: string;
    readonly commitUser: string;
    readonly commitId?: string;
    readonly filterCommitted?: boolean;
    readonly watermark?: string;
    readonly writeOnly?: boolean;
    readonly overwrite?: true | readonly string[];
  };

const KINDS: readonly string[] = ['+I', '-U', '+U', '-D'];
const BATCH_ROWS = 8192;
const FLUSH_BYTES = 64 * 1024 * 1024;

/** `tributary table write` */
export function writeVerb(): Command {
  return withSpillOptions(tableVerb('write', 'write rows as one commit, and compact what is due as a second one'))
    .requiredOption('--rows <file>', 'NDJSON, "-" for standard input: {"kind":"+I","row":{"column":value}}')
    .option('--branch <name>', 'branch to write to')
    .option('--commit-user <user>', 'who writes', 'tributary-cli')
    .option('--commit-id <number>', 'number of the commit, larger with each of the same user')
    .option('--filter-committed', 'do nothing if the user has committed this number or a larger one')
    .option('--watermark <ms>', 'time up to which the rows are complete')
    .option('--write-only', 'neither compact nor expire anything, as with the table option write-only')
    .option(
      '--overwrite [partition...]',
      'replace the table, the partitions that get rows, or those given as column=value: see dynamic-partition-overwrite',
    )
    .action(runWrite);
}

async function runWrite(options: WriteOptions): Promise<void> {
  const table = await openTable(options, options.branch);
  const { store, schema } = table;
  const newest = await table.snapshots.newestBy(options.commitUser);
  const commitId = options.commitId === undefined ? nextIdentifier(newest) : wholeNumber(options.commitId, 'commit-id');
  if (options.filterCommitted === true && newest !== null && newest.commitIdentifier >= commitId) return;
  const parts = { clock: systemClock, random: systemRandom };
  const committer = await table.committer(parts);
  const runner = createTaskRunner(store, 0);
  const liveFiles = new LiveFiles(committer.liveEntries());
  const words = typeof options.overwrite === 'object' ? options.overwrite : [];
  const spec = options.overwrite === undefined ? null : parsePartitionSpec(schema, words);
  const { commitUser } = options;
  const spill = new SpillSpace(await spillSettingsOf(options));
  const by = { committer, commitUser, commitIdentifier: commitId };
  const watermark = options.watermark === undefined ? {} : { watermark: wholeNumber(options.watermark, 'watermark') };
  const writer =
    spec === null
      ? table.openWriter({ ...parts, runner, liveFiles, commitUser, spill, changesAsGiven: true })
      : table.openOverwriter({ ...parts, runner, commitUser, spill });
  try {
    const message = await writeRows(writer, schema, options.rows);
    await publish({ table, writer, message, spec, ...watermark }, by);
    if (options.writeOnly === true) return;
    if (message !== null && compactsOnWrite(schema)) {
      const only = new Set(message.added.map(({ partition, bucket }) => bucketKey(partition, bucket)));
      const newest = new LiveFiles(committer.liveEntries());
      await (await table.openCompactor({ ...parts, runner, liveFiles: newest }, by)).compact({ only });
    }
    await keepUp(table, options.table, by);
  } finally {
    await writer.abort();
    await runner.close();
  }
}

async function writeRows(writer: TableWriter, schema: TableSchema, path: string): Promise<CommitMessage | null> {
  const rows = new BatchBuilder(schema);
  for await (const { text, number } of readInputLines(path)) {
    rows.add(text, number);
    if (rows.rowCount === BATCH_ROWS) writer.write(rows.take());
    if (writer.bufferedBytes >= FLUSH_BYTES) await writer.flush();
  }
  if (rows.rowCount > 0) writer.write(rows.take());
  return writer.prepareCommit();
}

/** Append tables without buckets are compacted by others: their writers do not look at what is there. */
function compactsOnWrite(schema: TableSchema): boolean {
  const { writeOnly, bucket } = tableOptions(schema);
  return !writeOnly && (schema.primaryKeys.length > 0 || bucket !== BUCKET_DYNAMIC);
}

/** What was written; `spec` of an overwrite names the partitions. */
interface Written {
  readonly table: Table;
  readonly writer: TableWriter;
  readonly message: CommitMessage | null;
  readonly spec: PartitionSpec | null;
  readonly watermark?: bigint;
}

async function publish(
  written: Written,
  by: { readonly committer: TableCommitter; readonly commitUser: string; readonly commitIdentifier: bigint },
): Promise<void> {
  const { writer, message, watermark } = written;
  const { committer, commitUser, commitIdentifier } = by;
  try {
    const change = changeOf(written);
    if (change === null) return;
    const { replaces } = change;
    if (replaces !== undefined) {
      const staying = written.table.presentKeys({ inPartition: (partition) => !replaces(partition) });
      await writer.requireApart(staying);
    }
    await committer.commit({
      ...change,
      commitUser,
      commitIdentifier,
      ...(watermark === undefined ? {} : { watermark }),
    });
  } catch (error) {
    // Where the outcome of the commit is not certain, a snapshot may name the files.
    if (message !== null && !mayBePublished(error)) await writer.discard(message);
    throw error;
  }
  if (message !== null) writer.committed(message);
}

/** What is to be committed; null for nothing. */
function changeOf({
  table: { schema },
  message,
  spec,
}: Written): Omit<CommitRequest, 'commitUser' | 'commitIdentifier'> | null {
  const { added = [], changelog = [], index = [] } = message ?? {};
  if (spec === null) {
    if (message === null && !tableOptions(schema).forceCreateSnapshot) return null;
    return { kind: 'APPEND', added, deleted: [], changelog, index };
  }
  const replaces = replacedPartitions(schema, added, spec);
  if (replaces === null) return null;
  return { kind: 'OVERWRITE', added: liftedFiles(added, schema), deleted: [], changelog: [], index, replaces };
}

/** Rows of NDJSON as batches of the table's columns. */
class BatchBuilder {
  rowCount = 0;
  private readonly readRow: ReturnType<typeof createRowReader>;
  private readonly builders;
  private readonly kinds = new Uint8Array(BATCH_ROWS);

  constructor(schema: TableSchema) {
    this.readRow = createRowReader(schema.fields, { unknownColumns: 'ignore' });
    this.builders = schema.fields.map((field) => builderFor(shapeOf(field.type)));
  }

  /** Throws `E6202` with the line's number. */
  add(text: string, lineNumber: number): void {
    try {
      const line = parseJson(text);
      const kind = KINDS.indexOf(kindOf(line));
      if (!isJsonObject(line) || !isJsonObject(line['row']) || kind < 0) {
        throw new TributaryError('E6202', 'line is not {"kind":"+I|-U|+U|-D","row":{…}}');
      }
      this.readRow(line['row'], this.builders, this.rowCount);
      this.kinds[this.rowCount++] = kind;
    } catch (error) {
      if (!(error instanceof SyntaxError) && !isTributaryError(error)) throw error;
      throw new TributaryError('E6202', `row cannot be understood: line=${lineNumber}`, { cause: error });
    }
  }

  /** The rows so far. They come with their before-images, as whoever wrote them has said all there is. */
  take(): WriteBatch {
    const { rowCount } = this;
    const columns = this.builders.map((builder) => builder.finish(rowCount));
    const kinds = this.kinds.slice(0, rowCount);
    this.rowCount = 0;
    const sizeBytes = columns.reduce((sum, vector) => sum + vectorSizeBytes(vector), kinds.length);
    return { rowCount, columns, kinds, beforeImages: true, hasMissing: false, sizeBytes };
  }
}

function kindOf(line: JsonValue): string {
  const kind = isJsonObject(line) ? line['kind'] : undefined;
  if (kind === undefined) return '+I';
  return typeof kind === 'string' ? kind : '';
}
