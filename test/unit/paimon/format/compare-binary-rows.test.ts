// The order of serialized keys is the order of the values, not of their bytes.
import { expect, test } from 'vitest';
import type { JsonValue } from '../../../../src/base/json-text.ts';
import { compareBinaryRows, encodeCells } from '../../../../src/paimon/format/binary-row.ts';
import { cellFromJson } from '../../../../src/paimon/format/row-json.ts';
import { parseDataType } from '../../../../src/paimon/schema/data-type-text.ts';

test.each<[string, readonly JsonValue[]]>([
  ['BOOLEAN', [null, false, true]],
  ['INT', [-2147483648, -1, 0, 256, 2147483647]],
  ['BIGINT', ['-9223372036854775808', '-1', '0', '4294967296', '9223372036854775807']],
  ['DECIMAL(38, 2)', ['-100000000000000000000.00', '-1.00', '0.00', '1.28', '100000000000000000000.00']],
  ['STRING', ['', 'Z', 'a', 'aa', 'é', '\uffff', '😀']],
  ['BYTES', ['', '00', '7f', '80', 'ff00']],
  ['DOUBLE', ['-Infinity', -1, '-0.0', 0, 1, 'Infinity', 'NaN']],
  [
    'TIMESTAMP(6)',
    ['0001-01-01T00:00', '1969-12-31T23:59:59.999999', '1970-01-01T00:00', '1970-01-01T00:00:00.000001'],
  ],
])('%s', (text, ascending) => {
  const type = parseDataType(text);
  const rows = ascending.map((json) => encodeCells([type], [cellFromJson(type, json)]));
  rows.forEach((a, i) =>
    rows.forEach((b, j) => expect(Math.sign(compareBinaryRows([type], a, b))).toBe(Math.sign(i - j))),
  );
});

test('later fields decide where earlier ones are equal', () => {
  const types = ['STRING', 'INT'].map(parseDataType);
  const row = (text: string, number: number): Uint8Array => encodeCells(types, [Buffer.from(text), number]);
  expect(compareBinaryRows(types, row('a', 9), row('b', 1))).toBeLessThan(0);
  expect(compareBinaryRows(types, row('a', 9), row('a', 10))).toBeLessThan(0);
  expect(compareBinaryRows(types, row('a', 9), row('a', 9))).toBe(0);
});
