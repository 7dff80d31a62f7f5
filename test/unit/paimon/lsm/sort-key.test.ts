// Sort keys: their unsigned order is that of the values, and curves keep near what is near.
import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../../../src/base/random.ts';
import { compareBytes } from '../../../../src/column/compare.ts';
import { bytesAt, type BytesVector } from '../../../../src/column/vector.ts';
import { vectorOf } from '../../../../src/paimon/format/cell.ts';
import { hilbertIndex } from '../../../../src/paimon/lsm/hilbert-index.ts';
import { sortKeyMaker } from '../../../../src/paimon/lsm/sort-key.ts';
import type { DataField } from '../../../../src/paimon/schema/data-type.ts';
import { parseDataType } from '../../../../src/paimon/schema/data-type-text.ts';

type Cells = Parameters<typeof vectorOf>[1];

function fieldsOf(types: readonly Parameters<typeof parseDataType>[0][]): readonly DataField[] {
  return types.map((text, id) => ({ id, name: `c${id}`, type: parseDataType(text) }));
}

function isAscending(keys: BytesVector): boolean {
  for (let row = 1; row < keys.length; row++)
    if (compareBytes(bytesAt(keys, row - 1), bytesAt(keys, row)) >= 0) return false;
  return true;
}

const text = (value: string): Uint8Array => new TextEncoder().encode(value);

/** Values of each type in ascending order. */
const ASCENDING: readonly [string, Cells][] = [
  ['BOOLEAN', [null, false, true]],
  ['INT', [null, -2147483648, -1, 0, 1, 2147483647]],
  ['BIGINT', [null, -(2n ** 63n), -1n, 0n, 4294967296n, 2n ** 63n - 1n]],
  ['FLOAT', [null, -Infinity, -1.5, -0, 0, 1.5, Infinity]],
  ['DOUBLE', [null, -1e300, -1e-300, 0, 1e-300, 1e300]],
  [
    'STRING',
    [null, text(''), text('\0'), text('\0\0'), text('\0a'), text('a'), text('a\0'), text('ab'), text('b'), text('é')],
  ],
  ['DECIMAL(38, 0)', [null, -(10n ** 37n), -256n, -1n, 0n, 1n, 255n, 256n, 10n ** 37n]],
];

describe('ordered keys', () => {
  it.each(ASCENDING)('of %s', (type, cells) => {
    const fields = fieldsOf([type]);
    const column = vectorOf(fields[0].type, cells);
    expect(isAscending(sortKeyMaker(fields, [0], 'order')([column], cells.length))).toBe(true);
  });

  it('compare one column after the other', () => {
    const fields = fieldsOf(['STRING', 'INT']);
    const columns = [
      vectorOf(fields[0].type, [text('a'), text('a'), text('a\0'), text('b')]),
      vectorOf(fields[1].type, [1, 2, 0, -5]),
    ];
    expect(isAscending(sortKeyMaker(fields, [0, 1], 'order')(columns, 4))).toBe(true);
  });

  it.each(ASCENDING.filter(([type]) => type !== 'STRING'))('along a curve of one column: %s', (type, cells) => {
    const fields = fieldsOf([type]);
    const given = cells.slice(1);
    // Of long decimals the curve has the lowest 64 bits, or an end.
    const keys = sortKeyMaker(fields, [0], 'zorder')([vectorOf(fields[0].type, given)], given.length);
    expect(isAscending(keys)).toBe(true);
  });

  it.each<[string, readonly number[], 'order' | 'hilbert', string]>([
    ['a nested column', [1], 'order', 'c1'],
    ['a Hilbert curve of one column', [0], 'hilbert', 'two columns'],
  ])('are refused for %s', (...[, indexes, how, message]) => {
    const fields = fieldsOf(['INT', { type: 'ARRAY', element: 'INT' }]);
    expect(() => sortKeyMaker(fields, indexes, how)).toThrow(message);
  });
});

describe('curves', () => {
  it('z-order takes a bit of each column in turn', () => {
    const fields = fieldsOf(['INT', 'INT']);
    const of = (values: readonly number[]) => vectorOf(fields[0].type, values);
    const [first] = [sortKeyMaker(fields, [0, 1], 'zorder')([of([-2147483648 + 3]), of([-2147483648])], 1)];
    // The first column's 3 stands in the lowest bits of its first word: every other bit of bytes 7 and 8.
    expect([...bytesAt(first, 0)]).toEqual([0, 0, 0, 0, 0, 0, 0, 0b1010, 0, 0, 0, 0, 0, 0, 0, 0]);
  });

  it('neighbours on a Hilbert curve are neighbours in the plane', () => {
    const side = 32;
    const cells: { readonly x: number; readonly y: number; readonly key: Uint8Array }[] = [];
    for (let x = 0; x < side; x++) {
      for (let y = 0; y < side; y++) {
        const key = new Uint8Array(16);
        hilbertIndex(Uint32Array.of(0, x, 0, y), key, 0);
        cells.push({ x, y, key });
      }
    }
    cells.sort((a, b) => compareBytes(a.key, b.key));
    for (let at = 1; at < cells.length; at++) {
      expect(Math.abs(cells[at].x - cells[at - 1].x) + Math.abs(cells[at].y - cells[at - 1].y)).toBe(1);
    }
  });

  it('a Hilbert curve through random points of 64 bits never meets a place twice', () => {
    const random = seededRandom(7);
    const word = (): number => Math.floor(random.unit() * 2 ** 32);
    const keys = new Set<string>();
    for (let point = 0; point < 2000; point++) {
      const key = new Uint8Array(24);
      hilbertIndex(Uint32Array.of(word(), word(), word(), word(), word(), word()), key, 0);
      keys.add(Buffer.from(key).toString('hex'));
    }
    expect(keys.size).toBe(2000);
  });
});
