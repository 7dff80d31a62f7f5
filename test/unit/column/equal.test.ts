import { describe, expect, it } from 'vitest';
import { builderFor } from '../../../src/column/builder.ts';
import { rowEquality } from '../../../src/column/equal.ts';
import type { Vector } from '../../../src/column/vector.ts';
import { createRowReader } from '../../../src/paimon/format/row-json.ts';
import { type DataType, shapeOf } from '../../../src/paimon/schema/data-type.ts';
import type { JsonObject } from '../../../src/base/json-text.ts';

const INT: DataType = { kind: 'INT', nullable: true };
const DOUBLE: DataType = { kind: 'DOUBLE', nullable: true };
const STRING: DataType = { kind: 'VARCHAR', length: 2147483647, nullable: true };

function vectorOf(type: DataType, values: readonly JsonObject[string][]): Vector {
  const fields = [{ id: 0, name: 'c', type }];
  const builder = builderFor(shapeOf(type));
  const read = createRowReader(fields);
  for (const [row, value] of values.entries()) read({ c: value }, [builder], row);
  return builder.finish(values.length);
}

describe('rowEquality', () => {
  it.each<[string, DataType, JsonObject[string], JsonObject[string], boolean]>([
    ['equal numbers', INT, 1, 1, true],
    ['other numbers', INT, 1, 2, false],
    ['NULL and NULL', INT, null, null, true],
    ['NULL and a value', INT, null, 0, false],
    ['NaN and NaN', DOUBLE, 'NaN', 'NaN', true],
    ['equal texts', STRING, 'same', 'same', true],
    ['a text and its beginning', STRING, 'same', 'sam', false],
    ['equal arrays', { kind: 'ARRAY', element: INT, nullable: true }, [1, null], [1, null], true],
    ['an array and its beginning', { kind: 'ARRAY', element: INT, nullable: true }, [1, 2], [1], false],
    ['maps of other values', { kind: 'MAP', key: STRING, value: INT, nullable: true }, [['a', 1]], [['a', 2]], false],
  ])('%s', (_name, type, left, right, expected) => {
    // The second row is compared with the first, so that offsets matter.
    const isEqual = rowEquality([vectorOf(type, [right, left])], [vectorOf(type, [right])]);
    expect(isEqual(1, 0)).toBe(expected);
    expect(isEqual(0, 0)).toBe(true);
  });
});
