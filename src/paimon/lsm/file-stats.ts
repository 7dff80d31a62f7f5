// The statistics of a data file as its manifest entry has them, from what the file writer saw.
import { boundCell } from '../format/bound-cell.ts';
import type { FileColumnStatistics } from '../format/data-file.ts';
import type { SimpleStats } from '../meta/data-file-meta.ts';
import { type ColumnStats, simpleStats } from '../meta/stats.ts';
import type { DataField, DataType } from '../schema/data-type.ts';
import { isTrackingField } from '../schema/system-fields.ts';
import { fieldOptions, tableOptions } from '../schema/table-options.ts';
import type { TableSchema } from '../schema/table-schema.ts';
import { trimmedPrimaryKeys } from '../schema/table-schema.ts';
import { parseStatsMode, reduceStats, type StatsMode } from './stats-mode.ts';

const KEY_MODE: StatsMode = { kind: 'truncate', length: 128 };
const NO_STATS: StatsMode = { kind: 'none' };

/** Statistics of the value columns, and which columns they are. */
export interface ValueStats {
  readonly stats: SimpleStats;
  /** Names of the columns in `stats`; null when all columns of the schema. */
  readonly columns: readonly string[] | null;
}

/** What files hold: rows of a bucket, changes, or rows that wait in a postponed bucket, of which there are no statistics. */
export type FileContent = 'data' | 'changelog' | 'postponed';

/** Makes the statistics of files of one schema. Throws `E3105` for an unknown mode. */
export class FileStats {
  private readonly schema: TableSchema;
  private readonly modes: readonly StatsMode[];
  private readonly isDense: boolean;
  private readonly keyMode: StatsMode;

  constructor(schema: TableSchema, content: FileContent) {
    const options = tableOptions(schema);
    const overall = parseStatsMode(content === 'changelog' ? options.changelogStatsMode : options.statsMode);
    const own = fieldOptions(schema, 'stats-mode');
    const keys = options.thinMode ? trimmedPrimaryKeys(schema) : [];
    this.schema = schema;
    this.isDense = options.statsDenseStore;
    this.keyMode = content === 'postponed' ? NO_STATS : KEY_MODE;
    this.modes = schema.fields.map((field, index): StatsMode => {
      if (content === 'postponed') return NO_STATS;
      // In thin mode the value columns stand for the key columns.
      if (keys.includes(field.name) || isTrackingField(field)) return KEY_MODE;
      const mode = own.get(field.name);
      if (mode !== undefined) return parseStatsMode(mode);
      const isBeyond = options.statsKeepFirstColumns >= 0 && index >= options.statsKeepFirstColumns;
      return isBeyond ? NO_STATS : overall;
    });
  }

  /** Statistics of the key columns. */
  keyStats(fields: readonly DataField[], columns: readonly FileColumnStatistics[]): SimpleStats {
    const types = fields.map((field) => field.type);
    return simpleStats(
      types,
      columns.map((column, index) => reduceStats(exactStats(types[index], column), this.keyMode, isText(types[index]))),
    );
  }

  /** Statistics of the table's columns, all of them, in order. */
  valueStats(columns: readonly FileColumnStatistics[]): ValueStats {
    const { fields } = this.schema;
    const reduced = columns.map((column, index) => {
      const { type } = fields[index];
      return reduceStats(exactStats(type, column), this.modes[index], isText(type));
    });
    const kept = fields.flatMap((_, index) => (this.isDense && isUnknown(reduced[index]) ? [] : [index]));
    const stats = simpleStats(
      kept.map((index) => fields[index].type),
      kept.map((index) => reduced[index]),
    );
    return { stats, columns: kept.length === fields.length ? null : kept.map((index) => fields[index].name) };
  }
}

function isUnknown(stats: ColumnStats): boolean {
  return stats.min === null && stats.max === null && stats.nullCount === null;
}

function isText(type: DataType): boolean {
  return type.kind === 'CHAR' || type.kind === 'VARCHAR';
}

function exactStats(type: DataType, { nullCount, bounds }: FileColumnStatistics): ColumnStats {
  const count = nullCount === null ? null : BigInt(nullCount);
  // Binary columns never have bounds (format notes 09, item 7).
  const isBinary = type.kind === 'BINARY' || type.kind === 'VARBINARY' || type.kind === 'BLOB';
  if (bounds === null || isBinary) return { min: null, max: null, nullCount: count };
  return { min: boundCell(type, bounds.min), max: boundCell(type, bounds.max), nullCount: count };
}
