// Which files a read can leave out by what their metadata says. Source: format notes 04 section 4 (use of statistics).
import { decodeCells } from '../format/binary-row.ts';
import type { Cell } from '../format/cell.ts';
import { type ColumnBounds, mayMeet, mayMeetAll, type PlainCondition } from '../format/condition.ts';
import { fieldNamed, type ReadSchemas, sameType, storedField } from '../lsm/file-conditions.ts';
import type { SimpleStats } from '../meta/data-file-meta.ts';
import type { FileBounds } from '../meta/manifest-row.ts';
import type { DataType } from '../schema/data-type.ts';
import type { TableSchema } from '../schema/table-schema.ts';
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

function firstKeyBounds(types: readonly DataType[], file: FileBounds): ColumnBounds {
  const min = decodeCells(types, file.minKey)[0];
  const max = decodeCells(types, file.maxKey)[0];
  return { min, max, nullCount: 0n, rowCount: file.rowCount };
}

/**
 * Whether the file can hold rows that meet the conditions, by its value statistics. Only a whole set of files that are
 * merged together may be left out by this: an older row that meets a condition may be hidden by a newer one that does
 * not. `fileSchema` is the version that the file was written with.
 */
export function valuesMayMeet(file: FileBounds, conditions: readonly PlainCondition[], schemas: ReadSchemas): boolean {
  if (conditions.length === 0) return true;
  const columns = file.valueStatsCols ?? schemas.file.fields.map((field) => field.name);
  const types: DataType[] = columns.map((name) => ({ ...fieldNamed(schemas.file, name).type, nullable: true }));
  const bounds = new StatsBounds(types, file.valueStats);
  return mayMeetAll(conditions, (condition) => {
    const stored = storedField(condition, schemas);
    if (stored === null) return mayMeet(condition, allNull(file));
    const slot = columns.indexOf(stored.name);
    if (slot < 0 || !sameType(stored, fieldNamed(schemas.read, condition.column))) return true;
    return mayMeet(condition, bounds.of(slot, file.rowCount));
  });
}

/** A column that the file does not have is NULL in every row. */
function allNull(file: FileBounds): ColumnBounds {
  return { min: null, max: null, nullCount: BigInt(file.rowCount), rowCount: file.rowCount };
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
