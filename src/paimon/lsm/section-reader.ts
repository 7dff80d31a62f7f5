// Reads sections of files merged: the runs of a section together, the sections one after the other.
import { assert } from '../../base/errors.ts';
import type { FileStore } from '../../storage/file-store.ts';
import type { PlainCondition } from '../format/condition.ts';
import type { RowSet } from '../format/file-index/row-set.ts';
import type { DataFileMeta } from '../meta/data-file-meta.ts';
import type { DataField } from '../schema/data-type.ts';
import type { TableSchema } from '../schema/table-schema.ts';
import { type FileBatch, readDataFile } from './data-file-reader.ts';
import type { DeletedRows } from './deletion-vector.ts';
import { conditionsOfFile } from './file-conditions.ts';
import type { Section } from './interval-partition.ts';
import type { KeyValueBatch, KeyValueLayout } from './key-values.ts';
import { type LateLayout, lateLayout } from './late-columns.ts';
import { clearDeleted, keepRows } from './live-rows.ts';
import type { MergeFunction } from './merge/merge-function.ts';
import type { MergeWindow } from './merge/merge-window.ts';
import { mergeRuns, mergeWindows } from './merge-reader.ts';
import { clearExpired, type RecordExpiry } from './record-expiry.ts';
import { writtenSchema } from './written-columns.ts';

/** What the files of one bucket are read with. */
export interface BucketReader {
  readonly store: FileStore;
  readonly layout: KeyValueLayout;
  /** Columns that batches give late; the layout is without them then. */
  readonly lateFields?: readonly DataField[];
  /** Every schema version that a file was written with, by id. */
  readonly schemas: ReadonlyMap<number, TableSchema>;
  /** Path of a file of the bucket. */
  readonly pathOf: (file: DataFileMeta) => string;
  /** Deletion vectors by the name of their file: these rows are left out. */
  readonly deletedRows?: ReadonlyMap<string, DeletedRows>;
  /** Rows that have expired by it are left out; the layout has all columns of the table then. */
  readonly expiry?: RecordExpiry | null;
  /**
   * Rows that do not meet these conditions on columns of the schema are left out as far as they can be left unread.
   * Where rows are merged, conditions may name key columns only: an older row must not be seen in place of a newer one.
   */
  readonly where?: { readonly conditions: readonly PlainCondition[]; readonly schema: TableSchema };
  /** How many files are read at the same time; 1 unless given. */
  readonly filesOpen?: number;
}

/** The rows of sections in key order, merged; retracts go or stay as `merge` decides. */
export async function* readSections(
  reader: BucketReader,
  sections: readonly Section[],
  merge: MergeFunction,
): AsyncGenerator<KeyValueBatch> {
  const { merged, late } = partedReader(reader, merge.picksRows);
  for (const section of sections) yield* mergeRuns(runsOf(merged, section), { layout: merged.layout, late, merge });
}

/**
 * The rows of sections in key order, not yet merged: see `mergeWindows`. Columns are late where the merge they are for
 * picks rows.
 */
export async function* sectionWindows(
  reader: BucketReader,
  sections: readonly Section[],
  picksRows: MergeFunction['picksRows'],
): AsyncGenerator<MergeWindow> {
  const { merged, late } = partedReader(reader, picksRows);
  for (const section of sections) yield* mergeWindows(runsOf(merged, section), { layout: merged.layout, late });
}

/** The reader of what is merged; the others of its columns are late where the merge and the reader allow it. */
function partedReader(
  reader: BucketReader,
  picksRows = false,
): { readonly merged: BucketReader; readonly late: LateLayout | null } {
  // Which rows have expired is seen in any columns.
  const late = picksRows && (reader.expiry ?? null) === null ? lateLayout(reader.layout) : null;
  return { merged: late === null ? reader : { ...reader, layout: late.heads, lateFields: late.fields }, late };
}

function runsOf(reader: BucketReader, section: Section): readonly AsyncGenerator<KeyValueBatch>[] {
  return section.map((files) => readRun({ ...reader, filesOpen: section.length }, files));
}

/** The rows of files, one file after the other. */
async function* readRun(reader: BucketReader, files: readonly DataFileMeta[]): AsyncGenerator<KeyValueBatch> {
  for (const file of files) yield* readFile(reader, file);
}

/**
 * The rows of one file as the layout's columns, of `selected` ones at least where those are given; batches may be empty.
 * `firstRow` is that of the batch as it was read. Throws as `readDataFile`.
 */
export async function* readFile(
  reader: BucketReader,
  file: DataFileMeta,
  selected: RowSet | null = null,
): AsyncGenerator<FileBatch> {
  const fileSchema = reader.schemas.get(file.schemaId);
  assert(fileSchema !== undefined, `schema version was not loaded: id=${file.schemaId}`);
  const { conditions = [], schema = fileSchema } = reader.where ?? {};
  const where = conditionsOfFile(conditions, { read: schema, file: writtenSchema(fileSchema, file) });
  const request = {
    path: reader.pathOf(file),
    file,
    fileSchema,
    fields: reader.layout.fields,
    ...(reader.lateFields === undefined ? {} : { lateFields: reader.lateFields }),
    rows: { where, selected },
    filesOpen: reader.filesOpen ?? 1,
  };
  const deleted = reader.deletedRows?.get(file.fileName) ?? null;
  const expiry = reader.expiry ?? null;
  for await (const read of readDataFile(reader.store, request)) {
    const batch = { ...read, level: file.level };
    if (deleted === null && expiry === null) yield batch;
    else {
      const keep = new Uint8Array(batch.rowCount).fill(1);
      if (deleted !== null) clearDeleted(keep, batch.firstRow, deleted);
      if (expiry !== null) clearExpired(keep, batch, expiry);
      yield { ...keepRows(batch, keep), firstRow: batch.firstRow };
    }
  }
}
