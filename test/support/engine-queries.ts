// What engines are asked of tables beside all rows: conditions that statistics answer, and system tables.
import type { EngineName } from './engine-readers.ts';
import { type GoldenRow, plainText } from './golden.ts';

/** A condition in the SQL of all engines, and whether it holds for a row. */
export interface EngineCondition {
  readonly table: string;
  readonly condition: string;
  readonly holds: (row: GoldenRow) => boolean;
}

const text = (row: GoldenRow, name: string): string => plainText(row[name]);
const numeric = (row: GoldenRow, name: string): number => Number(row[name] ?? Number.NaN);

/** Files and row groups are left out by the statistics that we have written: whoever trusts a wrong one loses rows. */
export const ENGINE_CONDITIONS: readonly EngineCondition[] = [
  { table: 'db.large', condition: 'id = 4711', holds: (row) => row['id'] === '4711' },
  {
    table: 'db.large',
    condition: 'id BETWEEN 2990 AND 3010',
    holds: (row) => Math.abs(numeric(row, 'id') - 3000) <= 10,
  },
  { table: 'db.large', condition: 'amount > 999000.5', holds: (row) => numeric(row, 'amount') > 999000.5 },
  { table: 'db.large', condition: "name LIKE 'a%7'", holds: (row) => /^a.*7$/.test(text(row, 'name')) },
  {
    table: 'db.large',
    condition: 'note IS NULL AND id < 100',
    holds: (row) => row['note'] === null && numeric(row, 'id') < 100,
  },
  {
    table: 'db.large',
    condition: "`at` < TIMESTAMP '2023-11-15 00:00:00'",
    holds: (row) => text(row, 'at') < '2023-11-15',
  },
  {
    table: 'db.decimals',
    condition: 'd9 > 0 AND d18 > 0 AND d38 > 0',
    holds: (row) => row['id'] === 2 || row['id'] === 4,
  },
  {
    table: 'db.part_date',
    condition: "p = DATE '1969-12-31'",
    holds: (row) => row['p'] === '1969-12-31',
  },
];

/** Columns of system tables in which all versions agree, by table. */
export const ENGINE_SYSTEM_TABLES: readonly (readonly [string, readonly string[]])[] = [
  [
    'db.dedup_basic$snapshots',
    'snapshot_id schema_id commit_user commit_identifier commit_kind total_record_count delta_record_count'.split(' '),
  ],
  ['db.large$files', ['bucket', 'file_format', 'schema_id', 'level', 'record_count', 'min_key', 'max_key']],
  ['db.se_rename$schemas', ['schema_id', 'partition_keys', 'primary_keys']],
  ['db.tags$tags', ['tag_name', 'snapshot_id', 'record_count']],
];

/** Engines that have no SQL of their own. */
export function hasSql(name: EngineName): boolean {
  return !name.startsWith('pypaimon') || name.endsWith('SQL');
}
