// A data file as lookups read it: row group by row group, the key columns first, other columns only where a key was hit.
import { isRetract } from '../../column/row-kind.ts';
import { ofKind } from '../../column/take.ts';
import type { ColumnBatch, Vector } from '../../column/vector.ts';
import type { FileStore } from '../../storage/file-store.ts';
import { boundCell } from '../format/bound-cell.ts';
import { vectorOf } from '../format/cell.ts';
import type { DataFile } from '../format/data-file.ts';
import type { DataField } from '../schema/data-type.ts';
import { type DataFileRequest, openFile } from './data-file-reader.ts';
import { evolveColumns, nullVector } from './evolve-column.ts';
import { KIND_FIELD, SEQUENCE_FIELD } from '../schema/system-fields.ts';
import type { KeyValueBatch } from './key-values.ts';

/** Rows of one read. */
const BATCH_ROWS = 8192;

/** Key columns of some rows, and which of the rows are retracts. */
export interface KeyBatch extends ColumnBatch {
  isRetractAt(row: number): boolean;
}

/** An open file. Rows of a row group are numbered from 0, in key order. */
export interface LookupFile {
  readonly groupCount: number;
  groupRowCount(group: number): number;
  /** The least and the greatest value of the first key column in a row group, as two rows; null if not known. */
  firstKeyBounds(group: number): Vector | null;
  /** The key columns of a row group. */
  keys(group: number): AsyncIterable<KeyBatch>;
  /** Some columns of a row group, by their fields in the table. */
  values(group: number, fields: readonly DataField[]): AsyncIterable<ColumnBatch>;
  /** The rows of a row group: those columns, sequence numbers and kinds. */
  rows(group: number, fields: readonly DataField[]): AsyncIterable<KeyValueBatch>;
}

/** Opens the file; `request.fields` are the key columns. Throws as `readDataFile`. */
export async function openLookupFile(store: FileStore, request: DataFileRequest): Promise<LookupFile> {
  const opened = await openFile(store, request);
  return {
    groupCount: opened.rowGroups.length,
    groupRowCount: (group) => opened.rowGroups[group].rowCount,
    firstKeyBounds: (group) => firstKeyBounds(opened, request, group),
    keys: (group) => readKeys(opened, request, group),
    values: (group, fields) => readValues(opened, { ...request, fields }, group),
    rows: (group, fields) => readRows(opened, { ...request, fields }, group),
  };
}

function firstKeyBounds(opened: DataFile, request: DataFileRequest, group: number): Vector | null {
  const [{ source }] = evolveColumns(request.fields, request.fileSchema.fields);
  const bounds = source === null ? null : (opened.columnStatistics(group, source)?.bounds ?? null);
  if (source === null || bounds === null) return null;
  // NaN stands above all values here, and outside of the bounds that some writers keep.
  if (source.type.kind === 'FLOAT' || source.type.kind === 'DOUBLE') return null;
  return vectorOf(source.type, [boundCell(source.type, bounds.min), boundCell(source.type, bounds.max)]);
}

async function* readKeys(opened: DataFile, request: DataFileRequest, group: number): AsyncGenerator<KeyBatch> {
  const evolved = evolveColumns(request.fields, request.fileSchema.fields);
  const stored = evolved.flatMap(({ source }) => (source === null ? [] : [source]));
  const reader = opened.openRowGroup(group, [KIND_FIELD, ...stored]);
  for (let batch = await reader.next(BATCH_ROWS); batch !== null; batch = await reader.next(BATCH_ROWS)) {
    const [kinds, ...columns] = batch.columns;
    const { values } = ofKind(kinds, 'i32');
    yield { rowCount: batch.rowCount, columns, isRetractAt: (row) => isRetract(values[row]) };
  }
}

async function* readRows(opened: DataFile, request: DataFileRequest, group: number): AsyncGenerator<KeyValueBatch> {
  const evolved = evolveColumns(request.fields, request.fileSchema.fields);
  const stored = evolved.flatMap(({ source }) => (source === null ? [] : [source]));
  const reader = opened.openRowGroup(group, [SEQUENCE_FIELD, KIND_FIELD, ...stored]);
  for (let batch = await reader.next(BATCH_ROWS); batch !== null; batch = await reader.next(BATCH_ROWS)) {
    const { rowCount } = batch;
    const [sequence, kinds, ...given] = batch.columns;
    let next = 0;
    const columns = evolved.map(({ source, convert }, index) =>
      source === null ? nullVector(request.fields[index].type, rowCount) : convert(given[next++]),
    );
    yield {
      rowCount,
      columns,
      sequence: ofKind(sequence, 'i64'),
      kinds: Uint8Array.from(ofKind(kinds, 'i32').values),
      level: request.file.level,
    };
  }
}

async function* readValues(opened: DataFile, request: DataFileRequest, group: number): AsyncGenerator<ColumnBatch> {
  const evolved = evolveColumns(request.fields, request.fileSchema.fields);
  const stored = evolved.flatMap(({ source }) => (source === null ? [] : [source]));
  const reader = opened.openRowGroup(group, stored);
  for (let batch = await reader.next(BATCH_ROWS); batch !== null; batch = await reader.next(BATCH_ROWS)) {
    const { rowCount } = batch;
    let next = 0;
    const given = batch.columns;
    const columns = evolved.map(({ source, convert }, index) =>
      source === null ? nullVector(request.fields[index].type, rowCount) : convert(given[next++]),
    );
    yield { rowCount, columns };
  }
}
