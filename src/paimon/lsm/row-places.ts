// Which partition and bucket each row of a batch belongs to.
import { TributaryError } from '../../base/errors.ts';
import { rowComparator } from '../../column/compare.ts';
import { validityAt, type Vector } from '../../column/vector.ts';
import { createRowEncoder, EMPTY_ROW } from '../format/binary-row.ts';
import { bucketRuleOf, createBucketer } from '../format/bucket.ts';
import { partitionTypes } from '../format/partition-path.ts';
import type { BinaryRowBytes } from '../meta/data-file-meta.ts';
import { type DataType, columnOrder } from '../schema/data-type.ts';
import { BUCKET_DYNAMIC, BUCKET_POSTPONE, tableOptions } from '../schema/table-options.ts';
import type { TableSchema } from '../schema/table-schema.ts';
import { partitionKey } from './live-files.ts';

/** A bucket of a partition. */
export interface Place {
  readonly partition: BinaryRowBytes;
  readonly bucket: number;
}

/** The places of rows: row i is at `places[groups[i]]`. */
export interface RowPlaces {
  readonly places: readonly Place[];
  readonly groups: Int32Array;
}

/** The partitions of rows: row i is in `partitions[groups[i]]`. */
export interface RowPartitions {
  readonly partitions: readonly BinaryRowBytes[];
  readonly groups: Int32Array;
}

/** Rows whose columns are the table's. */
export interface TableRows {
  readonly rowCount: number;
  readonly columns: readonly Vector[];
  /** The bucket of each row, where it does not follow from the row's values; null where it does. */
  readonly buckets: Int32Array | null;
}

/** Finds the places of rows. Throws `E3301` for bucket modes that cannot be written. */
export function placeRows(schema: TableSchema, rows: TableRows): RowPlaces {
  if (tableOptions(schema).bucket === BUCKET_POSTPONE) return placePostponed(schema, rows);
  const buckets = rows.buckets ?? bucketsOf(schema, rows);
  if (schema.partitionKeys.length === 0 && rows.buckets === null) return placeUnpartitioned(buckets);
  const { partitions, groups: partitionGroups } = partitionRows(schema, rows);
  const known = new Map<number, number>();
  const places: Place[] = [];
  const groups = new Int32Array(rows.rowCount);
  for (let row = 0; row < rows.rowCount; row++) {
    const key = partitionGroups[row] * 4294967296 + buckets[row];
    let group = known.get(key);
    if (group === undefined) {
      group = places.push({ partition: partitions[partitionGroups[row]], bucket: buckets[row] }) - 1;
      known.set(key, group);
    }
    groups[row] = group;
  }
  return { places, groups };
}

/** Finds the partitions of rows. */
export function partitionRows(schema: TableSchema, rows: Pick<TableRows, 'rowCount' | 'columns'>): RowPartitions {
  const groups = new Int32Array(rows.rowCount);
  if (schema.partitionKeys.length === 0) return { partitions: [EMPTY_ROW], groups };
  const types = partitionTypes(schema);
  const encoder = createRowEncoder(types);
  const columns = schema.partitionKeys.map(
    (name) => rows.columns[schema.fields.findIndex((field) => field.name === name)],
  );
  // Rows of one partition often come together.
  const isAsBefore = repeatsRowBefore(columns, types);
  const known = new Map<string, number>();
  const partitions: BinaryRowBytes[] = [];
  for (let row = 0; row < rows.rowCount; row++) {
    if (row > 0 && isAsBefore(row)) {
      groups[row] = groups[row - 1];
      continue;
    }
    const partition = encoder.encodeRow(columns, row);
    const key = partitionKey(partition);
    let group = known.get(key);
    if (group === undefined) {
      group = partitions.push(partition) - 1;
      known.set(key, group);
    }
    groups[row] = group;
  }
  return { partitions, groups };
}

/** Whether a row has the values of the row before it. */
function repeatsRowBefore(columns: readonly Vector[], types: readonly DataType[]): (row: number) => boolean {
  const compare = rowComparator(columns, columns, types.map(columnOrder));
  return (row) =>
    compare(row - 1, row) === 0 && columns.every((column) => validityAt(column, row - 1) === validityAt(column, row));
}

/** One place a partition: which bucket a row belongs to is decided later. */
function placePostponed(schema: TableSchema, rows: TableRows): RowPlaces {
  const { partitions, groups } = partitionRows(schema, rows);
  return { places: partitions.map((partition) => ({ partition, bucket: BUCKET_POSTPONE })), groups };
}

function placeUnpartitioned(buckets: Int32Array): RowPlaces {
  let bucketCount = 0;
  for (const bucket of buckets) if (bucket >= bucketCount) bucketCount = bucket + 1;
  const places = Array.from({ length: bucketCount }, (_, bucket) => ({ partition: EMPTY_ROW, bucket }));
  return { places, groups: buckets };
}

function bucketsOf(schema: TableSchema, { columns, rowCount }: TableRows): Int32Array {
  const { bucket } = tableOptions(schema);
  // An append table without buckets has all its files in bucket 0.
  if (bucket === BUCKET_DYNAMIC && schema.primaryKeys.length === 0) return new Int32Array(rowCount);
  if (bucket <= 0)
    throw new TributaryError('E3301', `only tables with a fixed number of buckets can be written: bucket=${bucket}`);
  return createBucketer(bucketRuleOf(schema))(columns, rowCount);
}
