// NULLs on their way into a table.
import { describe, expect, it } from 'vitest';
import { MISSING, NULL, PRESENT } from '../../../../src/column/vector.ts';
import { cellAt, vectorOf } from '../../../../src/paimon/format/cell.ts';
import { requireNotNull, withDefaults } from '../../../../src/paimon/lsm/null-values.ts';
import type { DataField } from '../../../../src/paimon/schema/data-type.ts';
import { parseDataType } from '../../../../src/paimon/schema/data-type-text.ts';

const LIST: DataField = {
  id: 1,
  name: 'l',
  type: parseDataType({ type: 'ARRAY', element: 'INT' }),
  defaultValue: '[1, 2]',
};
const INT: DataField = { id: 0, name: 'a', type: parseDataType('INT'), defaultValue: '7' };

describe('withDefaults', () => {
  it('puts defaults where NULL is, and nowhere else', () => {
    const ints = { ...vectorOf(INT.type, [1, null, null]), validity: Uint8Array.of(PRESENT, NULL, MISSING) };
    const [values, lists] = withDefaults([INT, LIST], [ints, vectorOf(LIST.type, [null, [3], []])]);
    expect(cellAt(INT.type, values, 0)).toBe(1);
    expect(cellAt(INT.type, values, 1)).toBe(7);
    expect(values.validity?.[2]).toBe(MISSING);
    expect([0, 1, 2].map((row) => cellAt(LIST.type, lists, row))).toEqual([[1, 2], [3], []]);
  });

  it('leaves columns alone that have no default or no NULL', () => {
    const { defaultValue: _, ...plain } = INT;
    const [some, none] = [vectorOf(INT.type, [1, null]), vectorOf(INT.type, [1, 2])];
    expect(withDefaults([plain, INT], [some, none])).toEqual([some, none]);
  });
});

describe('requireNotNull', () => {
  const field: DataField = { ...INT, type: parseDataType('INT NOT NULL') };
  const [added, deleted] = [0, 3];

  it('refuses NULL in rows that are added, not in what a -D leaves out', () => {
    const column = vectorOf(INT.type, [1, null]);
    expect(() => requireNotNull([field], [column], Uint8Array.of(added, deleted))).not.toThrow();
    expect(() => requireNotNull([INT], [column], Uint8Array.of(added, added))).not.toThrow();
    expect(() => requireNotNull([field], [column], Uint8Array.of(added, added))).toThrow(
      expect.objectContaining({ code: 'E3135' }),
    );
  });
});
