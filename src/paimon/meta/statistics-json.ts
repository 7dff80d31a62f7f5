// Statistics files: what ANALYZE found of a snapshot's rows, in `statistics/stat-<uuid>-<n>`. Source: format notes 01
// section 1 (Statistics, ColStats).
import { TributaryError } from '../../base/errors.ts';
import { isJsonObject, type JsonObject, type JsonValue, parseJson, prettyJson } from '../../base/json-text.ts';

/** What is known of a column; null is unknown. Bounds are texts as the reference writes them. */
export interface ColumnStatistics {
  readonly columnId: number;
  readonly distinctCount: bigint | null;
  readonly min: string | null;
  readonly max: string | null;
  readonly nullCount: bigint | null;
  /** Length of values: characters of texts, bytes of everything else. */
  readonly averageLength: bigint | null;
  readonly maxLength: bigint | null;
}

/** What is known of the rows of a snapshot, merged. */
export interface TableStatistics {
  readonly snapshotId: bigint;
  readonly schemaId: number;
  readonly mergedRecordCount: bigint | null;
  readonly mergedRecordSizeBytes: bigint | null;
  /** By column name, in the order of the file. */
  readonly columns: ReadonlyMap<string, ColumnStatistics>;
}

/** The text of a statistics file: keys, order and layout as the Java writer's. */
export function statisticsToJson(statistics: TableStatistics): string {
  return prettyJson({
    snapshotId: statistics.snapshotId,
    schemaId: statistics.schemaId,
    mergedRecordCount: statistics.mergedRecordCount ?? undefined,
    mergedRecordSize: statistics.mergedRecordSizeBytes ?? undefined,
    colStats: columnsToJson(statistics.columns),
  });
}

/** The statistics of the columns alone, as `$statistics` shows them. */
export function columnsToJson(columns: TableStatistics['columns']): JsonObject {
  return Object.fromEntries(
    [...columns].map(([name, column]): [string, JsonValue] => [
      name,
      {
        colId: column.columnId,
        distinctCount: column.distinctCount ?? undefined,
        min: column.min ?? undefined,
        max: column.max ?? undefined,
        nullCount: column.nullCount ?? undefined,
        avgLen: column.averageLength ?? undefined,
        maxLen: column.maxLength ?? undefined,
      },
    ]),
  );
}

/** Reads a statistics file; unknown keys are ignored, absent ones are null. Throws `E3430`; `path` is for its message. */
export function parseStatistics(text: string, path: string): TableStatistics {
  const json = parseObject(text, path);
  const columns = json['colStats'] ?? {};
  if (!isJsonObject(columns)) throw damaged(path, 'colStats');
  return {
    snapshotId: required(json, 'snapshotId', path),
    schemaId: Number(required(json, 'schemaId', path)),
    mergedRecordCount: optional(json, 'mergedRecordCount', path),
    mergedRecordSizeBytes: optional(json, 'mergedRecordSize', path),
    columns: new Map(Object.entries(columns).map(([name, column]) => [name, parseColumn(column, path)])),
  };
}

function parseColumn(json: JsonValue | undefined, path: string): ColumnStatistics {
  if (!isJsonObject(json)) throw damaged(path, 'colStats');
  const bound = (key: string): string | null => {
    const value = json[key] ?? null;
    if (value === null || typeof value === 'string') return value;
    throw damaged(path, key);
  };
  return {
    columnId: Number(required(json, 'colId', path)),
    distinctCount: optional(json, 'distinctCount', path),
    min: bound('min'),
    max: bound('max'),
    nullCount: optional(json, 'nullCount', path),
    averageLength: optional(json, 'avgLen', path),
    maxLength: optional(json, 'maxLen', path),
  };
}

function parseObject(text: string, path: string): JsonObject {
  let json: JsonValue;
  try {
    json = parseJson(text);
  } catch (error) {
    throw new TributaryError('E3430', `statistics are not JSON: path=${path}`, { cause: error });
  }
  if (isJsonObject(json)) return json;
  throw new TributaryError('E3430', `statistics are no JSON object: path=${path}`);
}

function required(json: JsonObject, key: string, path: string): bigint {
  const value = optional(json, key, path);
  if (value === null) throw damaged(path, key);
  return value;
}

function optional(json: JsonObject, key: string, path: string): bigint | null {
  const value = json[key] ?? null;
  if (value === null) return null;
  if (typeof value === 'bigint') return value;
  if (typeof value === 'number' && Number.isInteger(value)) return BigInt(value);
  throw damaged(path, key);
}

function damaged(path: string, key: string): TributaryError {
  return new TributaryError('E3430', `statistics have no usable value: path=${path} key=${key}`);
}
