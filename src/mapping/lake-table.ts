// Which lake table a source table is mirrored into: its name, columns, key and options.
import type { SourceTable } from '../change/source-table.ts';
import { filledTemplate } from '../change/table-template.ts';
import type { DataField } from '../paimon/schema/data-type.ts';
import { assignFieldIds } from '../paimon/schema/field-ids.ts';
import { BUCKET_DYNAMIC } from '../paimon/schema/table-options.ts';
import type { TableDefinition } from '../paimon/schema/table-schema-json.ts';
import { lakeType } from './lake-type.ts';

/**
 * A fixed number of buckets; `auto`: chosen from the table's size when it is created; `dynamic`: as many as its rows need,
 * and an index of their keys (Paimon's `bucket = -1`).
 */
export type BucketWish = number | 'auto' | 'dynamic';

/** What the configuration says about a mirrored table. */
export interface TableMapping {
  /** Template of the lake database, e.g. `{schema}`; may use {source} {database} {schema} {table}. */
  readonly database: string;
  /** Template of the lake table. */
  readonly table: string;
  readonly case: 'preserve' | 'lower';
  readonly buckets: BucketWish;
  /** Paimon options of the table, verbatim. */
  readonly options: Readonly<Record<string, string>>;
}

/** Names that templates may use beside the table's own. */
export interface MappingNames {
  /** The pipeline's name. */
  readonly source: string;
  /** The source database. */
  readonly database: string;
}

/** A lake table to be created, or to be compared with the one that exists. */
export interface LakeTable {
  readonly database: string;
  readonly table: string;
  readonly fields: readonly Omit<DataField, 'id'>[];
  readonly primaryKeys: readonly string[];
  /** What a new table gets. */
  readonly options: Readonly<Record<string, string>>;
  /** What the configuration says: the table is to have these, new or not. */
  readonly configuredOptions: Readonly<Record<string, string>>;
}

/** The option that says which pipeline writes a table; a table is written by one pipeline (architecture, rule 9). */
export const PIPELINE_OPTION = 'tributary.pipeline';
/** The option that says which column of the source each column is of: see `sourceColumnsText`. */
export const SOURCE_COLUMNS_OPTION = 'tributary.source-columns';
/** The option that says which tables of the source a merged table has the rows of. */
export const SHARDS_OPTION = 'tributary.shards';
/** The option that names the source table. */
export const SOURCE_TABLE_OPTION = 'tributary.source-table';

/** Rows of a bucket when the number of buckets is chosen: keeps a full compaction of one bucket around a minute. */
const ROWS_PER_BUCKET = 8_000_000;
const BUCKETS_MAX = 32;

/** Where the source table goes. Whether its options are right for a mirror, `requireMirrorOptions` tells. */
export function lakeTableOf(source: SourceTable, mapping: TableMapping, names: MappingNames): LakeTable {
  const templateNames = { ...names, schema: source.schema, table: source.name };
  const keyNames = source.keyColumns.map((index) => source.columns[index].name);
  const fields = source.columns.map((column) => ({
    name: folded(column.name, mapping.case),
    type: lakeType(column.type, !keyNames.includes(column.name)),
  }));
  return {
    database: folded(filledTemplate(mapping.database, templateNames), mapping.case),
    table: folded(filledTemplate(mapping.table, templateNames), mapping.case),
    fields,
    primaryKeys: keyNames.map((name) => folded(name, mapping.case)),
    options: {
      bucket: String(bucketOption(source, mapping.buckets)),
      ...mapping.options,
      [PIPELINE_OPTION]: names.source,
      [SOURCE_TABLE_OPTION]: source.key,
      [SOURCE_COLUMNS_OPTION]: sourceColumnsText(source, fields),
      ...(source.shards === undefined ? {} : { [SHARDS_OPTION]: JSON.stringify(source.shards) }),
    },
    configuredOptions: {
      ...(mapping.buckets === 'auto' ? {} : { bucket: String(bucketOption(source, mapping.buckets)) }),
      ...mapping.options,
    },
  };
}

/** Of each column its identity and name in the source (see `SourceColumn`), and its name in the lake, as JSON. */
export function sourceColumnsText({ columns }: SourceTable, fields: LakeTable['fields']): string {
  return JSON.stringify(columns.map(({ id, name }, index) => [id, name, fields[index].name]));
}

/** The definition by which the table is created. */
export function lakeDefinition({ fields, primaryKeys, options }: LakeTable): TableDefinition {
  const numbered = assignFieldIds(fields.map((field, id) => ({ id, ...field })));
  return { fields: numbered, primaryKeys, options, partitionKeys: [], comment: null };
}

/** The value of the table option `bucket`. */
function bucketOption(source: SourceTable, buckets: BucketWish): number {
  if (buckets === 'dynamic') return BUCKET_DYNAMIC;
  if (buckets !== 'auto') return buckets;
  return Math.min(BUCKETS_MAX, Math.max(1, Math.ceil(source.rowCountEstimate / ROWS_PER_BUCKET)));
}

function folded(name: string, how: 'preserve' | 'lower'): string {
  return how === 'lower' ? name.toLowerCase() : name;
}
