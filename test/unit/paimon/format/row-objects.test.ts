// Rows as plain objects: every type there and back, and what does not fit.
import { describe, expect, it } from 'vitest';
import { columnsOfRows, type RowObject, rowObjects, type RowValue } from '../../../../src/paimon/format/row-objects.ts';
import type { DataField } from '../../../../src/paimon/schema/data-type.ts';
import { parseDataType } from '../../../../src/paimon/schema/data-type-text.ts';

function field(type: unknown): DataField {
  return { id: 0, name: 'v', type: parseDataType(type as string) };
}

function roundTrip(type: unknown, value: RowValue): RowValue | undefined {
  const fields = [field(type)];
  const rows = rowObjects({ ...columnsOfRows(fields, [{ v: value }, {}]), fields });
  expect(rows[1]).toEqual({ v: null });
  return rows[0]?.['v'];
}

const LIST = { type: 'ARRAY', element: 'STRING' };
const MAP = { type: 'MAP', key: 'STRING', value: 'BIGINT' };
const ROW = {
  type: 'ROW',
  fields: [
    { id: 1, name: 'x', type: 'INT' },
    { id: 2, name: 'y', type: LIST },
  ],
};

describe('values', () => {
  it.each<[unknown, RowValue]>([
    ['BOOLEAN', true],
    ['TINYINT', -128],
    ['INT', 2147483647],
    ['BIGINT', 9223372036854775807n],
    ['FLOAT', 0.5],
    ['DOUBLE', Number.NEGATIVE_INFINITY],
    ['DECIMAL(30, 2)', '-1234567890123456789012345678.90'],
    ['STRING', 'ä😀'],
    ['BYTES', Uint8Array.of(0, 255)],
    ['DATE', '0001-01-01'],
    ['TIME(3)', '23:59:59.999'],
    ['TIMESTAMP(3)', '1969-12-31T23:59:59.999'],
    ['TIMESTAMP(6)', '2026-01-01T00:00:00.000001'],
    ['TIMESTAMP(9)', '2026-01-01T00:00:00.123456789'],
    ['TIMESTAMP(6) WITH LOCAL TIME ZONE', '2026-01-01T00:00:00.000001Z'],
    [LIST, ['a', null]],
    [MAP, new Map([['k', 1n]])],
    [{ type: 'MULTISET', element: 'STRING' }, new Map([['k', 2]])],
    [ROW, { x: 1, y: ['a'] }],
  ])('%j comes back as it was', (type, value) => {
    expect(roundTrip(type, value)).toEqual(value);
  });

  it.each<[unknown, RowValue, RowValue]>([
    ['BIGINT', 5, 5n],
    ['DECIMAL(5, 2)', 1.5, '1.50'],
    ['DECIMAL(5, 2)', 7n, '7.00'],
    ['DATE', new Date('2026-03-01T23:00:00Z'), '2026-03-01'],
    ['TIMESTAMP(3)', new Date(1), '1970-01-01T00:00:00.001'],
    [ROW, { x: 1 }, { x: 1, y: null }],
  ])('%j takes %s', (type, value, expected) => {
    expect(roundTrip(type, value)).toEqual(expected);
  });

  it.each<[unknown, RowValue]>([
    ['BOOLEAN', 1],
    ['TINYINT', 128],
    ['INT', 1.5],
    ['INT', '1'],
    ['BIGINT', 2 ** 60],
    ['BIGINT', 2n ** 63n],
    ['DECIMAL(3, 2)', '1.234'],
    ['DECIMAL(3, 2)', '100'],
    ['STRING', 5],
    ['BYTES', 'text'],
    ['DATE', '2026-02-30'],
    ['TIMESTAMP(3)', '2026-01-01T00:00:00.0001'],
    ['VARIANT', 1],
    [LIST, 'a'],
    [LIST, [1]],
    [MAP, { k: 1n }],
    [ROW, { z: 1 }],
    [ROW, ['a']],
  ])('%j refuses %s', (type, value) => {
    expect(() => roundTrip(type, value)).toThrow(expect.objectContaining({ code: 'E3137' }));
  });

  it('an unknown column is refused by its name', () => {
    const rows: readonly RowObject[] = [{ v: 1 }, { w: 1 }];
    expect(() => columnsOfRows([field('INT')], rows)).toThrow(/column=w/);
  });
});
