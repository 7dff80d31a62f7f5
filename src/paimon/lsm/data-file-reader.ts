// Reads data and changelog files as batches of a target schema, in file order, with memory for one batch.
// Source: format notes 04 sections 1 and 5.
import { TributaryError } from '../../base/errors.ts';
import type { ColumnBatch, Vector } from '../../column/vector.ts';
import type { FileReads } from '../../storage/file-store.ts';
import type { PlainCondition } from '../format/condition.ts';
import type { DataFile, RangeSource } from '../format/data-file.ts';
import { openDataFile } from '../format/data-file-formats.ts';
import type { RowSet } from '../format/file-index/row-set.ts';
import { allRows, commonRows, mergedRanges, type RowRanges } from '../format/row-ranges.ts';
import type { DataFileMeta } from '../meta/data-file-meta.ts';
import type { DataField } from '../schema/data-type.ts';
import { isTrackingField, KIND_FIELD, SEQUENCE_FIELD } from '../schema/system-fields.ts';
import type { TableSchema } from '../schema/table-schema.ts';
import { type EvolvedColumn, evolveColumns, nullVector } from './evolve-column.ts';
import { type KeyValueBatch, keylessRows, type PickedColumns } from './key-values.ts';
import { readColumns } from './late-columns.ts';
import { trackingColumn, writtenSchema } from './written-columns.ts';

/** What to read from a file. */
export interface DataFileRequest {
  /** The file's path in the store. */
  readonly path: string;
  readonly file: DataFileMeta;
  /** The schema version that the file was written with: `file.schemaId`. */
  readonly fileSchema: TableSchema;
  /** The columns to give, in order: fields of the schema that is read with, and of append tables `TRACKING_FIELDS`. */
  readonly fields: readonly DataField[];
  /** Columns of a table with keys that batches give late, as far as the format can do so without reading them all. */
  readonly lateFields?: readonly DataField[];
  /** Rows that others are not wanted beside; all of them unless given. */
  readonly rows?: WantedRows;
  /** How many files are read at the same time, this one with them; 1 unless given. */
  readonly filesOpen?: number;
}

/** Which rows of a file are wanted. Others are left out as far as they can be left unread. */
export interface WantedRows {
  /** Those that meet all conditions, which name the columns as the file does. */
  readonly where: readonly PlainCondition[];
  /** Those of a set; null for no such bound. */
  readonly selected: RowSet | null;
}

/** Rows of a file that follow each other. */
export interface FileBatch extends KeyValueBatch {
  /** The number of the first of them in the file. */
  readonly firstRow: number;
}

/** Rows of a batch, at most. */
const BATCH_ROWS = 16384;
/** Fewer unwanted rows than this between wanted ones are read with them. */
const GAP_ROWS = 512;

/**
 * The rows of a file, or those of them that are wanted and some beside them. Key columns are read from the value columns, which files of either layout (thin or not) have;
 * files of append tables give sequence numbers 0 and kind +I. Throws `E3351` (format), `E3352` (type change),
 * `E3353` (not what the metadata says), `E3380` (no row ids), `E3001`, `E3200` to `E3203`.
 */
export async function* readDataFile(store: FileReads, request: DataFileRequest): AsyncGenerator<FileBatch> {
  const { path, file } = request;
  const isKeyed = request.fileSchema.primaryKeys.length > 0;
  const reader = await openFile(store, request);
  const picksRows = reader.openRowPicker !== undefined;
  const fields = picksRows ? request.fields : [...request.fields, ...(request.lateFields ?? [])];
  const { evolved, stored } = fileColumns(fields, request);
  const fileFields = isKeyed ? [SEQUENCE_FIELD, KIND_FIELD, ...stored] : stored;
  if (reader.rowCount !== file.rowCount) {
    throw new TributaryError('E3353', `file holds ${reader.rowCount} rows instead of ${file.rowCount}: file=${path}`);
  }
  for (let group = 0, groupStart = 0; group < reader.rowGroups.length; group++) {
    const groupEnd = groupStart + reader.rowGroups[group].rowCount;
    const rows = await rowsOfGroup(reader, group, { request, groupStart, groupEnd });
    if (rows?.length !== 0) {
      const rowGroup = reader.openRowGroup(group, fileFields, rows);
      const lateOf = openLate(reader, request, { group, rows });
      for (let batch = await rowGroup.next(BATCH_ROWS); batch !== null; batch = await rowGroup.next(BATCH_ROWS)) {
        const firstRow = groupStart + batch.firstRow;
        const read = keyValueBatch(batch, { isKeyed, fields, evolved, request, firstRow });
        yield { ...(lateOf === null ? read : lateOf(read, batch.firstRow)), firstRow };
      }
    }
    groupStart = groupEnd;
  }
}

/** Columns of the target schema, and those that the file has of them. */
interface FileColumns {
  readonly evolved: readonly EvolvedColumn[];
  readonly stored: readonly DataField[];
}

function fileColumns(target: readonly DataField[], { file, fileSchema }: DataFileRequest): FileColumns {
  const evolved = evolveColumns(target, writtenSchema(fileSchema, file).fields);
  return { evolved, stored: evolved.flatMap(({ source }) => (source === null ? [] : [source])) };
}

/** Gives the batches of a row group their late columns, by the first row of the batch; null where none are asked for. */
function openLate(
  reader: DataFile,
  request: DataFileRequest,
  { group, rows }: { readonly group: number; readonly rows: RowRanges | undefined },
): ((batch: KeyValueBatch, firstRow: number) => KeyValueBatch) | null {
  const { fields, lateFields } = request;
  if (lateFields === undefined) return null;
  if (reader.openRowPicker === undefined) {
    return (batch) => {
      const late = readColumns(batch.columns.slice(fields.length));
      return { ...batch, columns: batch.columns.slice(0, fields.length), late };
    };
  }
  const { evolved, stored } = fileColumns(lateFields, request);
  const picker = reader.openRowPicker(group, stored, rows);
  return (batch, firstRow) => {
    const pick = async (picked: Uint32Array): Promise<PickedColumns> => {
      const inGroup = new Uint32Array(picked.length);
      const rows = new Uint32Array(picked.length);
      for (let index = 0; index < picked.length; index++) {
        inGroup[index] = firstRow + picked[index];
        rows[index] = index;
      }
      const found = await picker.pick(inGroup);
      const columns = evolvedColumns(evolved, found).map(
        (column, index) => column ?? nullVector(lateFields[index].type, picked.length),
      );
      return { columns, rows, areOwn: true };
    };
    return { ...batch, late: { pick } };
  };
}

/** What a file holds, as columns of the target schema; null for those that it does not have. */
function evolvedColumns(evolved: readonly EvolvedColumn[], stored: readonly Vector[]): readonly (Vector | null)[] {
  let next = 0;
  return evolved.map(({ source, convert }) => (source === null ? null : convert(stored[next++])));
}

/** The rows of a row group that are wanted, by their numbers in it; undefined for all. */
async function rowsOfGroup(
  reader: DataFile,
  group: number,
  of: { readonly request: DataFileRequest; readonly groupStart: number; readonly groupEnd: number },
): Promise<RowRanges | undefined> {
  const { request, groupStart, groupEnd } = of;
  const { where = [], selected = null } = request.rows ?? {};
  if (where.length === 0 && selected === null) return undefined;
  const columns = request.fileSchema.fields;
  const chosen =
    selected === null
      ? allRows(groupEnd - groupStart)
      : mergedRanges(selected.ranges(groupStart, groupEnd), GAP_ROWS).map(({ from, to }) => ({
          from: from - groupStart,
          to: to - groupStart,
        }));
  if (where.length === 0 || chosen.length === 0) return chosen;
  return commonRows(await reader.rowsThatMayMeet(group, { where, columns }), chosen);
}

/** Opens a file by the format that its name says. Throws `E3351`, `E3200` to `E3203`. */
export function openFile(
  store: FileReads,
  { path, file, fileSchema, filesOpen = 1 }: Omit<DataFileRequest, 'fields'>,
): Promise<DataFile> {
  return openDataFile({ ...fileSource(store, { path, file }), filesOpen }, { ...file, options: fileSchema.options });
}

/** The bytes of a file by range. */
export function fileSource(store: FileReads, { path, file }: Pick<DataFileRequest, 'path' | 'file'>): RangeSource {
  const readRange = (offset: number, sizeBytes: number): Promise<Uint8Array> =>
    store.readRange(path, offset, sizeBytes);
  return { name: path, sizeBytes: file.fileSize, readRange, givesOwnBytes: true };
}

interface BatchShape {
  /** The columns of the batch. */
  readonly fields: readonly DataField[];
  readonly isKeyed: boolean;
  readonly evolved: readonly EvolvedColumn[];
  readonly request: DataFileRequest;
  /** The first row of the batch in the file. */
  readonly firstRow: number;
}

function keyValueBatch(batch: ColumnBatch, shape: BatchShape): KeyValueBatch {
  const { rowCount } = batch;
  const { fields } = shape;
  const { file } = shape.request;
  const stored = evolvedColumns(shape.evolved, shape.isKeyed ? batch.columns.slice(2) : batch.columns);
  const columns = stored.map((found, index) => {
    if (!shape.isKeyed && isTrackingField(fields[index])) {
      return trackingColumn(fields[index], found, { file, firstRow: shape.firstRow, rowCount });
    }
    return found ?? nullVector(fields[index].type, rowCount);
  });
  if (!shape.isKeyed) return keylessRows(columns, rowCount);
  const [sequence, kinds] = batch.columns as [Vector, Vector];
  if (sequence.kind !== 'i64' || kinds.kind !== 'i32') {
    throw new TributaryError('E3353', `file has no sequence numbers and kinds: file=${shape.request.path}`);
  }
  return { rowCount, columns, sequence, kinds: new Uint8Array(kinds.values) };
}
