// Columns of older schema versions, value by value.
import { describe, expect, it } from 'vitest';
import { type Cell, cellAt, vectorOf } from '../../../../src/paimon/format/cell.ts';
import { evolveColumns, nullVector } from '../../../../src/paimon/lsm/evolve-column.ts';
import type { DataField, DataType } from '../../../../src/paimon/schema/data-type.ts';

const INT: DataType = { kind: 'INT', nullable: true };
const BIGINT: DataType = { kind: 'BIGINT', nullable: true };
const TINYINT: DataType = { kind: 'TINYINT', nullable: true };
const STRING: DataType = { kind: 'VARCHAR', length: 2147483647, nullable: true };

function decimal(precision: number, scale: number): DataType {
  return { kind: 'DECIMAL', precision, scale, nullable: true };
}

function timestamp(precision: number): DataType {
  return { kind: 'TIMESTAMP', precision, nullable: true };
}

function field(id: number, type: DataType): DataField {
  return { id, name: `f${id}`, type };
}

function evolve(from: DataType, to: DataType, cells: readonly Cell[]): Cell[] {
  const [column] = evolveColumns([field(1, to)], [field(0, INT), field(1, from)]);
  expect(column.source?.id).toBe(1);
  const converted = column.convert(vectorOf(from, cells));
  return cells.map((_, row) => cellAt(to, converted, row));
}

describe('evolveColumns', () => {
  it.each<[string, DataType, DataType, Cell[], Cell[]]>([
    ['INT to BIGINT', INT, BIGINT, [1, null, -2147483648], [1n, null, -2147483648n]],
    ['TINYINT to INT', TINYINT, INT, [-128, null], [-128, null]],
    ['INT to DOUBLE', INT, { kind: 'DOUBLE', nullable: true }, [7, null], [7, null]],
    [
      'FLOAT to DOUBLE',
      { kind: 'FLOAT', nullable: true },
      { kind: 'DOUBLE', nullable: true },
      [0.5, null],
      [0.5, null],
    ],
    ['BIGINT to DECIMAL', BIGINT, decimal(21, 2), [-5n, null], [-500n, null]],
    ['DECIMAL to a wider one', decimal(10, 2), decimal(30, 4), [-12345n, null], [-1234500n, null]],
    ['TIMESTAMP(3) to (6)', timestamp(3), timestamp(6), [-1n, null], [-1000n, null]],
    ['TIMESTAMP(6) to (9)', timestamp(6), timestamp(9), [-1n, null], [-1000n, null]],
    ['DATE to TIMESTAMP(3)', { kind: 'DATE', nullable: true }, timestamp(3), [-1, null], [-86400000n, null]],
    ['INT to STRING', INT, STRING, [-12, null], [Buffer.from('-12'), null]],
  ])('%s', (...[, from, to, cells, expected]) => {
    const seen = evolve(from, to, cells).map((cell) => (cell instanceof Uint8Array ? Buffer.from(cell) : cell));
    expect(seen).toEqual(expected);
  });

  it.each<[string, DataType, DataType]>([
    ['DATE to INT', { kind: 'DATE', nullable: true }, INT],
    [
      'BIGINT to BOOLEAN of a list',
      { kind: 'ARRAY', nullable: true, element: BIGINT },
      { kind: 'BOOLEAN', nullable: true },
    ],
    ['a timestamp to a short text', timestamp(3), { kind: 'VARCHAR', length: 30, nullable: true }],
  ])('refuses %s, which the reference has no cast for', (_name, from, to) => {
    expect(() => evolveColumns([field(1, to)], [field(1, from)])).toThrow(expect.objectContaining({ code: 'E3352' }));
  });

  it('names the column of a value that cannot be cast', () => {
    const text = [Uint8Array.from(Buffer.from('many'))];
    expect(() => evolve(STRING, INT, text)).toThrow(expect.objectContaining({ code: 'E3134' }));
    expect(() => evolve(STRING, INT, text)).toThrow(/column=f1/);
  });

  it('finds columns by id, in ROWs too, and has no source for new ones', () => {
    const from: DataType = { kind: 'ROW', nullable: true, fields: [field(5, INT), field(6, STRING)] };
    const to: DataType = { kind: 'ROW', nullable: true, fields: [field(7, INT), field(6, STRING), field(5, BIGINT)] };
    const text = Uint8Array.of(97);
    expect(evolve(from, to, [[1, text], null])).toEqual([[null, text, 1n], null]);
    expect(evolveColumns([field(9, INT)], [field(1, INT)])[0].source).toBeNull();
  });
});

describe('nullVector', () => {
  it('holds nothing but NULL', () => {
    const vector = nullVector(STRING, 3);
    expect([0, 1, 2].map((row) => cellAt(STRING, vector, row))).toEqual([null, null, null]);
  });
});
