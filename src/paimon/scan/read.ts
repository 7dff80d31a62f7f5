// Reads the splits of a plan: files as they are or merged, without deleted rows, filtered, projected.
import type { FileStore } from '../../storage/file-store.ts';
import { INSERT, isRetract } from '../../column/row-kind.ts';
import { sliceVector, takeVector } from '../../column/take.ts';
import type { FileBatch } from '../lsm/data-file-reader.ts';
import { type DeletedRows, type DeletionFile, readDeletionVector } from '../lsm/deletion-vector.ts';
import { conditionColumns, type PlainCondition, plainConditions } from '../format/condition.ts';
import type { RowSet } from '../format/file-index/row-set.ts';
import { filePaths } from '../lsm/file-paths.ts';
import { partitionByInterval } from '../lsm/interval-partition.ts';
import { tableLayout } from '../lsm/key-value-file.ts';
import { type KeyValueBatch, type KeyValueLayout, keyRowOrder } from '../lsm/key-values.ts';
import { clearDeleted, flaggedRows, keepRows } from '../lsm/live-rows.ts';
import { mergeFields, mergeFunctionOf } from '../lsm/merge/merge-engine.ts';
import type { MergeFunction } from '../lsm/merge/merge-function.ts';
import { readRowGroup } from '../lsm/column-reader.ts';
import { rowGroups } from '../lsm/row-id-groups.ts';
import { type BucketReader, readFile, readSections } from '../lsm/section-reader.ts';
import { writtenSchema } from '../lsm/written-columns.ts';
import type { DataFileMeta } from '../meta/data-file-meta.ts';
import type { DataField } from '../schema/data-type.ts';
import type { SchemaStore } from '../schema/schema-store.ts';
import { readableSchema } from '../schema/system-fields.ts';
import { tableOptions } from '../schema/table-options.ts';
import type { TableSchema } from '../schema/table-schema.ts';
import { rowsByFileIndex } from './file-selection.ts';
import { fieldOf, rowsThatMeet } from './predicate.ts';
import type { ReadBatch, ReadOptions, ScanPlan, Split } from './scan.ts';

/** What a table is read with. */
export interface ReadSource {
  readonly store: FileStore;
  /** The table's directory. */
  readonly tablePath: string;
  readonly schemas: SchemaStore;
}

/** The rows of a plan, split after split; no batch is empty. `options` are those that the plan was made with. */
export async function* readPlan(source: ReadSource, plan: ScanPlan, options: ReadOptions): AsyncGenerator<ReadBatch> {
  let left = options.limit ?? Number.POSITIVE_INFINITY;
  for (const split of plan.splits) {
    if (left <= 0) return;
    for await (const batch of readSplit(source, split, { plan, options })) {
      options.signal?.throwIfAborted();
      yield batch.rowCount <= left ? batch : firstRows(batch, left);
      left -= batch.rowCount;
      if (left <= 0) return;
    }
  }
  if (plan.next === undefined || left <= 0) return;
  const { plan: next, schemas } = plan.next;
  yield* readPlan(
    { ...source, schemas },
    next,
    left === Number.POSITIVE_INFINITY ? options : { ...options, limit: left },
  );
}

/** The rows of one split of the plan. */
export async function* readSplit(
  source: ReadSource,
  split: Split,
  scan: { readonly plan: ScanPlan; readonly options: ReadOptions },
): AsyncGenerator<ReadBatch> {
  const { schema, fields } = scan.plan;
  const where = plainConditions(scan.options.where ?? []);
  const keepRetracts = scan.options.keepRetracts ?? false;
  const readable = readableSchema(schema);
  const conditionFields = conditionColumns(where).map((name) => fieldOf(name, readable.fields));
  const layout = readLayout(schema, [...fields, ...conditionFields], split);
  const conditions = split.rawConvertible ? where : keyConditions(where, schema);
  const reader = {
    ...(await bucketReader(source, schema, { split, layout })),
    where: { conditions, schema: readable },
  };
  const output = new Output(layout, fields, where);
  for await (const batch of split.rawConvertible
    ? readRawFiles(reader, split, { schema, keepRetracts: keepRetracts || split.kinds === 'stored', where })
    : isKeyed(schema)
      ? readMerged(reader, split, { schema, keepRetracts })
      : readRowGroups(reader, split)) {
    const rows = output.of(batch);
    if (rows !== null) yield split.kinds === 'inserts' && !keepRetracts ? { ...rows, kinds: inserts(rows) } : rows;
  }
}

/** The conditions on key columns: all rows of a key meet them, or none does. */
function keyConditions(where: readonly PlainCondition[], { primaryKeys }: TableSchema): readonly PlainCondition[] {
  return where.filter((condition) => conditionColumns([condition]).every((name) => primaryKeys.includes(name)));
}

function isKeyed(schema: TableSchema): boolean {
  return schema.primaryKeys.length > 0;
}

function inserts({ rowCount }: ReadBatch): Uint8Array {
  return new Uint8Array(rowCount).fill(INSERT);
}

/** The columns to read: those wanted, each once, and for a merge those that decide the order. */
function readLayout(
  schema: TableSchema,
  wanted: readonly DataField[],
  split: { rawConvertible: boolean },
): KeyValueLayout {
  const table = tableLayout(schema);
  const deciding = split.rawConvertible ? [] : [...table.keyIndexes, ...table.sequenceIndexes];
  const merging = split.rawConvertible ? [] : mergeFields(schema, wanted);
  const fields = [...new Set([...deciding.map((index) => schema.fields[index]), ...wanted, ...merging])];
  const place = (index: number): number => fields.indexOf(schema.fields[index]);
  return {
    fields,
    keyIndexes: split.rawConvertible ? [] : table.keyIndexes.map(place),
    sequenceIndexes: split.rawConvertible ? [] : table.sequenceIndexes.map(place),
    sequenceDescending: table.sequenceDescending,
  };
}

/** Rows whose columns stand in several files. A deletion vector of any of these takes rows of all of them away. */
async function* readRowGroups(reader: BucketReader, { files, deletionFiles }: Split): AsyncGenerator<KeyValueBatch> {
  for (const group of rowGroups(files)) {
    const vectors: DeletedRows[] = [];
    for (const { fileName } of group) {
      const deletionFile = deletionFiles.get(fileName);
      if (deletionFile !== undefined) vectors.push(await readDeletionVector(reader.store, deletionFile));
    }
    let firstRow = 0;
    for await (const batch of readRowGroup(reader, group)) {
      let rows = batch;
      if (vectors.length > 0) {
        const keep = new Uint8Array(batch.rowCount).fill(1);
        for (const deleted of vectors) clearDeleted(keep, firstRow, deleted);
        rows = keepRows(batch, keep);
      }
      firstRow += batch.rowCount;
      yield rows;
    }
  }
}

/** What the files of a bucket are read with; loads the schema versions that they were written with. */
export async function bucketReader(
  source: ReadSource,
  schema: TableSchema,
  of: {
    readonly split: {
      readonly partition: Uint8Array;
      readonly bucket: number;
      readonly files: readonly DataFileMeta[];
    };
    readonly layout: KeyValueLayout;
  },
): Promise<BucketReader> {
  const { partition, bucket, files } = of.split;
  const ids = files.map((file) => file.schemaId);
  const schemas = await source.schemas.readAll(ids, []);
  const paths = filePaths(source.tablePath, schema);
  return { store: source.store, layout: of.layout, schemas, pathOf: (file) => paths.file(partition, bucket, file) };
}

function readMerged(
  reader: BucketReader,
  split: Split,
  how: { readonly schema: TableSchema; readonly keepRetracts: boolean },
): AsyncGenerator<KeyValueBatch> {
  const { layout } = reader;
  return mergeLiveFiles(reader, split, mergeFunctionOf(how.schema, { layout, dropRetracts: !how.keepRetracts }));
}

/** The rows of files of a bucket in key order, merged, without those that deletion vectors take away. */
export async function* mergeLiveFiles(
  reader: BucketReader,
  { files, deletionFiles }: Pick<Split, 'files' | 'deletionFiles'>,
  merge: MergeFunction,
): AsyncGenerator<KeyValueBatch> {
  const sections = partitionByInterval(files, keyRowOrder(reader.layout));
  const deletedRows = new Map<string, DeletedRows>();
  for (const { fileName } of files) {
    const deletionFile = deletionFiles.get(fileName);
    if (deletionFile !== undefined) deletedRows.set(fileName, await readDeletionVector(reader.store, deletionFile));
  }
  yield* readSections({ ...reader, deletedRows }, sections, merge);
}

async function* readRawFiles(
  reader: BucketReader,
  split: Split,
  scan: { readonly schema: TableSchema; readonly keepRetracts: boolean; readonly where: readonly PlainCondition[] },
): AsyncGenerator<KeyValueBatch> {
  for (const file of split.files) {
    const selected = await selectedRows(reader, file, scan);
    if (selected?.isEmpty === true) continue;
    const deletionFile = split.deletionFiles.get(file.fileName);
    const dropRetracts = !scan.keepRetracts && file.deleteRowCount !== 0;
    yield* readLiveFile(reader, file, { deletionFile, selected, dropRetracts });
  }
}

/** The rows of a file that its deletion vector leaves, with or without retracts; of those selected, if any are. */
export async function* readLiveFile(
  reader: BucketReader,
  file: DataFileMeta,
  live: {
    readonly deletionFile: DeletionFile | undefined;
    readonly selected?: RowSet | null;
    readonly dropRetracts: boolean;
  },
): AsyncGenerator<KeyValueBatch> {
  const { deletionFile, selected = null, dropRetracts } = live;
  const deleted = deletionFile === undefined ? null : await readDeletionVector(reader.store, deletionFile);
  const isWhole = !dropRetracts && deleted === null && selected === null;
  for await (const batch of readFile(reader, file, selected)) {
    yield isWhole ? batch : liveRows(batch, { deleted, selected, dropRetracts });
  }
}

/** The rows that the file's indexes leave; null for all. */
async function selectedRows(
  reader: BucketReader,
  file: DataFileMeta,
  { schema, where }: { readonly schema: TableSchema; readonly where: readonly PlainCondition[] },
): Promise<RowSet | null> {
  const fileSchema = reader.schemas.get(file.schemaId);
  if (fileSchema === undefined || !tableOptions(schema).fileIndexReadEnabled) return null;
  const pathOf = (fileName: string): string => reader.pathOf({ ...file, fileName });
  const schemas = { read: readableSchema(schema), file: writtenSchema(fileSchema, file) };
  return rowsByFileIndex(file, { where, schemas }, { store: reader.store, pathOf });
}

/** The rows of a batch of a file that are selected and not deleted. */
function liveRows(
  batch: FileBatch,
  by: {
    readonly deleted: DeletedRows | null;
    readonly selected: RowSet | null;
    readonly dropRetracts: boolean;
  },
): KeyValueBatch {
  const { deleted, selected } = by;
  const { firstRow } = batch;
  const keep = new Uint8Array(batch.rowCount).fill(1);
  if (selected !== null) for (let row = 0; row < keep.length; row++) keep[row] = Number(selected.has(firstRow + row));
  if (deleted !== null) clearDeleted(keep, firstRow, deleted);
  if (by.dropRetracts) for (let row = 0; row < keep.length; row++) if (isRetract(batch.kinds[row])) keep[row] = 0;
  return keepRows(batch, keep);
}

/** Applies the conditions and picks the columns. */
export class Output {
  private readonly fields: readonly DataField[];
  private readonly columnIndexes: readonly number[];
  private readonly where: readonly PlainCondition[];
  private readonly layout: KeyValueLayout;

  constructor(layout: KeyValueLayout, fields: readonly DataField[], where: readonly PlainCondition[]) {
    this.layout = layout;
    this.fields = fields;
    this.where = where;
    this.columnIndexes = fields.map((field) => layout.fields.indexOf(field));
  }

  /** The rows that meet the conditions; null if there are none. */
  of(batch: KeyValueBatch): ReadBatch | null {
    const met = this.rowsThatMeet(batch);
    const columns = this.columnIndexes.map((index) => batch.columns[index]);
    const rowCount = met === null ? batch.rowCount : met.length;
    if (rowCount === 0) return null;
    if (met === null || rowCount === batch.rowCount)
      return { fields: this.fields, rowCount: batch.rowCount, columns, kinds: batch.kinds };
    const kinds = Uint8Array.from(met, (row) => batch.kinds[row]);
    return { fields: this.fields, rowCount, columns: columns.map((column) => takeVector(column, met)), kinds };
  }

  private rowsThatMeet(batch: KeyValueBatch): Uint32Array | null {
    if (this.where.length === 0) return null;
    const keep = rowsThatMeet(this.where, batch.rowCount, (name) => {
      const index = this.layout.fields.findIndex((field) => field.name === name);
      return { type: this.layout.fields[index].type, vector: batch.columns[index] };
    });
    return flaggedRows(keep);
  }
}

/** The first rows of a batch. */
export function firstRows(batch: ReadBatch, count: number): ReadBatch {
  return {
    fields: batch.fields,
    rowCount: count,
    columns: batch.columns.map((column) => sliceVector(column, 0, count)),
    kinds: batch.kinds.subarray(0, count),
  };
}
