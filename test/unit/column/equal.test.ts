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
  const INTS: DataType = { kind: 'ARRAY', element: INT, nullable: true };
  const COUNTS: DataType = { kind: 'MAP', key: STRING, value: INT, nullable: true };

  it.each<{ name: string; type: DataType; pair: [JsonObject[string], JsonObject[string]]; isEqual: boolean }>([
    { name: 'equal numbers', type: INT, pair: [1, 1], isEqual: true },
    { name: 'other numbers', type: INT, pair: [1, 2], isEqual: false },
    { name: 'NULL and NULL', type: INT, pair: [null, null], isEqual: true },
    { name: 'NULL and a value', type: INT, pair: [null, 0], isEqual: false },
    { name: 'NaN and NaN', type: DOUBLE, pair: ['NaN', 'NaN'], isEqual: true },
    { name: 'equal texts', type: STRING, pair: ['same', 'same'], isEqual: true },
    { name: 'a text and its beginning', type: STRING, pair: ['same', 'sam'], isEqual: false },
    {
      name: 'equal arrays',
      type: INTS,
      pair: [
        [1, null],
        [1, null],
      ],
      isEqual: true,
    },
    { name: 'an array and its beginning', type: INTS, pair: [[1, 2], [1]], isEqual: false },
    { name: 'maps of other values', type: COUNTS, pair: [[['a', 1]], [['a', 2]]], isEqual: false },
  ])('$name', ({ type, pair: [left, right], isEqual }) => {
    // The second row is compared with the first, so that offsets matter.
    const equality = rowEquality([vectorOf(type, [right, left])], [vectorOf(type, [right])]);
    expect(equality(1, 0)).toBe(isEqual);
    expect(equality(0, 0)).toBe(true);
  });
});
