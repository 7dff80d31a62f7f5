// What a mirror that updates in part makes of NULL and of values that the log leaves out.
import { describe, expect, it } from 'vitest';
import { tableKey } from '../../../src/change/table-key.ts';
import type { ChangeBatch } from '../../../src/change/change-batch.ts';
import { DELETE, INSERT, UPDATE_AFTER } from '../../../src/column/row-kind.ts';
import { MISSING, NULL, PRESENT } from '../../../src/column/vector.ts';
import { partialRows } from '../../../src/mirror/partial-rows.ts';

function batch(kinds: readonly number[], validity: readonly number[]): ChangeBatch {
  const values = Int32Array.from(kinds, (_, row) => row);
  const length = kinds.length;
  return {
    table: tableKey('public', 't'),
    rowCount: length,
    columns: [
      { kind: 'i32', length, values, validity: null },
      { kind: 'i32', length, values, validity: Uint8Array.from(validity) },
    ],
    kinds: Uint8Array.from(kinds),
    beforeImages: false,
    hasMissing: true,
    sizeBytes: 0,
  };
}

const convert = (kinds: readonly number[], validity: readonly number[]): ChangeBatch =>
  partialRows(batch(kinds, validity), ['id', 'note'], [0]);

describe('rows for updates in part', () => {
  it('keep what the log leaves out, and deletes may lack everything', () => {
    const given = batch([INSERT, UPDATE_AFTER, DELETE, DELETE], [PRESENT, MISSING, NULL, MISSING]);
    const rows = partialRows(given, ['id', 'note'], [0]);
    expect(rows.hasMissing).toBe(false);
    expect(rows.columns[1].validity).toEqual(Uint8Array.of(PRESENT, NULL, NULL, NULL));
    expect(given.columns[1].validity).toEqual(Uint8Array.of(PRESENT, MISSING, NULL, MISSING));
  });

  it.each([
    ['a NULL of the source', UPDATE_AFTER, NULL],
    ['a NULL in a new row', INSERT, NULL],
    ['a value left out of a row whose key changed', INSERT, MISSING],
  ])('refuse %s', (_, kind, validity) => {
    expect(() => convert([INSERT, kind], [PRESENT, validity])).toThrow(expect.objectContaining({ code: 'E3391' }));
  });
});
