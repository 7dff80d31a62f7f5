// Which partition and bucket each row of a batch belongs to.
import { TributaryError } from '../../base/errors.ts';
import type { Vector } from '../../column/vector.ts';
import { createRowEncoder, EMPTY_ROW } from '../format/binary-row.ts';
import { bucketRuleOf, createBucketer } from '../format/bucket.ts';
import { partitionTypes } from '../format/partition-path.ts';
import type { BinaryRowBytes } from '../meta/data-file-meta.ts';
import { BUCKET_DYNAMIC, tableOptions } from '../schema/table-options.ts';
import type { TableSchema } from '../schema/table-schema.ts';
import { bucketKey } from './live-files.ts';

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

/** Finds the places of rows whose columns are the table's. Throws `E3301` for bucket modes that cannot be written. */
export function placeRows(schema: TableSchema, columns: readonly Vector[], rowCount: number): RowPlaces {
  const buckets = bucketsOf(schema, columns, rowCount);
  if (schema.partitionKeys.length === 0) return placeUnpartitioned(buckets);
  const encoder = createRowEncoder(partitionTypes(schema));
  const partitionColumns = schema.partitionKeys.map(
    (name) => columns[schema.fields.findIndex((field) => field.name === name)],
  );
  const known = new Map<string, number>();
  const places: Place[] = [];
  const groups = new Int32Array(rowCount);
  for (let row = 0; row < rowCount; row++) {
    const place = { partition: encoder.encodeRow(partitionColumns, row), bucket: buckets[row] };
    const key = bucketKey(place.partition, place.bucket);
    let group = known.get(key);
    if (group === undefined) {
      group = places.push(place) - 1;
      known.set(key, group);
    }
    groups[row] = group;
  }
  return { places, groups };
}

function placeUnpartitioned(buckets: Int32Array): RowPlaces {
  let bucketCount = 0;
  for (const bucket of buckets) if (bucket >= bucketCount) bucketCount = bucket + 1;
  const places = Array.from({ length: bucketCount }, (_, bucket) => ({ partition: EMPTY_ROW, bucket }));
  return { places, groups: buckets };
}

function bucketsOf(schema: TableSchema, columns: readonly Vector[], rowCount: number): Int32Array {
  const { bucket } = tableOptions(schema);
  // An append table without buckets has all its files in bucket 0.
  if (bucket === BUCKET_DYNAMIC && schema.primaryKeys.length === 0) return new Int32Array(rowCount);
  if (bucket <= 0)
    throw new TributaryError('E3301', `only tables with a fixed number of buckets can be written: bucket=${bucket}`);
  return createBucketer(bucketRuleOf(schema))(columns, rowCount);
}
