// Which files a read can leave out by what their metadata says. Source: format notes 04 section 4 (use of statistics).
import { arityOf, decodeCell, decodeCells } from '../format/binary-row.ts';
import type { Cell } from '../format/cell.ts';
import {
  type ColumnBounds,
  type ColumnCondition,
  mayMeet,
  mayMeetAll,
  type PlainCondition,
} from '../format/condition.ts';
import { fieldNamed, type ReadSchemas, sameType, storedField } from '../lsm/file-conditions.ts';
import type { SimpleStats } from '../meta/data-file-meta.ts';
import type { FileBounds } from '../meta/manifest-row.ts';
import type { DataField, DataType } from '../schema/data-type.ts';
import type { TableSchema } from '../schema/table-schema.ts';
import { isTrackingField, ROW_ID_FIELD, SEQUENCE_FIELD } from '../schema/system-fields.ts';
import { trimmedPrimaryKeys } from '../schema/table-schema.ts';

/** Whether a partition (serialized) can hold rows that meet the conditions; other columns do not matter. */
export function partitionMayMeet(
  partition: Uint8Array,
  conditions: readonly PlainCondition[],
  schema: TableSchema,
): boolean {
  if (conditions.length === 0 || schema.partitionKeys.length === 0) return true;
  const types = schema.partitionKeys.map((name) => fieldNamed(schema, name).type);
  const cells = decodeCells(types, partition);
  return mayMeetAll(conditions, (condition) => {
    const place = schema.partitionKeys.indexOf(condition.column);
    if (place < 0) return true;
    const cell = cells[place];
    return mayMeet(condition, { min: cell, max: cell, nullCount: cell === null ? 1n : 0n, rowCount: 1 });
  });
}

/** Whether the file's key range can hold keys that meet the conditions on key columns. */
export function keysMayMeet(file: FileBounds, conditions: readonly PlainCondition[], schema: TableSchema): boolean {
  const keys = trimmedPrimaryKeys(schema);
  if (conditions.length === 0 || keys.length === 0) return true;
  const types = keys.map((name) => fieldNamed(schema, name).type);
  return mayMeetAll(conditions, (condition) => {
    const place = keys.indexOf(condition.column);
    if (place < 0) return true;
    const { rowCount } = file;
    // Only the first key column is bounded by the exact keys; the others may have any value in between.
    if (place === 0 && !mayMeet(condition, firstKeyBounds(types, file))) return false;
    return mayMeet(condition, { ...boundsOf(types, file.keyStats, place), nullCount: 0n, rowCount });
  });
}

/** The bounds of the first key column, which are exact. */
export function firstKeyBounds(types: readonly DataType[], file: FileBounds): ColumnBounds {
  const [min, max] = [decodeCell(types, file.minKey, 0), decodeCell(types, file.maxKey, 0)];
  return { min, max, nullCount: 0n, rowCount: file.rowCount };
}

/**
 * Whether the file can hold rows that meet the conditions, by its value statistics. Only a whole set of files that are
 * merged together may be left out by this: an older row that meets a condition may be hidden by a newer one that does
 * not.
 */
export function valuesMayMeet(file: FileBounds, conditions: readonly PlainCondition[], schemas: ReadSchemas): boolean {
  if (conditions.length === 0) return true;
  const columns = new FileColumnBounds({ file, schemas });
  return mayMeetAll(conditions, (condition) => columns.mayMeet(condition));
}

/** A file with what its statistics are read with. */
export interface JudgedFile {
  readonly file: FileBounds;
  readonly schemas: ReadSchemas;
}

/** The same of rows whose columns stand in several files, the newest first: each column is that of the first that has it. */
export function columnsMayMeet(files: readonly JudgedFile[], conditions: readonly PlainCondition[]): boolean {
  if (conditions.length === 0) return true;
  const columns = files.map((file) => new FileColumnBounds(file));
  return mayMeetAll(conditions, (condition) =>
    (columns.find((of) => of.has(condition)) ?? columns[0]).mayMeet(condition),
  );
}

/** What the statistics of a file say of its columns. */
export class FileColumnBounds {
  private readonly file: FileBounds;
  private readonly schemas: ReadSchemas;
  private readonly columns: StatsColumns;

  constructor({ file, schemas }: JudgedFile) {
    this.file = file;
    this.schemas = schemas;
    this.columns = statsColumnsOf(schemas.file, file.valueStatsCols);
  }

  has(condition: ColumnCondition): boolean {
    return storedField(condition, this.schemas) !== null;
  }

  mayMeet(condition: ColumnCondition): boolean {
    const told = this.of(fieldNamed(this.schemas.read, condition.column));
    return told === null || mayMeet(condition, told);
  }

  /** What is told of a column of the schema that is read with; null where nothing is. */
  of(wanted: DataField): ColumnBounds | null {
    const { file, schemas } = this;
    const stored = schemas.file.fields.find((field) => field.id === wanted.id);
    if (stored === undefined) return absentBounds(file, wanted);
    const slot = this.columns.names.indexOf(stored.name);
    if (slot < 0 || !sameType(stored, wanted)) return null;
    const told = { ...boundsOf(this.columns.types, file.valueStats, slot), rowCount: file.rowCount };
    // Where the file has no id of a row, its metadata has: such bounds are not all.
    return isTrackingField(stored) && told.nullCount !== 0n ? null : told;
  }
}

/** A column that the file does not have is NULL in every row, but for the ids of rows, which its metadata tells. */
function absentBounds(file: FileBounds, field: DataField): ColumnBounds {
  const { rowCount, firstRowId, maxSequenceNumber } = file;
  if (field.id === SEQUENCE_FIELD.id)
    return { min: maxSequenceNumber, max: maxSequenceNumber, nullCount: 0n, rowCount };
  if (field.id === ROW_ID_FIELD.id && firstRowId !== null) {
    return { min: firstRowId, max: firstRowId + BigInt(rowCount) - 1n, nullCount: 0n, rowCount };
  }
  return { min: null, max: null, nullCount: BigInt(rowCount), rowCount };
}

/** What statistics say of one of their columns. */
function boundsOf(types: readonly DataType[], stats: SimpleStats, slot: number): Omit<ColumnBounds, 'rowCount'> {
  const { minValues, maxValues, nullCounts } = stats;
  return {
    min: statsCell(types, minValues, slot),
    max: statsCell(types, maxValues, slot),
    nullCount: nullCounts?.[slot] ?? null,
  };
}

/** Empty statistics (no columns at all) stand where none were kept. */
function statsCell(types: readonly DataType[], row: Uint8Array, slot: number): Cell {
  return arityOf(row) === types.length ? decodeCell(types, row, slot) : null;
}

/** The columns of statistics and their types. */
interface StatsColumns {
  readonly names: readonly string[];
  readonly types: readonly DataType[];
}

/** By the schema and the names, as thousands of files have the same. */
const statsColumns = new WeakMap<TableSchema, Map<string, StatsColumns>>();

function statsColumnsOf(schema: TableSchema, given: readonly string[] | null): StatsColumns {
  const known = statsColumns.get(schema) ?? new Map<string, StatsColumns>();
  statsColumns.set(schema, known);
  const key = given === null ? 'all' : JSON.stringify(given);
  let columns = known.get(key);
  if (columns === undefined) {
    const names = given ?? schema.fields.map((field) => field.name);
    columns = { names, types: names.map((name) => ({ ...fieldNamed(schema, name).type, nullable: true })) };
    known.set(key, columns);
  }
  return columns;
}
