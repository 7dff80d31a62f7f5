// Buckets of one whole number, which are hashed without writing the row, are those of the row that is written.
import { describe, expect, test } from 'vitest';
import { seededRandom } from '../../../../src/base/random.ts';
import { createRowEncoder } from '../../../../src/paimon/format/binary-row.ts';
import { createBucketer } from '../../../../src/paimon/format/bucket.ts';
import { type Cell, vectorOf } from '../../../../src/paimon/format/cell.ts';
import { parseDataType } from '../../../../src/paimon/schema/data-type-text.ts';

const random = seededRandom(3);
const word = (): number => Math.floor(random.unit() * 4294967296) | 0;
const EDGES = [0, 1, -1, 2147483647, -2147483648];
const INTS = [...EDGES, ...Array.from({ length: 200 }, word)];
const LONGS = [
  ...EDGES.map(BigInt),
  9223372036854775807n,
  -9223372036854775808n,
  ...Array.from({ length: 200 }, () => (BigInt(word()) << 32n) | BigInt(word() >>> 0)),
];

describe('createBucketer', () => {
  test.each([
    ['INT NOT NULL', INTS],
    ['DATE NOT NULL', INTS],
    ['SMALLINT NOT NULL', [0, 1, -1, 32767, -32768]],
    ['BIGINT NOT NULL', LONGS],
    ['TIMESTAMP(3) NOT NULL', LONGS],
    ['BIGINT', [null, ...LONGS]],
  ])('%s', (text, cells: readonly Cell[]) => {
    const type = parseDataType(text);
    const column = vectorOf(type, cells);
    const encoder = createRowEncoder([type]);
    for (const bucketCount of [2, 7, 128]) {
      const bucketer = createBucketer({ columns: [1], types: [type], bucketFunction: 'default', bucketCount });
      const expected = cells.map((_, row) => Math.abs(encoder.hashRow([column], row) % bucketCount));
      expect([...bucketer([column, column], cells.length)]).toEqual(expected);
    }
  });
});
