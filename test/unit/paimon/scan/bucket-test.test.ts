// Point queries look into the buckets of their keys only, whatever number of buckets a file was written with.
import { expect, test } from 'vitest';
import type { Condition } from '../../../../src/paimon/format/condition.ts';
import { plainConditions } from '../../../../src/paimon/format/condition.ts';
import type { DataType } from '../../../../src/paimon/schema/data-type.ts';
import type { TableSchema } from '../../../../src/paimon/schema/table-schema.ts';
import { bucketTest } from '../../../../src/paimon/scan/bucket-test.ts';
import { bucketRuleOf, createBucketer } from '../../../../src/paimon/format/bucket.ts';
import { vectorOf } from '../../../../src/paimon/format/cell.ts';
import { schemaOf } from '../../../support/written-table.ts';

const INT: DataType = { kind: 'INT', nullable: false };
const DOUBLE: DataType = { kind: 'DOUBLE', nullable: false };

function schema(columns: Readonly<Record<string, DataType>>, primaryKeys: readonly string[]): TableSchema {
  return schemaOf({ columns, primaryKeys, options: { bucket: '8' } });
}

function found(table: TableSchema, where: readonly Condition[], totalBuckets: number): readonly number[] {
  const test = bucketTest(table, plainConditions(where));
  return Array.from({ length: totalBuckets }, (_, bucket) => bucket).filter((bucket) => test(bucket, totalBuckets));
}

function bucketOf(table: TableSchema, values: readonly number[], bucketCount: number): number {
  const rule = { ...bucketRuleOf(table), bucketCount };
  const columns = values.map((value, index) => vectorOf(rule.types[index], [value]));
  return createBucketer({ ...rule, columns: values.map((_, index) => index) })(columns, 1)[0];
}

const TABLE = schema({ a: INT, b: INT, c: INT }, ['a', 'b']);

test('a key with all its columns is in one bucket, for each number of buckets', () => {
  for (let key = 0; key < 50; key++) {
    const where: Condition[] = [
      { column: 'b', operator: '=', literal: 7 },
      { column: 'a', operator: '=', literal: key },
    ];
    for (const count of [1, 8, 5]) expect(found(TABLE, where, count)).toEqual([bucketOf(TABLE, [key, 7], count)]);
  }
});

test('lists, and alternatives of one column, give the buckets of all their keys', () => {
  const where: Condition[] = [
    { column: 'a', operator: 'in', literals: [1, 2] },
    {
      operator: 'or',
      conditions: [
        { column: 'b', operator: '=', literal: 3 },
        { column: 'b', operator: '=', literal: 4 },
      ],
    },
  ];
  const wanted = [1, 2].flatMap((a) => [3, 4].map((b) => bucketOf(TABLE, [a, b], 8)));
  expect(found(TABLE, where, 8)).toEqual([...new Set(wanted)].sort((x, y) => x - y));
});

test('where a column of the key is open, or could be another one, each bucket counts', () => {
  const open: readonly (readonly Condition[])[] = [
    [{ column: 'a', operator: '=', literal: 1 }],
    [
      { column: 'a', operator: '=', literal: 1 },
      { column: 'b', operator: '>', literal: 1 },
    ],
    [
      { column: 'a', operator: '=', literal: 1 },
      {
        operator: 'or',
        conditions: [
          { column: 'b', operator: '=', literal: 1 },
          { column: 'c', operator: '=', literal: 1 },
        ],
      },
    ],
    [{ operator: 'not', condition: { column: 'a', operator: '!=', literal: 1 } }],
  ];
  for (const where of open) expect(found(TABLE, where, 8)).toHaveLength(8);
  const many = Array.from({ length: 1001 }, (_, value) => value);
  const all = schema({ a: INT }, ['a']);
  expect(found(all, [{ column: 'a', operator: 'in', literals: many }], 2000)).toHaveLength(2000);
});

test('buckets that are not fixed, and keys whose equal values differ in their bytes, are not told apart', () => {
  const test = bucketTest(TABLE, plainConditions([{ column: 'a', operator: '=', literal: 1 }]));
  expect(test(-2, -2)).toBe(true);
  expect(test(5, -1)).toBe(true);
  const zeros = schema({ a: DOUBLE }, ['a']);
  expect(found(zeros, [{ column: 'a', operator: '=', literal: 0 }], 8)).toHaveLength(8);
});
