// Hive's hashes of bucket keys, against values that Java computed, and the buckets that come of them.
import { describe, expect, test } from 'vitest';
import { createBucketer } from '../../../../src/paimon/format/bucket.ts';
import { vectorOf } from '../../../../src/paimon/format/cell.ts';
import { hiveHash } from '../../../../src/paimon/format/hive-hash.ts';
import { cellFromJson } from '../../../../src/paimon/format/row-json.ts';
import { parseDataType } from '../../../../src/paimon/schema/data-type-text.ts';

describe('hashes', () => {
  test.each([
    ['INT', -7, -7],
    ['TINYINT', 5, 5],
    ['BOOLEAN', true, 1],
    ['DATE', '1970-01-03', 2],
    ['BIGINT', '4294967296', 1],
    ['BIGINT', '-7', 6],
    ['FLOAT', -1.5, -1077936128],
    ['FLOAT', -0, 0],
    ['DOUBLE', -0.1, 639631363],
    ['DOUBLE', -0, 0],
    ['STRING', 'ab', 3105],
    ['STRING', 'äöü', -1833232467],
    ['BYTES', 'ff01', -30],
    ['DECIMAL(10, 2)', '1.50', 466],
    ['DECIMAL(10, 2)', '-1.50', -464],
    ['DECIMAL(10, 2)', '100.00', 3100],
    ['DECIMAL(10, 2)', '0.00', 0],
    ['DECIMAL(30, 3)', '123456789012345678901234567.100', 894438944],
    ['DECIMAL(30, 3)', '-123456789012345678901234567.125', 748172287],
    ['INT', null, 0],
  ] as const)('of %s %s', (typeText, value, hash) => {
    const type = parseDataType(typeText);
    expect(hiveHash(type)(vectorOf(type, [cellFromJson(type, value)]), 0)).toBe(hash);
  });

  test('of timestamps there are none', () => {
    expect(() => hiveHash(parseDataType('TIMESTAMP(3)'))).toThrow(expect.objectContaining({ code: 'E3105' }));
  });
});

test('buckets are of all columns, and never negative', () => {
  const types = [parseDataType('INT'), parseDataType('STRING')];
  const columns = [vectorOf(types[0], [1, -1, null]), vectorOf(types[1], [null, new TextEncoder().encode('a'), null])];
  const bucketer = createBucketer({ columns: [0, 1], types, bucketFunction: 'hive', bucketCount: 7 });
  // 31 * 1 + 0; 31 * -1 + 97; 0.
  expect([...bucketer(columns, 3)]).toEqual([31 % 7, 66 % 7, 0]);
  const one = createBucketer({ columns: [0], types: [types[0]], bucketFunction: 'hive', bucketCount: 7 });
  expect([...one([columns[0]], 2)]).toEqual([1, 2147483647 % 7]);
});
