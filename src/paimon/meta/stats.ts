// SimpleStats: bounds and null counts of columns. Source: format notes 02 sections 3 and 9.
import { avroBytes, type AvroRow } from '../format/avro.ts';
import { decodeCells, EMPTY_ROW, encodeCells } from '../format/binary-row.ts';
import type { Cell } from '../format/cell.ts';
import type { ColumnBounds } from '../format/condition.ts';
import type { DataType } from '../schema/data-type.ts';
import type { AvroFields } from './avro-fields.ts';
import type { SimpleStats } from './data-file-meta.ts';

/** Statistics of no columns. */
export const EMPTY_STATS: SimpleStats = { minValues: EMPTY_ROW, maxValues: EMPTY_ROW, nullCounts: [] };

/** What is known of one column: bounds in the form of a Cell, null where unknown. */
export interface ColumnStats {
  readonly min: Cell;
  readonly max: Cell;
  readonly nullCount: bigint | null;
}

/** Statistics of columns with these types, in order. */
export function simpleStats(types: readonly DataType[], columns: readonly ColumnStats[]): SimpleStats {
  return {
    minValues: encodeCells(
      types,
      columns.map((column) => column.min),
    ),
    maxValues: encodeCells(
      types,
      columns.map((column) => column.max),
    ),
    nullCounts: columns.map((column) => column.nullCount),
  };
}

/** The bounds of the columns of statistics that are kept, in so many rows. */
export function boundsOfStats(
  types: readonly DataType[],
  stats: SimpleStats,
  rowCount: number,
): readonly ColumnBounds[] {
  const [min, max] = [decodeCells(types, stats.minValues), decodeCells(types, stats.maxValues)];
  return types.map((_, index) => ({
    min: min[index],
    max: max[index],
    nullCount: stats.nullCounts?.[index] ?? null,
    rowCount,
  }));
}

/** The Avro form of statistics. */
export function statsToAvro(stats: SimpleStats): AvroRow {
  return {
    _MIN_VALUES: avroBytes(stats.minValues),
    _MAX_VALUES: avroBytes(stats.maxValues),
    _NULL_COUNTS: stats.nullCounts,
  };
}

/** Statistics from their Avro form. Throws `E3110`. */
export function statsFromAvro(fields: AvroFields): SimpleStats {
  const counts = fields.has('_NULL_COUNTS') ? fields.list('_NULL_COUNTS') : null;
  return {
    minValues: fields.bytes('_MIN_VALUES'),
    maxValues: fields.bytes('_MAX_VALUES'),
    nullCounts: counts?.map((count) => (count === null ? null : BigInt(count as number | bigint))) ?? null,
  };
}
