// The statistics of a data file as its manifest entry has them, from what the file writer saw.
import { avroHolds } from '../format/avro/avro-schema-text.ts';
import { boundCell } from '../format/bound-cell.ts';
import type { FileColumnStatistics } from '../format/data-file.ts';
import type { SimpleStats } from '../meta/data-file-meta.ts';
import { type ColumnStats, simpleStats } from '../meta/stats.ts';
import type { DataField, DataType } from '../schema/data-type.ts';
import { isTrackingField, KIND_FIELD, SEQUENCE_FIELD } from '../schema/system-fields.ts';
import { tableOptions } from '../schema/table-options.ts';
import type { TableSchema } from '../schema/table-schema.ts';
import { trimmedPrimaryKeys } from '../schema/table-schema.ts';
import type { FileContent } from './file-encoding.ts';
import { KEY_PREFIX } from './key-value-file.ts';
import { parseStatsMode, reduceStats, type StatsMode } from './stats-mode.ts';

const KEY_MODE: StatsMode = { kind: 'truncate', length: 128 };
const NO_STATS: StatsMode = { kind: 'none' };

/** Statistics of the value columns, and which columns they are. */
export interface ValueStats {
  readonly stats: SimpleStats;
  /** Names of the columns in `stats`; null when all columns of the schema. */
  readonly columns: readonly string[] | null;
}

/** The files that statistics are of. */
export interface StatsOf {
  readonly content: FileContent;
  readonly level: number;
  readonly isAvro: boolean;
}

/** Makes the statistics of files of one schema. Throws `E3105` for an unknown mode. Source: StatsCollectorFactories. */
export class FileStats {
  private readonly schema: TableSchema;
  private readonly modes: readonly StatsMode[];
  private readonly isDense: boolean;
  private readonly keyModes: readonly StatsMode[];

  constructor(schema: TableSchema, of: StatsOf) {
    const modes = columnModes(schema, of);
    const keyCount = modes.length - schema.fields.length;
    this.schema = schema;
    this.isDense = tableOptions(schema).statsDenseStore;
    this.modes = modes.slice(keyCount);
    // In thin mode the value columns stand for the key columns.
    const keys = trimmedPrimaryKeys(schema).map((name) => schema.fields.findIndex((field) => field.name === name));
    this.keyModes = keyCount > 0 ? modes.slice(0, keyCount) : keys.map((index) => this.modes[index]);
  }

  /** Statistics of the key columns. */
  keyStats(fields: readonly DataField[], columns: readonly FileColumnStatistics[]): SimpleStats {
    const types = fields.map((field) => field.type);
    const reduced = columns.map((column, index) => {
      const type = types[index];
      return reduceStats(exactStats(type, column), this.keyModes[index], isText(type));
    });
    return simpleStats(types, reduced);
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

/** The modes of the key columns, where the files have them, and of the table's columns. */
function columnModes(schema: TableSchema, of: StatsOf): readonly StatsMode[] {
  const { thinMode, statsKeepFirstColumns } = tableOptions(schema);
  const isKeyed = schema.primaryKeys.length > 0;
  const keys = isKeyed ? trimmedPrimaryKeys(schema) : [];
  const keyNames = thinMode ? [] : keys.map((name) => KEY_PREFIX + name);
  const systemNames = isKeyed ? [...keyNames, SEQUENCE_FIELD.name, KIND_FIELD.name] : [];
  const overall = parseStatsMode(overallMode(schema, of));
  // Of Avro files of tables with keys the reference counts all columns alike.
  const countsAll = isKeyed && of.isAvro;
  const tracking = schema.fields.filter(isTrackingField).map(({ name }) => name);
  let count = 0;
  const modes = [...systemNames, ...schema.fields.map(({ name }) => name)].map((name, index): StatsMode => {
    const own = schema.options[`fields.${name}.stats-mode`];
    const isSystem = index < systemNames.length || tracking.includes(name);
    if (own === undefined && !countsAll && (isSystem || (thinMode && keys.includes(name)))) return KEY_MODE;
    const isBeyond = statsKeepFirstColumns >= 0 && count >= statsKeepFirstColumns;
    count++;
    if (own !== undefined) return parseStatsMode(own);
    return isBeyond ? NO_STATS : overall;
  });
  return [...modes.slice(0, keyNames.length), ...modes.slice(systemNames.length)];
}

function overallMode(schema: TableSchema, { content, level }: StatsOf): string {
  const { changelogStatsMode, statsModePerLevel, statsMode } = tableOptions(schema);
  const ofContent = content === 'changelog' ? changelogStatsMode : null;
  const ofLevel = schema.primaryKeys.length > 0 ? statsModePerLevel.get(level) : undefined;
  return ofContent ?? ofLevel ?? (content === 'postponed' && avroHolds(schema.fields) ? 'none' : statsMode);
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
