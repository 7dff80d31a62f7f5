// Which files a read can leave out by what their metadata says. Source: format notes 04 section 4 (use of statistics).
import { TributaryError } from '../../base/errors.ts';
import type { Cell } from '../format/cell.ts';
import { decodeCells } from '../format/binary-row.ts';
import type { DataFileMeta } from '../meta/data-file-meta.ts';
import type { DataField, DataType } from '../schema/data-type.ts';
import type { TableSchema } from '../schema/table-schema.ts';
import { trimmedPrimaryKeys } from '../schema/table-schema.ts';
import { type ColumnBounds, mayMeet } from './predicate.ts';
import type { Condition } from './scan.ts';

/** Whether a partition (serialized) can hold rows that meet the conditions; other columns do not matter. */
export function partitionMayMeet(
  partition: Uint8Array,
  conditions: readonly Condition[],
  schema: TableSchema,
): boolean {
  const fields = schema.partitionKeys.map((name) => fieldNamed(schema, name));
  const relevant = conditions.filter((condition) => schema.partitionKeys.includes(condition.column));
  if (relevant.length === 0) return true;
  const cells = decodeCells(
    fields.map((field) => field.type),
    partition,
  );
  return relevant.every((condition) => {
    const cell = cells[schema.partitionKeys.indexOf(condition.column)];
    return mayMeet(condition, { min: cell, max: cell, nullCount: cell === null ? 1n : 0n, rowCount: 1 });
  });
}

/** Whether the file's key range can hold keys that meet the conditions on key columns. */
export function keysMayMeet(file: DataFileMeta, conditions: readonly Condition[], schema: TableSchema): boolean {
  const keys = trimmedPrimaryKeys(schema);
  const first = keys[0];
  // Only the first key column is bounded by the exact keys; the others may have any value in between.
  const relevant = conditions.filter((condition) => condition.column === first);
  if (first === undefined || relevant.length === 0) return true;
  const types = keys.map((name) => fieldNamed(schema, name).type);
  const bounds: ColumnBounds = {
    min: decodeCells(types, file.minKey)[0],
    max: decodeCells(types, file.maxKey)[0],
    nullCount: 0n,
    rowCount: file.rowCount,
  };
  return relevant.every((condition) => mayMeet(condition, bounds));
}

/**
 * Whether the file can hold rows that meet the conditions, by its value statistics. Only a whole set of files that are
 * merged together may be left out by this: an older row that meets a condition may be hidden by a newer one that does
 * not. `fileSchema` is the version that the file was written with.
 */
export function valuesMayMeet(
  file: DataFileMeta,
  conditions: readonly Condition[],
  schemas: { readonly read: TableSchema; readonly file: TableSchema },
): boolean {
  if (conditions.length === 0) return true;
  const columns = file.valueStatsCols ?? schemas.file.fields.map((field) => field.name);
  const types: DataType[] = columns.map((name) => ({ ...fieldNamed(schemas.file, name).type, nullable: true }));
  const { minValues, maxValues, nullCounts } = file.valueStats;
  const min = statsCells(types, minValues);
  const max = statsCells(types, maxValues);
  return conditions.every((condition) => {
    const wanted = fieldNamed(schemas.read, condition.column);
    const stored = schemas.file.fields.find((field) => field.id === wanted.id);
    if (stored === undefined) return mayMeet(condition, allNull(file));
    const slot = columns.indexOf(stored.name);
    if (slot < 0 || !sameType(stored, wanted)) return true;
    const nullCount = nullCounts?.[slot] ?? null;
    return mayMeet(condition, {
      min: min?.[slot] ?? null,
      max: max?.[slot] ?? null,
      nullCount,
      rowCount: file.rowCount,
    });
  });
}

/** A column that the file does not have is NULL in every row. */
function allNull(file: DataFileMeta): ColumnBounds {
  return { min: null, max: null, nullCount: BigInt(file.rowCount), rowCount: file.rowCount };
}

/** Empty statistics (no columns at all) stand where none were kept. */
function statsCells(types: readonly DataType[], row: Uint8Array): readonly Cell[] | null {
  const arity = new DataView(row.buffer, row.byteOffset, row.byteLength).getInt32(0);
  return arity === types.length ? decodeCells(types, row) : null;
}

/** Bounds are compared only where the type has not changed; nullability does not matter. */
function sameType(a: DataField, b: DataField): boolean {
  return JSON.stringify({ ...a.type, nullable: true }) === JSON.stringify({ ...b.type, nullable: true });
}

function fieldNamed(schema: TableSchema, name: string): DataField {
  const field = schema.fields.find((candidate) => candidate.name === name);
  if (field === undefined)
    throw new TributaryError('E3353', `schema has no such column: id=${schema.id} column=${name}`);
  return field;
}
