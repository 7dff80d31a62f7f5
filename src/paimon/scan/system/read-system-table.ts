// Reads a system table by its name, with conditions, columns and a limit as other reads have them.
import { TributaryError } from '../../../base/errors.ts';
import { takeVector } from '../../../column/take.ts';
import { type PlainCondition, plainConditions } from '../../format/condition.ts';
import type { DataField } from '../../schema/data-type.ts';
import { checkConditions, fieldOf, rowsThatMeet } from '../predicate.ts';
import type { ReadBatch, ReadOptions } from '../scan.ts';
import { BUCKETS, FILE_KEY_RANGES, FILES, MANIFESTS, PARTITIONS, TABLE_INDEXES } from './file-tables.ts';
import {
  AGGREGATION_FIELDS,
  BRANCHES,
  CONSUMERS,
  OPTIONS,
  SCHEMAS,
  SNAPSHOTS,
  STATISTICS,
  TAGS,
} from './history-tables.ts';
import { AUDIT_LOG, BINLOG, READ_OPTIMIZED, ROW_TRACKING } from './row-tables.ts';
import type { SystemTable, SystemTableSource } from './system-table.ts';

/** The system tables by the name after the `$`. */
const TABLES: ReadonlyMap<string, SystemTable> = new Map([
  ['snapshots', SNAPSHOTS],
  ['schemas', SCHEMAS],
  ['options', OPTIONS],
  ['tags', TAGS],
  ['branches', BRANCHES],
  ['consumers', CONSUMERS],
  ['aggregation_fields', AGGREGATION_FIELDS],
  ['statistics', STATISTICS],
  ['manifests', MANIFESTS],
  ['files', FILES],
  ['file_key_ranges', FILE_KEY_RANGES],
  ['partitions', PARTITIONS],
  ['buckets', BUCKETS],
  ['table_indexes', TABLE_INDEXES],
  ['audit_log', AUDIT_LOG],
  ['binlog', BINLOG],
  ['ro', READ_OPTIMIZED],
  ['row_tracking', ROW_TRACKING],
]);

/** A system table with its columns. */
export interface OpenedSystemTable {
  readonly fields: readonly DataField[];
  /** The rows that meet the conditions, with the wanted columns; no batch is empty. */
  readonly batches: () => AsyncGenerator<ReadBatch>;
}

/**
 * A system table, by its name after the `$` in any case. `options` are those of a read but for `at`, which the source
 * stands for. Throws `E3403` for another name, `E3400` for a column that it does not have.
 */
export function openSystemTable(source: SystemTableSource, name: string, options: ReadOptions): OpenedSystemTable {
  const table = TABLES.get(name.toLowerCase());
  if (table === undefined) {
    throw new TributaryError('E3403', `no such system table: name=${name} there are=${[...TABLES.keys()].join(', ')}`);
  }
  return openRows(table.fields(source), (pushed) => table.batches(source, pushed), options);
}

/** Rows with these fields, filtered, projected and limited as the options say. Throws `E3400`. */
export function openRows(
  all: readonly DataField[],
  batches: (options: ReadOptions) => AsyncIterable<ReadBatch>,
  options: ReadOptions,
): OpenedSystemTable {
  const fields = options.columns?.map((column) => fieldOf(column, all)) ?? all;
  checkConditions(options.where ?? [], all);
  return { fields, batches: () => selected(batches(options), fields, options) };
}

async function* selected(
  batches: AsyncIterable<ReadBatch>,
  fields: readonly DataField[],
  { where = [], limit = Number.POSITIVE_INFINITY, signal }: ReadOptions,
): AsyncGenerator<ReadBatch> {
  let left = limit;
  if (left <= 0) return;
  const conditions = plainConditions(where);
  for await (const batch of batches) {
    signal?.throwIfAborted();
    const rows = chosenRows(batch, conditions).slice(0, left);
    if (rows.length === 0) continue;
    const columns = fields.map((field) => columnNamed(batch, field.name));
    const isWhole = rows.length === batch.rowCount;
    yield {
      fields,
      rowCount: rows.length,
      columns: isWhole ? columns : columns.map((column) => takeVector(column, rows)),
      kinds: Uint8Array.from(rows, (row) => batch.kinds[row]),
    };
    left -= rows.length;
    if (left <= 0) return;
  }
}

/** The numbers of the rows that meet all conditions. */
function chosenRows(batch: ReadBatch, where: readonly PlainCondition[]): Uint32Array {
  const rows = Uint32Array.from({ length: batch.rowCount }, (_, row) => row);
  if (where.length === 0) return rows;
  const met = rowsThatMeet(where, batch.rowCount, (name) => ({
    type: fieldOf(name, batch.fields).type,
    vector: columnNamed(batch, name),
  }));
  return rows.filter((row) => met[row] === 1);
}

function columnNamed({ fields, columns }: ReadBatch, name: string): ReadBatch['columns'][number] {
  return columns[fields.findIndex((field) => field.name === name)];
}
