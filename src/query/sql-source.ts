// A table as a relation of DuckDB: files that need no merge as they are, simple merges done by DuckDB, all else read by
// us into temporary Parquet files.
import { TributaryError } from '../base/errors.ts';
import type { ColumnBatch, Vector } from '../column/vector.ts';
import { cellAt, vectorOf } from '../paimon/format/cell.ts';
import type { Condition } from '../paimon/format/condition.ts';
import { createParquetWriter } from '../paimon/format/parquet/parquet-writer.ts';
import { filePaths } from '../paimon/lsm/file-paths.ts';
import type { DataFileMeta } from '../paimon/meta/data-file-meta.ts';
import { knownCount } from '../paimon/scan/count.ts';
import { readPlan } from '../paimon/scan/read.ts';
import type { ScanPlan, Split } from '../paimon/scan/scan.ts';
import type { OpenedSystemTable } from '../paimon/scan/system/read-system-table.ts';
import type { DataField, DataType } from '../paimon/schema/data-type.ts';
import { tableOptions } from '../paimon/schema/table-options.ts';
import type { TableSchema } from '../paimon/schema/table-schema.ts';
import type { Table } from '../paimon/table.ts';
import type { FileStore } from '../storage/file-store.ts';
import type { TablePoint } from './read-at.ts';
import { conditionsOfPlaces } from './sql-conditions.ts';
import { quoteName, quoteText } from './sql-names.ts';
import type { TableUse } from './sql-statement.ts';

/** Who merges rows of one key that are in several files, where both can: DuckDB, or our reader. */
export type MergeBy = 'duckdb' | 'reader';

/** Takes files that DuckDB reads. */
export type Spool = Pick<FileStore, 'openWrite' | 'location'>;

/** What a relation is made with. */
export interface RelationSettings {
  readonly mergeBy: MergeBy;
  /** Where spooled files go; its root is a temporary directory of the local file system. */
  readonly spool: Spool;
  /** A name that no other relation of this spool has. */
  readonly spoolName: string;
  readonly signal?: AbortSignal;
}

/** A table as a SELECT, and the files that it reads. */
export interface Relation {
  readonly select: string;
  readonly files: readonly string[];
}

/** Kinds that a row is there with: +I and +U. */
const IS_LIVE = '_VALUE_KIND IN (0, 2)';
/** Holds nanoseconds since the epoch of any year. */
const NANOS: DataType = { kind: 'DECIMAL', precision: 28, scale: 0, nullable: true };

/**
 * The table at a point as a relation with the columns of its schema: at least the rows and the columns that are wanted of
 * it. Throws `E6015` for a table that SQL cannot show, and what `Table.read` throws.
 */
export async function tableRelation(
  table: Table,
  point: TablePoint,
  settings: RelationSettings & { readonly use: TableUse },
): Promise<Relation> {
  const { plan, where } = await planAt(table, point, settings.use);
  const { schema } = plan;
  requireShown(schema, table.path);
  const { direct, merged, spooled, countedRows, rowsMax } = await neededSplits(table, plan, settings);
  const columns = schema.fields.map(columnText).join(', ');
  const selects: string[] = [];
  if (countedRows > 0) selects.push(countedSelect(schema, countedRows));
  if (direct.length > 0) selects.push(directSelect(table, schema, direct, columns));
  if (merged.length > 0) selects.push(mergedSelect(table, schema, merged, columns));
  const isSpooled = spooled.length > 0 || selects.length === 0;
  const spoolFile = isSpooled ? await spoolSplits(table, plan, { spooled, where, rowsMax, settings }) : null;
  if (spoolFile !== null) selects.push(spooledSelect(schema.fields, plan.fields, spoolFile));
  const files = [...locations(table, schema, [...direct, ...merged]), ...(spoolFile === null ? [] : [spoolFile])];
  return { select: selects.join(' UNION ALL '), files };
}

interface WantedPlan {
  readonly plan: ScanPlan;
  /** The conditions that the plan was made with. */
  readonly where: readonly Condition[];
}

/** The plan of a read at a point, of the columns and files that are wanted. */
async function planAt(table: Table, point: TablePoint, use: TableUse): Promise<WantedPlan> {
  const snapshot = point.kind === 'empty' ? null : await table.snapshotAt(point);
  const isPast = snapshot !== null && point.kind !== 'latest';
  const schema = isPast ? await table.schemas.read(snapshot.schemaId) : await table.refresh();
  const columns = wantedColumns(schema, use);
  const fields = schema.fields.filter(({ name }) => columns.includes(name));
  if (point.kind === 'empty') return { plan: { snapshot: null, schema, fields, splits: [] }, where: [] };
  const where = conditionsOfPlaces(use.places, schema.fields);
  const plan = await table.plan({ at: point, columns, where });
  // Where the table was altered meanwhile, conditions may speak of other columns.
  if (plan.schema.id === schema.id) return { plan, where };
  return { plan: await table.plan({ at: point }), where: [] };
}

/** The columns that are wanted; a key where none is, as rows are counted at least. */
function wantedColumns({ fields, primaryKeys }: TableSchema, { names }: TableUse): readonly string[] {
  const wanted = fields.filter(({ name }) => names === null || names.has(name.toLowerCase())).map(({ name }) => name);
  return wanted.length > 0 ? wanted : [primaryKeys[0] ?? fields[0].name];
}

/** DuckDB's names ignore case, and nested nanoseconds would lose digits there. */
function requireShown(schema: Pick<TableSchema, 'fields'>, path: string): void {
  const names = new Set<string>();
  for (const { name, type } of schema.fields) {
    const folded = name.toLowerCase();
    if (names.has(folded)) throw refused(path, name, 'its name differs from another only in case');
    names.add(folded);
    if (!isNanos(type) && holdsNanos(type)) throw refused(path, name, 'it has nested timestamps of nanoseconds');
  }
}

function refused(path: string, column: string, why: string): TributaryError {
  return new TributaryError('E6015', `table cannot be queried by SQL, ${why}: table=${path} column=${column}`);
}

interface SortedSplits {
  readonly direct: Split[];
  readonly merged: Split[];
  readonly spooled: Split[];
}

/** The splits that are to be read. */
interface ReadSplits extends SortedSplits {
  /** Rows that nothing is wanted of but how many they are. */
  readonly countedRows: number;
  /** So many rows of the spooled splits are enough. */
  readonly rowsMax: number;
}

async function neededSplits(
  table: Table,
  plan: ScanPlan,
  { mergeBy, use }: RelationSettings & { readonly use: TableUse },
): Promise<ReadSplits> {
  // The files of another branch, which come after the splits, have schemas of their own.
  if (plan.next !== undefined) {
    return {
      direct: [],
      merged: [],
      spooled: [...plan.splits],
      countedRows: 0,
      rowsMax: use.limit ?? Number.POSITIVE_INFINITY,
    };
  }
  return withoutSurplus(await sortSplits(table, plan, mergeBy), { plan, use });
}

/** Leaves out splits that are not needed for a limit, or whose rows are only counted. */
function withoutSurplus(
  sorted: SortedSplits,
  { plan, use }: { readonly plan: ScanPlan; readonly use: TableUse },
): ReadSplits {
  const whole = { ...sorted, countedRows: 0, rowsMax: Number.POSITIVE_INFINITY };
  if (use.limit !== null) return enoughSplits(sorted, plan, use.limit);
  const { names, places } = use;
  const isCounted = names !== null && !plan.schema.fields.some(({ name }) => names.has(name.toLowerCase()));
  if (!isCounted || places.length > 0) return whole;
  const isUnknown = (split: Split): boolean => knownCount(plan, split) === null;
  const countedRows = plan.splits.reduce((sum, split) => sum + (knownCount(plan, split) ?? 0), 0);
  const { direct, merged, spooled } = sorted;
  return { ...whole, countedRows, direct: direct.filter(isUnknown), merged, spooled: spooled.filter(isUnknown) };
}

/** Splits that hold `limit` rows: files that need no merge, or else all, merged by us, who can stop early. */
function enoughSplits({ direct, merged, spooled }: SortedSplits, plan: ScanPlan, limit: number): ReadSplits {
  const taken: Split[] = [];
  let rowsMax = limit;
  for (const split of direct) {
    const files: DataFileMeta[] = [];
    for (const file of split.files) {
      if (rowsMax <= 0) break;
      files.push(file);
      rowsMax -= knownCount(plan, { ...split, files: [file] }) ?? 0;
    }
    if (files.length > 0) taken.push({ ...split, files });
  }
  const rest = rowsMax <= 0 ? [] : [...merged, ...spooled];
  return { direct: taken, merged: [], spooled: rest, countedRows: 0, rowsMax };
}

async function sortSplits(table: Table, plan: ScanPlan, mergeBy: MergeBy): Promise<SortedSplits> {
  const sorted: SortedSplits = { direct: [], merged: [], spooled: [] };
  const isReadable = await fileTest(table, plan);
  const canMerge = mergeBy === 'duckdb' && plan.schema.primaryKeys.length > 0 && mergesByNumber(plan.schema);
  for (const split of plan.splits) {
    const isPlain = split.files.every((file) => isReadable(file) && !split.deletionFiles.has(file.fileName));
    if (isPlain && split.rawConvertible) sorted.direct.push(split);
    else if (isPlain && canMerge) sorted.merged.push(split);
    else sorted.spooled.push(split);
  }
  return sorted;
}

type FileTest = (file: DataFileMeta) => boolean;

/** Tells the files that hold exactly the columns of the schema, in a form that DuckDB reads without loss. */
async function fileTest(table: Table, { schema, splits }: ScanPlan): Promise<FileTest> {
  if (table.store.settings()?.kind !== 'local' || schema.fields.some(({ type }) => holdsNanos(type)))
    return () => false;
  const wanted = columnsText(schema);
  const same = new Map<number, boolean>();
  for (const id of new Set(splits.flatMap((split) => split.files.map((file) => file.schemaId)))) {
    const written = await table.schemas.read(id);
    same.set(id, columnsText(written) === wanted && !writesLz4(written));
  }
  return (file) =>
    same.get(file.schemaId) === true &&
    file.fileName.endsWith('.parquet') &&
    file.externalPath === null &&
    file.writeCols === null;
}

/** DuckDB does not read the LZ4 frames of Hadoop, which Paimon's Parquet files have. */
function writesLz4({ options }: TableSchema): boolean {
  return [options['file.compression'], options['file.compression.per.level']].some((text) => text?.includes('lz4'));
}

function columnsText({ fields }: TableSchema): string {
  return JSON.stringify(fields.map(({ id, name, type }) => ({ id, name, type: { ...type, nullable: true } })));
}

/** Whether the newest row of a key is the one with the highest sequence number, whatever its values. */
function mergesByNumber(schema: TableSchema): boolean {
  const { mergeEngine, sequenceFields, ignoreDelete, rowKindField } = tableOptions(schema);
  // 0.0 and -0.0 are two keys in Paimon and one in SQL.
  const isFloat = ({ name, type }: DataField): boolean =>
    schema.primaryKeys.includes(name) && (type.kind === 'FLOAT' || type.kind === 'DOUBLE');
  const isPlain =
    mergeEngine === 'deduplicate' && sequenceFields.length === 0 && !ignoreDelete && rowKindField === null;
  return isPlain && !schema.fields.some(isFloat);
}

function directSelect(table: Table, schema: TableSchema, splits: readonly Split[], columns: string): string {
  const mayRetract = splits.some((split) => split.files.some((file) => file.deleteRowCount !== 0));
  const where = mayRetract && schema.primaryKeys.length > 0 ? ` WHERE ${IS_LIVE}` : '';
  return `SELECT ${columns} FROM ${parquetScan(locations(table, schema, splits))}${where}`;
}

function mergedSelect(table: Table, schema: TableSchema, splits: readonly Split[], columns: string): string {
  const keys = schema.primaryKeys.map(quoteName).join(', ');
  const newest = `row_number() OVER (PARTITION BY ${keys} ORDER BY _SEQUENCE_NUMBER DESC) = 1`;
  return `SELECT ${columns} FROM (FROM ${parquetScan(locations(table, schema, splits))} QUALIFY ${newest}) WHERE ${IS_LIVE}`;
}

/** Rows of which nothing is wanted but that they are there. */
function countedSelect({ fields }: TableSchema, rowCount: number): string {
  return `SELECT ${fields.map(({ name }) => `NULL AS ${quoteName(name)}`).join(', ')} FROM range(${rowCount})`;
}

/** All fields of a table from a file that has some of them: others are not wanted. */
function spooledSelect(fields: readonly DataField[], stored: readonly DataField[], file: string): string {
  const columns = fields.map((field) => {
    const column = quoteName(field.name);
    if (!stored.some(({ name }) => name === field.name)) return `NULL AS ${column}`;
    return isNanos(field.type) ? `make_timestamp_ns(${column}::BIGINT) AS ${column}` : columnText(field);
  });
  return `SELECT ${columns.join(', ')} FROM ${parquetScan([file])}`;
}

/** A column of a Parquet file as its type: DuckDB takes Paimon's TIME for one with a zone. */
function columnText({ name, type }: DataField): string {
  const column = quoteName(name);
  return holdsTime(type) ? `${column}::${duckTypeText(type)} AS ${column}` : column;
}

/** Partition directories look like columns to DuckDB unless it is told. */
function parquetScan(files: readonly string[]): string {
  return `read_parquet([${files.map(quoteText).join(', ')}], hive_partitioning = false)`;
}

function locations(table: Table, schema: TableSchema, splits: readonly Split[]): readonly string[] {
  const paths = filePaths(table.path, schema);
  return splits.flatMap(({ partition, bucket, files }) =>
    files.map((file) => table.store.location(paths.file(partition, bucket, file))),
  );
}

/** Reads the splits, merged, into one temporary file of the spool and gives its location. */
function spoolSplits(
  table: Table,
  plan: ScanPlan,
  wanted: {
    readonly spooled: readonly Split[];
    readonly where: readonly Condition[];
    readonly rowsMax: number;
    readonly settings: RelationSettings;
  },
): Promise<string> {
  const { spooled, where, rowsMax, settings } = wanted;
  const source = { store: table.store, schemas: table.schemas, tablePath: table.path };
  const limit = Number.isFinite(rowsMax) ? { limit: rowsMax } : {};
  const batches = readPlan(source, { ...plan, splits: spooled }, { where, ...limit });
  return spoolBatches(plan.fields, batches, settings);
}

/** The rows of a system table as a relation. Throws `E6015` for one that SQL cannot show. */
export async function systemRelation(table: OpenedSystemTable, settings: RelationSettings): Promise<Relation> {
  requireShown(table, 'system table');
  const file = await spoolBatches(table.fields, table.batches(), settings);
  return { select: spooledSelect(table.fields, table.fields, file), files: [file] };
}

/** Writes batches to one temporary file of the spool and gives its location. */
async function spoolBatches(
  columns: readonly DataField[],
  batches: AsyncIterable<ColumnBatch>,
  settings: RelationSettings,
): Promise<string> {
  const path = `${settings.spoolName}.parquet`;
  const sink = await settings.spool.openWrite(path);
  try {
    const fields = columns.map((field) => (isNanos(field.type) ? { ...field, type: NANOS } : field));
    const writer = createParquetWriter({ fields, compression: 'none' }, sink);
    for await (const batch of batches) {
      settings.signal?.throwIfAborted();
      if (batch.rowCount > 0) await writer.append(spoolBatch(columns, batch), null, 0, batch.rowCount);
    }
    await writer.finish();
    await sink.close();
  } catch (error) {
    await sink.abort();
    throw error;
  }
  return settings.spool.location(path);
}

/** Timestamps of nanoseconds as integers, as Parquet's INT96 loses digits in DuckDB. */
function spoolBatch(fields: readonly DataField[], batch: ColumnBatch): ColumnBatch {
  const columns = batch.columns.map((vector, at) =>
    isNanos(fields[at].type) ? nanosVector(fields[at], vector) : vector,
  );
  return { ...batch, columns };
}

function nanosVector({ type }: DataField, vector: Vector): Vector {
  return vectorOf(
    NANOS,
    Array.from({ length: vector.length }, (_, row) => cellAt(type, vector, row)),
  );
}

function isNanos(type: DataType): boolean {
  return (type.kind === 'TIMESTAMP' || type.kind === 'TIMESTAMP_LTZ') && type.precision > 6;
}

function holdsNanos(type: DataType): boolean {
  return holds(type, isNanos);
}

function holdsTime(type: DataType): boolean {
  return holds(type, ({ kind }) => kind === 'TIME');
}

/** Whether the type or a type within it passes the test. */
function holds(type: DataType, test: (type: DataType) => boolean): boolean {
  switch (type.kind) {
    case 'ARRAY':
    case 'MULTISET':
      return holds(type.element, test);
    case 'MAP':
      return holds(type.key, test) || holds(type.value, test);
    case 'ROW':
      return type.fields.some((field) => holds(field.type, test));
    default:
      return test(type);
  }
}

/** DuckDB's name of a type that holds a TIME. */
function duckTypeText(type: DataType): string {
  switch (type.kind) {
    case 'ARRAY':
      return `${duckTypeText(type.element)}[]`;
    case 'MULTISET':
      return `MAP(${duckTypeText(type.element)}, INTEGER)`;
    case 'MAP':
      return `MAP(${duckTypeText(type.key)}, ${duckTypeText(type.value)})`;
    case 'ROW':
      return `STRUCT(${type.fields.map((field) => `${quoteName(field.name)} ${duckTypeText(field.type)}`).join(', ')})`;
    case 'CHAR':
    case 'VARCHAR':
      return 'VARCHAR';
    case 'BINARY':
    case 'VARBINARY':
    case 'BLOB':
      return 'BLOB';
    case 'DECIMAL':
      return `DECIMAL(${type.precision}, ${type.scale})`;
    case 'TIMESTAMP_LTZ':
      return 'TIMESTAMPTZ';
    default:
      return type.kind;
  }
}
