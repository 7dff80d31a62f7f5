// Default values: their text as cells.
import { describe, expect, it } from 'vitest';
import type { Cell } from '../../../../src/paimon/format/cell.ts';
import { defaultCell } from '../../../../src/paimon/format/default-value.ts';
import { parseDataType } from '../../../../src/paimon/schema/data-type-text.ts';

const bytes = (text: string): Cell => Uint8Array.from(Buffer.from(text));
const LIST = { type: 'ARRAY', element: 'INT' };
const MAP = { type: 'MAP', key: 'STRING', value: 'INT' };
const ROW = {
  type: 'ROW',
  fields: [
    { id: 0, name: 'a', type: 'INT' },
    { id: 1, name: 'b', type: LIST },
  ],
};

describe('defaultCell', () => {
  it.each<[unknown, string, Cell]>([
    ['INT', '5', 5],
    ['BIGINT', "'12'", 12n],
    ['STRING', "'a b'", bytes('a b')],
    ['STRING', "it's", bytes("it's")],
    ['BOOLEAN', 'yes', true],
    ['DECIMAL(5, 2)', '1.005', 101n],
    ['DATE', '2024-02-29', 19782],
    ['TIMESTAMP(3)', '2024-02-29 01:02:03.4', 1709168523400n],
    [LIST, '[1, null, 3]', [1, null, 3]],
    [LIST, 'ARRAY(1,2)', [1, 2]],
    [LIST, '[]', []],
    [
      MAP,
      '{a -> 1, b -> null}',
      [
        [bytes('a'), 1],
        [bytes('b'), null],
      ],
    ],
    [MAP, 'MAP(x, 1)', [[bytes('x'), 1]]],
    [MAP, 'null', null],
    [ROW, '{1, [2, 3]}', [1, [2, 3]]],
    [ROW, 'STRUCT()', [null, null]],
  ])('%j of %s', (type, text, expected) => {
    expect(defaultCell(parseDataType(type as string), text)).toEqual(expected);
  });

  it.each<[unknown, string]>([
    ['INT', 'five'],
    ['INT', '3000000000'],
    ['BOOLEAN', 'perhaps'],
    ['DATE', '2023-02-29'],
    ['TIMESTAMP(4)', '5'],
    ['VARIANT', '1'],
    [LIST, '1, 2'],
    [MAP, '{a}'],
    [ROW, '{1}'],
  ])('%j of %s is refused', (type, text) => {
    expect(() => defaultCell(parseDataType(type as string), text)).toThrow(expect.objectContaining({ code: 'E3133' }));
  });
});
