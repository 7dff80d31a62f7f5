// Other values for some columns of rows that are there, in a table with data evolution: a file with these columns of all
// rows that a file holds, beside it. Source: DataEvolutionPartialWriteOperator.
import { type Clock, localTimeMs } from '../../base/clock.ts';
import { assert, TributaryError } from '../../base/errors.ts';
import type { Random } from '../../base/random.ts';
import { concatVectors } from '../../column/concat.ts';
import { sliceVector, takeVector } from '../../column/take.ts';
import type { Vector } from '../../column/vector.ts';
import { columnsOfRows, type RowObject } from '../format/row-objects.ts';
import { readRowGroup } from '../lsm/column-reader.ts';
import { DataFileFormat, DataFileWriter, FileNames } from '../lsm/data-file-writer.ts';
import { filePaths } from '../lsm/file-paths.ts';
import type { KeyValueBatch } from '../lsm/key-values.ts';
import { bucketKey } from '../lsm/live-files.ts';
import { type RowGroup, rowGroups } from '../lsm/row-id-groups.ts';
import { FILE_SOURCE_APPEND } from '../meta/data-file-meta.ts';
import { FILE_ADD, type ManifestEntry } from '../meta/manifest-entry.ts';
import type { DataField } from '../schema/data-type.ts';
import { ROW_ID_FIELD } from '../schema/system-fields.ts';
import { tableOptions } from '../schema/table-options.ts';
import type { TableSchema } from '../schema/table-schema.ts';
import { bucketReader, type ReadSource } from '../scan/read.ts';

/** The table, and its live files. */
export interface UpdateSource extends ReadSource {
  readonly schema: TableSchema;
  readonly entries: readonly ManifestEntry[];
  readonly clock: Clock;
  readonly random: Random;
}

/** New values of columns. */
export interface ColumnUpdate {
  readonly fields: readonly DataField[];
  /** Ascending, none twice. */
  readonly rowIds: readonly bigint[];
  /** A vector a field, a value a row. */
  readonly columns: readonly Vector[];
}

/**
 * The update that rows ask for. Throws `E3301` (a table without data evolution), `E3137` (columns that cannot be updated,
 * or are not the same in all rows; values that do not fit), `E3382` (an id twice).
 */
export function columnUpdate(schema: TableSchema, rows: readonly RowObject[]): ColumnUpdate {
  if (!tableOptions(schema).dataEvolution) {
    throw new TributaryError('E3301', 'rows are updated by their ids in tables with data-evolution.enabled only');
  }
  const names = new Set(Object.keys(rows[0] ?? {}));
  if (rows.some((row) => Object.keys(row).length !== names.size || Object.keys(row).some((name) => !names.has(name)))) {
    throw new TributaryError('E3137', 'rows of an update have different columns');
  }
  const kept = schema.partitionKeys.find((name) => names.has(name));
  if (kept !== undefined) throw new TributaryError('E3137', `rows stay in their partition: column=${kept}`);
  const fields = schema.fields.filter(({ name }) => names.has(name));
  if (rows.length > 0 && (fields.length === 0 || !rows.every((row) => typeof row[ROW_ID_FIELD.name] === 'bigint'))) {
    throw new TributaryError('E3137', 'row of an update has no _ROW_ID or no columns that can change');
  }
  const sorted = rows.toSorted((a, b) => Number((a[ROW_ID_FIELD.name] as bigint) - (b[ROW_ID_FIELD.name] as bigint)));
  const rowIds = sorted.map((row) => row[ROW_ID_FIELD.name] as bigint);
  const twice = rowIds.find((id, index) => id === rowIds[index + 1]);
  if (twice !== undefined) throw new TributaryError('E3382', `row is updated twice: row_id=${twice}`);
  const [, ...columns] = columnsOfRows([ROW_ID_FIELD, ...fields], sorted).columns;
  return { fields, rowIds, columns };
}

/** Rows of an update that one group of files holds. */
interface GroupUpdate {
  readonly group: RowGroup;
  /** Any entry of the bucket. */
  readonly entry: ManifestEntry;
  readonly firstRowId: bigint;
  readonly from: number;
  readonly to: number;
}

/**
 * Writes the files of an update, which no snapshot names yet, and gives their entries; removes what it has written if it
 * fails. Throws `E3382` (no row of that id), `E3356`, `E3357`.
 */
export async function writeColumnUpdate(source: UpdateSource, update: ColumnUpdate): Promise<readonly ManifestEntry[]> {
  const { store, tablePath, schema, clock, random } = source;
  const format = new DataFileFormat(schema, { content: 'data', level: 0, columns: update.fields });
  const names = new FileNames(random.uuid());
  const creationTimeMs = localTimeMs(clock.nowMs());
  const writers: DataFileWriter[] = [];
  const added: ManifestEntry[] = [];
  try {
    for (const part of partsOf(source, update)) {
      const { partition, bucket, totalBuckets } = part.entry;
      const directory = filePaths(tablePath, schema).bucket(partition, bucket);
      const target = { store, format, directory, names, fileSource: FILE_SOURCE_APPEND, creationTimeMs };
      const writer = new DataFileWriter({ ...target, isOneFile: true });
      writers.push(writer);
      for await (const batch of updatedRows(source, part, update)) await writer.append(batch, null, 0, batch.rowCount);
      const [file] = await writer.finish();
      added.push({ kind: FILE_ADD, partition, bucket, totalBuckets, file: { ...file, firstRowId: part.firstRowId } });
    }
    return added;
  } catch (error) {
    for (const writer of writers) await writer.abort();
    throw error;
  }
}

/** The groups of files that hold the rows, in the order of the rows. */
function partsOf({ entries, tablePath }: UpdateSource, { rowIds }: ColumnUpdate): readonly GroupUpdate[] {
  const buckets = Map.groupBy(entries, ({ partition, bucket }) => bucketKey(partition, bucket));
  const groups = [...buckets.values()].flatMap((bucket) =>
    rowGroups(bucket.map(({ file }) => file)).map((group) => ({ group, entry: bucket[0] })),
  );
  const parts: GroupUpdate[] = [];
  let from = 0;
  const firstOf = ({ group: [file] }: { readonly group: RowGroup }): bigint => file.firstRowId ?? 0n;
  for (const part of groups.toSorted((a, b) => Number(firstOf(a) - firstOf(b)))) {
    const firstRowId = firstOf(part);
    const end = firstRowId + BigInt(part.group[0].rowCount);
    if (from < rowIds.length && rowIds[from] < firstRowId) break;
    let to = from;
    while (to < rowIds.length && rowIds[to] < end) to++;
    if (to > from) parts.push({ ...part, firstRowId, from, to });
    from = to;
  }
  if (from === rowIds.length) return parts;
  throw new TributaryError('E3382', `no row has this id: table=${tablePath} row_id=${rowIds[from]}`);
}

/** The columns of all rows of a group, with the new values where there are some. */
async function* updatedRows(
  source: UpdateSource,
  { group, entry, firstRowId, from, to }: GroupUpdate,
  { fields, rowIds, columns }: ColumnUpdate,
): AsyncGenerator<KeyValueBatch> {
  const layout = { fields, keyIndexes: [], sequenceIndexes: [], sequenceDescending: false };
  const split = { partition: entry.partition, bucket: entry.bucket, files: group };
  const reader = await bucketReader(source, source.schema, { split, layout });
  let next = from;
  let firstRow = 0;
  for await (const batch of readRowGroup(reader, group)) {
    const start = next;
    const rows = Uint32Array.from({ length: batch.rowCount }, (_, row) => row);
    for (; next < to; next++) {
      const row = Number(rowIds[next] - firstRowId) - firstRow;
      if (row >= batch.rowCount) break;
      rows[row] = batch.rowCount + next - start;
    }
    firstRow += batch.rowCount;
    const mixed = batch.columns.map((column, index) =>
      takeVector(concatVectors([column, sliceVector(columns[index], start, next)]), rows),
    );
    yield next === start ? batch : { ...batch, columns: mixed };
  }
  assert(next === to, 'rows of an update are not in their file');
}
