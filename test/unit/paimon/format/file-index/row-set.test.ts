// Sets of rows against arrays.
import { describe, expect, it } from 'vitest';
import { RowSet } from '../../../../../src/paimon/format/file-index/row-set.ts';
import { writeRoaring } from '../../../../../src/paimon/format/roaring.ts';

describe.each([0, 1, 31, 32, 33, 100])('of %i rows', (rowCount) => {
  const all = Array.from({ length: rowCount }, (_, row) => row);
  const even = RowSet.of(
    rowCount,
    all.filter((row) => row % 2 === 0),
  );
  const third = RowSet.of(
    rowCount,
    all.filter((row) => row % 3 === 0),
  );

  it('combines', () => {
    expect(even.and(third).rows()).toEqual(all.filter((row) => row % 6 === 0));
    expect(even.or(third).rows()).toEqual(all.filter((row) => row % 2 === 0 || row % 3 === 0));
    expect(even.without(third).rows()).toEqual(all.filter((row) => row % 2 === 0 && row % 3 !== 0));
    expect(even.not().rows()).toEqual(all.filter((row) => row % 2 === 1));
    expect(RowSet.all(rowCount).rows()).toEqual(all);
    expect(RowSet.all(rowCount).not().isEmpty).toBe(true);
  });

  it('refuses other rows', () => {
    expect(() => RowSet.of(rowCount, [rowCount])).toThrow(expect.objectContaining({ code: 'E3230' }) as Error);
  });

  it('knows whether any row of a range is in it', () => {
    const last = RowSet.of(rowCount, all.slice(-1));
    expect(last.hasAny(0, rowCount)).toBe(rowCount > 0);
    expect(last.hasAny(0, Math.max(rowCount - 1, 0))).toBe(false);
  });

  it('is read from a Roaring bitmap', () => {
    const bytes = writeRoaring(Uint32Array.from(third.rows()));
    const read = RowSet.read(new DataView(bytes.buffer), 0, rowCount);
    expect(read.rows.rows()).toEqual(third.rows());
    expect(read.end).toBe(bytes.length);
  });
});
