// Which files a read can leave out by what their metadata says. Source: format notes 04 section 4 (use of statistics).
import { decodeCells } from '../format/binary-row.ts';
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
  const bounds = new StatsBounds(types, file.keyStats);
  return mayMeetAll(conditions, (condition) => {
    const place = keys.indexOf(condition.column);
    if (place < 0) return true;
    // Only the first key column is bounded by the exact keys; the others may have any value in between.
    if (place === 0 && !mayMeet(condition, firstKeyBounds(types, file))) return false;
    return mayMeet(condition, { ...bounds.of(place, file.rowCount), nullCount: 0n });
  });
}

/** The bounds of the first key column, which are exact. */
export function firstKeyBounds(types: readonly DataType[], file: FileBounds): ColumnBounds {
  const min = decodeCells(types, file.minKey)[0];
  const max = decodeCells(types, file.maxKey)[0];
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
  private readonly columns: readonly string[];
  private readonly bounds: StatsBounds;

  constructor({ file, schemas }: JudgedFile) {
    this.file = file;
    this.schemas = schemas;
    this.columns = file.valueStatsCols ?? schemas.file.fields.map((field) => field.name);
    const types = this.columns.map((name) => ({ ...fieldNamed(schemas.file, name).type, nullable: true }));
    this.bounds = new StatsBounds(types, file.valueStats);
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
    const slot = this.columns.indexOf(stored.name);
    if (slot < 0 || !sameType(stored, wanted)) return null;
    const told = this.bounds.of(slot, file.rowCount);
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

/** Statistics decoded when they are first asked for. */
class StatsBounds {
  private readonly types: readonly DataType[];
  private readonly stats: SimpleStats;
  private min: readonly Cell[] | null = null;
  private max: readonly Cell[] | null = null;
  private isDecoded = false;

  constructor(types: readonly DataType[], stats: SimpleStats) {
    this.types = types;
    this.stats = stats;
  }

  of(slot: number, rowCount: number): ColumnBounds {
    if (!this.isDecoded) {
      this.min = statsCells(this.types, this.stats.minValues);
      this.max = statsCells(this.types, this.stats.maxValues);
      this.isDecoded = true;
    }
    const nullCount = this.stats.nullCounts?.[slot] ?? null;
    return { min: this.min?.[slot] ?? null, max: this.max?.[slot] ?? null, nullCount, rowCount };
  }
}

/** Empty statistics (no columns at all) stand where none were kept. */
function statsCells(types: readonly DataType[], row: Uint8Array): readonly Cell[] | null {
  const arity = new DataView(row.buffer, row.byteOffset, row.byteLength).getInt32(0);
  return arity === types.length ? decodeCells(types, row) : null;
}
