// Which buckets can hold the rows that conditions ask for, where these give all columns of the bucket key. Source:
// BucketSelectConverter.
import type { Vector } from '../../column/vector.ts';
import { type BucketRule, bucketRuleOf, createBucketer } from '../format/bucket.ts';
import { type Cell, vectorOf } from '../format/cell.ts';
import type { Literal, PlainCondition } from '../format/condition.ts';
import type { DataType } from '../schema/data-type.ts';
import { tableOptions } from '../schema/table-options.ts';
import { type TableSchema, trimmedPrimaryKeys } from '../schema/table-schema.ts';

/** Whether a bucket of so many (the `_TOTAL_BUCKETS` of a file) can hold such rows. True where in doubt. */
export type BucketTest = (bucket: number, totalBuckets: number) => boolean;

/** The most keys whose buckets are looked for. */
const KEYS_MAX = 1000;
const ANY_BUCKET: BucketTest = () => true;

/** The test of the conditions, all of which hold. */
export function bucketTest(schema: TableSchema, where: readonly PlainCondition[]): BucketTest {
  const { bucketFunction, bucketKey } = tableOptions(schema);
  const names = bucketKey ?? trimmedPrimaryKeys(schema);
  if (where.length === 0 || names.length === 0 || bucketFunction === 'hive') return ANY_BUCKET;
  const rule = bucketRuleOf(schema);
  const keys = rule.types.every(isHashedAsCompared) ? keysOf(names, where) : null;
  if (keys === null) return ANY_BUCKET;
  const columns = rule.types.map((type, index) =>
    vectorOf(
      type,
      keys.map((key) => key[index]),
    ),
  );
  const buckets = new Map<number, ReadonlySet<number>>();
  return (bucket, totalBuckets) => {
    if (bucket < 0 || totalBuckets <= 0) return true;
    const wanted = buckets.get(totalBuckets) ?? bucketsOf({ ...rule, bucketCount: totalBuckets }, columns, keys.length);
    buckets.set(totalBuckets, wanted);
    return wanted.has(bucket);
  };
}

function bucketsOf(rule: BucketRule, columns: readonly Vector[], keyCount: number): ReadonlySet<number> {
  const bucketer = createBucketer({ ...rule, columns: columns.map((_, index) => index) });
  return new Set(bucketer(columns, keyCount));
}

/** Values that are equal have the same bytes, but for the two zeros and the many NaNs. */
function isHashedAsCompared({ kind }: DataType): boolean {
  return kind !== 'FLOAT' && kind !== 'DOUBLE';
}

/** All keys that meet the conditions, one value a column; null where there are other ones, or too many. */
function keysOf(names: readonly string[], where: readonly PlainCondition[]): readonly (readonly Cell[])[] | null {
  let keys: readonly (readonly Cell[])[] = [[]];
  for (const name of names) {
    const literals = where.flatMap((condition) => {
      const found = literalsOf(condition, name);
      return found === null ? [] : [found];
    });
    const [fewest] = literals.toSorted((a, b) => a.length - b.length);
    if (fewest === undefined || keys.length * fewest.length > KEYS_MAX) return null;
    keys = keys.flatMap((key) => fewest.map((literal) => [...key, literal]));
  }
  return keys;
}

/** The values of the column that a condition asks for; null where it does not say. */
function literalsOf(condition: PlainCondition, name: string): readonly Literal[] | null {
  switch (condition.operator) {
    case '=':
      return condition.column === name ? [condition.literal] : null;
    case 'in':
      return condition.column === name ? condition.literals : null;
    case 'or': {
      const branches = condition.conditions.map((branch) => literalsOf(branch, name));
      return branches.some((branch) => branch === null) ? null : branches.flatMap((branch) => branch ?? []);
    }
    default:
      return null;
  }
}
