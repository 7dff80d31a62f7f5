// Which bucket a row belongs to. Source: DefaultBucketFunction, ModBucketFunction, HiveBucketFunction (format notes 03
// section 5).
import { TributaryError } from '../../base/errors.ts';
import type { Int32Vector, Int64Vector, Vector } from '../../column/vector.ts';
import type { DataType } from '../schema/data-type.ts';
import type { BucketFunction } from '../schema/table-options.ts';
import { tableOptions } from '../schema/table-options.ts';
import { type TableSchema, trimmedPrimaryKeys } from '../schema/table-schema.ts';
import { createRowEncoder } from './binary-row.ts';
import { hiveHash } from './hive-hash.ts';
import { hashNumberRow } from './murmur.ts';

/** Which columns make the bucket, and how many buckets there are. */
export interface BucketRule {
  /** Indexes of the bucket-key columns in the row, in bucket-key order. */
  readonly columns: readonly number[];
  /** Their declared types, in the same order. */
  readonly types: readonly DataType[];
  readonly bucketFunction: BucketFunction;
  /** More than 0. */
  readonly bucketCount: number;
}

/** The bucket of each row of a batch whose columns are the table's. Owns a buffer: not to be shared between threads. */
export type Bucketer = (columns: readonly Vector[], rowCount: number) => Int32Array;

/** The rule of a table with a fixed number of buckets: `bucket-key`, else the trimmed primary key. */
export function bucketRuleOf(schema: TableSchema): BucketRule {
  const options = tableOptions(schema);
  const names = options.bucketKey ?? trimmedPrimaryKeys(schema);
  const columns = names.map((name) => schema.fields.findIndex((field) => field.name === name));
  return {
    columns,
    types: columns.map((index) => schema.fields[index].type),
    bucketFunction: options.bucketFunction,
    bucketCount: options.bucket,
  };
}

/** Assigns rows to buckets. Throws `E3105` for the bucket function `hive` and a type that it does not hash. */
export function createBucketer(rule: BucketRule): Bucketer {
  if (rule.bucketCount === 1) return (_columns, rowCount) => new Int32Array(rowCount);
  switch (rule.bucketFunction) {
    case 'default':
      return hashBucketer(rule);
    case 'mod':
      return modBucketer(rule);
    case 'hive':
      return hiveBucketer(rule);
  }
}

function hiveBucketer({ columns, types, bucketCount }: BucketRule): Bucketer {
  const hashes = types.map(hiveHash);
  return (all, rowCount) => {
    const buckets = new Int32Array(rowCount);
    for (const [index, hash] of hashes.entries()) {
      const key = all[columns[index]];
      for (let row = 0; row < rowCount; row++) buckets[row] = (Math.imul(31, buckets[row]) + hash(key, row)) | 0;
    }
    for (let row = 0; row < rowCount; row++) buckets[row] = (buckets[row] & 0x7fffffff) % bucketCount;
    return buckets;
  };
}

function hashBucketer({ columns, types, bucketCount }: BucketRule): Bucketer {
  const encoder = createRowEncoder(types);
  const isNumber = types.length === 1 && WHOLE_NUMBERS.includes(types[0].kind);
  return (all, rowCount) => {
    const keys = columns.map((index) => all[index]);
    const buckets = new Int32Array(rowCount);
    const [key] = keys;
    if (isNumber && key.validity === null && (key.kind === 'i64' || key.kind === 'i32')) {
      hashNumbers(key, bucketCount, buckets);
      return buckets;
    }
    for (let row = 0; row < rowCount; row++) buckets[row] = Math.abs(encoder.hashRow(keys, row) % bucketCount);
    return buckets;
  };
}

/** Types whose values stand in a row as their vectors have them. */
const WHOLE_NUMBERS: readonly DataType['kind'][] = ['INT', 'BIGINT', 'DATE'];

/** The same without writing rows: most keys are numbers, and this takes a tenth of the time. */
function hashNumbers({ kind, values }: Int32Vector | Int64Vector, bucketCount: number, buckets: Int32Array): void {
  const step = kind === 'i64' ? 2 : 1;
  for (let row = 0, at = 0; row < buckets.length; row++, at += step) {
    const hash = hashNumberRow(values[at], kind === 'i64' ? values[at + 1] : 0);
    buckets[row] = Math.abs(hash % bucketCount);
  }
}

/** The floor modulus of one INT or BIGINT column. */
function modBucketer({ columns, bucketCount }: BucketRule): Bucketer {
  return (all, rowCount) => {
    const key = all[columns[0]];
    const buckets = new Int32Array(rowCount);
    for (let row = 0; row < rowCount; row++) {
      const rest =
        key.kind === 'i32'
          ? key.values[row] % bucketCount
          : key.kind === 'i64'
            ? remainder64(key.values[2 * row + 1], key.values[2 * row] >>> 0, bucketCount)
            : Number.NaN;
      if (Number.isNaN(rest)) throw new TributaryError('E9001', `bucket key is not an integer: kind=${key.kind}`);
      buckets[row] = rest < 0 ? rest + bucketCount : rest;
    }
    return buckets;
  };
}

/** `(high * 2^32 + low) % divisor` for a divisor below 2^26, exactly: every product stays below 2^53. */
function remainder64(high: number, low: number, divisor: number): number {
  const highRest = high % divisor;
  return (((highRest * (4294967296 % divisor)) % divisor) + (low % divisor)) % divisor;
}
