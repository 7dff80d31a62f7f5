// Values to JSON and back: the exact form loses nothing, the display form says numbers where they are safe.
import { describe, expect, test } from 'vitest';
import { type JsonValue, parseJson } from '../../../../src/base/json-text.ts';
import { builderFor } from '../../../../src/column/builder.ts';
import { dateText, parseDate } from '../../../../src/paimon/format/calendar-text.ts';
import { vectorOf } from '../../../../src/paimon/format/cell.ts';
import {
  cellFromJson,
  createRowPrinter,
  createRowReader,
  type RowJsonForm,
} from '../../../../src/paimon/format/row-json.ts';
import {
  javaDoubleText,
  javaFloatText,
  parseDecimal,
  shortestFloat,
} from '../../../../src/paimon/format/value-text.ts';
import { type DataField, shapeOf } from '../../../../src/paimon/schema/data-type.ts';
import { parseDataType } from '../../../../src/paimon/schema/data-type-text.ts';

function print(type: JsonValue, json: JsonValue, form: RowJsonForm): string {
  const fields: readonly DataField[] = [{ id: 0, name: 'v', type: parseDataType(type) }];
  const column = vectorOf(fields[0].type, [cellFromJson(fields[0].type, json)]);
  return createRowPrinter(fields, form)([column], 0).slice('{"v":'.length, -1);
}

test.each<[JsonValue, JsonValue, string, string]>([
  ['BIGINT', '9007199254740991', '"9007199254740991"', '9007199254740991'],
  ['BIGINT', '-9007199254740992', '"-9007199254740992"', '"-9007199254740992"'],
  ['BIGINT', 9223372036854775807n, '"9223372036854775807"', '"9223372036854775807"'],
  ['DECIMAL(10, 2)', '-12.30', '"-12.30"', '-12.30'],
  ['DECIMAL(10, 2)', 5, '"5.00"', '5.00'],
  ['DECIMAL(38, 10)', '-0.0000000001', '"-0.0000000001"', '-0.0000000001'],
  ['DECIMAL(20, 0)', '1234567890123456', '"1234567890123456"', '"1234567890123456"'],
  ['FLOAT', '0.1', '0.10000000149011612', '0.1'],
  ['DOUBLE', '-0', '-0.0', '-0.0'],
  ['DOUBLE', 'NaN', '"NaN"', '"NaN"'],
  ['DOUBLE', '-Infinity', '"-Infinity"', '"-Infinity"'],
  ['BOOLEAN', true, 'true', 'true'],
  ['STRING', 'a"\n日😀', '"a\\"\\n日😀"', '"a\\"\\n日😀"'],
  ['BYTES', '00FF', '"00ff"', '"00ff"'],
  ['DATE', '2024-02-29', '"2024-02-29"', '"2024-02-29"'],
  ['TIME(3)', '01:02:03.004', '"01:02:03.004"', '"01:02:03.004"'],
  ['TIMESTAMP(3)', '2024-02-29 01:02', '"2024-02-29T01:02:00.000000"', '"2024-02-29T01:02:00.000000"'],
  ['TIMESTAMP(6)', '1969-12-31T23:59:59.999999', '"1969-12-31T23:59:59.999999"', '"1969-12-31T23:59:59.999999"'],
  [
    'TIMESTAMP(9)',
    '1969-12-31T23:59:59.999999999',
    '"1969-12-31T23:59:59.999999999"',
    '"1969-12-31T23:59:59.999999999"',
  ],
  ['TIMESTAMP_LTZ(3)', '2024-01-01T00:00:00.5Z', '"2024-01-01T00:00:00.500000Z"', '"2024-01-01T00:00:00.500000Z"'],
  [{ type: 'ARRAY', element: 'BIGINT' }, ['1', null], '["1",null]', '[1,null]'],
  [{ type: 'MAP', key: 'STRING', value: 'INT' }, [['k', 1]], '[["k",1]]', '{"k":1}'],
  [{ type: 'MAP', key: 'INT', value: 'INT' }, [[1, null]], '[[1,null]]', '[[1,null]]'],
  [{ type: 'MULTISET', element: 'STRING' }, [['x', 2]], '[["x",2]]', '{"x":2}'],
  [{ type: 'ROW', fields: [{ id: 1, name: 'x', type: 'INT' }] }, {}, '{"x":null}', '{"x":null}'],
  ['INT', null, 'null', 'null'],
])('case %#: both forms', (type, json, exact, display) => {
  expect(print(type, json, 'exact')).toBe(exact);
  expect(print(type, json, 'display')).toBe(display);
});

test('display with numbers as texts', () => {
  expect(print('BIGINT', 1, 'display-strings')).toBe('"1"');
  expect(print('DECIMAL(5, 1)', '1', 'display-strings')).toBe('"1.0"');
});

test.each<[string, JsonValue]>([
  ['TINYINT', 128],
  ['INT', 1.5],
  ['INT', '1e3'],
  ['BIGINT', 9223372036854775808n],
  ['DECIMAL(5, 2)', '1.234'],
  ['DECIMAL(5, 2)', '1000'],
  ['DECIMAL(5, 2)', ''],
  ['DOUBLE', 'one'],
  ['BOOLEAN', 'yes'],
  ['BYTES', '0'],
  ['STRING', '\ud800'],
  ['DATE', '2023-02-29'],
  ['DATE', '2023-13-01'],
  ['TIME(3)', '24:00:00'],
  ['TIME(6)', '00:00:00.0001'],
  ['TIMESTAMP(3)', '2024-01-01T00:00:00.0001'],
  ['TIMESTAMP(6)', '2024-01-01'],
  ['INT', [1]],
])('case %#: %s refuses what it cannot hold', (type, json) => {
  expect(() => cellFromJson(parseDataType(type), json)).toThrow(expect.objectContaining({ code: 'E3130' }));
});

describe('rows', () => {
  const fields: readonly DataField[] = [
    { id: 0, name: 'id', type: parseDataType('BIGINT') },
    { id: 1, name: 'v', type: parseDataType('STRING') },
  ];

  test('are read into builders, absent keys as NULL', () => {
    const builders = fields.map((field) => builderFor(shapeOf(field.type)));
    const read = createRowReader(fields);
    read(parseJson('{"v":"a","id":9223372036854775807}'), builders, 0);
    read(parseJson('{"id":"2"}'), builders, 1);
    const columns = builders.map((builder) => builder.finish(2));
    const printRow = createRowPrinter(fields);
    expect([0, 1].map((row) => printRow(columns, row))).toEqual([
      '{"id":"9223372036854775807","v":"a"}',
      '{"id":"2","v":null}',
    ]);
  });

  test('name the column that is wrong, never its value', () => {
    const read = createRowReader(fields);
    const builders = fields.map((field) => builderFor(shapeOf(field.type)));
    expect(() => read({ id: 'secret' }, builders, 0)).toThrow(/^(?!.*secret).*column=id type=BIGINT/);
    expect(() => read({ idd: 1 }, builders, 0)).toThrow(/column=idd/);
    createRowReader(fields, { unknownColumns: 'ignore' })({ idd: 1, id: 2 }, builders, 0);
    expect(builders[0].finish(1)).toMatchObject({ values: Int32Array.of(2, 0) });
  });
});

test('every day of 800 years, and far ones, is the text that `Date` gives', () => {
  for (let day = -400 * 365; day < 400 * 365; day += 13) {
    const text = new Date(day * 86_400_000).toISOString().slice(0, 10);
    expect(dateText(day)).toBe(text);
    expect(parseDate(text)).toBe(day);
  }
  for (const day of [-719_528, -719_529, 2_932_896, 2_932_897, -2_147_483_648, 2_147_483_647]) {
    expect(parseDate(dateText(day))).toBe(day);
  }
});

test.each([
  [1, '1.0', '1.0'],
  [0.001, '0.001', '0.001'],
  [0.00012, '1.2E-4', '1.2E-4'],
  [9999999, '9999999.0', '9999999.0'],
  [12345678, '1.2345678E7', '1.2345678E7'],
  [100, '100.0', '100.0'],
  [-1234.5, '-1234.5', '-1234.5'],
  [5e-324, '4.9E-324', '0.0'],
])('Java prints %d as %s', (value, asDouble, asFloat) => {
  expect(javaDoubleText(value)).toBe(asDouble);
  expect(javaFloatText(Math.fround(value))).toBe(asFloat);
});

test('the shortest decimal of a 32-bit number', () => {
  expect([0.1, 16777216, 3.4028234663852886e38].map((value) => shortestFloat(Math.fround(value)))).toEqual([
    0.1, 16777216, 3.4028235e38,
  ]);
});

test.each([
  ['1.5', 10, 2, 150n],
  ['-.5', 10, 1, -5n],
  ['1e3', 10, 0, 1000n],
  ['1.20e1', 10, 0, 12n],
  ['1.2e-1', 10, 1, null],
  ['.', 10, 1, null],
  ['+7', 1, 0, 7n],
])('decimal %s', (text, precision, scale, unscaled) => {
  expect(parseDecimal(text, precision, scale)).toBe(unscaled);
});
