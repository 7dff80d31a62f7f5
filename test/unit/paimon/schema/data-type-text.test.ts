// Type strings as the reference writes and reads them.
import { expect, test } from 'vitest';
import { dataTypeText, dataTypeToJson, parseDataType } from '../../../../src/paimon/schema/data-type-text.ts';
import { MAX_LENGTH } from '../../../../src/paimon/schema/data-type.ts';

const CANONICAL = [
  'BOOLEAN',
  'TINYINT',
  'SMALLINT',
  'INT',
  'BIGINT',
  'FLOAT',
  'DOUBLE',
  'DATE',
  'DECIMAL(10, 2)',
  'CHAR(3)',
  'VARCHAR(20)',
  'STRING',
  'BINARY(4)',
  'VARBINARY(9)',
  'BYTES',
  'TIME(3)',
  'TIMESTAMP(0)',
  'TIMESTAMP(9)',
  'TIMESTAMP(3) WITH LOCAL TIME ZONE',
  'VARIANT',
  'BLOB',
];

test.each(CANONICAL)('%s is printed as it was read, with and without NOT NULL', (text) => {
  expect(dataTypeToJson(parseDataType(text))).toBe(text);
  expect(parseDataType(text).nullable).toBe(true);
  expect(dataTypeToJson(parseDataType(`${text} NOT NULL`))).toBe(`${text} NOT NULL`);
  expect(parseDataType(`${text} NOT NULL`).nullable).toBe(false);
});

test.each([
  ['decimal', 'DECIMAL(10, 0)'],
  ['Decimal( 5 ,2 )  not null', 'DECIMAL(5, 2) NOT NULL'],
  ['numeric(7)', 'DECIMAL(7, 0)'],
  ['timestamp', 'TIMESTAMP(6)'],
  ['timestamp with local time zone', 'TIMESTAMP(6) WITH LOCAL TIME ZONE'],
  ['TIMESTAMP_LTZ(3) NOT NULL', 'TIMESTAMP(3) WITH LOCAL TIME ZONE NOT NULL'],
  ['timestamp(2) without time zone', 'TIMESTAMP(2)'],
  ['time', 'TIME(0)'],
  ['integer', 'INT'],
  ['double precision', 'DOUBLE'],
  [`varchar(${MAX_LENGTH})`, 'STRING'],
  ['char', 'CHAR(1)'],
  ['int null', 'INT'],
])('%s means %s', (text, canonical) => {
  expect(dataTypeToJson(parseDataType(text))).toBe(canonical);
});

test('nested types keep nullability at every depth', () => {
  const json = {
    type: 'MAP NOT NULL',
    key: 'STRING NOT NULL',
    value: {
      type: 'ROW',
      fields: [
        { id: 12, name: 'x', type: { type: 'ARRAY', element: 'INT NOT NULL' } },
        { id: 13, name: 'y', type: { type: 'MULTISET', element: 'BYTES' }, description: 'why' },
      ],
    },
  };
  const type = parseDataType(json);
  expect(JSON.parse(JSON.stringify(dataTypeToJson(type)))).toEqual(json);
  expect(dataTypeText(type)).toBe('MAP<STRING NOT NULL, ROW<`x` ARRAY<INT NOT NULL>, `y` MULTISET<BYTES>>> NOT NULL');
});

test.each([
  'INTEGR',
  'DECIMAL(39, 2)',
  'DECIMAL(5, 6)',
  'TIMESTAMP(10)',
  'VARCHAR(0)',
  'VARCHAR(2147483648)',
  'INT(3)',
  'STRING(3)',
  'DECIMAL(1, 2, 3)',
  'ARRAY',
  '',
])('%s is refused', (text) => {
  expect(() => parseDataType(text)).toThrow(expect.objectContaining({ code: 'E3101' }));
});

test('VECTOR, which nothing here can hold, is refused by name', () => {
  expect(() => parseDataType({ type: 'VECTOR', element: 'FLOAT', length: 3 })).toThrow(/VECTOR/);
});
