// Casts, value by value; test/interop/evolution.test.ts compares all pairs of types with the reference.
import { describe, expect, it } from 'vitest';
import { castOf } from '../../../../src/paimon/format/cast.ts';
import type { Cell } from '../../../../src/paimon/format/cell.ts';
import { columnCast } from '../../../../src/paimon/format/cast-column.ts';
import { cellAt, vectorOf } from '../../../../src/paimon/format/cell.ts';
import { parseDataType } from '../../../../src/paimon/schema/data-type-text.ts';

const bytes = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text));
const plain = (cell: Cell): unknown => (cell instanceof Uint8Array ? Buffer.from(cell).toString() : cell);

function cast(from: unknown, to: unknown, cell: Exclude<Cell, null>): unknown {
  const found = castOf(parseDataType(from as string), parseDataType(to as string));
  if (found === null) throw new Error('no such cast');
  return plain(found(cell));
}

const LIST = { type: 'ARRAY', element: 'DOUBLE' };
const MAP = { type: 'MAP', key: 'STRING', value: 'DATE' };
const ROW = {
  type: 'ROW',
  fields: [
    { id: 0, name: 'a', type: 'TIMESTAMP(3)' },
    { id: 1, name: 'b', type: 'BOOLEAN' },
  ],
};

describe('castOf', () => {
  it.each<[unknown, unknown, Exclude<Cell, null>, unknown]>([
    ['INT', 'TINYINT', 383, 127],
    ['BIGINT', 'INT', 4294967297n, 1],
    ['DOUBLE', 'INT', 1e20, 2147483647],
    ['DOUBLE', 'TINYINT', 1e20, -1],
    ['FLOAT', 'BIGINT', Number.NaN, 0n],
    ['DOUBLE', 'BIGINT', -2.9, -2n],
    ['DECIMAL(10, 2)', 'INT', -299n, -2],
    ['BIGINT', 'FLOAT', 9007199791611905n, 9007200328482816],
    ['DECIMAL(20, 1)', 'DOUBLE', 15n, 1.5],
    ['BOOLEAN', 'DECIMAL(3, 1)', true, 10n],
    ['DECIMAL(10, 2)', 'DECIMAL(10, 1)', -125n, -13n],
    ['INT', 'DECIMAL(3, 1)', 1000, null],
    ['DOUBLE', 'DECIMAL(10, 3)', 1e-7, 0n],
    ['INT', 'BOOLEAN', -1, true],
    ['BIGINT', 'VARCHAR(3)', 123456n, '123'],
    ['INT', 'CHAR(4)', 12, '12  '],
    ['DOUBLE', 'STRING', 1e10, '1.0E10'],
    ['DECIMAL(5, 2)', 'STRING', -5n, '-0.05'],
    ['STRING', 'VARCHAR(2)', bytes('ä😀x'), 'ä😀'],
    ['DATE', 'STRING', -1, '1969-12-31'],
    ['TIME(3)', 'STRING', 3723040, '01:02:03.04'],
    ['TIME(0)', 'STRING', 0, '00:00:00'],
    ['TIMESTAMP(3)', 'STRING', -1n, '1969-12-31 23:59:59.999'],
    ['TIMESTAMP(0)', 'STRING', 500n, '1970-01-01 00:00:00.5'],
    [LIST, 'STRING', [1, null], '[1.0, null]'],
    [MAP, 'STRING', [[bytes('k'), 0]], '{k -> 1970-01-01}'],
    [ROW, 'STRING', [0n, false], '{1970-01-01 00:00:00.000, false}'],
    ['STRING', 'TINYINT', bytes('-128.9'), -128],
    ['STRING', 'BIGINT', bytes('+5'), 5n],
    ['STRING', 'DOUBLE', bytes(' 1e3d '), 1000],
    ['STRING', 'DECIMAL(4, 2)', bytes('1e-3'), 0n],
    ['STRING', 'DECIMAL(4, 2)', bytes('1e999999999'), null],
    ['STRING', 'TIME(3)', bytes('1:02:03.0406'), 3723041],
    ['STRING', 'TIMESTAMP(6)', bytes('2023-02-30 01:00:00'), 1677546000000000n],
    ['STRING', 'BINARY(3)', bytes('a'), 'a\0\0'],
    ['BYTES', 'VARBINARY(2)', bytes('abc'), 'ab'],
    ['TIMESTAMP(6)', 'TIMESTAMP(3)', -1n, -1n],
    ['TIMESTAMP(6)', 'DATE', -1n, 0],
    ['TIMESTAMP(6) WITH LOCAL TIME ZONE', 'DATE', -1n, -1],
    ['TIMESTAMP(3)', 'INT', -1500n, -1],
    ['BIGINT', 'TIMESTAMP(9)', 1n, 1000000000n],
    ['DATE', 'TIMESTAMP(3) WITH LOCAL TIME ZONE', 1, 86400000n],
  ])('%j to %j of %s', (from, to, cell, expected) => {
    expect(cast(from, to, cell)).toEqual(expected);
  });

  it.each<[unknown, string]>([
    ['INT', ''],
    ['INT', '1e3'],
    ['SMALLINT', '40000'],
    ['DOUBLE', '0x1p3'],
    ['DECIMAL(4, 2)', 'NaN'],
    ['BOOLEAN', 'maybe'],
    ['DATE', '2023-02-29'],
    ['TIME(3)', 'noon'],
    ['TIMESTAMP(3)', '2023-01-01T00:00:00'],
  ])('%j of %j is refused', (to, text) => {
    expect(() => cast('STRING', to, bytes(text))).toThrow(expect.objectContaining({ code: 'E3134' }));
  });

  it('is refused where a moment is too far away', () => {
    expect(() => cast('BIGINT', 'TIMESTAMP(6)', 2n ** 53n)).toThrow(expect.objectContaining({ code: 'E3134' }));
  });
});

describe('columnCast', () => {
  it.each<[string, string, Cell[]]>([
    ['INT', 'BIGINT', [1, null, -2147483648]],
    ['INT', 'DOUBLE', [7, null]],
    ['SMALLINT', 'FLOAT', [-7, null]],
    ['FLOAT', 'DOUBLE', [0.5, null]],
    ['TIMESTAMP(3)', 'TIMESTAMP(6)', [-1n, null, 253402300799999n]],
    ['DECIMAL(5, 2)', 'DECIMAL(18, 4)', [-12345n, null]],
    ['INT', 'STRING', [-12, null, 0]],
    ['BIGINT', 'VARCHAR(3)', [-123456n, null, 7n]],
    ['TIMESTAMP(3)', 'STRING', [null, -1n]],
    ['VARCHAR(9)', 'INT', [bytes('-5'), null, bytes('7.9')]],
  ])('gives for %s to %s what the cast of single values gives', (from, to, cells) => {
    const [source, target] = [parseDataType(from), parseDataType(to)];
    const single = castOf(source, target);
    const column = columnCast(source, target)?.(vectorOf(source, cells));
    const seen = cells.map((_, row) => (column === undefined ? null : cellAt(target, column, row)));
    expect(seen.map(plain)).toEqual(cells.map((cell) => plain(cell === null ? null : (single?.(cell) ?? null))));
  });

  it('refuses a timestamp that is too far away, but not what stands under a NULL', () => {
    const [from, to] = [parseDataType('TIMESTAMP(3)'), parseDataType('TIMESTAMP(6)')];
    const far = vectorOf(from, [2n ** 62n]);
    expect(() => columnCast(from, to)?.(far)).toThrow(expect.objectContaining({ code: 'E3134' }));
    expect(columnCast(from, to)?.({ ...far, validity: Uint8Array.of(1) })).toMatchObject({ length: 1 });
  });
});
